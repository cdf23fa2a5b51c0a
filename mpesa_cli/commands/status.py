"""``mpesa status``: what is known of a payment, asking Daraja where that can settle it."""

from typing import TYPE_CHECKING, Annotated

import typer

from mpesa_cli.commands.options import REF, JsonOption, ProfileOption, QuietOption, VerboseOption, runtime_of
from mpesa_cli.commands.show import show_and_exit
from mpesa_cli.commands.watching import watch_payment
from mpesa_cli.errors import NotFound
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.domain.payment import Payment
    from mpesa_cli.settings.profile import Profile

WATCH_S = 900


def status(
    ctx: typer.Context,
    ref: Annotated[str, REF],
    refresh: Annotated[
        bool, typer.Option("--refresh/--no-refresh", help="Ask Daraja where that can settle it, or only read.")
    ] = True,
    watch: Annotated[bool, typer.Option("--watch", help="Keep watching until it is settled.")] = False,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> None:
    """Show where a payment stands.

    \b
    Examples:
      mpesa status 1042
      mpesa status UKO4Q7WX2B --json
      mpesa status 1042 --watch

    Exits by the payment's state: 0 paid, 3 not paid, 5 nothing was charged, 6 unknown, 7 paid twice,
    8 still waiting.
    """
    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose)
    settings = runtime.profile(profile)
    payment = find(runtime, settings, ref)
    if watch:
        payment = watch_payment(runtime, settings, payment, timeout_s=WATCH_S)
    elif refresh:
        payment = settle(runtime, settings, payment)
    show_and_exit(runtime, payment, as_json=json_, profile=settings)


def find(runtime: Runtime, profile: "Profile", ref: str) -> "Payment":
    """The payment by any reference. Raises NotFound."""
    ledger = runtime.ledger(profile)
    found = ledger.find(ref)
    if found is None and (order := ledger.order(ref.strip())) is not None:
        from mpesa_cli.domain.push_rules import not_asked

        raise not_asked(order)
    if found is None:
        from mpesa_cli.operations.held import refuse_held

        refuse_held(ledger, ref)
        raise NotFound(
            f"No payment {ref!r} in the ledger of profile {profile.name} ({profile.environment}).",
            hint="Give the order id, payment id, CheckoutRequestID or receipt, and the profile if you have several: "
            "mpesa status REF -P NAME",
        )
    return found


def settle(runtime: Runtime, profile: "Profile", payment: "Payment") -> "Payment":
    """The payment once all that came in is applied and Daraja, where it can help, was asked once."""
    from mpesa_cli.operations.refresh import refresh

    return refresh(
        runtime.ledger(profile), lambda: runtime.daraja(profile), payment, runtime.now_us,
        deliver=runtime.deliver(profile), told=lambda asked: runtime.streams.say(f"{asked.words}."),
    )  # fmt: skip
