"""Whoever may not agree is told what it is about, and how it is asked for anew: a refund or a payout."""

from dataclasses import replace

import pytest

from mpesa_cli.floor.errors import Conflict
from mpesa_cli.rules.money_out.approval import Approval, Proposal, check_approval

REFUND = Proposal("REQ-1", 15_000, "Asha", "brought back", "paid 15000", 10, payment_id="PAY-1", receipt="UKO4Q7WX2B")
PAYOUT = Proposal("REQ-2", 15_000, "Asha", "wages", "", 10, reference="W-7", msisdn="254708374149")


@pytest.mark.parametrize(("made", "what", "anew"), [
    (REFUND, "The payment changed since REQ-1", "mpesa refund UKO4Q7WX2B --reason WHY"),
    (PAYOUT, "The payout changed since REQ-2", "mpesa pay PHONE AMOUNT --for REF --reason WHY"),
])
def test_a_change_is_named_and_the_command_that_asks_anew(made: Proposal, what: str, anew: str) -> None:
    agreed = Approval(made.request_id, "Wanjiku")
    check_approval(made, agreed, made, 10)
    for changed in (replace(made, amount_cents=1), replace(made, basis="other"), replace(made, msisdn="254711111111")):
        with pytest.raises(Conflict) as told:
            check_approval(made, agreed, changed, 10)
        assert (told.value.code, what in told.value.message, anew in told.value.hint) == ("payment-changed", True, True)


def test_a_refund_and_a_payout_are_never_about_the_same() -> None:
    assert (REFUND.is_payout, PAYOUT.is_payout) == (False, True)
    assert len({REFUND.about, PAYOUT.about, replace(PAYOUT, reference="W-8").about}) == 3
    for one, other in ((REFUND, PAYOUT), (PAYOUT, REFUND)):
        with pytest.raises(Conflict):
            check_approval(one, Approval(one.request_id, "Wanjiku"), other, 10)
