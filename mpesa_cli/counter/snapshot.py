"""One look at everything that the counter shows: values that threads hand to the screen."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Literal, TypeAlias

from mpesa_cli.board.cards import Card
from mpesa_cli.board.store import Takings
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.payment import Payment


class Tone(StrEnum):
    """How a line is meant. A screen may show it as a colour; the words say it too."""

    PLAIN = "plain"
    GOOD = "good"
    WAIT = "wait"
    BAD = "bad"
    DOUBT = "doubt"
    FAINT = "faint"
    HEAD = "head"
    ASK = "ask"


Heading: TypeAlias = Literal["note", "not_sent", "not_done", "look"]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that one key led to, told in words. ``about`` is an order, or empty.

    ``heading`` is a text's name: note, not_sent and not_done where that is known, look where it is not.
    """

    number: int
    at_us: int
    about: str
    words: str
    heading: Heading


@dataclass(frozen=True, slots=True)
class OnItsWay:
    """A prompt that was asked for and is not in the ledger yet."""

    order_id: str
    msisdn: str
    amount_cents: int
    at_us: int


@dataclass(frozen=True, slots=True)
class Light:
    """One thing on which payments depend, in words; ``is_good`` None where nobody knows yet."""

    name: str
    words: str
    is_good: bool | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The board and what stands around it, as read at ``at_us``; ``trouble`` is why it could not be read anew."""

    at_us: int = 0
    cards: tuple[Card, ...] = ()
    by_hand: tuple[Payment, ...] = ()
    takings: Takings = Takings(0, 0)
    sending: tuple[OnItsWay, ...] = ()
    notices: tuple[Notice, ...] = ()
    lights: tuple[Light, ...] = ()
    trouble: str = ""
    names: Mapping[str, str] = field(default_factory=dict)  # the payer's first name, by receipt, where M-PESA told it
