"""Two refunds, two people's wishes, two moments: what is said of one is not believed of another."""

import json
from typing import Any

import pytest
from initiator_parts import PAYS, RECEIPT, body, open_order
from refund_shop import ACK, DAY_S, START_US, RefundShop, refused, result
from test_refund_settled import ask_status, request_of, status
from test_two_people import ASKING, TERMS, TWO, proposed, world

from mpesa_cli.daraja.transaction_status import COMMAND_ID as STATUS
from mpesa_cli.floor.errors import Conflict, LedgerBusy, NotDelivered, Temporary
from mpesa_cli.initiator.api_request import RequestState
from mpesa_cli.initiator.ask import wait_for_result
from mpesa_cli.initiator.people.store import open_proposals
from mpesa_cli.initiator.refunds.asking import RefundTerms, propose, refund
from mpesa_cli.initiator.refunds.settling import settle_refunds
from mpesa_cli.initiator.store import Requests, RequestWrites
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.rules.evidence import Received, Reversed
from mpesa_cli.rules.money_out.approval import Approval
from mpesa_cli.rules.money_out.refund_rules import RefundAsking

OTHER, OTHER_PAYS = "UKO4Q7ZZ3E", "254711111111"
LOST = Temporary("no whole answer", hint="again", code="no-answer")


def ack(number: int) -> tuple[int, bytes]:
    """An acknowledgement with ids of its own."""
    document = json.loads(body("async.ack.ok"))
    document |= {"OriginatorConversationID": f"1111-{number}-1", "ConversationID": f"AG_2026_{number}"}
    return 200, json.dumps(document).encode()


def another(shop: RefundShop) -> Any:
    open_order(shop.ledger, "1043", START_US, Received(START_US, "callback", OTHER, 15_000, msisdn=PAYS))
    found = shop.ledger.payment_by_order("1043")
    assert found
    return found


def give_back(shop: RefundShop, payment: Any, receipt: str) -> Any:
    terms = RefundTerms(shop.limits, "174379", "11")
    return refund(shop.context, terms, payment, receipt, RefundAsking("Asha", "brought back"))


def code_of(shop: RefundShop, **more: Any) -> tuple[str, str]:
    with pytest.raises(Conflict) as told:
        shop.refund(**more)
    return told.value.code, told.value.message + told.value.hint


@pytest.mark.parametrize("words", ["Completed", "Declined"])
def test_a_status_settles_the_refund_that_it_was_asked_about_alone(shop: RefundShop, words: str) -> None:
    payment = another(shop)
    shop.answers = [ack(1), ack(2)]
    shop.refund()
    second = give_back(shop, payment, OTHER)
    ask_status(shop, status(words, about="1111-1-1"), about="1111-1-1")
    assert shop.state == ("refunded" if words == "Completed" else "refused")
    kept = Requests(shop.ledger).request(second.request_id)
    left = shop.ledger.payment_by_order("1043")
    assert kept
    assert left
    assert left.refund
    assert (kept.state, left.refund.state.value) == (RequestState.ACCEPTED, "pending")


def test_a_question_whose_answer_tells_nothing_is_answered_all_the_same(shop: RefundShop) -> None:
    shop.refund()
    ask_status(shop, status("Initiated"))
    asked = Requests(shop.ledger).newest(STATUS, request_of(shop).originator_conversation_id)
    assert asked
    assert (asked.state, request_of(shop).state) == (RequestState.ANSWERED, RequestState.ACCEPTED)


def test_a_result_names_the_phone_of_the_prompt_that_is_given_back_and_not_of_another(shop: RefundShop) -> None:
    with shop.ledger.write() as tx:
        ref = tx.add_received(shop.payment.payment_id, OTHER_PAYS, 15_000, shop.now_us)
        tx.append(ref, Received(shop.now_us, "c2b", OTHER, 15_000, msisdn=OTHER_PAYS))
    shop.refund(OTHER)
    shop.receive(result(OriginalTransactionID=OTHER, CreditPartyPublicName=f"{OTHER_PAYS} - JANE"))
    assert shop.state == "refunded"


def test_a_result_that_calls_the_reversal_by_the_payments_receipt_names_none(shop: RefundShop) -> None:
    shop.refund()
    document = json.loads(result())
    document["Result"]["TransactionID"] = RECEIPT
    shop.receive(json.dumps(document).encode())
    (back,) = [e for e in shop.ledger.evidence(shop.payment.attempts[0].ref) if isinstance(e, Reversed)]
    assert (back.reversal_receipt, shop.state) == ("", "refunded")


def test_an_unlisted_code_leaves_the_request_open_for_what_tells(shop: RefundShop) -> None:
    shop.refund()
    shop.receive(refused("17"))
    assert request_of(shop).state is RequestState.UNKNOWN


def test_what_is_stored_and_was_not_read_is_read_before_anything_is_called_open(shop: RefundShop) -> None:
    shop.refund()
    with shop.ledger.write() as tx:
        RequestWrites(tx).store_result(request_of(shop).request_id, "result", result(), "", shop.now_us)
    assert settle_refunds(shop.ledger, shop.now_us) == []
    assert shop.state == "refunded"


def test_m_pesa_is_not_asked_about_a_refund_for_which_it_gave_no_id(shop: RefundShop) -> None:
    shop.answers = [LOST]
    shop.refund()
    shop.sleep(700)
    assert len(settle_refunds(shop.ledger, shop.now_us, lambda: shop.context)) == 1
    assert len(shop.posts) == 1


def test_a_result_that_does_not_come_is_a_doubt_after_fifteen_minutes_and_not_before(shop: RefundShop) -> None:
    shop.refund()
    states = []
    for wait_s in (899, 1):
        shop.sleep(wait_s)
        settle_refunds(shop.ledger, shop.now_us)
        states.append(shop.state)
    assert states == ["pending", "unknown"]


def test_to_ask_once_more_takes_a_doubt_that_is_a_day_old_to_the_second(shop: RefundShop) -> None:
    assert code_of(shop, again=True)[0] == "nothing-in-doubt"
    shop.answers = [LOST, LOST]
    shop.refund()
    first = request_of(shop).request_id
    shop.sleep(DAY_S - 1)
    assert code_of(shop, again=True)[0] == "too-early-for-again"
    shop.sleep(1)
    shop.refund(again=True)
    second = request_of(shop).request_id
    code, words = code_of(shop)
    assert (code, second in words, first in words, first != second) == ("refund-unknown", True, False, True)


def test_a_disk_without_room_stops_a_refund_before_anything_is_sent(
    shop: RefundShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        raise LedgerBusy("The disk is full.", hint="Make room: mpesa doctor")

    monkeypatch.setattr(Ledger, "check_space", full)
    with pytest.raises(LedgerBusy):
        shop.refund()
    assert (shop.posts, shop.state) == ([], None)


def test_what_does_not_arrive_is_sent_three_times_with_a_pause_that_grows(shop: RefundShop) -> None:
    began_us = shop.now_us
    shop.answers = [NotDelivered("refused", hint="again")] * 3
    with pytest.raises(NotDelivered):
        shop.refund()
    assert (len(shop.reversals), shop.now_us - began_us) == (3, 3_000_000)
    assert request_of(shop).state is RequestState.NOT_SENT


def test_whoever_waits_looks_four_times_a_second_and_is_told_what_is_left(shop: RefundShop) -> None:
    shop.refund()
    left: list[float] = []
    wait_for_result(shop.context, request_of(shop), 1.1, left.append)
    assert [round(each, 2) for each in left] == [1.1, 0.85, 0.6, 0.35, 0.1]


def test_wishes_about_two_receipts_wait_side_by_side_and_each_names_its_own(shop: RefundShop) -> None:
    first = proposed(shop)
    payment = another(shop)
    second = propose(shop.ledger, world(shop), TERMS, payment, OTHER, ASKING).request_id
    assert [each.request_id for each in open_proposals(shop.ledger, shop.now_us)] == [first, second]
    with pytest.raises(Conflict) as told:
        proposed(shop)
    assert f"A refund of {RECEIPT} waits already" in told.value.message
    assert first in told.value.message
    shop.limits = TWO
    with pytest.raises(Conflict) as told:  # agreed to for one, used for the other
        refund(shop.context, TERMS, payment, OTHER, ASKING, Approval(first, "Wanjiku"))
    assert (told.value.code, f"mpesa refund {RECEIPT} --reason WHY" in told.value.hint) == ("payment-changed", True)
    assert "The payment changed" in told.value.message
    assert shop.posts == []


def test_a_question_keeps_nothing_of_its_body_and_a_reversal_all_but_the_credential(shop: RefundShop) -> None:
    shop.refund()
    ask_status(shop, status("Initiated"))
    asked = Requests(shop.ledger).newest(STATUS, request_of(shop).originator_conversation_id)
    assert asked
    assert (asked.fields, request_of(shop).fields["TransactionID"]) == ({}, RECEIPT)
    assert "CREDENTIAL" not in str(request_of(shop).fields)


def test_a_statement_row_stops_a_refund_even_before_its_payment_hears_of_it(shop: RefundShop) -> None:
    shop.statement_says_back()
    assert code_of(shop)[0] == "already-refunded"
    shop.answers = [ACK]
    assert shop.posts == []
