"""A refund is decided once more in the transaction that records it, on everything that the ledger holds by then."""

import pytest
from initiator_parts import PAYS, RECEIPT, open_order
from refund_shop import ACK, START_US, RefundShop

from mpesa_cli.floor.errors import Conflict
from mpesa_cli.initiator.refunds.asking import RefundTerms, refund
from mpesa_cli.rules.evidence import Received
from mpesa_cli.rules.money_out.limits import OutLimits
from mpesa_cli.rules.money_out.refund_rules import RefundAsking, decide_refund

OTHER = "UKO4Q7ZZ3E"
ASKING = RefundAsking("Asha", "brought back")


def test_of_two_that_refund_one_receipt_at_once_one_sends(shop: RefundShop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.answers = [ACK, ACK]
    another = iter([shop.refund])

    def meanwhile(_by: object = None) -> None:
        """The other terminal, while this one signs in: between its first look and its transaction."""
        for ask in another:
            ask()

    monkeypatch.setattr(shop, "ready", meanwhile)
    with pytest.raises(Conflict) as told:
        shop.refund()
    assert (told.value.code, len(shop.reversals)) == ("refund-pending", 1)


def test_what_other_receipts_gave_back_today_counts_for_the_days_limit(shop: RefundShop) -> None:
    open_order(shop.ledger, "1043", START_US, Received(START_US, "callback", OTHER, 15_000, msisdn=PAYS))
    other = shop.ledger.payment_by_order("1043")
    assert other is not None
    shop.answers = [ACK, ACK]
    shop.refund()
    for most, code in ((29_999, "above-daily-max"), (30_000, "")):
        terms = RefundTerms(OutLimits("refunds", enabled=True, daily_max_cents=most), "174379", "11")
        if code:
            with pytest.raises(Conflict) as told:
                refund(shop.context, terms, other, OTHER, ASKING)
            assert (told.value.code, len(shop.reversals)) == (code, 1)
        else:
            refund(shop.context, terms, other, OTHER, ASKING)
    assert len(shop.reversals) == 2


def test_what_a_row_of_the_record_says_went_back_is_not_given_back_again(shop: RefundShop) -> None:
    evidence = shop.ledger.evidence(shop.payment.attempts[0].ref)
    assert decide_refund(shop.payment, RECEIPT, evidence, False, ASKING, START_US).amount_cents == 15_000
    with pytest.raises(Conflict) as told:
        decide_refund(shop.payment, RECEIPT, evidence, True, ASKING, START_US)
    assert told.value.code == "already-refunded"
