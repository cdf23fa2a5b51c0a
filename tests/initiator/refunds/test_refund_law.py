"""Of one receipt at most one reversal may be in doubt or done, and what counts as settling one."""

import itertools
from typing import Any

import pytest
from initiator_parts import PAYS, RECEIPT
from refund_shop import ACK, BACK, DAY_S, START_US, RefundShop, refused, result

from mpesa_cli.floor.errors import Conflict, NotDelivered, RequestRefused, Temporary
from mpesa_cli.initiator.refunds.settling import settle_refunds
from mpesa_cli.rules.evidence import Decided, Received, RefundAsked
from mpesa_cli.rules.money_out.limits import OutLimits
from mpesa_cli.rules.money_out.refund_rules import receipt_meant
from mpesa_cli.rules.state import Flag, PaymentStatus

LOST = Temporary("no whole answer", hint="again", code="no-answer")
UNREACHED = NotDelivered("refused", hint="again")
FIELD = (400, b'{"errorCode":"400.002.02","errorMessage":"Bad Request - Invalid Amount"}')


def code_of(shop: RefundShop, **more: Any) -> str:
    before = len(shop.posts)
    with pytest.raises(Conflict) as refusal:
        shop.refund(**more)
    assert len(shop.posts) == before, "refused, and yet something was sent"
    return refusal.value.code


def test_a_refund_is_on_disk_before_its_post_and_carries_the_receipts_whole_amount(shop: RefundShop) -> None:
    def look() -> Any:
        kinds = [type(e) for e in shop.ledger.evidence(shop.payment.attempts[0].ref)]
        assert kinds[-1] is RefundAsked, "sent before it was recorded"
        return ACK

    shop.answers = [look]
    shop.refund()
    (sent,) = shop.reversals
    assert (sent["TransactionID"], sent["Amount"], sent["RecieverIdentifierType"]) == (RECEIPT, "150", "11")
    assert (sent["ReceiverParty"], sent["Initiator"]) == ("174379", "api")
    assert shop.state == "pending"
    assert shop.payment.status is PaymentStatus.PAID, "where a payment stands is decided by money"
    assert shop.payment.attempts[0].view.flags == {Flag.REFUNDING}


def test_a_result_about_what_was_asked_gives_the_money_back_once_whatever_tells_it_again(shop: RefundShop) -> None:
    shop.refund()
    for tell in (lambda: shop.receive(result()), lambda: shop.receive(result(Charge=1)), shop.statement_says_back):
        tell()
        assert (shop.payment.status, shop.payment.reversed_cents) == (PaymentStatus.REFUNDED, 15_000)
    assert (shop.state, len(shop.reversed_told())) == ("refunded", 1)


@pytest.mark.parametrize("order", list(itertools.permutations(["refund", "statement", "result"])))
def test_refund_statement_and_result_make_one_reversal_in_any_order(shop: RefundShop, order: tuple[str, ...]) -> None:
    early = order.index("result") < order.index("refund")
    shop.answers = [lambda: shop.receive(result()) or ACK] if early else [ACK]
    for step in order:
        if step == "statement":
            shop.statement_says_back()
        elif step == "refund" and order.index("statement") > order.index("refund"):
            shop.refund()
        elif step == "refund":
            assert code_of(shop) == "already-refunded"
        elif not early and shop.posts:
            shop.receive(result())
    assert len(shop.reversed_told()) == 1
    assert shop.payment.reversed_cents == 15_000
    assert code_of(shop) == "already-refunded"


@pytest.mark.parametrize("other", [
    {"Amount": 149}, {"Amount": 151}, {"Amount": "much"}, {"OriginalTransactionID": "UKO4Q7WX2C"},
    {"OriginalTransactionID": None}, {"CreditPartyPublicName": "254711111111 - OTHER"},
    {"DebitPartyPublicName": "600000 - OTHER"},
])
def test_a_success_about_another_amount_receipt_or_party_is_for_a_person(shop: RefundShop, other: Any) -> None:
    shop.refund()
    shop.receive(result(**other))
    assert (shop.state, shop.payment.status) == ("review", PaymentStatus.PAID)
    assert shop.payment.attempts[0].view.flags == {Flag.REFUND_UNKNOWN}
    assert code_of(shop) == "refund-unknown"
    shop.statement_says_back()
    assert (shop.state, shop.payment.status) == ("refunded", PaymentStatus.REFUNDED)


@pytest.mark.parametrize("doubt", [
    [LOST], [(500, b"<html>")], [(502, b"")], [(200, b"{}")],
    [(500, b'{"errorCode":"500.002.1001","errorMessage":"Duplicate OriginatorConversationID."}')],
])
def test_in_doubt_no_second_reversal_leaves_before_a_day_is_over_and_then_one(shop: RefundShop, doubt: Any) -> None:
    shop.answers = [*doubt, ACK]
    shop.refund()
    assert shop.state == "unknown"
    assert code_of(shop) == "refund-unknown"
    assert code_of(shop, again=True) == "too-early-for-again"
    shop.sleep(DAY_S - 5)
    assert code_of(shop, again=True) == "too-early-for-again"
    shop.sleep(10)
    assert code_of(shop) == "refund-unknown", "time alone allows nothing"
    shop.refund(again=True)
    assert len(shop.reversals) == 2
    shop.sleep(3 * DAY_S)
    assert code_of(shop, again=True) == "asked-again-already"
    shop.receive(refused("R000001"))
    assert (shop.state, shop.payment.reversed_cents) == ("refunded", 15_000)


def test_a_day_counts_from_the_doubt_and_a_clock_set_back_shortens_it_not(shop: RefundShop) -> None:
    shop.refund()
    shop.sleep(DAY_S - 60)
    shop.receive(b'{"any": "thing"}', "timeout")
    assert shop.state == "unknown"
    shop.sleep(120)
    assert code_of(shop, again=True) == "too-early-for-again"
    shop.now_us = START_US - 1_000_000 * DAY_S
    assert code_of(shop, again=True) == "too-early-for-again"


def test_a_queue_that_gave_up_proves_nothing_and_a_late_result_counts(shop: RefundShop) -> None:
    shop.refund()
    shop.receive(b'{"ResultCode": 0}', "timeout")
    assert shop.state == "unknown"
    shop.receive(result())
    assert shop.state == "refunded"


@pytest.mark.parametrize("code", ["1", "11", "21", "2001", "2006", "2028", "8006", "R000002"])
def test_a_listed_no_leaves_the_money_and_a_new_refund_may_be_asked(shop: RefundShop, code: str) -> None:
    shop.answers = [ACK, ACK]
    shop.refund()
    shop.receive(refused(code))
    assert (shop.state, shop.payment.status, shop.payment.attempts[0].view.flags) == (
        "refused", PaymentStatus.PAID, frozenset()
    )
    shop.refund()
    assert shop.state == "pending"


@pytest.mark.parametrize("code", ["17", "26", "100000000", "nonsense"])
def test_a_code_that_is_not_listed_proves_nothing(shop: RefundShop, code: str) -> None:
    shop.refund()
    shop.receive(refused(code))
    assert shop.state == "unknown"
    assert code_of(shop) == "refund-unknown"
    shop.receive(result())
    assert shop.state == "refunded"


def test_a_success_beats_a_no_whichever_came_first(shop: RefundShop) -> None:
    shop.refund()
    shop.receive(refused("1"))
    shop.receive(result())
    assert (shop.state, shop.payment.status) == ("refunded", PaymentStatus.REFUNDED)


@pytest.mark.parametrize(("answers", "error"), [([FIELD], RequestRefused), ([UNREACHED] * 3, NotDelivered)])
def test_what_provably_did_not_arrive_may_be_asked_again_at_once(
    shop: RefundShop, answers: Any, error: type[Exception]
) -> None:
    shop.answers = [*answers, ACK]
    with pytest.raises(error):
        shop.refund()
    assert shop.state == "refused"
    shop.refund()
    assert shop.state == "pending"


def test_only_a_receipt_that_pays_can_go_back(shop: RefundShop) -> None:
    assert code_of(shop, receipt="UKO4Q7WX2C") == "no-receipt"
    with shop.ledger.write() as tx:
        tx.append(shop.payment.attempts[0].ref, Decided(shop.now_us, "failed", "Asha", "no goods"))
    shop.refund()


def test_an_order_with_more_than_one_receipt_asks_which_and_gives_back_exactly_that_one(shop: RefundShop) -> None:
    with shop.ledger.write() as tx:
        ref = tx.add_received(shop.payment.payment_id, PAYS, 15_000, shop.now_us)
        tx.append(ref, Received(shop.now_us, "c2b", "UKO4Q7WX9Z", 15_000, msisdn=PAYS))
    with pytest.raises(Conflict) as refusal:
        receipt_meant(shop.payment, "1042")
    assert refusal.value.code == "which-receipt"
    assert all(f"mpesa refund {each} --reason" in refusal.value.hint for each in (RECEIPT, "UKO4Q7WX9Z"))
    assert receipt_meant(shop.payment, " uko4q7wx9z ") == "UKO4Q7WX9Z"
    shop.refund("UKO4Q7WX9Z")
    assert code_of(shop, receipt="UKO4Q7WX9Z") == "refund-pending"
    shop.receive(result(OriginalTransactionID="UKO4Q7WX9Z"))
    assert (shop.payment.status, shop.payment.received_cents) == (PaymentStatus.PAID, 15_000)
    shop.answers = [ACK]
    shop.refund(RECEIPT)
    assert [each["TransactionID"] for each in shop.reversals] == ["UKO4Q7WX9Z", RECEIPT]


def test_part_of_the_money_that_went_back_elsewhere_stops_a_refund(shop: RefundShop) -> None:
    shop.statement_says_back(cents=5_000)
    assert code_of(shop) == "partly-refunded"


def test_a_receipt_counts_as_gone_back_for_no_more_than_it_brought(shop: RefundShop) -> None:
    shop.statement_says_back("UKO4Q7Y941", 10_000)
    shop.statement_says_back("UKO4Q7Y942", 10_000)
    assert shop.payment.reversed_cents == 15_000


def test_the_limits_hold_at_once_and_over_a_day_and_a_refused_one_does_not_count(shop: RefundShop) -> None:
    shop.answers = [FIELD, ACK]
    shop.limits = OutLimits("refunds", enabled=False)
    assert code_of(shop) == "refunds-off"
    shop.limits = OutLimits("refunds", enabled=True, max_cents=14_999)
    assert code_of(shop) == "above-max"
    shop.limits = OutLimits("refunds", enabled=True, max_cents=15_000, daily_max_cents=15_000)
    with pytest.raises(RequestRefused):
        shop.refund()
    shop.refund()
    shop.limits = OutLimits("refunds", enabled=True, daily_max_cents=29_999)
    shop.receive(refused("17"))
    shop.sleep(DAY_S + 1)
    shop.answers = [ACK]
    shop.refund(again=True)
    assert len(shop.reversals) == 3


def test_a_day_of_refunds_in_doubt_counts_against_its_limit(shop: RefundShop) -> None:
    shop.limits = OutLimits("refunds", enabled=True, daily_max_cents=14_999)
    assert code_of(shop) == "above-daily-max"


def test_a_sender_that_died_leaves_a_doubt_that_is_noted_once_nothing_can_leave_any_more(shop: RefundShop) -> None:
    def die() -> Any:
        raise KeyboardInterrupt

    shop.answers = [die]
    with pytest.raises(KeyboardInterrupt):
        shop.refund()
    settle_refunds(shop.ledger, shop.now_us)
    assert shop.state == "pending"
    shop.sleep(61)
    settle_refunds(shop.ledger, shop.now_us)
    assert (shop.state, code_of(shop)) == ("unknown", "refund-unknown")


def test_an_event_says_that_a_refund_is_pending_and_one_that_it_is_done(shop: RefundShop) -> None:
    shop.refund()
    shop.receive(result())
    kinds = [row[0] for row in shop.ledger.rows("SELECT event_type FROM outbox ORDER BY created_us, event_type")]
    assert kinds == ["order.paid", "order.refund_pending", "order.refunded"]
    assert BACK in {e.reversal_receipt for e in shop.reversed_told()}
