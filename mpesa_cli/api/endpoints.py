"""The one table of the API: what is served, to whom, what is read and what is answered.

Routes, readers and the OpenAPI document all follow from it.
"""

from collections.abc import Callable, Mapping
from dataclasses import field
from importlib.util import find_spec
from typing import TypeAlias

from mpesa_cli.api import fields as f
from mpesa_cli.api import looking, payments, refunds
from mpesa_cli.api.balance import balance
from mpesa_cli.api.context import EVENT_STREAM, HTML, JSON, PDF, ApiContext, Call, HttpReply
from mpesa_cli.api.fields import Field
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.state import PaymentStatus
from mpesa_cli.rules.values.amount import Limits
from mpesa_cli.rules.values.reference import ORDER_ID_MAX
from mpesa_cli.settings.profile import Profile

Handle: TypeAlias = Callable[[ApiContext, Call], HttpReply]
Talks: TypeAlias = Callable[[Call], bool]
READ, WRITE, REFUND, BALANCE = "payments:read", "payments:write", "refunds:write", "balance:read"
STANDS = "The payment as it stands; no prompt was sent now."


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method on one path.

    ``good`` says what each good status means; ``document`` is its schema's name. ``trouble`` are the statuses of
    problem documents besides those that any call may get. What ``asks`` for money takes an idempotency key. ``talks``
    says of which calls Daraja may be waited for. ``handle`` is None for what app.py answers itself.
    """

    method: str
    path: str
    name: str
    summary: str
    good: Mapping[int, str]
    document: str
    handle: Handle | None = None
    scope: str = ""
    query: tuple[Field, ...] = ()
    body: tuple[Field, ...] | None = None
    asks: bool = False
    talks: Talks = lambda _: False
    trouble: tuple[int, ...] = ()
    produces: tuple[str, ...] = (JSON,)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def statuses(self) -> tuple[int, ...]:
        """The statuses of every problem that a call may meet."""
        usual = {401, 403, 406, 429, 500, 503} if self.scope else {406}
        if self.scope:
            usual.add(400)
        if self.body is not None:
            usual |= {413, 415, 422}
        if self.query:
            usual.add(422)
        if "{" in self.path:
            usual.add(404)
        return tuple(sorted(usual | set(self.trouble)))


def _always(_: Call) -> bool:
    return True


def _refreshes(call: Call) -> bool:
    return call.query.get("refresh") == "true"


def endpoints(profile: Profile) -> tuple[Endpoint, ...]:
    """Everything that is served for a profile."""
    return (*_asking(profile), *_looking(profile), *_documentation())


def _asking(profile: Profile) -> tuple[Endpoint, ...]:
    order, amount = _order_field(profile), _amount_field(profile, required=False)
    phone = _phone_field("The customer's phone, in any Kenyan form.", required=True)
    other_phone = _phone_field("Another line of the same customer; the last one where left out.", required=False)
    method = Field(
        "paymentMethod", "How the customer pays. There is one way.", {"type": "string", "enum": ["MPESA"]},
        f.one_of(["MPESA"]), "MPESA",
    )
    return (
        Endpoint(
            "POST", "/payments/initiate", "initiatePayment", "Ask a customer's phone for an order's money",
            {200: f"The order was asked for before on these terms. {STANDS}",
             202: "A prompt went out, or may have (status `unknown`): look at its status. Never send it again."},
            "payment", payments.initiate, WRITE, body=(order, method, phone, amount), asks=True, talks=_always,
            trouble=(409, 502),
        ),
        Endpoint(
            "POST", "/payments/retry/{orderId}", "retryPayment", "Ask again for a payment that failed",
            {200: f"This Idempotency-Key made an attempt before. {STANDS}",
             202: "A further prompt went out, or may have (status `unknown`)."},
            "payment", payments.retry, WRITE, body=(other_phone,), asks=True, talks=_always, trouble=(409, 502),
        ),
        Endpoint(
            "POST", "/payments/refund/{orderId}", "refundPayment", "Give a customer's money back, all of one receipt",
            {202: "The reversal is on its way, or may be (`refund.state`): look at its status."},
            "payment", refunds.refund, REFUND, body=(_back_field(), _reason_field()), talks=_always, trouble=(409, 502),
        ),
        Endpoint(
            "POST", "/orders", "addOrder", "Tell of an order before anybody is asked for it",
            {200: "It was known.", 201: "It is new."}, "order", looking.add, WRITE,
            body=(order, _amount_field(profile, required=True)), trouble=(409,),
        ),
    )


def _looking(profile: Profile) -> tuple[Endpoint, ...]:
    refresh = _refresh_field("`true` asks Daraja where that can settle it, within its ration.")
    forms = (JSON, HTML, PDF) if find_spec("fpdf") else (JSON, HTML)
    return (
        Endpoint(
            "GET", "/payments/status/{orderId}", "paymentStatus", "Where a payment stands",
            {200: "The payment."}, "payment", payments.status, READ, query=(refresh,),
            talks=_refreshes,
        ),
        Endpoint(
            "GET", "/payments/history", "paymentHistory", "Payments, newest first, in pages",
            {200: "A page of payments."}, "history", looking.history, READ, query=_history_query(profile),
            headers={"Link": 'Where the next page is, with `rel="next"`; not there on the last page.'},
        ),
        Endpoint(
            "GET", "/payments/receipt/{orderId}", "paymentReceipt", "The receipt of a payment that is paid",
            {200: "The receipt, in the form that Accept asks for."}, "receipt", looking.receipt, READ, trouble=(409,),
            produces=forms,
        ),
        Endpoint(
            "GET", "/payments/events", "paymentEvents", "What happens to payments, as it happens (server-sent events)",
            {200: "Events until the connection ends; a comment now and then keeps it open."}, "event", None, READ,
            query=(_order_ref_field("Only of this order."),), produces=(EVENT_STREAM,),
        ),
        Endpoint(
            "GET", "/balance", "balance", "What is on the shop's M-PESA accounts",
            {200: "The accounts as M-PESA told them at one moment."}, "balance", balance, BALANCE,
            query=(_refresh_field("`true` asks M-PESA and waits for its result; otherwise it is the last one told."),),
            talks=_refreshes, trouble=(404, 502),
        ),
        Endpoint(
            "GET", "/orders/{orderId}", "order", "An order that was added, and its payment",
            {200: "The order."}, "order", looking.order, READ,
        ),
    )


def _documentation() -> tuple[Endpoint, ...]:
    return (
        Endpoint("GET", "/openapi.json", "openapi", "This document", {200: "OpenAPI 3.1."}, "openapi"),
        Endpoint(
            "GET", "/docs", "docs", "This document for people", {200: "A page."}, "openapi", produces=(HTML,)
        ),
    )


def _refresh_field(words: str) -> Field:
    choices = ["true", "false"]
    return Field("refresh", words, {"type": "string", "enum": choices}, f.one_of(choices), "true")


def _order_field(profile: Profile) -> Field:
    """An order id that can be asked for: where the reference is made of it, it must fit in there."""
    words = "The shop's order id, as text or as a whole number."
    rule = f.ANY_ORDER
    if "{order}" in profile.account_reference:
        room = profile.account_reference_max - len(profile.account_reference.replace("{order}", ""))
        rule = f.OrderRule(f.REFERENCE_PATTERN, max(1, min(room, ORDER_ID_MAX)))
    return Field("orderId", words, rule.schema, rule.read, 1042, required=True)


def _order_ref_field(words: str) -> Field:
    schema = f.text_schema(f.ORDER_PATTERN, minLength=1, maxLength=ORDER_ID_MAX)
    return Field("orderId", words, schema, f.ANY_ORDER.read, "1042")


def _amount_field(profile: Profile, *, required: bool) -> Field:
    words = "Whole shillings." + ("" if required else " May be left out where the order is known.")
    limits = profile.limits
    return Field("amount", words, f.amount_schema(limits), f.amount_reader(limits), 1500, required=required)


def _back_field() -> Field:
    limits = Limits(1, 10_000_000)
    words = "What goes back, in whole shillings: what the receipt brought. It is compared."
    return Field("amount", words, f.amount_schema(limits), f.amount_reader(limits), 1500, required=True)


def _reason_field() -> Field:
    words = "Why it goes back; it is kept in the ledger."
    schema = f.text_schema(f.REASON_PATTERN, minLength=refunds.REASON_MIN, maxLength=refunds.REASON_MAX)
    read = f.matching(f.REASON_PATTERN, f"must be {refunds.REASON_MIN} to {refunds.REASON_MAX} printable characters")
    return Field("reason", words, schema, read, "brought it back", required=True)


def _phone_field(words: str, *, required: bool) -> Field:
    return Field("phoneNumber", words, f.text_schema(f.PHONE_PATTERN), f.read_phone, "0708374149", required=required)


def _history_query(profile: Profile) -> tuple[Field, ...]:
    moment = f.text_schema(f.MOMENT_PATTERN)
    read_moment = f.matching(f.MOMENT_PATTERN, "must be a day or a time, as 2026-11-24, today, 7d or 12h")
    return (
        Field("since", "From then on; a day means its beginning, in Nairobi.", moment, read_moment, "2026-11-24"),
        Field("until", "Until then; a day is meant to its end.", moment, read_moment, "today"),
        Field("status", "Only payments that stand so.",
              {"type": "string", "enum": [s.value for s in PaymentStatus]},
              f.one_of([s.value for s in PaymentStatus]), "paid"),
        _phone_field("Only payments asked of this phone.", required=False),
        _order_ref_field("Only this order."),
        Field("limit", "How many on a page.",
              {"type": "integer", "minimum": 1, "maximum": looking.LIMIT_MAX, "default": looking.LIMIT_DEFAULT},
              f.number_between(1, looking.LIMIT_MAX), 50),
        Field("cursor", "Where the page begins, as the Link header of the page before says.",
              f.text_schema(f.CURSOR_PATTERN),
              f.matching(f.CURSOR_PATTERN, "must come from a Link header"), "1795505400000000~PAY-2NSSVA1C"),
    )
