"""A held message: one that came in and could not be applied. It is kept and named until somebody has dealt with it."""

from enum import StrEnum
from typing import Literal

from mpesa_cli.floor.records import dataclass

HELD_MAX = 10_000
"""The most open messages held one by one. Further ones are only counted by kind, except those with a receipt."""
ROWS_OF_FILE_MAX = 200
"""The most rows of one statement file that are held. A file with more of them is not taken in."""

HeldChannel = Literal["stk", "c2b", "open", "result", "sms_report", "statement", "pull", "outbox"]
"""The way a message came: a prompt's callback address, C2B, an address without secret, the result of a request, a
delivery report, a row of a statement, a row of Pull Transactions; or an outgoing event that could not be read."""


class HeldState(StrEnum):
    """The state of a held message. Only ``open`` ones are named by every run of reconcile."""

    OPEN = "open"
    APPLIED = "applied"  # its money is a payment, or what it says is known
    DONE = "done"  # a person said so


@dataclass(frozen=True, slots=True)
class Holding:
    """A message to be held. ``receipt``, ``amount_cents`` and ``shortcode`` as far as they can be read.

    ``code`` is stable, ``why`` words without names and numbers of people. Its body is that of ``callback_id``, or
    ``body`` where it is stored nowhere else. ``source`` is the payment, request, statement or event it belongs to.
    """

    channel: HeldChannel
    received_us: int
    code: str
    why: str
    receipt: str = ""
    amount_cents: int | None = None
    shortcode: str = ""
    peer: str = ""
    callback_id: str = ""
    body: bytes = b""
    source: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class HeldMessage:
    """A message that is held. ``count`` is more than 1 where several of a kind were only counted.

    ``body`` is empty where it was removed, at ``removed_us``, or only counted. ``seen`` says where the money of a
    message that was dealt with appeared since: ``payment`` or ``record``; empty otherwise.
    """

    held_id: str
    channel: HeldChannel
    received_us: int
    held_us: int
    code: str
    why: str
    receipt: str
    amount_cents: int | None
    shortcode: str
    peer: str
    callback_id: str
    source: str
    line: int
    count: int
    state: HeldState
    done_by: str
    done_reason: str
    done_us: int | None
    payment_id: str
    seen: str
    removed_us: int | None
    body: bytes = b""
