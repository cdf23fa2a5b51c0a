"""Deliveries and their answers: the values between the HTTP side and the ledger side."""

from collections.abc import Callable
from dataclasses import field
from typing import Literal, TypeAlias

from mpesa_cli.floor.records import dataclass
from mpesa_cli.ledger.values import ResultChannel
from mpesa_cli.payments.c2b import Shop
from mpesa_cli.rules.c2b_rules import ValidationRule
from mpesa_cli.rules.payment import Attempt, Payment
from mpesa_cli.rules.values.amount import Limits

C2bStep = Literal["confirmation", "validation"]
OpenPath = Literal["stk", "c2b-confirmation", "c2b-validation"]

Ask: TypeAlias = Callable[[Payment, Attempt], object]
"""Settles an attempt by an STK query. Called in a thread of its own, one attempt at a time."""


@dataclass(frozen=True, slots=True)
class StkDelivery:
    """A body that came on ``/hooks/stk/<token>``. The token itself is dropped on arrival."""

    token_hash: str
    body: bytes
    peer: str


@dataclass(frozen=True, slots=True)
class C2bDelivery:
    """A body that came on ``/hooks/<secret>/c2b/confirmation`` or ``…/validation``."""

    step: C2bStep
    secret_hash: str
    body: bytes
    peer: str


@dataclass(frozen=True, slots=True)
class SmsReport:
    """A body that came on ``/hooks/sms/<secret>``: the network's report on the delivery of a text message."""

    secret_hash: str
    body: bytes
    peer: str


@dataclass(frozen=True, slots=True)
class ResultDelivery:
    """A body about an asynchronous request, that came on ``/hooks/result/<token>`` or ``/hooks/timeout/<token>``."""

    channel: ResultChannel
    token_hash: str
    body: bytes
    peer: str


@dataclass(frozen=True, slots=True)
class OpenDelivery:
    """A body that came on a path without a secret: anyone may have sent it."""

    path: OpenPath
    body: bytes
    peer: str


StoredDelivery: TypeAlias = StkDelivery | C2bDelivery | OpenDelivery


@dataclass(frozen=True, slots=True)
class LostDelivery:
    """A body whose secret none of several ledgers knows: after a restore it may be about what one of them lost."""

    delivery: StoredDelivery
    peer: str


Delivery: TypeAlias = StoredDelivery | SmsReport | ResultDelivery | LostDelivery


@dataclass(frozen=True, slots=True)
class C2bContext:
    """The shop, and its rule for letting payments by hand through beforehand.

    ``takes_accounts``: customers can type an account number, as for a paybill, and not for a till.
    """

    shop: Shop
    rule: ValidationRule = "accept"
    limits: Limits = field(default_factory=Limits)
    takes_accounts: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer: HTTP status, JSON body, and whether the request's body is on disk."""

    status: int
    body: bytes
    stored: bool


ACCEPTED = Verdict(200, b'{"ResultCode":0,"ResultDesc":"Accepted"}', stored=True)
CONFIRMED = Verdict(200, b'{"ResultCode":0,"ResultDesc":"Success"}', stored=True)
LET_THROUGH = Verdict(200, b'{"ResultCode":"0","ResultDesc":"Accepted"}', stored=True)
UNKNOWN = Verdict(404, b'{"error":"not found"}', stored=False)
FORBIDDEN_SHAPE = Verdict(400, b'{"error":"bad request"}', stored=False)
TOO_LARGE = Verdict(413, b'{"error":"too large"}', stored=False)
TOO_MANY = Verdict(429, b'{"error":"too many requests"}', stored=False)
NO_PAYMENT = Verdict(400, b'{"error":"no payment to this shop"}', stored=False)
NO_SMALL_BODY = Verdict(413, b'{"error":"too large without a secret"}', stored=False)
NO_ROOM = Verdict(429, b'{"error":"too much without a secret"}', stored=False)
UNAVAILABLE = Verdict(503, b'{"error":"not stored, send again"}', stored=False)


def rejected(code: str) -> Verdict:
    """The answer that makes M-PESA refuse a payment by hand (daraja.md 5.7)."""
    return Verdict(200, b'{"ResultCode":"%s","ResultDesc":"Rejected"}' % code.encode(), stored=True)
