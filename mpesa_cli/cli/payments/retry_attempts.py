"""``mpesa retry --max-attempts N``: the attempts of one run, and a line that says what it waits for."""

from dataclasses import replace
from typing import TYPE_CHECKING

from mpesa_cli.cli.consent.restored_gap import answered
from mpesa_cli.cli.payments.ports import push_context
from mpesa_cli.cli.payments.status import settle
from mpesa_cli.cli.payments.turns import Turn, Waiting
from mpesa_cli.cli.payments.watching import say_where_money_stands, watch_payment
from mpesa_cli.floor.interrupts import Interrupted
from mpesa_cli.floor.records import dataclass
from mpesa_cli.runtime import Runtime
from mpesa_cli.terminal.progress import Countdown

if TYPE_CHECKING:
    from mpesa_cli.payments.retry_loop import GaveUp
    from mpesa_cli.rules.asking_again import Asking, ByPerson
    from mpesa_cli.rules.payment import Payment
    from mpesa_cli.rules.restored import NotPaid
    from mpesa_cli.settings.profile import Profile


@dataclass(frozen=True, slots=True)
class Wish:
    """A person's wish: up to ``most`` attempts on a line; the first is theirs, the others nobody's.

    ``at_once``: the advice already allows the first one.
    """

    msisdn: str
    most: int
    at_once: bool
    first: "ByPerson"


def send_once(
    runtime: Runtime, profile: "Profile", payment: "Payment", wish: Wish, asking: "Asking", turn: Turn,
    answer: "NotPaid | None",
) -> "Payment":
    """One further prompt, in its turn and in time, or never.

    Raises what a retry raises; Interrupted after saying where the money stands.
    """
    from mpesa_cli.payments.retry import new_attempt

    runtime.streams.say(f"Asking again for order {payment.order_id} …")
    try:
        outside = push_context(runtime, profile)
        return answered(
            runtime, payment.order_id, answer,
            lambda said: turn.take(
                wish.msisdn,
                lambda until: new_attempt(
                    replace(outside, not_paid=said, until=until), payment, wish.msisdn, asking
                ).payment,
            ),
        )
    except Interrupted:
        say_where_money_stands(runtime, runtime.ledger(profile).payment(payment.payment_id) or payment)
        raise


def attempts(
    runtime: Runtime, profile: "Profile", payment: "Payment", wish: Wish, timeout_s: int,
    answer: "NotPaid | None",
) -> "Payment":
    """Ask until it is paid, the attempts are used up, or a person is needed. Returns the payment as it stands."""
    from mpesa_cli.listener.ports import callback_intake
    from mpesa_cli.payments.retry_loop import GaveUp, Pausing, RetryContext, Tried, persist
    from mpesa_cli.payments.wait import look
    from mpesa_cli.rules.asking_again import ByItself

    made = 0

    def attempt(latest: "Payment") -> "Payment":
        nonlocal made
        line.clear()
        made += 1
        runtime.streams.say(f"Attempt {made} of {wish.most}.")
        asking = wish.first if made == 1 else ByItself()
        # The loop waits, and says for which attempt.
        turn = Turn(runtime, Waiting(timeout_s, typed=True, for_answer=True, for_turn=False))
        sent = send_once(runtime, profile, latest, wish, asking, turn, answer)
        return watch_payment(runtime, profile, sent, timeout_s=turn.until.left_s())

    def seen(latest: "Payment") -> "Payment":
        callback_intake(runtime, profile)()
        return look(runtime.ledger(profile), latest.payment_id, runtime.world.now_us())

    loop = RetryContext(
        settle=lambda latest: settle(runtime, profile, latest), attempt=attempt, look=seen,
        world=runtime.world,
    )
    pausing, said = False, 0
    with Countdown(runtime.streams) as line:
        try:
            for event in persist(loop, payment, wish.msisdn, wish.most, at_once=wish.at_once):
                pausing = isinstance(event, Pausing)
                match event:
                    case Pausing(number, seconds_left, reason):
                        if number != said:  # on a line of its own: beside a countdown it leaves no room for it
                            runtime.streams.say(reason)
                            said = number
                        words = f"Asking again (attempt {number} of {wish.most}) in"
                        if profile.language == "sw":
                            words = f"Ombi jipya (jaribio {number} kati ya {wish.most}) baada ya"
                        line.show(words, seconds_left, runtime.world.now_us())
                    case Tried(payment, _):
                        pass
                    case GaveUp(payment, _):
                        line.clear()
                        _say_why(runtime, event, made)
        except Interrupted:
            line.clear()
            if pausing:
                _say_stopped(runtime, payment, wish.most - made)
            raise
    return payment


def _say_why(runtime: Runtime, event: "GaveUp", made: int) -> None:
    from mpesa_cli.rules.state import PaymentStatus

    if event.payment.status is PaymentStatus.FAILED:
        further = "No further attempt" if made else "No attempt"
        runtime.streams.say(f"{further} by itself: {event.advice.reason}")


def _say_stopped(runtime: Runtime, payment: "Payment", left: int) -> None:
    runtime.streams.complain(
        f"Stopped between two attempts: no prompt of order {payment.order_id} is open, nothing was charged. "
        f"To go on: mpesa retry {payment.order_id} --max-attempts {left}"
    )
