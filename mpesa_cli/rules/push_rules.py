"""Push rules: whether a push may send a prompt, decided inside the ledger's transaction on what it holds. Pure.

Laws 2 and 7: an order is asked for once; one outstanding prompt per phone; 60 s between prompts on a
phone, 120 s for the same amount (result codes 1001 and 17, daraja.md section 11).
"""

from collections.abc import Iterable, Sequence
from typing import assert_never

from mpesa_cli.floor.errors import Conflict, NotFound, PhoneBusy
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.evidence import Evidence, Sending, Undelivered
from mpesa_cli.rules.payment import Attempt, Intent, Payment, ShopOrder
from mpesa_cli.rules.restored import InTheGap, NotPaid, check_gap
from mpesa_cli.rules.state import OVERDUE_AFTER_S, AttemptState, PaymentStatus
from mpesa_cli.rules.values.amount import format_cents
from mpesa_cli.rules.values.msisdn import mask_msisdn, masked_apart

# An intent older than this is never sent, so a process that died between intent and POST frees the phone again.
INTENT_LIFE_S = 90
# The most POSTs of one attempt that reach the network, whatever refused the first; and the most that may fail before.
POSTS_MAX = 2
TRIES_MAX = 5
NEVER_LEFT = frozenset({
    "connect-failed", "connect-refused", "connect-timeout", "dns", "invalid-proxy", "late", "local-error", "proxy",
    "tls",
})
SPACING_S = 60
SPACING_SAME_AMOUNT_S = 120


@dataclass(frozen=True, slots=True)
class Start:
    """Leave to record a new order's payment with its first attempt. Only ``decide`` gives it.

    ``not_paid`` is the person's answer that this leave needed after a restore, else None.
    """

    intent: Intent
    not_paid: NotPaid | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """Leave to record one more attempt of ``payment`` as it stands. Only ``decide`` and ``decide_again`` give it.

    ``forced_because`` is a person's typed reason where it goes against the advice, else empty; ``not_paid``
    as in Start.
    """

    payment: Payment
    msisdn: str
    forced_because: str = ""
    not_paid: NotPaid | None = None


@dataclass(frozen=True, slots=True)
class PickUp:
    """An order that is being paid already: watch that attempt instead of prompting again."""

    payment: Payment


Decision = Start | Again | PickUp


def decide(
    existing: Payment | None, intent: Intent, prompts: Sequence[Attempt], gap: InTheGap | None, now_us: int
) -> Decision:
    """The decision on ``intent``, from the order's payment, the recent prompts on the same phone and a restore's gap.

    Raises Conflict (already paid, in review, failed: use retry, other amount or phone, may be paid in the gap) or
    PhoneBusy.
    """
    if existing is None:
        not_paid = check_gap(gap, intent.order_id)
        check_phone(prompts, intent.msisdn, intent.amount_cents, now_us)
        return Start(intent, not_paid)
    _same_terms(existing, intent)
    match existing.status:
        case PaymentStatus.PAID | PaymentStatus.OVERPAID:
            raise _already_paid(existing)
        case PaymentStatus.PARTIAL:
            raise _partly_paid(existing)
        case PaymentStatus.REFUNDED:
            raise _refunded(existing)
        case PaymentStatus.REVIEW:
            error = Conflict(
                f"Order {existing.order_id} has evidence that a person must look at, so no prompt was sent.",
                hint=f"See what came in: mpesa log {existing.order_id}. After a look at the M-PESA statement decide, "
                f"paid or failed: mpesa resolve {existing.order_id} paid --reason WHY",
                code="in-review",
            )
            error.money_moved = "unknown"
            raise error
        case PaymentStatus.UNKNOWN | PaymentStatus.PENDING:
            return PickUp(existing)
        case PaymentStatus.FAILED:
            if any(a.state is not AttemptState.NOT_SENT for a in existing.attempts):
                raise Conflict(
                    f"Order {existing.order_id} was asked for before and not paid.",
                    hint=f"No prompt was sent now. To ask again: mpesa retry {existing.order_id}",
                    code="already-tried",
                )
            not_paid = check_gap(gap, existing.order_id)
            check_phone(prompts, intent.msisdn, intent.amount_cents, now_us)
            return Again(existing, intent.msisdn, not_paid=not_paid)
        case _:
            assert_never(existing.status)


def check_ordered(order: ShopOrder | None, intent: Intent) -> None:
    """Raise Conflict where the shop has added the order with another amount."""
    if order is None or order.amount_cents == intent.amount_cents:
        return
    raise Conflict(
        f"Order {order.order_id} was added for {format_cents(order.amount_cents)}, "
        f"not {format_cents(intent.amount_cents)}.",
        hint=f"No prompt was sent. Right: mpesa push {intent.msisdn} {order.amount_cents // 100} "
        f"--order {order.order_id}",
        code="order-differs",
    )


def not_asked(order: ShopOrder) -> NotFound:
    """The error for the payment of an order that nobody was asked for yet."""
    amount = order.amount_cents // 100
    return NotFound(
        f"Order {order.order_id} for {format_cents(order.amount_cents)} is known, and nobody was asked for it yet.",
        hint=f"Ask: mpesa push PHONE {amount} --order {order.order_id}",
        code="not-asked",
    )


def may_send(payment: Payment, attempt: Attempt, evidence: Iterable[Evidence], now_us: int) -> bool:
    """Whether this attempt may announce a POST now: it is the newest, not withdrawn, and nothing is in doubt."""
    return (
        may_follow(evidence)
        and payment.last.ref == attempt.ref
        and not attempt.withdrawn
        and attempt.state in {AttemptState.CREATED, AttemptState.NOT_SENT}
        and now_us - attempt.created_us <= INTENT_LIFE_S * SECOND_US
    )


def may_follow(evidence: Iterable[Evidence]) -> bool:
    """Whether one more POST of an attempt may be announced, by how many were handed to the network so far."""
    known = list(evidence)
    announced = {e.post for e in known if isinstance(e, Sending)}
    refused = {e.post for e in known if isinstance(e, Undelivered) and e.error_code in NEVER_LEFT}
    return len(announced - refused) < POSTS_MAX and len(refused) < TRIES_MAX


def check_phone(prompts: Sequence[Attempt], msisdn: str, amount_cents: int, now_us: int) -> None:
    """Raise PhoneBusy, with the seconds to wait, where another prompt is or was just on this phone (law 7)."""
    wait_s = phone_wait_s(prompts, amount_cents, now_us)
    if not wait_s:
        return
    busy = PhoneBusy(
        f"{mask_msisdn(msisdn)} was asked a moment ago. M-PESA takes one prompt per phone at a time: the next one "
        f"{SPACING_S} s after the last, {SPACING_SAME_AMOUNT_S} s for the same amount.",
        hint=f"Nothing was sent. Wait {wait_s} s, then run the same command again, or let it wait: --wait-turn",
    )
    busy.retry_after_s = wait_s
    raise busy


def phone_wait_s(prompts: Sequence[Attempt], amount_cents: int, now_us: int) -> int:
    """Whole seconds until law 7 lets a phone that had these prompts be asked for this amount; 0 for now."""
    return max((_wait_s(p, amount_cents, now_us) for p in prompts), default=0)


def _wait_s(prompt: Attempt, amount_cents: int, now_us: int) -> int:
    if prompt.withdrawn:
        return 0
    match prompt.state:
        case AttemptState.NOT_SENT | AttemptState.REJECTED:
            return 0
        case AttemptState.CREATED:
            return _left_s(prompt.created_us, INTENT_LIFE_S, now_us)
        case AttemptState.SENDING | AttemptState.PENDING | AttemptState.UNKNOWN:
            return _left_s(prompt.view.requested_us, OVERDUE_AFTER_S, now_us)
        case AttemptState.PAID | AttemptState.FAILED | AttemptState.REVIEW:
            spacing = SPACING_SAME_AMOUNT_S if prompt.amount_cents == amount_cents else SPACING_S
            return _left_s(prompt.view.requested_us, spacing, now_us)
        case _:
            assert_never(prompt.state)


def _left_s(since_us: int | None, period_s: int, now_us: int) -> int:
    """Whole seconds left of a period. A start in the future means that the clock was set back: no wait."""
    if since_us is None or now_us < since_us:
        return 0
    return max(0, -((now_us - since_us) // SECOND_US - period_s))


def _same_terms(existing: Payment, intent: Intent) -> None:
    if existing.amount_cents == intent.amount_cents and existing.msisdn == intent.msisdn:
        return
    known, wanted = masked_apart(existing.msisdn, intent.msisdn)
    error = Conflict(
        f"Order {existing.order_id} is for {format_cents(existing.amount_cents)} from {known}, "
        f"not {format_cents(intent.amount_cents)} from {wanted}.",
        hint=f"No prompt was sent now. Use another --order, or see this one: mpesa status {existing.order_id}",
        code="order-differs",
    )
    if existing.status in {PaymentStatus.PAID, PaymentStatus.OVERPAID, PaymentStatus.REFUNDED}:
        error.money_moved = "yes"
    elif existing.status is not PaymentStatus.FAILED:
        error.money_moved = "unknown"
    raise error


def _partly_paid(existing: Payment) -> Conflict:
    missing = existing.amount_cents - existing.received_cents
    error = Conflict(
        f"Order {existing.order_id} is partly paid: {format_cents(existing.received_cents)} came, "
        f"{format_cents(missing)} is missing.",
        hint="No prompt was sent now. Ask for the rest under an order id of its own: "
        f"mpesa push {existing.msisdn} {missing // 100} --order {existing.order_id}-rest",
        code="partly-paid",
    )
    error.money_moved = "yes"
    return error


def _refunded(existing: Payment) -> Conflict:
    error = Conflict(
        f"Order {existing.order_id} was paid, and the money went back: {format_cents(existing.reversed_cents)}.",
        hint="No prompt was sent now. Ask again under an order id of its own: "
        f"mpesa push {existing.msisdn} {existing.amount_cents // 100} --order {existing.order_id}-again",
        code="refunded",
    )
    error.money_moved = "yes"
    return error


def _already_paid(existing: Payment) -> Conflict:
    receipt = existing.telling.view.receipt
    error = Conflict(
        f"Order {existing.order_id} is already paid: {format_cents(existing.amount_cents)}"
        + (f", M-PESA receipt {receipt}." if receipt else ", receipt number not known yet."),
        hint=f"No prompt was sent now. See it: mpesa status {existing.order_id}",
        code="already-paid",
    )
    error.money_moved = "yes"
    return error
