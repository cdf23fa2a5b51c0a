"""The watch over a payment in a command: the live line, queries, and the truth when somebody stops it."""

from typing import TYPE_CHECKING

from mpesa_cli.floor.interrupts import Interrupted
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.rules.payment import Payment
    from mpesa_cli.settings.profile import Profile


def watch_payment(runtime: Runtime, profile: "Profile", payment: "Payment", *, timeout_s: float) -> "Payment":
    """Watch until the payment is settled or the time is up. Returns it as it stands then.

    Raises Interrupted after saying truthfully where the money stands.
    """
    from mpesa_cli.listener.ports import callback_intake
    from mpesa_cli.payments.wait import Seen, watch
    from mpesa_cli.terminal.watch import LiveLine

    runtime.prompt_may_be_out = True
    seen = Seen(payment, timeout_s)
    looks = watch(
        runtime.ledger(profile),
        runtime.daraja(profile),
        payment.payment_id,
        timeout_s=timeout_s,
        world=runtime.world,
        deliver=callback_intake(runtime, profile),
    )
    try:
        with LiveLine(runtime.streams, profile.language) as line:
            for seen in looks:
                line.show(seen.payment, seen.seconds_left, runtime.world.now_us())
                if seen.news:
                    line.news(seen.news, runtime.world.now_us())
    except Interrupted:
        say_where_money_stands(runtime, seen.payment)
        raise
    return seen.payment


def say_where_money_stands(runtime: Runtime, payment: "Payment") -> None:
    """The words for a person who stops the program (Ctrl-C, SIGTERM)."""
    from mpesa_cli.rules.state import AttemptState

    see = f"Where it stands: mpesa status {payment.order_id}"
    match payment.last.state:
        case AttemptState.CREATED | AttemptState.NOT_SENT:
            runtime.streams.complain(f"Stopped. Nothing was sent, so nothing was charged. {see}")
        case AttemptState.PAID:
            runtime.streams.complain(f"Stopped, but the customer has paid. {see}")
        case AttemptState.FAILED | AttemptState.REJECTED:
            runtime.streams.complain(f"Stopped. The attempt is over and was not paid. {see}")
        case _:
            runtime.streams.complain(
                "Stopped waiting. The prompt may still be on the customer's phone and can still be paid. "
                f"Order {payment.order_id} stays open. {see}"
            )
