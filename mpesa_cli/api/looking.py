"""Payments read over HTTP: the history in pages, orders, receipts."""

from typing import Any
from urllib.parse import urlencode

from mpesa_cli.api.context import HTML, JSON, PDF, ApiContext, Call, HttpReply
from mpesa_cli.api.payments import find
from mpesa_cli.floor.errors import NotFound
from mpesa_cli.history.query import HistoryFilter
from mpesa_cli.history.store import History
from mpesa_cli.ledger.orders import Orders
from mpesa_cli.payments.orders import add_order, order_document
from mpesa_cli.payments.told import shop_of, take_in
from mpesa_cli.receipts.receipt import Receipt, receipt_of
from mpesa_cli.rules.payment import Payment, ShopOrder
from mpesa_cli.rules.payment_document import payment_document
from mpesa_cli.rules.values.dates import parse_since, parse_until

LIMIT_DEFAULT = 50
LIMIT_MAX = 500


def history(context: ApiContext, call: Call) -> HttpReply:
    """Payments, newest first, a page at a time; the ``Link`` header leads to the next page."""
    query = call.query
    limit = query.get("limit", LIMIT_DEFAULT)
    # One more than wanted tells whether there is a next page.
    take_in(context.ledger, shop_of(context.profile, context.world))
    payments = list(History(context.ledger).payments(_filter(context, query, limit + 1)))
    shown, now_us = payments[:limit], context.world.now_us()
    headers = {}
    if len(payments) > limit:
        following = {**query, "cursor": cursor_behind(shown[-1])}
        headers["link"] = f'</payments/history?{urlencode(following)}>; rel="next"'
    return HttpReply(200, [payment_document(p, now_us) for p in shown], headers=headers)


def cursor_behind(payment: Payment) -> str:
    """The cursor at which the next page begins. It stays good whatever is added or changed meanwhile."""
    return f"{payment.created_us}~{payment.payment_id}"


def _filter(context: ApiContext, query: Any, limit: int) -> HistoryFilter:
    now_us = context.world.now_us()
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


def receipt(context: ApiContext, call: Call) -> HttpReply:
    """The receipt of a payment that is paid, in the form that Accept asks for."""
    context.deliver()
    made = receipt_of(find(context, call.ref), context.shop)
    if call.accept == JSON:
        from mpesa_cli.receipts.words import receipt_document

        return HttpReply(200, receipt_document(made, context.profile.language))
    return HttpReply(200, content=_face(context, made, call.accept), media_type=call.accept)


def _face(context: ApiContext, made: Receipt, media_type: str) -> bytes:
    if media_type == HTML:
        from mpesa_cli.receipts.html import html_receipt

        return html_receipt(made, context.profile.language, "80").encode()
    assert media_type == PDF  # the endpoint offers no other form
    from mpesa_cli.receipts.pdf import pdf_receipt

    return pdf_receipt(made, context.profile.language, "a5")


def add(context: ApiContext, call: Call) -> HttpReply:
    """Add an order before anybody is asked for its money. The same order again changes nothing."""
    order = ShopOrder(call.body["orderId"], call.body["amount"] * 100, context.world.now_us())
    known, is_new = add_order(context.ledger, order)
    return HttpReply(201 if is_new else 200, order_document(context.ledger, known, context.world.now_us()))


def order(context: ApiContext, call: Call) -> HttpReply:
    """An order, and its payment where somebody was asked for it."""
    context.deliver()
    found = Orders(context.ledger).order(call.ref)
    if found is None:
        raise NotFound(
            f"Order {call.ref[:80]!r} was not added to the ledger of profile {context.profile.name}.",
            hint="Add it: mpesa order add ID AMOUNT",
            code="order-not-found",
        )
    return HttpReply(200, order_document(context.ledger, found, context.world.now_us()))
