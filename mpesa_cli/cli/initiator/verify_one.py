"""One verification: the claim as it was typed, what the ledger and M-PESA say of it, and the verdict."""

from typing import TYPE_CHECKING, NamedTuple

from mpesa_cli.cli.result import Note, Result
from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.initiator.verdict import Checked
    from mpesa_cli.rules.receipt_claim import Claim
    from mpesa_cli.settings.profile import Profile

TEXT_MAX = 4096  # characters of a pasted message; the longest that M-PESA sends has some 400


class Typed(NamedTuple):
    """The words typed of one verification; None for what was not. ``order`` is the one at the counter."""

    receipt: str
    amount: str | None
    phone: str | None
    order: str | None
    timeout_s: int


def verified(runtime: Runtime, profile: "Profile", typed: Typed) -> Result:
    """The verdict on a receipt; a real one is remembered as shown. Raises MpesaError."""
    checked = remembered(runtime, profile, check(runtime, profile, typed))
    return verdict_result(profile, checked)


def check(runtime: Runtime, profile: "Profile", typed: Typed) -> "Checked":
    """The word of the ledger and of M-PESA on a receipt. A person at the terminal is asked for an order that lacks."""
    claim = _claim(runtime, typed)
    if claim.order_id is None and not runtime.streams.as_json:
        claim = _with_order_asked(runtime, claim)
    return _checked(runtime, profile, claim, typed.timeout_s)


def verdict_result(profile: "Profile", checked: "Checked") -> Result:
    """The verdict, for whoever stands at the counter."""
    from mpesa_cli.initiator.verdict import exit_status_of
    from mpesa_cli.initiator.verify_words import document, lines
    from mpesa_cli.terminal.payment_words import environment_label

    label = environment_label(profile.environment)
    return Result(
        document(checked, profile.environment),
        lines(checked, profile.language),
        [Note(label)] if label else [],
        status=exit_status_of(checked.verdict),
    )


def _claim(runtime: Runtime, typed: Typed) -> "Claim":
    from mpesa_cli.initiator.pasted_sms import read_pasted
    from mpesa_cli.rules.receipt_claim import Claim
    from mpesa_cli.rules.values.amount import decimal_to_cents
    from mpesa_cli.rules.values.msisdn import parse_msisdn

    amount, phone, order = typed.amount, typed.phone, typed.order
    cents = None if amount is None else decimal_to_cents(amount.replace(",", "").strip())
    if amount is not None and not cents:
        raise InvalidInput(
            f"--amount {amount!r} is no amount.", hint="Right: --amount 1500. Nothing was asked.", code="invalid-amount"
        )
    msisdn = parse_msisdn(phone) if phone else None
    pasted = read_pasted(runtime.streams.stdin.read(TEXT_MAX) if typed.receipt == "-" else typed.receipt)
    return Claim(pasted.receipt, cents, msisdn, order.strip() if order else None, pasted.amount_cents)


def _with_order_asked(runtime: Runtime, claim: "Claim") -> "Claim":
    """The claim with the order that a person at the terminal names; a script is asked nothing."""
    from dataclasses import replace

    from mpesa_cli.cli.consent.asking import ask

    if not runtime.streams.may_prompt():
        return claim
    return replace(claim, order_id=ask(runtime.streams, "For which order? (Enter for none)", None, str.strip) or None)


def _checked(runtime: Runtime, profile: "Profile", claim: "Claim", timeout_s: float) -> "Checked":
    """The check by the ledger, else by Daraja. An amount that nobody named is the order's, where it is known."""
    from dataclasses import replace

    from mpesa_cli.initiator.verdict import Verdict
    from mpesa_cli.initiator.verify import lacking_cents, look_up
    from mpesa_cli.payments.told import shop_of, take_in

    ledger = runtime.ledger(profile)
    take_in(ledger, shop_of(profile, runtime.world))
    if claim.order_id and claim.amount_cents is None:
        claim = replace(claim, amount_cents=lacking_cents(ledger, claim.order_id, claim.receipt))
    found = look_up(ledger, claim, runtime.world.now_us())
    nearly = any(each != claim.receipt and ledger.receipt_owner(each) for each in found.meant)
    if found.money is not None or found.verdict is not Verdict.NOT_PROVEN or nearly:
        return found
    return _asked(runtime, profile, found, timeout_s)


def _asked(runtime: Runtime, profile: "Profile", found: "Checked", timeout_s: float) -> "Checked":
    from dataclasses import replace

    from mpesa_cli.cli.initiator.unheard import unheard
    from mpesa_cli.initiator.ports import has_initiator, initiator_context
    from mpesa_cli.initiator.verify import ask_daraja
    from mpesa_cli.listener.ports import callback_intake
    from mpesa_cli.terminal.progress import waiting_for_result

    if not has_initiator(profile):
        why = "This profile has no initiator to ask M-PESA with (docs/operate/initiator.md)."
        return replace(found, why=" ".join(filter(None, [found.why, why])))
    context = initiator_context(runtime, profile, callback_intake(runtime, profile))
    if warning := unheard(profile):
        runtime.streams.say(warning)
    runtime.streams.say(f"Not in the ledger. Asking M-PESA about {found.claim.receipt}; waiting for its result …")
    with waiting_for_result(runtime.streams, profile.language) as look:
        return ask_daraja(context, found, timeout_s, look)


def remembered(runtime: Runtime, profile: "Profile", checked: "Checked") -> "Checked":
    """With the receipt noted as shown. A ledger that can only be read still tells what it knows."""
    from mpesa_cli.floor.errors import LedgerUnusable
    from mpesa_cli.initiator.verify import remember_shown

    try:
        return remember_shown(runtime.ledger(profile), checked, runtime.world.now_us())
    except LedgerUnusable as error:
        runtime.streams.say(f"That it was shown is not remembered: {error.message}")
        return checked
