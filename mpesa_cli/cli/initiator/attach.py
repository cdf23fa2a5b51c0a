"""``mpesa verify --attach``: a proven receipt pays an order, because a person says so."""

from typing import TYPE_CHECKING

from mpesa_cli.cli.consent.confirm import Question, confirm
from mpesa_cli.cli.consent.reasons import signed, who
from mpesa_cli.cli.initiator.verify_one import Typed, check, remembered, verdict_result
from mpesa_cli.cli.payments.show import result_of
from mpesa_cli.cli.result import Result
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.rules.receipt_claim import Money
    from mpesa_cli.settings.profile import Profile


def attach_receipt(
    runtime: Runtime, profile: "Profile", typed: Typed, by: str | None, reason: str | None, *, yes: bool
) -> Result:
    """Check, ask and attach; the order's payment as it stands then. Raises Conflict, NotFound or Declined.

    Where the receipt is not proven real nothing is attached, and the verdict is the result.
    """
    from mpesa_cli.initiator.verdict import Verdict
    from mpesa_cli.payments.claim import Approval, New, attach, check_attachable

    checked = check(runtime, profile, typed)
    claim, money = checked.claim, checked.money
    if checked.verdict is not Verdict.REAL or money is None:
        runtime.streams.say(f"{claim.receipt} was not attached: {checked.verdict.value}.")
        return verdict_result(profile, remembered(runtime, profile, checked))
    ledger = runtime.ledger(profile)
    check_attachable(ledger, claim, money)
    new = New(runtime.world.new_id("PAY-"), profile.name, profile.shortcode)
    approval = Approval(*_signed(runtime, by, money, reason), new)
    question = Question(
        f"Attach receipt {claim.receipt} to order {claim.order_id}? It is then paid.",
        "Attaching a receipt needs somebody to confirm it, and nobody is here.",
        nothing="Nothing was changed.",
    )
    confirm(runtime, question, yes=yes)
    return result_of(runtime, profile, attach(ledger, claim, money, approval, runtime.world.now_us()))


def _signed(runtime: Runtime, by: str | None, money: "Money", reason: str | None) -> tuple[str, str]:
    proof = {"ledger": "paid by hand", "statement": "on the M-PESA statement", "status": "M-PESA says completed"}
    if reason is None:
        return who(runtime, by), proof[money.proof]
    name, said = signed(runtime, by, reason, example="--reason 'customer showed the SMS and her number'")
    return name, f"{proof[money.proof]}; {said}"
