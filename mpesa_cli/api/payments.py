"""Asking for money over HTTP: the terminal's own push, status and retry, with their outcomes as HTTP statuses."""

from typing import Any

from mpesa_cli.api.context import ApiContext, Call, HttpReply
from mpesa_cli.api.fields import wrong
from mpesa_cli.api.problems import problem_of
from mpesa_cli.floor.errors import (
    Conflict,
    CredentialsRefused,
    MpesaError,
    NotDelivered,
    NotFound,
    OutcomeUnknown,
    RequestRefused,
)
from mpesa_cli.held.waiting import refuse_held
from mpesa_cli.ledger.calls import Calls
from mpesa_cli.ledger.orders import Orders
from mpesa_cli.payments.push import Order, push
from mpesa_cli.payments.refresh import refresh
from mpesa_cli.payments.retry import check_again, made_before, new_attempt, withdraw_abandoned
from mpesa_cli.payments.sending import Pushed
from mpesa_cli.payments.told import find_told, shop_of
from mpesa_cli.rules.asking_again import ByProgram
from mpesa_cli.rules.outcome import was_refused_for_credentials
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.payment_document import payment_document
from mpesa_cli.rules.push_rules import not_asked
from mpesa_cli.rules.state import AttemptState, PaymentStatus
from mpesa_cli.rules.values.reference import account_reference

# The order stands otherwise than a new one would, on the same terms: that is what the caller wants to know.
_AS_IT_STANDS = frozenset({"already-paid", "already-tried", "partly-paid", "in-review"})


def initiate(context: ApiContext, call: Call) -> HttpReply:
    """Ask a customer's phone for an order's money, once. The same order on the same terms is never asked twice."""
    order = _order(context, call.body)
    if call.key is not None:
        with context.ledger.write() as tx:
            Calls(tx).claim(call.key, context.world.now_us())
    known = context.ledger.payment_by_order(order.order_id)
    if known is None or known.status is PaymentStatus.FAILED:  # otherwise no phone is asked
        context.spare(context.per_phone, order.msisdn, "phone")
    context.deliver()
    try:
        pushed = push(context.push_context(), order)
    except Conflict as conflict:
        known = context.ledger.payment_by_order(order.order_id)
        if known is None or conflict.code not in _AS_IT_STANDS:
            raise
        return HttpReply(200, context.document(known.payment_id))
    except OutcomeUnknown:
        return _in_doubt(context, order.order_id)
    return _sent(context, pushed)


def status(context: ApiContext, call: Call) -> HttpReply:
    """The payment's state; with ``refresh`` Daraja is asked about it, within the ration."""
    payment = find(context, call.ref)
    context.deliver()
    if call.query.get("refresh") == "true":
        payment = _refreshed(context, payment)
    return HttpReply(200, context.document(payment.payment_id))


def retry(context: ApiContext, call: Call) -> HttpReply:
    """Ask again for a payment that failed, after making sure that it did."""
    payment = find(context, call.ref)
    if call.key is not None:
        with context.ledger.write() as tx:
            made = made_before(tx, call.key, context.world.now_us())
        if made is not None:
            return HttpReply(200, context.document(made.payment_id))
    push_context = context.push_context()
    payment = withdraw_abandoned(context.ledger, _refreshed(context, payment), context.world)
    msisdn = call.body.get("phoneNumber") or payment.last.msisdn
    context.spare(context.per_phone, msisdn, "phone")
    check_again(push_context, payment, msisdn, ByProgram())
    try:
        return _sent(context, new_attempt(push_context, payment, msisdn, ByProgram(), call=call.key))
    except OutcomeUnknown:
        return _in_doubt(context, payment.order_id)


def find(context: ApiContext, ref: str) -> Payment:
    """The payment by any reference. Raises NotFound; ``not-asked`` where the order is known and nobody was asked."""
    found = find_told(context.ledger, ref, shop_of(context.profile, context.world))
    if found is not None:
        return found
    order = Orders(context.ledger).order(ref)
    if order is not None:
        raise not_asked(order)
    refuse_held(context.ledger, ref)
    raise NotFound(
        f"No payment {ref[:80]!r} in the ledger of profile {context.profile.name} ({context.profile.environment}).",
        hint="Give the order id, payment id, CheckoutRequestID or receipt. All payments: mpesa history",
    )


def _order(context: ApiContext, body: Any) -> Order:
    order_id, profile = body["orderId"], context.profile
    added = Orders(context.ledger).order(order_id)
    asked = None if added else context.ledger.payment_by_order(order_id)
    known_cents = added.amount_cents if added else asked.amount_cents if asked else None
    amount = body.get("amount")
    if amount is None and (known_cents is None or known_cents % 100):
        raise wrong(
            f"The amount is missing, and order {order_id} is not known.",
            'Right: "amount": 1500, or add the order first: POST /orders.', "amount-missing",
        )
    return Order(
        order_id, profile.name, profile.shortcode, amount if amount is not None else (known_cents or 0) // 100,
        body["phoneNumber"], account_reference(profile.account_reference, order_id, profile.account_reference_max),
        profile.description,
    )


def _refreshed(context: ApiContext, payment: Payment) -> Payment:
    return refresh(context.ledger, lambda: _queries(context), payment, context.world, deliver=context.deliver)


def _queries(context: ApiContext) -> Any:
    return context.push_context().daraja  # the same client asks and pushes


def _sent(context: ApiContext, pushed: Pushed) -> HttpReply:
    """The reply to a prompt: 202 where it went out or may have, 200 where another one is out, else a problem."""
    payment = pushed.payment
    try:
        document = context.document(payment.payment_id)
    except MpesaError as error:
        error.money_moved = error.money_moved or "unknown"  # the prompt is out: what can't be read now is no "no"
        raise
    if pushed.picked_up:
        return HttpReply(200, document)
    if payment.last.state in {AttemptState.NOT_SENT, AttemptState.REJECTED}:
        problem = problem_of(_not_taken(payment), document)
        return HttpReply(problem.status, problem.document, headers=problem.headers)
    return HttpReply(202, document)


def _not_taken(payment: Payment) -> MpesaError:
    """The problem of a prompt that Daraja, or the network before it, refused: no phone rang."""
    said = f"({payment.last.view.result_code}: {payment.last.view.result_desc})"
    see = f"See it: mpesa status {payment.order_id}"
    if was_refused_for_credentials(payment):
        refused: MpesaError = CredentialsRefused(
            f"Daraja does not accept this shop's credentials {said}.",
            hint="No phone rang. Check them: mpesa config check --live",
        )
    elif payment.last.state is AttemptState.REJECTED:
        refused = RequestRefused(f"Daraja refused the prompt for order {payment.order_id} {said}.", hint=see)
    else:
        refused = NotDelivered(
            f"The prompt for order {payment.order_id} did not reach Daraja {said}.",
            hint=f"No phone rang. Send the same request again later. {see}",
        )
    refused.money_moved = "no"  # the ledger proves it
    return refused


def _in_doubt(context: ApiContext, order_id: str) -> HttpReply:
    """The reply where a prompt left and its answer could not be stored: it must be taken to be out."""
    payment = context.ledger.payment_by_order(order_id)
    if payment is None:
        raise KeyError(order_id)
    return HttpReply(202, payment_document(payment, context.world.now_us()))
