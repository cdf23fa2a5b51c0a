"""``mpesa status``: what is known of a payment, asking Daraja where that can settle it."""

from typing import TYPE_CHECKING, Annotated

import typer

from mpesa_cli.cli.options import REF_OR_PHONE, JsonOption, ProfileOption, QuietOption, VerboseOption, runtime_of
from mpesa_cli.cli.payments.show import result_of
from mpesa_cli.cli.payments.watching import watch_payment
from mpesa_cli.cli.result import Result
from mpesa_cli.floor.errors import InvalidInput, NotFound
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.rules.payment import Payment
    from mpesa_cli.settings.profile import Profile

WATCH_S = 900


def status(
    ctx: typer.Context,
    ref: Annotated[str | None, REF_OR_PHONE] = None,
    refresh: Annotated[
        bool, typer.Option("--refresh/--no-refresh", help="Ask Daraja where that can settle it, or only read.")
    ] = True,
    watch: Annotated[bool, typer.Option("--watch", help="Keep watching until it is settled.")] = False,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result | None:
    """Show where a payment stands; the latest of a phone; without a reference, what is open now.

    \b
    Examples:
      mpesa status
      mpesa status 1042
      mpesa status 0708374149
      mpesa status UKO4Q7WX2B --json
      mpesa status 1042 --watch

    Exits by the payment's state: 0 paid, 3 not paid, 5 nothing was charged, 6 unknown, 7 paid twice,
    8 still waiting. A list exits 0.
    """
    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    settings = runtime.profile(profile)
    from mpesa_cli.cli.payments.phone_ref import phone_meant, show_latest, show_list
    from mpesa_cli.history.query import HistoryFilter

    if ref is None:
        if watch:
            raise InvalidInput("Which payment?", hint="Right: mpesa status ORDER --watch", code="usage")
        show_list(runtime, settings, HistoryFilter(open_only=True))
        return None
    if (msisdn := phone_meant(runtime, settings, ref)) is not None:
        show_latest(runtime, settings, msisdn)
        return None
    payment = find(runtime, settings, ref)
    if watch:
        payment = watch_payment(runtime, settings, payment, timeout_s=WATCH_S)
    elif refresh:
        payment = settle(runtime, settings, payment)
    return result_of(runtime, settings, payment)


def find(runtime: Runtime, profile: "Profile", ref: str) -> "Payment":
    """The payment by any reference, with all that is stored for it. Raises NotFound."""
    from mpesa_cli.ledger.orders import Orders
    from mpesa_cli.payments.told import find_told, shop_of

    ledger = runtime.ledger(profile)
    found = find_told(ledger, ref, shop_of(profile, runtime.world))
    if found is None and (order := Orders(ledger).order(ref.strip())) is not None:
        from mpesa_cli.rules.push_rules import not_asked

        raise not_asked(order)
    if found is None:
        from mpesa_cli.held.waiting import refuse_held

        refuse_held(ledger, ref)
        raise NotFound(
            f"No payment {ref!r} in the ledger of profile {profile.name} ({profile.environment}).",
            hint="Give the order id, payment id, CheckoutRequestID or receipt, and the profile if you have several: "
            "mpesa status REF -P NAME",
        )
    return found


def settle(runtime: Runtime, profile: "Profile", payment: "Payment") -> "Payment":
    """The payment once all that came in is applied and Daraja, where it can help, was asked once."""
    from mpesa_cli.listener.ports import callback_intake
    from mpesa_cli.payments.refresh import refresh
    from mpesa_cli.rules.money_out.refund_state import is_open

    deliver, ledger = callback_intake(runtime, profile), runtime.ledger(profile)
    if payment.refund is not None and is_open(payment.refund):
        from mpesa_cli.initiator.refunds.ports import settles_refunds

        settles_refunds(runtime, profile, deliver)()
        payment = ledger.payment(payment.payment_id) or payment
    return refresh(
        ledger, lambda: runtime.daraja(profile), payment, runtime.world,
        deliver=deliver, told=lambda asked: runtime.streams.say(f"{asked.words}."),
    )
