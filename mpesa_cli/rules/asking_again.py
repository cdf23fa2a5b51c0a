"""Leave to ask again: decided from the advice, who asks, the phone's recent prompts and a restore's gap. Pure.

The advice (rules/retry_advice.py) says what is safe. Who asks decides how much of it may be followed; only a person
may go against it. Every way to a further prompt ends here, inside the transaction that opens the attempt.
"""

from collections.abc import Sequence
from typing import assert_never

from mpesa_cli.floor.errors import Conflict, InvalidInput, Temporary
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.payment import Attempt, Payment
from mpesa_cli.rules.push_rules import Again, check_phone
from mpesa_cli.rules.restored import InTheGap, check_gap
from mpesa_cli.rules.retry_advice import Advice, CheckFirst, FixFirst, Refuse, RetryAfter, RetryNow, advise
from mpesa_cli.rules.state import PaymentStatus

REASON_MIN = 10
_OPEN = frozenset({PaymentStatus.PENDING, PaymentStatus.UNKNOWN})


@dataclass(frozen=True, slots=True)
class ByPerson:
    """A person who typed the command. ``forced_because`` is the reason to go against the advice; empty: they follow it.

    Raises InvalidInput for a reason of a few letters.
    """

    forced_because: str = ""

    def __post_init__(self) -> None:
        """Refuse a reason too short to say anything: it is kept for good."""
        if self.forced_because and len(self.forced_because.strip()) < REASON_MIN:
            raise InvalidInput(
                f"--force needs a reason of at least {REASON_MIN} characters; it is kept with the attempt.",
                hint="Nothing was sent. Right: --force 'customer showed that her phone has no prompt'",
            )


@dataclass(frozen=True, slots=True)
class ByProgram:
    """A program that asked for this one order over HTTP. It can ask, and never force."""


@dataclass(frozen=True, slots=True)
class ByItself:
    """A prompt that nobody asked for singly: one of a batch, or a further attempt of one run."""


Asking = ByPerson | ByProgram | ByItself


def decide_again(
    payment: Payment, asking: Asking, msisdn: str, prompts: Sequence[Attempt], gap: InTheGap | None, now_us: int
) -> Again:
    """Leave to ask ``msisdn`` again for a payment, given the recent prompts on that phone and a restore's gap.

    Raises Temporary ``too-soon``, PhoneBusy, or Conflict where it may not be asked again, or not by ``asking``.
    """
    advice = advise(payment, now_us, msisdn)
    forced_because = "" if _allows(advice, asking) else _reason(payment, advice, asking)
    not_paid = check_gap(gap, payment.order_id)
    # A forced retry overrules the doubt about this payment's own prompts, never about another payment's.
    others = [p for p in prompts if p.ref.payment_id != payment.payment_id]
    check_phone(others if forced_because else prompts, msisdn, payment.amount_cents, now_us)
    return Again(payment, msisdn, forced_because, not_paid)


def may_be_forced(payment: Payment, advice: Advice) -> bool:
    """Whether a person's reason outweighs the advice: only where the last prompt is in doubt, never once money came."""
    return isinstance(advice, CheckFirst) or (isinstance(advice, Refuse) and payment.status in _OPEN)


def too_soon(payment: Payment, advice: RetryAfter | CheckFirst | FixFirst) -> Temporary:
    """The error for a payment that can be asked again only later."""
    wait_s = max(1, advice.wait_s)
    error = Temporary(
        f"Order {payment.order_id} can't be asked again yet: {advice.reason}",
        hint=f"Nothing was sent. In {wait_s} s: mpesa retry {payment.order_id}",
        code="too-soon",
    )
    error.retry_after_s = wait_s
    return error


def refused(payment: Payment, advice: Refuse, *, way: str = "") -> Conflict:
    """The error for a payment that isn't asked again; ``way`` is what else can be done, in sentences."""
    error = Conflict(
        f"Order {payment.order_id} was not asked again: {advice.reason}",
        hint=f"No prompt was sent now.{f' {way}' if way else ''} Next: {advice.next_command}",
        code="retry-refused",
    )
    if payment.status in {PaymentStatus.PAID, PaymentStatus.OVERPAID, PaymentStatus.REFUNDED}:
        error.money_moved = "yes"
    elif payment.status is not PaymentStatus.FAILED:
        error.money_moved = "unknown"
    return error


def _allows(advice: Advice, asking: Asking) -> bool:
    match advice:
        case RetryNow(_, automatic):
            return automatic or not isinstance(asking, ByItself)
        case FixFirst(wait_s=0):  # asking says that it was mended
            return not isinstance(asking, ByItself)
        case RetryAfter() | FixFirst() | CheckFirst() | Refuse():
            return False
        case _:
            assert_never(advice)


def _reason(payment: Payment, advice: Advice, asking: Asking) -> str:
    """The reason that outweighs the advice. Raises Conflict where there is none."""
    if isinstance(asking, ByPerson) and asking.forced_because and may_be_forced(payment, advice):
        return " ".join(asking.forced_because.split())
    match advice:
        case RetryNow() | FixFirst(wait_s=0):
            raise _needs_person(payment, advice)
        case RetryAfter() | FixFirst() | CheckFirst():
            raise too_soon(payment, advice)
        case Refuse():
            raise refused(payment, advice)
        case _:
            assert_never(advice)


def _needs_person(payment: Payment, advice: RetryNow | FixFirst) -> Conflict:
    return Conflict(
        f"Order {payment.order_id} is asked again only by a person: {advice.reason}",
        hint=f"No prompt was sent now. To ask: mpesa retry {payment.order_id}",
        code="needs-person",
    )
