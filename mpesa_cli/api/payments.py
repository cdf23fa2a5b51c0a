"""Asking for money over HTTP: the terminal's own push, status and retry, with their outcomes as HTTP statuses."""

from typing import Any

from mpesa_cli.api.desk import Answer, Call, Desk
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
from mpesa_cli.rules.asking_again import ByProgram
from mpesa_cli.rules.outcome import was_refused_for_credentials
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.payment_document import payment_document
from mpesa_cli.rules.push_rules import not_asked
from mpesa_cli.rules.state import AttemptState, PaymentStatus
from mpesa_cli.rules.values.reference import account_reference

# The order stands otherwise than a new one would, on the same terms: that is what the caller wants to know.
_AS_IT_STANDS = frozenset({"already-paid", "already-tried", "partly-paid", "in-review"})


def initiate(desk: Desk, call: Call) -> Answer:
    """Ask a customer's phone for an order's money, once. The same order on the same terms is never asked twice."""
    order = _order(desk, call.body)
    if call.key is not None:
        with desk.ledger.write() as tx:
            Calls(tx).claim(call.key, desk.world.now_us())
    known = desk.ledger.payment_by_order(order.order_id)
    if known is None or known.status is PaymentStatus.FAILED:  # otherwise no phone is asked
        desk.spare(desk.per_phone, order.msisdn, "phone")
    desk.deliver()
    try:
        pushed = push(desk.hands(), order)
    except Conflict as conflict:
        known = desk.ledger.payment_by_order(order.order_id)
        if known is None or conflict.code not in _AS_IT_STANDS:
            raise
        return Answer(200, desk.document(known.payment_id))
    except OutcomeUnknown:
        return _in_doubt(desk, order.order_id)
    return _sent(desk, pushed)


def status(desk: Desk, call: Call) -> Answer:
    """The payment's state; with ``refresh`` Daraja is asked about it, within the ration."""
    payment = find(desk, call.ref)
    desk.deliver()
    if call.query.get("refresh") == "true":
        payment = _refreshed(desk, payment)
    return Answer(200, desk.document(payment.payment_id))


def retry(desk: Desk, call: Call) -> Answer:
    """Ask again for a payment that failed, after making sure that it did."""
    payment = find(desk, call.ref)
    if call.key is not None:
        with desk.ledger.write() as tx:
            made = made_before(tx, call.key, desk.world.now_us())
        if made is not None:
            return Answer(200, desk.document(made.payment_id))
    hands = desk.hands()
    payment = withdraw_abandoned(desk.ledger, _refreshed(desk, payment), desk.world)
    msisdn = call.body.get("phoneNumber") or payment.last.msisdn
    desk.spare(desk.per_phone, msisdn, "phone")
    check_again(hands, payment, msisdn, ByProgram())
    try:
        return _sent(desk, new_attempt(hands, payment, msisdn, ByProgram(), call=call.key))
    except OutcomeUnknown:
        return _in_doubt(desk, payment.order_id)


def find(desk: Desk, ref: str) -> Payment:
    """The payment by any reference. Raises NotFound; ``not-asked`` where the order is known and nobody was asked."""
    found = desk.ledger.find(ref)
    if found is not None:
        return found
    order = Orders(desk.ledger).order(ref)
    if order is not None:
        raise not_asked(order)
    refuse_held(desk.ledger, ref)
    raise NotFound(
        f"No payment {ref[:80]!r} in the ledger of profile {desk.profile.name} ({desk.profile.environment}).",
        hint="Give the order id, payment id, CheckoutRequestID or receipt. All payments: mpesa history",
    )


def _order(desk: Desk, body: Any) -> Order:
    order_id, profile = body["orderId"], desk.profile
    added = Orders(desk.ledger).order(order_id)
    asked = None if added else desk.ledger.payment_by_order(order_id)
    known_cents = added.amount_cents if added else asked.amount_cents if asked else None
    amount = body.get("amount")
    if amount is None and (known_cents is None or known_cents % 100):
        raise wrong(
            f"The amount is missing, and order {order_id} is not known.",
            'Right: "amount": 1500, or add the order first: POST /orders.', "amount-missing",
        )  # fmt: skip
    return Order(
        order_id, profile.name, profile.shortcode, amount if amount is not None else (known_cents or 0) // 100,
        body["phoneNumber"], account_reference(profile.account_reference, order_id, profile.account_reference_max),
        profile.description,
    )  # fmt: skip


def _refreshed(desk: Desk, payment: Payment) -> Payment:
    return refresh(desk.ledger, lambda: _queries(desk), payment, desk.world, deliver=desk.deliver)


def _queries(desk: Desk) -> Any:
    return desk.hands().daraja  # the same client asks and pushes


def _sent(desk: Desk, pushed: Pushed) -> Answer:
    """The reply to a prompt: 202 where it went out or may have, 200 where another one is out, else a problem."""
    payment = pushed.payment
    try:
        document = desk.document(payment.payment_id)
    except MpesaError as error:
        error.money_moved = error.money_moved or "unknown"  # the prompt is out: what can't be read now is no "no"
        raise
    if pushed.picked_up:
        return Answer(200, document)
    if payment.last.state in {AttemptState.NOT_SENT, AttemptState.REJECTED}:
        problem = problem_of(_not_taken(payment), document)
        return Answer(problem.status, problem.document, headers=problem.headers)
    return Answer(202, document)


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


def _in_doubt(desk: Desk, order_id: str) -> Answer:
    """The reply where a prompt left and its answer could not be stored: it must be taken to be out."""
    payment = desk.ledger.payment_by_order(order_id)
    if payment is None:
        raise KeyError(order_id)
    return Answer(202, payment_document(payment, desk.world.now_us()))
