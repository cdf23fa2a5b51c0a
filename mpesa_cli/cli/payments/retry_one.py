"""One retry: the payment settled, its advice followed, the question asked, the prompt in its turn, the answer."""

from typing import TYPE_CHECKING

from mpesa_cli.cli.payments.push_one import confirm_prompt
from mpesa_cli.cli.payments.retry_attempts import Wish, attempts, send_once
from mpesa_cli.cli.payments.show import by_hand, result_of, result_sent
from mpesa_cli.cli.payments.status import find, settle
from mpesa_cli.cli.payments.turns import Turn, Waiting
from mpesa_cli.cli.payments.watching import watch_payment
from mpesa_cli.cli.result import Result
from mpesa_cli.floor.errors import InvalidInput, Temporary, earlier_prompt_in_doubt
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.values.msisdn import parse_msisdn
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.rules.payment import Payment
    from mpesa_cli.rules.restored import NotPaid
    from mpesa_cli.settings.profile import Profile


@dataclass(frozen=True, slots=True)
class Typed:
    """The words typed of one retry; None for what was not. ``force`` is the reason."""

    ref: str
    phone: str | None
    force: str | None
    max_attempts: int | None


def retry_one(
    runtime: Runtime, profile: "Profile", typed: Typed, waiting: Waiting, answer: "NotPaid | None", *, yes: bool
) -> Result:
    """Ask again for one payment, and wait for the answer unless told not to. Raises MpesaError or Interrupted."""
    if not waiting.for_answer and (typed.max_attempts or 1) > 1:
        raise InvalidInput(
            "--max-attempts watches each attempt, so it can't go with --no-wait.",
            hint="Nothing was sent. See: mpesa retry --help", code="usage",
        )
    turn = Turn(runtime, waiting)
    payment, wish = _in_turn(runtime, profile, typed, turn, yes=yes)
    if typed.max_attempts is not None:
        return result_of(runtime, profile, attempts(runtime, profile, payment, wish, waiting.timeout_s, answer))
    payment = send_once(runtime, profile, payment, wish, wish.first, turn, answer)
    if not waiting.for_answer:
        return result_sent(runtime, profile, payment)
    payment = watch_payment(runtime, profile, payment, timeout_s=turn.until.left_s())
    return result_of(runtime, profile, payment)


def _in_turn(
    runtime: Runtime, profile: "Profile", typed: Typed, turn: Turn, *, yes: bool
) -> "tuple[Payment, Wish]":
    """The payment, settled, and what may be done about it now, after waiting for its turn. Confirmed once."""
    confirmed = False
    while True:
        payment = _settled(runtime, profile, typed.ref)
        msisdn = parse_msisdn(typed.phone) if typed.phone else payment.last.msisdn
        early: Temporary | None = None
        try:
            wish = _wish(runtime, profile, payment, msisdn, typed)
        except Temporary as not_yet:
            early = not_yet
            turn.check(early)
        if not confirmed:
            amount = payment.amount_cents // 100
            confirm_prompt(runtime, profile, msisdn, amount, payment.order_id, yes=yes)
            confirmed = True
            turn.begin()
        if early is None:
            return payment, wish
        turn.wait(msisdn, early)


def _settled(runtime: Runtime, profile: "Profile", ref: str) -> "Payment":
    """The payment as it stands, with what a dead process recorded and never sent given up."""
    from mpesa_cli.payments.retry import withdraw_abandoned

    payment = find(runtime, profile, ref)
    with earlier_prompt_in_doubt():
        payment = settle(runtime, profile, payment)
    return withdraw_abandoned(runtime.ledger(profile), payment, runtime.world)


def _wish(runtime: Runtime, profile: "Profile", payment: "Payment", msisdn: str, typed: Typed) -> Wish:
    """The person's wish, once it is clear that it may be done, now or after a wait. Raises where it may not."""
    from mpesa_cli.payments.retry_loop import would_wait
    from mpesa_cli.rules.asking_again import ByPerson, decide_again, may_be_forced, refused
    from mpesa_cli.rules.retry_advice import CheckFirst, FixFirst, Refuse, RetryAfter, advise

    now_us, force, most = runtime.world.now_us(), typed.force, typed.max_attempts
    advice = advise(payment, now_us, msisdn)
    # A blank reason is one that says too little, which is not the same as none.
    first = ByPerson(force or " ") if force is not None and may_be_forced(payment, advice) else ByPerson()
    match advice:
        case Refuse() if not first.forced_because:
            ways = ["If you know better: --force 'why'."] if may_be_forced(payment, advice) else []
            raise refused(payment, advice, way=" ".join([*ways, by_hand(profile, payment)]).strip())
        case RetryAfter() | CheckFirst() if most is not None and not first.forced_because:
            if would_wait(payment, advice):
                return Wish(msisdn, most, at_once=False, first=first)
    decide_again(payment, first, msisdn, (), None, now_us)
    if isinstance(advice, FixFirst):
        runtime.streams.say(f"{advice.reason} Asking again because you say so.")
    return Wish(msisdn, most or 1, at_once=True, first=first)
