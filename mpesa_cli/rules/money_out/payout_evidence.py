"""Evidence about payouts: one fact about one try to send money to a phone, as the journal keeps it."""

from dataclasses import fields
from typing import ClassVar, Literal, get_args

from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.evidence import Record

PAYOUT_ID = "OUT-"
"""What the id of a payout begins with."""
PAYOUT_IDS = (PAYOUT_ID, "OUT.")
"""The least and the most that such an id can be."""

PaidSource = Literal["result", "status", "statement"]
RefusedSource = Literal["answer", "result", "status"]


@dataclass(frozen=True, slots=True)
class PayoutAsked:
    """The intent to send money for a reference by the request ``request_id``, committed before anything leaves.

    ``not_paid`` says that a person answers for it in a restored ledger. ``msisdn`` is personal: kept apart.
    """

    kind: ClassVar[str] = "payout_asked"
    at_us: int
    request_id: str
    reference: str
    shortcode: str
    amount_cents: int
    by: str
    reason: str
    not_paid: bool = False
    msisdn: str = ""


@dataclass(frozen=True, slots=True)
class PayoutRepeated:
    """A further POST of a request that is in doubt, with the id by which M-PESA knows it again."""

    kind: ClassVar[str] = "payout_repeated"
    at_us: int
    request_id: str
    by: str


@dataclass(frozen=True, slots=True)
class PayoutTaken:
    """Daraja's yes to a request, or its word that it had this very one already. Taken, not paid."""

    kind: ClassVar[str] = "payout_taken"
    at_us: int
    request_id: str


@dataclass(frozen=True, slots=True)
class PayoutRefused:
    """A proof that a request moved nothing. By ``answer``: M-PESA never had it, and does not know its id."""

    kind: ClassVar[str] = "payout_refused"
    at_us: int
    request_id: str
    source: RefusedSource
    code: str
    description: str


@dataclass(frozen=True, slots=True)
class PayoutInDoubt:
    """A word that leaves open what became of a request: no answer, no result, one that does not fit."""

    kind: ClassVar[str] = "payout_in_doubt"
    at_us: int
    request_id: str
    code: str
    description: str


@dataclass(frozen=True, slots=True)
class PayoutPaid:
    """M-PESA's word that the money is with the phone that was asked for, all of it."""

    kind: ClassVar[str] = "payout_paid"
    at_us: int
    request_id: str
    source: PaidSource
    receipt: str
    paid_us: int | None = None


PayoutFact = PayoutAsked | PayoutRepeated | PayoutTaken | PayoutRefused | PayoutInDoubt | PayoutPaid
PAYOUT_KINDS: dict[str, type[PayoutFact]] = {each.kind: each for each in get_args(PayoutFact)}
_PRIVATE = "msisdn"


def payout_record(fact: PayoutFact) -> Record:
    """Split a fact into what is chained and what is kept apart."""
    facts = {each.name: getattr(fact, each.name) for each in fields(fact) if each.name not in {"at_us", _PRIVATE}}
    return Record(fact.kind, fact.at_us, facts, {_PRIVATE: fact.msisdn} if isinstance(fact, PayoutAsked) else {})


def payout_fact(record: Record) -> PayoutFact:
    """Rebuild a fact. Raises KeyError on unknown kinds, TypeError where fields are missing."""
    return PAYOUT_KINDS[record.kind](at_us=record.at_us, **record.facts, **record.private)
