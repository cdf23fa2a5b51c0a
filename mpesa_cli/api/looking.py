"""Payments read over HTTP: the history in pages, orders, receipts."""

from typing import Any
from urllib.parse import urlencode

from mpesa_cli.api.desk import HTML, JSON, PDF, Answer, Call, Desk
from mpesa_cli.api.payments import find
from mpesa_cli.floor.errors import NotFound
from mpesa_cli.history.query import HistoryFilter
from mpesa_cli.history.store import History
from mpesa_cli.ledger.orders import Orders
from mpesa_cli.payments.orders import add_order, order_document
from mpesa_cli.receipts.receipt import Receipt, receipt_of
from mpesa_cli.rules.payment import Payment, ShopOrder
from mpesa_cli.rules.payment_document import payment_document
from mpesa_cli.rules.values.dates import parse_since, parse_until

LIMIT_DEFAULT = 50
LIMIT_MAX = 500


def history(desk: Desk, call: Call) -> Answer:
    """Payments, newest first, a page at a time; the ``Link`` header leads to the next page."""
    query = call.query
    limit = query.get("limit", LIMIT_DEFAULT)
    # One more than wanted tells whether there is a next page.
    payments = list(History(desk.ledger).payments(_filter(desk, query, limit + 1)))
    shown, now_us = payments[:limit], desk.world.now_us()
    headers = {}
    if len(payments) > limit:
        following = {**query, "cursor": cursor_behind(shown[-1])}
        headers["link"] = f'</payments/history?{urlencode(following)}>; rel="next"'
    return Answer(200, [payment_document(p, now_us) for p in shown], headers=headers)


def cursor_behind(payment: Payment) -> str:
    """The cursor at which the next page begins. It stays good whatever is added or changed meanwhile."""
    return f"{payment.created_us}~{payment.payment_id}"


def _filter(desk: Desk, query: Any, limit: int) -> HistoryFilter:
    now_us = desk.world.now_us()
    created_us, _, payment_id = query.get("cursor", "").partition("~")
    return HistoryFilter(
        since_us=parse_since(query["since"], now_us) if "since" in query else None,
        until_us=parse_until(query["until"], now_us) if "until" in query else None,
        status=query.get("status"),
        msisdn=query.get("phoneNumber"),
        order_id=query.get("orderId"),
        limit=limit,
        after=(int(created_us), payment_id) if payment_id else None,
    )


def receipt(desk: Desk, call: Call) -> Answer:
    """The receipt of a payment that is paid, in the form that Accept asks for."""
    payment = find(desk, call.ref)
    desk.deliver()
    made = receipt_of(desk.ledger.payment(payment.payment_id) or payment, desk.shop)
    if call.accept == JSON:
        from mpesa_cli.receipts.words import receipt_document

        return Answer(200, receipt_document(made, desk.profile.language))
    return Answer(200, content=_face(desk, made, call.accept), media_type=call.accept)


def _face(desk: Desk, made: Receipt, media_type: str) -> bytes:
    if media_type == HTML:
        from mpesa_cli.receipts.html import html_receipt

        return html_receipt(made, desk.profile.language, "80").encode()
    assert media_type == PDF  # noqa: S101 - the endpoint offers no other form
    from mpesa_cli.receipts.pdf import pdf_receipt

    return pdf_receipt(made, desk.profile.language, "a5")


def add(desk: Desk, call: Call) -> Answer:
    """Add an order before anybody is asked for its money. The same order again changes nothing."""
    order = ShopOrder(call.body["orderId"], call.body["amount"] * 100, desk.world.now_us())
    known, is_new = add_order(desk.ledger, order)
    return Answer(201 if is_new else 200, order_document(desk.ledger, known, desk.world.now_us()))


def order(desk: Desk, call: Call) -> Answer:
    """An order, and its payment where somebody was asked for it."""
    desk.deliver()
    found = Orders(desk.ledger).order(call.ref)
    if found is None:
        raise NotFound(
            f"Order {call.ref[:80]!r} was not added to the ledger of profile {desk.profile.name}.",
            hint="Add it: mpesa order add ID AMOUNT",
            code="order-not-found",
        )
    return Answer(200, order_document(desk.ledger, found, desk.world.now_us()))
