"""Evidence: one fact about an attempt, as the journal keeps it.

Facts are appended and never changed. Fields marked *private* are personal data (a number, or an id that
contains one): the journal chains a keyed digest of them and keeps the bytes apart, so that they can be
erased later without breaking the chain.
"""

from dataclasses import Field, field, fields
from functools import cache
from typing import Any, ClassVar, Literal, get_args

from mpesa_cli.floor.records import dataclass


def _private(default: Any = None) -> Any:
    return field(default=default, metadata={"private": True})


@dataclass(frozen=True, slots=True)
class Sending:
    """The announcement of POST number ``post``, committed just before it may leave."""

    kind: ClassVar[str] = "sending"
    at_us: int
    post: int


@dataclass(frozen=True, slots=True)
class Undelivered:
    """Proof that POST ``post`` never reached M-Pesa: no connection, or refused at the gateway."""

    kind: ClassVar[str] = "undelivered"
    at_us: int
    post: int
    error_code: str
    description: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Daraja's no to POST ``post``, which it understood. No phone rang."""

    kind: ClassVar[str] = "refused"
    at_us: int
    post: int
    error_code: str
    description: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """Daraja's yes to POST ``post``: the prompt is on its way. Accepted, not paid."""

    kind: ClassVar[str] = "accepted"
    at_us: int
    post: int
    merchant_request_id: str
    checkout_request_id: str = _private("")


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """POST ``post`` that may have been delivered: no answer, half an answer, or one that proves nothing."""

    kind: ClassVar[str] = "ambiguous"
    at_us: int
    post: int
    error_code: str
    description: str


@dataclass(frozen=True, slots=True)
class SenderLost:
    """The loss of the process that announced POST ``post``, before it recorded an answer: killed, or a power cut."""

    kind: ClassVar[str] = "sender_lost"
    at_us: int
    post: int


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """An attempt given up before anything was announced, so that nothing of it can ever leave."""

    kind: ClassVar[str] = "withdrawn"
    at_us: int
    reason: str


Source = Literal["callback", "query", "c2b", "pull", "statement", "person", "answer", "status", "result"]


@dataclass(frozen=True, slots=True)
class Received:
    """A report that money came, with a receipt number: a callback, a C2B row, a statement row.

    ``claimed_elsewhere`` is set by the ledger when the receipt already belongs to another attempt.
    ``callback_id`` names the raw body this was read from.
    """

    kind: ClassVar[str] = "received"
    at_us: int
    source: Source
    receipt: str
    amount_cents: int | None
    transacted_us: int | None = None
    merchant_request_id: str = ""
    claimed_elsewhere: bool = False
    callback_id: str = ""
    checkout_request_id: str = _private("")
    msisdn: str | None = _private()


@dataclass(frozen=True, slots=True)
class ClaimedPaid:
    """A callback with result code 0 and no receipt number that can be read: no proof, so a query is sent at once.

    ``told`` is what stood in the receipt's place, ``amount_cents`` None where no amount was shown.
    """

    kind: ClassVar[str] = "claimed_paid"
    at_us: int
    result_desc: str
    told: str = ""
    amount_cents: int | None = None
    merchant_request_id: str = ""
    callback_id: str = ""
    checkout_request_id: str = _private("")
    msisdn: str | None = _private()


@dataclass(frozen=True, slots=True)
class CallbackFailed:
    """A callback with a result code other than 0."""

    kind: ClassVar[str] = "callback_failed"
    at_us: int
    result_code: str
    result_desc: str
    merchant_request_id: str = ""
    callback_id: str = ""
    checkout_request_id: str = _private("")


@dataclass(frozen=True, slots=True)
class QueryAnswered:
    """The answer of an STK query about the outcome. It never carries a receipt (daraja.md 4)."""

    kind: ClassVar[str] = "query_answered"
    at_us: int
    result_code: str
    result_desc: str


@dataclass(frozen=True, slots=True)
class Decided:
    """A person's decision, with a reason. The only way out of review."""

    kind: ClassVar[str] = "decided"
    at_us: int
    verdict: Literal["paid", "failed"]
    by: str
    reason: str
    receipt: str = ""


@dataclass(frozen=True, slots=True)
class Reversed:
    """Money that came and went back: ``receipt`` is the payment's own, ``reversal_receipt`` that of the reversal.

    ``amount_cents`` is positive; less than what had come where only a part went back. ``reversal_receipt`` is empty
    where M-PESA only said that it had gone back already.
    """

    kind: ClassVar[str] = "reversed"
    at_us: int
    source: Source
    receipt: str
    reversal_receipt: str
    amount_cents: int
    reversed_us: int | None = None


@dataclass(frozen=True, slots=True)
class RefundAsked:
    """The announcement of one reversal of ``receipt``, committed before its POST may leave.

    ``again`` says that a person asked once more, a day after a doubt that nothing had settled.
    """

    kind: ClassVar[str] = "refund_asked"
    at_us: int
    request_id: str
    receipt: str
    amount_cents: int
    by: str
    reason: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class RefundRefused:
    """Proof that one reversal did nothing: it did not leave, was refused at once, or its result is a final no."""

    kind: ClassVar[str] = "refund_refused"
    at_us: int
    request_id: str
    code: str
    description: str


@dataclass(frozen=True, slots=True)
class RefundInDoubt:
    """A reversal of which nobody knows: no answer, given up in a queue, or a result that does not fit (``misfit``)."""

    kind: ClassVar[str] = "refund_in_doubt"
    at_us: int
    request_id: str
    code: str
    description: str


@dataclass(frozen=True, slots=True)
class GivenUp:
    """The end of the day in which Daraja can be asked (assumptions.md A12), with the prompt's outcome untold."""

    kind: ClassVar[str] = "given_up"
    at_us: int


Evidence = (
    Sending
    | Undelivered
    | Refused
    | Accepted
    | Ambiguous
    | SenderLost
    | Withdrawn
    | Received
    | ClaimedPaid
    | CallbackFailed
    | QueryAnswered
    | Decided
    | Reversed
    | RefundAsked
    | RefundRefused
    | RefundInDoubt
    | GivenUp
)

KINDS: dict[str, type[Evidence]] = {each.kind: each for each in get_args(Evidence)}


@dataclass(frozen=True, slots=True)
class Record:
    """Evidence as stored: ``facts`` go into the hash chain, ``private`` only as a keyed digest."""

    kind: str
    at_us: int
    facts: dict[str, Any]
    private: dict[str, Any]


def to_record(evidence: Evidence) -> Record:
    """Split evidence into what is chained and what is kept apart."""
    open_names, private_names = _split(evidence.kind)
    facts = {name: getattr(evidence, name) for name in open_names}
    private = {name: value for name in private_names if (value := getattr(evidence, name))}
    return Record(evidence.kind, evidence.at_us, facts, private)


@cache
def _split(kind: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the fields that are chained, and of those that are kept apart."""
    listed = [each for each in fields(KINDS[kind]) if each.name != "at_us"]
    return (
        tuple(each.name for each in listed if not _is_private(each)),
        tuple(each.name for each in listed if _is_private(each)),
    )


def from_record(record: Record) -> Evidence:
    """Rebuild evidence. Erased private fields come back as their empty defaults. KeyError on unknown kinds."""
    return KINDS[record.kind](at_us=record.at_us, **record.facts, **record.private)


def _is_private(each: "Field[Any]") -> bool:
    return bool(each.metadata.get("private"))
