"""A request to one of the asynchronous APIs, and the result that came back later (daraja.md 6)."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from mpesa_cli.daraja.initiator import Again
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.payment import AttemptRef


class RequestState(StrEnum):
    """The state of a request. Only ``answered`` says anything about money."""

    CREATED = "created"  # the intent is on disk; a POST may have left
    NOT_SENT = "not_sent"  # proven not delivered
    REFUSED = "refused"  # Daraja said no at once
    ACCEPTED = "accepted"  # Daraja took it; the result comes later
    UNKNOWN = "unknown"  # no whole answer to the POST; a result may come all the same
    TIMED_OUT = "timed_out"  # Daraja gave up on it in its queue
    ANSWERED = "answered"
    REVIEW = "review"  # two results that contradict each other, or one about something else than was asked


OPEN = frozenset({RequestState.CREATED, RequestState.ACCEPTED, RequestState.UNKNOWN})


@dataclass(frozen=True, slots=True)
class RequestResult:
    """The part of a result that is kept. The parties' numbers are masked; names are not kept.

    ``code`` is the result code as text; ``facts`` are the command's own: of a Transaction Status ``receipt``,
    ``amount_cents``, ``status``, ``debit``, ``credit``, ``finalised_us``.
    """

    code: str
    description: str
    facts: dict[str, str | int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One request. ``subject`` is what it is about: a receipt, for a Transaction Status or a reversal.

    ``fields`` are its body's own, without the credential, so that a repeat is the same. ``about`` names the attempt
    whose money it moves, and ``amount_cents`` how much; None for a question.
    """

    request_id: str
    command: str
    subject: str
    created_us: int
    state: RequestState
    conversation_id: str = ""
    originator_conversation_id: str = ""
    settled_us: int | None = None
    result: RequestResult | None = None
    again: Again = Again.FREE
    fields: Mapping[str, str] = field(default_factory=dict)
    amount_cents: int | None = None
    about: AttemptRef | None = None
