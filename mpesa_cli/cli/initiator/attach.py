"""``mpesa verify --attach``: a proven receipt pays an order, because a person says so."""

from typing import TYPE_CHECKING

from mpesa_cli.cli.consent.asking import ask_yes
from mpesa_cli.cli.consent.reasons import checked_reason, who
from mpesa_cli.cli.payments.show import show_and_exit
from mpesa_cli.floor.errors import Conflict, Declined, InvalidInput
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.initiator.verdict import Checked
    from mpesa_cli.rules.receipt_claim import Money
    from mpesa_cli.settings.profile import Profile


def check_usage(order: str | None, attach: str | None, by: str | None, reason: str | None) -> None:
    """Raise InvalidInput for options that don't go together."""
    if attach is not None and order is not None:
        raise _usage("--order and --attach both name the order: give one.")
    if attach is None and (by is not None or reason is not None):
        raise _usage("--by and --reason go with --attach or --no-order.")


def attach_and_show(
    runtime: Runtime, profile: "Profile", checked: "Checked", *, by: str | None, reason: str | None, yes: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Ask, attach, print the payment and exit by its state. Raises Conflict, NotFound or Declined; returns never.

    Returns only where the receipt is not proven real, so that the verdict is shown instead.
    """
    from mpesa_cli.initiator.verdict import Verdict
    from mpesa_cli.payments.claim import Approval, New, attach, check_attachable

    if checked.verdict is not Verdict.REAL or checked.money is None:
        runtime.streams.say(f"{checked.claim.receipt} was not attached: {checked.verdict.value}.")
        return
    ledger = runtime.ledger(profile)
    check_attachable(ledger, checked.claim, checked.money)
    new = New(runtime.world.new_id("PAY-"), profile.name, profile.shortcode)
    approval = Approval(who(runtime, by), _reason(checked.money, reason), new)
    named = checked.claim.order_id
    _confirm(runtime, f"Attach receipt {checked.claim.receipt} to order {named}? It is then paid.", yes=yes)
    payment = attach(ledger, checked.claim, checked.money, approval, runtime.world.now_us())
    show_and_exit(runtime, payment, as_json=as_json, profile=profile)


def _reason(money: "Money", reason: str | None) -> str:
    proof = {"ledger": "paid by hand", "statement": "on the M-PESA statement", "status": "M-PESA says completed"}
    if reason is None:
        return proof[money.proof]
    said = checked_reason(reason, example="--reason 'customer showed the SMS and her number'")
    return f"{proof[money.proof]}; {said}"


def _confirm(runtime: Runtime, question: str, *, yes: bool) -> None:
    if yes or runtime.environ.get("MPESA_YES") == "1":
        return
    if not runtime.streams.may_prompt():
        raise Conflict(
            "Attaching a receipt needs somebody to confirm it, and nobody is here.",
            hint="Nothing was changed. Add --yes (or MPESA_YES=1) to the same command.",
            code="needs-yes",
        )
    if not ask_yes(runtime.streams, question):
        raise Declined("You said no.", hint="Nothing was changed. To do it after all, run the same command again.")


def _usage(message: str) -> InvalidInput:
    return InvalidInput(message, hint="Nothing was asked. See: mpesa verify --help", code="usage")
