"""``mpesa verify``: is the M-PESA receipt that a customer shows real, and is it still free?"""

from typing import TYPE_CHECKING, Annotated

import typer

from mpesa_cli.cli.initiator.attach import attach_and_show, check_usage
from mpesa_cli.cli.initiator.no_order import check_no_order, name_and_show
from mpesa_cli.cli.options import JsonOption, ProfileOption, QuietOption, VerboseOption, YesOption, runtime_of
from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.runtime import Runtime
from mpesa_cli.terminal.render import print_json

if TYPE_CHECKING:
    from mpesa_cli.initiator.verdict import Checked
    from mpesa_cli.rules.receipt_claim import Claim
    from mpesa_cli.settings.profile import Profile

TIMEOUT_S = 30
TEXT_MAX = 4096  # characters of a pasted message; the longest that M-PESA sends has some 400


def verify(
    ctx: typer.Context,
    receipt: Annotated[
        str,
        typer.Argument(help="The code that the customer's SMS begins with, or all of it in quotes; - reads it.",
                       metavar="RECEIPT"),
    ],
    amount: Annotated[str | None, typer.Option("--amount", help="What should have been paid.", metavar="KES")] = None,
    phone: Annotated[
        str | None, typer.Option("--phone", help="The customer's phone, if the payer must be this one.", metavar="P")
    ] = None,
    order: Annotated[
        str | None, typer.Option("--order", help="The order at the counter: finds receipts shown twice.", metavar="ID")
    ] = None,
    attach: Annotated[
        str | None,
        typer.Option("--attach", help="Have the receipt pay this order, once it is proven real.", metavar="ORDER"),
    ] = None,
    no_order: Annotated[
        bool, typer.Option("--no-order", help="Say that the receipt pays no order here, so that it stops none.")
    ] = False,
    by: Annotated[
        str | None, typer.Option("--by", help="With --attach or --no-order: who says so [default: you].")
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", help="With --attach or --no-order: why, for the ledger.")
    ] = None,
    timeout: Annotated[
        int, typer.Option("--timeout", help="Seconds to wait for Daraja's result.", metavar="S", min=1, max=300)
    ] = TIMEOUT_S,
    yes: YesOption = False,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> None:
    """Check the receipt of an SMS that a customer shows: real or not, and whether it was used before.

    \b
    Examples:
      mpesa verify UKO4Q7WX2B --amount 1500 --order 1042
      mpesa verify 'UKO4Q7WX2B Confirmed. Ksh1,500.00 paid to …' --order 1042
      mpesa verify UKO4Q7WX2B --phone 0708374149 --json
      mpesa verify UKO4Q7WX2B --attach 1042
      mpesa verify UKO4Q7WX2B --no-order --reason 'sold over the counter on Tuesday'

    Looks in the ledger and in statements that were read, then asks Daraja where the profile has an initiator. With
    --order a real receipt is remembered for that order; without one, a receipt that was shown before is used already.
    The amount in a pasted text is only compared. Exits 0 real, 3 not found or not paid, 5 Daraja was not reached, 6 not
    proven, 7 used already or another amount or phone.
    """
    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose)
    if no_order:
        check_no_order([order, attach, amount, phone])
        name_and_show(runtime, runtime.profile(profile), receipt, by=by, reason=reason, as_json=json_)
        return
    check_usage(order, attach, by, reason)
    settings = runtime.profile(profile)
    claim = _claim(runtime, receipt, amount, phone, attach or order)
    if claim.order_id is None and not json_:
        claim = _with_order_asked(runtime, claim)
    checked = _checked(runtime, settings, claim, timeout)
    if attach is not None:
        attach_and_show(runtime, settings, checked, by=by, reason=reason, yes=yes, as_json=json_)
    checked = _remembered(runtime, settings, checked)
    _show_and_exit(runtime, settings, checked, as_json=json_)


def _claim(runtime: Runtime, typed: str, amount: str | None, phone: str | None, order: str | None) -> "Claim":
    from mpesa_cli.initiator.pasted_sms import read_pasted
    from mpesa_cli.rules.receipt_claim import Claim
    from mpesa_cli.rules.values.amount import decimal_to_cents
    from mpesa_cli.rules.values.msisdn import parse_msisdn

    cents = None if amount is None else decimal_to_cents(amount.replace(",", "").strip())
    if amount is not None and not cents:
        raise InvalidInput(
            f"--amount {amount!r} is no amount.", hint="Right: --amount 1500. Nothing was asked.", code="invalid-amount"
        )
    msisdn = parse_msisdn(phone) if phone else None
    pasted = read_pasted(runtime.streams.stdin.read(TEXT_MAX) if typed == "-" else typed)
    return Claim(pasted.receipt, cents, msisdn, order.strip() if order else None, pasted.amount_cents)


def _with_order_asked(runtime: Runtime, claim: "Claim") -> "Claim":
    """The claim with the order that a person at the terminal names; a script is asked nothing."""
    from dataclasses import replace

    from mpesa_cli.cli.consent.asking import ask

    if not runtime.streams.may_prompt():
        return claim
    return replace(claim, order_id=ask(runtime.streams, "For which order? (Enter for none)", None, str.strip) or None)


def _checked(runtime: Runtime, profile: "Profile", claim: "Claim", timeout_s: float) -> "Checked":
    """What the ledger says, else what Daraja does. An amount that nobody named is the order's, where it is known."""
    from dataclasses import replace

    from mpesa_cli.initiator.verdict import Verdict
    from mpesa_cli.initiator.verify import lacking_cents, look_up

    ledger = runtime.ledger(profile)
    if claim.order_id and claim.amount_cents is None:
        claim = replace(claim, amount_cents=lacking_cents(ledger, claim.order_id, claim.receipt))
    found = look_up(ledger, claim, runtime.world.now_us())
    nearly = any(each != claim.receipt and ledger.receipt_owner(each) for each in found.meant)
    if found.money is not None or found.verdict is not Verdict.NOT_PROVEN or nearly:
        return found
    return _asked(runtime, profile, found, timeout_s)


def _asked(runtime: Runtime, profile: "Profile", found: "Checked", timeout_s: float) -> "Checked":
    from dataclasses import replace

    from mpesa_cli.initiator.ports import has_initiator, initiator_hands
    from mpesa_cli.initiator.verify import ask_daraja
    from mpesa_cli.listener.ports import callback_intake

    if not has_initiator(profile):
        why = "This profile has no initiator to ask M-PESA with (docs/initiator.md)."
        return replace(found, why=" ".join(filter(None, [found.why, why])))
    hands = initiator_hands(runtime, profile, callback_intake(runtime, profile))
    unheard = _unheard(profile)
    if unheard:
        runtime.streams.say(unheard)
    runtime.streams.say(f"Not in the ledger. Asking M-PESA about {found.claim.receipt}; waiting for its result …")
    return ask_daraja(hands, found, timeout_s, lambda _left_s: None)


def _unheard(profile: "Profile") -> str:
    """A sentence where no listener of this machine can take the result; another machine's can't be seen from here."""
    from mpesa_cli.floor.web_address import is_on_this_machine
    from mpesa_cli.initiator.listener_alive import listener_answers
    from mpesa_cli.settings.profile import LISTENER_BASE

    if profile.embedded:
        return ""
    base = profile.callback_base_url or ""
    here = base if is_on_this_machine(base) else LISTENER_BASE
    if listener_answers(here):
        return ""
    return f"No listener answers on {here}. Unless one runs elsewhere, no result can be received; start: mpesa listen"


def _remembered(runtime: Runtime, profile: "Profile", checked: "Checked") -> "Checked":
    """With the receipt noted as shown. A ledger that can only be read still tells what it knows."""
    from mpesa_cli.floor.errors import LedgerUnusable
    from mpesa_cli.initiator.verify import remember_shown

    try:
        return remember_shown(runtime.ledger(profile), checked, runtime.world.now_us())
    except LedgerUnusable as error:
        runtime.streams.say(f"That it was shown is not remembered: {error.message}")
        return checked


def _show_and_exit(runtime: Runtime, profile: "Profile", checked: "Checked", *, as_json: bool) -> None:
    from mpesa_cli.initiator.verdict import exit_status_of
    from mpesa_cli.initiator.verify_words import document, lines
    from mpesa_cli.terminal.payment_words import environment_label

    if as_json:
        print_json(runtime.streams, document(checked, profile.environment))
    else:
        for line in lines(checked, profile.language):
            runtime.streams.out(line)
        if label := environment_label(profile.environment):
            runtime.streams.say(label)
    raise typer.Exit(int(exit_status_of(checked.verdict)))
