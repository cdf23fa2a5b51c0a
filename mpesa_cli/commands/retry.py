"""``mpesa retry``: a new attempt of a payment, where and only where that is safe."""

from typing import TYPE_CHECKING, Annotated, assert_never

import typer

from mpesa_cli.commands.options import JsonOption, ProfileOption, QuietOption, VerboseOption, YesOption, runtime_of
from mpesa_cli.commands.push import confirm, hands, timeout_s_of
from mpesa_cli.commands.show import show_and_exit, show_sent
from mpesa_cli.commands.status import find, settle
from mpesa_cli.commands.watching import watch_payment
from mpesa_cli.domain.msisdn import parse_msisdn
from mpesa_cli.errors import Conflict, InvalidInput, MpesaError, Temporary
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.domain.payment import Payment
    from mpesa_cli.domain.retry_advice import Refuse
    from mpesa_cli.settings.profile import Profile

REASON_MIN = 10


def retry(
    ctx: typer.Context,
    ref: Annotated[str, typer.Argument(help="Order id, payment id or CheckoutRequestID.", metavar="REF")],
    phone: Annotated[
        str | None, typer.Option("--phone", help="Ask another line of the same customer.", metavar="PHONE")
    ] = None,
    force: Annotated[
        str | None,
        typer.Option("--force", help="Ask although the last prompt may still be paid; say why.", metavar="REASON"),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the customer's answer, or not.")] = True,
    timeout: Annotated[
        int | None, typer.Option("--timeout", help="Seconds to wait [default: the profile's, 120].", metavar="S")
    ] = None,
    yes: YesOption = False,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> None:
    """Ask again for a payment that failed, after making sure that it did.

    \b
    Examples:
      mpesa retry 1042
      mpesa retry 1042 --phone 0712345678
      mpesa retry 1042 --force 'customer showed that her phone has no prompt'

    The last attempt is settled first. A prompt that may still be paid is never asked again, unless you
    force it with a reason, which is kept.
    """
    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose)
    settings = runtime.profile(profile)
    timeout_s = timeout_s_of(timeout, settings)
    payment = settle(runtime, settings, find(runtime, settings, ref))
    msisdn = parse_msisdn(phone) if phone else payment.last.msisdn
    reason = _check(runtime, payment, msisdn, force)
    confirm(runtime, settings, msisdn, payment.amount_cents // 100, payment.order_id, yes=yes)
    payment = _send(runtime, settings, payment, msisdn, reason)
    if not wait:
        show_sent(runtime, payment, as_json=json_)
    show_and_exit(runtime, watch_payment(runtime, settings, payment, timeout_s=timeout_s), as_json=json_)


def _check(runtime: Runtime, payment: "Payment", msisdn: str, force: str | None) -> str:
    """Returns the reason to journal, empty where the advice allows it. Raises where it does not."""
    from mpesa_cli.domain.retry_advice import CheckFirst, FixFirst, Refuse, RetryAfter, RetryNow, advise

    advice = advise(payment, runtime.now_us(), msisdn)
    match advice:
        case RetryNow():
            return ""
        case FixFirst(wait_s=0):
            runtime.streams.say(f"{advice.reason} Asking again because you say so.")
            return ""
        case RetryAfter() | CheckFirst() | FixFirst():
            raise Temporary(
                f"Order {payment.order_id} can't be asked again yet: {advice.reason}",
                hint=f"Nothing was sent. In {max(1, advice.wait_s)} s: mpesa retry {payment.order_id}",
                code="too-soon",
            )
        case Refuse():
            return _forced(payment, advice, force)
        case _:
            assert_never(advice)


def _forced(payment: "Payment", advice: "Refuse", force: str | None) -> str:
    from mpesa_cli.domain.state import PaymentStatus

    open_still = payment.status in {PaymentStatus.PENDING, PaymentStatus.UNKNOWN}
    if force is None or not open_still:
        raise _refused(payment, advice, may_force=open_still)
    if len(force.strip()) < REASON_MIN:
        raise InvalidInput(
            f"--force needs a reason of at least {REASON_MIN} characters; it is kept with the attempt.",
            hint="Nothing was sent. Right: --force 'customer showed that her phone has no prompt'",
        )
    return " ".join(force.split())


def _refused(payment: "Payment", advice: "Refuse", *, may_force: bool) -> MpesaError:
    from mpesa_cli.domain.state import PaymentStatus

    way = " If you know better: --force 'why'." if may_force else ""
    error = Conflict(
        f"Order {payment.order_id} was not asked again: {advice.reason}",
        hint=f"No prompt was sent now.{way} Next: {advice.next_command}",
        code="retry-refused",
    )
    if payment.status in {PaymentStatus.PAID, PaymentStatus.OVERPAID}:
        error.money_moved = "yes"
    elif payment.status is not PaymentStatus.FAILED:
        error.money_moved = "unknown"
    return error


def _send(runtime: Runtime, profile: "Profile", payment: "Payment", msisdn: str, reason: str) -> "Payment":
    from mpesa_cli.operations.retry import new_attempt

    runtime.streams.say(f"Asking again for order {payment.order_id} …")
    return new_attempt(hands(runtime, profile), payment, msisdn, forced_because=reason).payment
