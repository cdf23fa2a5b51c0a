"""For one reference at most one payout may be in doubt or done, and what counts as settling one."""

from collections.abc import Iterator
from typing import Any

import pytest
from payout_shop import ACK, DAY_S, DUPLICATE, MAINTENANCE, PHONE, RECEIPT, PayoutShop, paid, refused

from mpesa_cli.floor.errors import Conflict, NotDelivered, RequestRefused, Temporary
from mpesa_cli.initiator.store import Requests
from mpesa_cli.ledger.payouts import Payouts
from mpesa_cli.rules.money_out.limits import OutLimits

LOST = Temporary("no whole answer", hint="again", code="no-answer")
UNREACHED = NotDelivered("refused", hint="again")
HTML = (200, b"<html>busy</html>")
FIELD = (400, b'{"errorCode":"400.002.02","errorMessage":"Bad Request - Invalid Amount"}')
ENTITLED = (403, b'{"errorCode":"403.002.1001","errorMessage":"You are not authorized to initiate this transaction"}')


def code_of(shop: PayoutShop, ask: Any = None) -> str:
    before = len(shop.posts)
    with pytest.raises(Conflict) as refusal:
        (ask or shop.pay)()
    assert len(shop.posts) == before, "refused, and yet something was sent"
    return refusal.value.code


def each_for_a_reference(shop: PayoutShop, cases: list[Any]) -> Iterator[Any]:
    """The cases, each for a reference of its own, which reads as a receipt too."""
    for number, case in enumerate(cases):
        shop.reference = f"UKO4Q7Z{number:03}"
        yield case


def test_a_payout_is_on_disk_before_its_post_and_carries_what_was_asked(shop: PayoutShop) -> None:
    def look() -> Any:
        assert shop.stands == "created", "sent before it was recorded"
        return ACK

    shop.answers = [look]
    shop.pay()
    (sent,) = shop.payouts
    assert (sent["path"], sent["PartyA"], sent["PartyB"], sent["Amount"]) == (
        "/mpesa/b2c/v3/paymentrequest", "174379", PHONE, "150"
    )
    assert (sent["InitiatorName"], sent["CommandID"], sent["Occassion"]) == ("api", "BusinessPayment", "")
    assert len(sent["OriginatorConversationID"]) == 32
    assert (shop.stands, code_of(shop)) == ("sent", "payout-pending")
    shop.receive(paid())
    assert (shop.stands, shop.payout.view.receipt, code_of(shop)) == ("paid", RECEIPT, "paid-already")


def test_in_v3_a_repeat_carries_the_same_id_and_what_m_pesa_had_is_taken(shop: PayoutShop) -> None:
    for doubt in each_for_a_reference(shop, [LOST, (500, b"<html>"), HTML, MAINTENANCE, (502, b""), (200, b"{}")]):
        shop.answers = [doubt, DUPLICATE]
        shop.pay()
        assert shop.stands == "sent"
        first, second = shop.payouts[-2:]
        assert first == second
        shop.receive(paid(TransactionReceipt=shop.reference))
        assert shop.stands == "paid"


def test_in_v1_nothing_is_sent_again_in_doubt(shop: PayoutShop) -> None:
    shop.version = "v1"
    for doubt in each_for_a_reference(shop, [LOST, (500, b"<html>"), HTML, DUPLICATE, MAINTENANCE]):
        before, shop.answers = len(shop.payouts), [doubt]
        shop.pay()
        (sent,) = shop.payouts[before:]
        assert (sent["path"], sent["Occasion"], "OriginatorConversationID" in sent) == (
            "/mpesa/b2c/v1/paymentrequest", "", False
        )
        assert shop.stands == "unknown"
        assert (code_of(shop), code_of(shop, shop.repeat)) == ("payout-unknown", "payout-unknown")
        shop.receive(paid(TransactionReceipt=shop.reference))
        assert shop.stands == "paid"


def test_in_doubt_the_same_command_sends_the_same_request_and_either_address_takes_its_result(
    shop: PayoutShop,
) -> None:
    shop.answers = [LOST, LOST, LOST, UNREACHED, UNREACHED, UNREACHED, FIELD, DUPLICATE]
    shop.pay()
    for _ in range(2):
        assert (shop.stands, code_of(shop)) == ("unknown", "payout-unknown")
        shop.repeat()
        assert shop.stands == "unknown", "that a repeat did not arrive says nothing of the first"
    shop.repeat()
    assert shop.stands == "sent"
    assert len({each["OriginatorConversationID"] for each in shop.payouts}) == 1
    assert len({each["ResultURL"] for each in shop.payouts}) == 4, "a token is kept nowhere, so each run has its own"
    shop.receive(paid(), nth=0)
    assert (shop.stands, code_of(shop, shop.repeat)) == ("paid", "paid-already")


def test_a_day_later_nothing_is_repeated(shop: PayoutShop) -> None:
    shop.answers = [LOST, LOST, LOST]
    shop.pay()
    shop.sleep(DAY_S)
    assert code_of(shop, shop.repeat) == "payout-unknown"
    shop.amount_cents = 15_100
    assert code_of(shop, shop.repeat) == "payout-unknown"


OTHERS: list[dict[str, Any]] = [
    {"TransactionAmount": 149}, {"TransactionAmount": 151}, {"TransactionAmount": "much"},
    {"TransactionAmount": None}, {"ReceiverPartyPublicName": "254711111111 - OTHER"},
    {"ReceiverPartyPublicName": None}, {"ReceiverPartyPublicName": "2547******* - WHO"},
]


def test_a_success_about_another_amount_or_receiver_is_for_a_person(shop: PayoutShop) -> None:
    for other in each_for_a_reference(shop, OTHERS):
        shop.answers = [ACK]
        shop.pay()
        shop.receive(paid(**other))
        assert shop.stands == "review"
        assert (code_of(shop), code_of(shop, shop.repeat)) == ("payout-unknown", "payout-unknown")
        shop.receive(refused("1"))
        assert shop.stands == "review", "a no after a success that does not fit is a contradiction"


def test_a_result_for_another_token_is_for_another_payout(shop: PayoutShop) -> None:
    shop.answers = [ACK, ACK]
    shop.pay()
    shop.reference, shop.amount_cents = "rent", 16_000
    shop.pay()
    shop.receive(paid(TransactionAmount=160), nth=-1)
    assert shop.stands == "paid"
    shop.reference = "wages"
    assert shop.stands == "sent"


def test_a_result_comes_before_the_answer_and_twice_and_is_believed_once(shop: PayoutShop) -> None:
    shop.answers = [lambda: shop.receive(paid()) or ACK]
    shop.pay()
    shop.receive(paid(B2CRecipientIsRegisteredCustomer="N"))
    assert (shop.stands, shop.payout.view.tries) == ("paid", 1)
    shop.receive(refused("1"))
    assert shop.stands == "paid", "a success is never overwritten"


def test_a_queue_that_gave_up_proves_nothing_and_a_late_result_counts(shop: PayoutShop) -> None:
    shop.pay()
    shop.receive(b'{"ResultCode": 0}', "timeout")
    assert (shop.stands, code_of(shop)) == ("unknown", "payout-unknown")
    shop.receive(paid())
    assert shop.stands == "paid"


def test_a_listed_no_is_a_proof_and_the_next_try_has_another_id(shop: PayoutShop) -> None:
    codes = ["1", "2", "3", "4", "8", "11", "21", "2006", "2028", "2040", "8006", "SFC_IC0003", "2001"]
    for code in each_for_a_reference(shop, codes):
        before, shop.answers, shop.msisdn = len(shop.payouts), [ACK, ACK], PHONE
        shop.pay()
        shop.receive(refused(code))
        assert (shop.stands, shop.payout.view.code) == ("failed", code)
        shop.msisdn = "254711111111"
        shop.pay()
        assert (shop.stands, shop.payout.view.tries, shop.payout.view.msisdn) == ("sent", 2, "254711111111")
        assert len({each["OriginatorConversationID"] for each in shop.payouts[before:]}) == 2
        shop.receive(paid(ReceiverPartyPublicName="254711111111 - OTHER", TransactionReceipt=shop.reference))
        assert shop.stands == "paid"


def test_a_code_that_is_not_a_proof_leaves_a_doubt(shop: PayoutShop) -> None:
    for code in each_for_a_reference(shop, ["15", "17", "26", "9999"]):
        shop.answers = [ACK]
        shop.pay()
        shop.receive(refused(code))
        assert (shop.stands, code_of(shop)) == ("unknown", "payout-unknown")


@pytest.mark.parametrize("answer", [FIELD, UNREACHED])
def test_what_m_pesa_never_had_fails_at_once_and_its_id_is_used_again(shop: PayoutShop, answer: Any) -> None:
    shop.answers = [*[answer] * (3 if answer is UNREACHED else 1), ACK]
    with pytest.raises(RequestRefused if answer is FIELD else NotDelivered):
        shop.pay()
    assert shop.stands == "failed"
    shop.pay()
    assert shop.stands == "sent"
    assert len({each["OriginatorConversationID"] for each in shop.payouts}) == 1


def test_an_app_that_may_use_v1_only_is_told_which_setting_it_is(shop: PayoutShop) -> None:
    shop.answers = [ENTITLED]
    with pytest.raises(RequestRefused) as told:
        shop.pay()
    assert 'version = "v1"' in told.value.hint


def test_two_terminals_that_pay_one_reference_at_once_send_one_request(
    shop: PayoutShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.answers = [ACK, ACK]
    another = iter([shop.pay])

    def meanwhile(_by: object = None) -> None:
        """The other terminal, while this one signs in: between its first look and its transaction."""
        for ask in another:
            ask()

    monkeypatch.setattr(shop, "ready", meanwhile)
    with pytest.raises(Conflict) as told:
        shop.pay()
    assert (told.value.code, len(shop.payouts)) == ("payout-pending", 1)


def test_a_try_that_failed_meanwhile_makes_the_id_another_and_the_command_begins_anew(
    shop: PayoutShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.answers = [ACK, ACK]
    another = iter([shop.pay])

    def meanwhile(_by: object = None) -> None:
        for ask in another:
            ask()
            shop.receive(refused("1"))

    monkeypatch.setattr(shop, "ready", meanwhile)
    with pytest.raises(Conflict) as told:
        shop.pay()
    assert (told.value.code, len(shop.payouts), shop.stands) == ("changed-meanwhile", 1, "failed")


def test_the_limits_hold_at_once_and_over_a_day_and_a_refused_one_does_not_count(shop: PayoutShop) -> None:
    shop.answers = [FIELD, ACK, ACK, ACK]
    for limits, code in (
        (OutLimits("payouts", enabled=False), "payouts-off"),
        (OutLimits("payouts", enabled=True, max_cents=14_999), "above-max"),
        (OutLimits("payouts", enabled=True, daily_max_cents=14_999), "above-daily-max"),
        (OutLimits("payouts", enabled=True, approve_above_cents=14_999), "needs-approval"),
    ):
        shop.limits = limits
        assert code_of(shop) == code
    shop.limits = OutLimits("payouts", enabled=True, max_cents=15_000, daily_max_cents=30_000)
    with pytest.raises(RequestRefused):
        shop.pay()
    shop.pay()
    shop.reference = "rent"
    shop.pay()
    shop.reference = "water"
    assert code_of(shop) == "above-daily-max", "what is on its way counts"
    shop.sleep(DAY_S)
    shop.pay()


def test_a_sender_that_died_leaves_a_doubt_that_m_pesa_is_asked_about_by_our_own_id(shop: PayoutShop) -> None:
    def die() -> Any:
        raise KeyboardInterrupt

    shop.answers = [die, ACK]
    with pytest.raises(KeyboardInterrupt):
        shop.pay()
    shop.settle()
    assert (shop.stands, len(shop.posts)) == ("created", 1)
    shop.sleep(61)
    shop.settle()
    assert (shop.stands, shop.payout.view.code) == ("unknown", "sender-lost")
    asked = shop.posts[-1]
    assert asked["CommandID"] == "TransactionStatusQuery"
    assert asked["OriginalConversationID"] == shop.payouts[0]["OriginatorConversationID"]


def test_a_payout_whose_result_does_not_come_is_in_doubt_after_a_quarter_of_an_hour(shop: PayoutShop) -> None:
    shop.answers = [ACK, ACK, ACK]
    shop.pay()
    shop.sleep(899)
    shop.settle()
    assert shop.stands == "sent"
    shop.sleep(601)
    shop.settle()
    assert (shop.stands, shop.payout.view.code) == ("unknown", "no-result")


def test_a_row_of_the_statement_settles_the_payout_that_it_can_be_of_alone(shop: PayoutShop) -> None:
    shop.answers = [ACK, ACK]
    shop.pay()
    for receipt, party, cents in (
        ("UKO4Q7Y001", "2547****4149", -15_100), ("UKO4Q7Y002", "2547****1111", -15_000),
        ("UKO4Q7Y003", "", -15_000), ("UKO4Q7Y004", "2547****4149", 15_000),
    ):
        shop.row(receipt, party, cents)
    shop.row("UKO4Q7Y005", at_s=-301)
    shop.row("UKO4Q7Y006", at_s=48 * 3600 + 1)
    shop.settle()
    assert shop.stands == "sent"
    shop.row()
    shop.settle()
    assert (shop.stands, shop.payout.view.receipt, shop.payout.view.source) == ("paid", RECEIPT, "statement")
    assert Requests(shop.ledger).moving_money() == []
    shop.reference = "rent"
    shop.pay()
    shop.settle()
    assert shop.stands == "sent", "a row that is one payout is not another as well"


def test_of_two_alike_a_single_row_settles_neither(shop: PayoutShop) -> None:
    shop.answers = [ACK, ACK]
    shop.pay()
    shop.reference = "rent"
    shop.pay()
    shop.row()
    shop.settle()
    assert [each.state for each in Payouts(shop.ledger).open()] == ["sent", "sent"]
