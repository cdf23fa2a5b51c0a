"""What becomes of a refund's request: how it is settled, when M-PESA is asked about it, what is kept of it."""

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from initiator_parts import PAYS, RECEIPT, body, open_order
from refund_shop import ACK, DAY_S, START_US, RefundShop, refused, result, without_ids

from mpesa_cli.daraja.transaction_status import request_status_command
from mpesa_cli.floor.errors import Conflict, RequestRefused, Temporary
from mpesa_cli.initiator.api_request import ApiRequest, RequestState
from mpesa_cli.initiator.ask import ask, wait_for_result
from mpesa_cli.initiator.refunds.asking import RefundTerms, refund
from mpesa_cli.initiator.refunds.settling import settle_refunds
from mpesa_cli.initiator.store import Requests, RequestWrites
from mpesa_cli.rules.evidence import Received, RefundInDoubt
from mpesa_cli.rules.money_out.limits import OutLimits, check_limits, needs_approval
from mpesa_cli.rules.money_out.refund_rules import RefundAsking

OTHER = "UKO4Q7ZZ3E"
LOST = Temporary("no whole answer", hint="again", code="no-answer")
TIGHT = OutLimits("refunds", enabled=True, daily_max_cents=15_000)
CONVERSATION = json.loads(body("async.ack.ok"))["OriginatorConversationID"]


def request_of(shop: RefundShop) -> ApiRequest:
    refund = shop.payment.refund
    assert refund
    found = Requests(shop.ledger).request(refund.request_id)
    assert found
    return found


def status(
    words: str = "Completed", *, cents: int = 15_000, debit: str = "174379", about: str = CONVERSATION
) -> bytes:
    """M-PESA's answer to a question by Daraja's id of the reversal."""
    document = json.loads(body("transactionstatus.result.success"))
    values = {"ReceiptNo": "UKO4Q7Y93D", "Amount": cents / 100, "TransactionStatus": words,
              "DebitPartyName": f"{debit} - Duka", "OriginatorConversationID": about}
    kept = [e for e in document["Result"]["ResultParameters"]["ResultParameter"] if e["Key"] not in values]
    kept += [{"Key": key, "Value": value} for key, value in values.items()]
    document["Result"]["ResultParameters"]["ResultParameter"] = kept
    return json.dumps(without_ids(document)).encode()


def ask_status(shop: RefundShop, answer: bytes, about: str = CONVERSATION) -> None:
    """Ask M-PESA about the reversal that has this id of Daraja's, and have this answer come."""
    shop.answers = [ACK]
    ask(shop.context, request_status_command(about, "174379"))
    shop.receive(answer)


def another_order(shop: RefundShop) -> Any:
    open_order(shop.ledger, "1043", START_US, Received(START_US, "callback", OTHER, 15_000, msisdn=PAYS))
    found = shop.ledger.payment_by_order("1043")
    assert found
    return found


def test_what_transaction_status_tells_settles_the_request_and_keeps_the_reversals_receipt(shop: RefundShop) -> None:
    shop.refund()
    ask_status(shop, status())
    found = request_of(shop)
    assert (found.state, shop.state) == (RequestState.ANSWERED, "refunded")
    assert found.result
    assert (found.result.code, found.result.facts) == ("status", {"reversal_receipt": "UKO4Q7Y93D"})


@pytest.mark.parametrize("answer", [status(cents=14_900), status(debit="600000"), status("Initiated")])
def test_a_status_about_something_else_or_not_at_its_end_tells_nothing(shop: RefundShop, answer: bytes) -> None:
    shop.refund()
    ask_status(shop, answer)
    assert (request_of(shop).state, shop.state) == (RequestState.ACCEPTED, "pending")


@pytest.mark.parametrize("no", ["result", "status"])
def test_what_m_pesa_ended_without_money_does_not_count_against_the_day(shop: RefundShop, no: str) -> None:
    shop.limits = TIGHT
    shop.refund()
    if no == "result":
        shop.receive(refused("1", "too little"))
    else:
        ask_status(shop, status("Declined"))
    assert (request_of(shop).state, shop.state) == (RequestState.ANSWERED, "refused")
    shop.answers = [ACK]
    shop.refund()
    assert len(shop.reversals) == 2


def test_what_was_refused_at_once_does_not_count_against_the_day_and_what_is_in_doubt_does(shop: RefundShop) -> None:
    shop.limits = TIGHT
    shop.answers = [LOST]
    shop.refund()
    other = another_order(shop)
    with pytest.raises(Conflict) as told:
        refund(shop.context, RefundTerms(TIGHT, "174379", "11"), other, OTHER, RefundAsking("Asha", "brought back"))
    assert told.value.code == "above-daily-max"
    shop.sleep(DAY_S)
    shop.answers = [ACK]
    refund(shop.context, RefundTerms(TIGHT, "174379", "11"), other, OTHER, RefundAsking("Asha", "brought back"))


def test_a_statement_that_tells_closes_the_request(shop: RefundShop) -> None:
    shop.refund()
    shop.statement_says_back()
    assert settle_refunds(shop.ledger, shop.now_us) == []
    assert (request_of(shop).state, request_of(shop).result) == (RequestState.ANSWERED, None)
    journal = shop.ledger.rows("SELECT max(seq) FROM journal")
    settle_refunds(shop.ledger, shop.now_us)
    assert shop.ledger.rows("SELECT max(seq) FROM journal") == journal, "once"


def test_one_that_is_open_is_not_closed_with_another_that_is_told(shop: RefundShop) -> None:
    other = another_order(shop)
    shop.answers = [ACK, ACK]
    shop.refund()
    refund(shop.context, RefundTerms(shop.limits, "174379", "11"), other, OTHER, RefundAsking("Asha", "brought back"))
    shop.statement_says_back()
    ((left, _),) = settle_refunds(shop.ledger, shop.now_us)
    assert left.order_id == "1043"
    assert request_of(shop).state is RequestState.ANSWERED
    open_one = left.refund
    assert open_one
    kept = Requests(shop.ledger).request(open_one.request_id)
    assert kept
    assert kept.state is RequestState.ACCEPTED


def test_m_pesa_is_asked_about_a_refund_after_a_minute_and_again_after_ten(shop: RefundShop) -> None:
    shop.answers = [ACK] * 5
    shop.refund()
    asked = []
    for wait_s in (59, 1, 599, 1, 1):
        shop.sleep(wait_s)
        settle_refunds(shop.ledger, shop.now_us, lambda: shop.context)
        asked.append(len(shop.posts) - 1)
        shop.now_us -= 5_000_000 if len(asked) > 1 and asked[-1] > asked[-2] else 0  # what it waited for an answer
    assert asked == [0, 1, 1, 2, 2]


def test_one_whose_sender_died_is_in_doubt_and_one_that_m_pesa_took_is_not(shop: RefundShop) -> None:
    def die() -> Any:
        raise KeyboardInterrupt

    other = another_order(shop)
    shop.answers = [die, ACK]
    with pytest.raises(KeyboardInterrupt):
        shop.refund()
    refund(shop.context, RefundTerms(shop.limits, "174379", "11"), other, OTHER, RefundAsking("Asha", "brought back"))
    shop.sleep(61)
    settle_refunds(shop.ledger, shop.now_us)
    assert shop.state == "unknown"
    taken = shop.ledger.payment_by_order("1043")
    assert taken
    assert taken.refund
    assert taken.refund.state.value == "pending"
    shop.sleep(900 - 61)
    settle_refunds(shop.ledger, shop.now_us)
    taken = shop.ledger.payment_by_order("1043")
    assert taken
    assert taken.refund
    assert (taken.refund.state.value, taken.refund.code) == ("unknown", "no-result")
    assert request_of(shop).state is RequestState.UNKNOWN


def test_a_younger_refund_is_not_overdue_with_an_older_one(shop: RefundShop) -> None:
    other = another_order(shop)
    shop.answers = [ACK, ACK]
    shop.refund()
    shop.sleep(500)
    refund(shop.context, RefundTerms(shop.limits, "174379", "11"), other, OTHER, RefundAsking("Asha", "brought back"))
    shop.sleep(400)
    states = {p.order_id: r.state.value for p, r in settle_refunds(shop.ledger, shop.now_us)}
    assert states == {"1042": "unknown", "1043": "pending"}


def test_what_came_in_and_was_not_read_stops_even_who_asks_again(shop: RefundShop) -> None:
    shop.answers = [LOST]
    shop.refund()
    shop.sleep(DAY_S + 1)
    with shop.ledger.write() as tx:
        RequestWrites(tx).store_result(request_of(shop).request_id, "result", result(), "", shop.now_us)
    with pytest.raises(Conflict) as told:
        shop.refund(again=True)
    assert (told.value.code, "mpesa status 1042" in told.value.hint) == ("changed-meanwhile", True)


@pytest.mark.parametrize(("other", "said"), [
    ({"Amount": 149}, "14900 cents"), ({"Amount": "much"}, "no amount"), ({"OriginalTransactionID": OTHER}, OTHER),
    ({"OriginalTransactionID": None}, "does not say which payment"),
])
def test_what_does_not_fit_is_kept_in_words_without_anybodys_number(shop: RefundShop, other: Any, said: str) -> None:
    shop.refund()
    shop.receive(result(**other))
    (doubt,) = [e for e in shop.ledger.evidence(shop.payment.attempts[0].ref) if isinstance(e, RefundInDoubt)]
    assert said in doubt.description
    assert PAYS not in doubt.description
    assert doubt.code == "misfit"


def test_every_refusal_names_the_command_that_shows_the_payment(shop: RefundShop) -> None:
    shop.refund()
    for settle in (lambda: None, lambda: shop.receive(result())):
        settle()
        with pytest.raises(Conflict) as told:
            shop.refund()
        assert "mpesa status 1042" in told.value.hint
    with pytest.raises(Conflict) as told:
        shop.refund(OTHER)
    assert "mpesa status 1042" in told.value.hint


def test_a_receipt_is_not_held_up_by_the_refund_of_another_one_of_its_prompt(shop: RefundShop) -> None:
    with shop.ledger.write() as tx:
        tx.append(shop.payment.attempts[0].ref, Received(shop.now_us, "c2b", OTHER, 15_000, msisdn=PAYS))
    shop.answers = [ACK, ACK]
    shop.refund()
    shop.refund(OTHER)
    assert [each["TransactionID"] for each in shop.reversals] == [RECEIPT, OTHER]


def test_a_result_of_the_last_moment_is_waited_for(shop: RefundShop) -> None:
    shop.refund()
    request, ends_us = request_of(shop), shop.now_us + 5_000_000

    def comes() -> None:
        if shop.now_us >= ends_us - 300_000 and shop.state == "pending":
            shop.receive(result())

    shop.comes = comes
    assert wait_for_result(shop.context, request, 5, lambda _: None).state is RequestState.ANSWERED


def test_an_interruption_waits_for_the_answer_of_what_moves_money_and_not_for_a_questions(shop: RefundShop) -> None:
    held: list[str] = []

    @contextlib.contextmanager
    def hold() -> Iterator[None]:
        held.append("held")
        yield
        held.append("free")

    def look() -> Any:
        held.append("sent")
        return ACK

    shop.answers = [look, look]
    context = replace(shop.context, hold=hold)
    terms = RefundTerms(shop.limits, "174379", "11")
    refund(context, terms, shop.payment, RECEIPT, RefundAsking("Asha", "brought back"))
    assert held == ["held", "sent", "free"]
    ask(context, request_status_command("AG_1", "174379"))
    assert held == ["held", "sent", "free", "sent"]


def test_a_request_has_a_name_that_nobody_guesses(shop: RefundShop) -> None:
    shop.refund()
    assert re.fullmatch(r"REQ-[0-9A-F]{16}", request_of(shop).request_id)


def test_after_two_wrong_passwords_none_is_tried_for_fifteen_minutes_and_then_one(shop: RefundShop) -> None:
    shop.answers = [ACK] * 4
    for _ in range(2):
        shop.refund()
        shop.receive(refused("2001"))
    with pytest.raises(Exception, match="may lock it"):
        shop.refund()
    shop.sleep(899)
    with pytest.raises(Exception, match="may lock it"):
        shop.refund()
    shop.sleep(2)
    shop.refund()
    assert len(shop.reversals) == 3


@pytest.mark.parametrize("limits", [
    OutLimits("refunds", enabled=True), OutLimits("refunds", enabled=True, max_cents=100, daily_max_cents=150),
])
def test_limits_hold_to_the_cent(limits: OutLimits) -> None:
    check_limits(limits, 100, 50)
    if limits.max_cents is None:
        return
    for amount, today in ((101, 0), (100, 51), (1, 150)):
        with pytest.raises(Conflict):
            check_limits(limits, amount, today)
    two = replace(limits, approve_above_cents=100)
    assert [needs_approval(two, each) for each in (99, 100, 101)] == [False, False, True]
    assert not needs_approval(limits, 10**9)


def test_a_refusal_at_once_is_evidence_with_its_code(shop: RefundShop) -> None:
    shop.answers = [(400, b'{"errorCode":"400.002.02","errorMessage":"Bad Request - Invalid Amount"}')]
    with pytest.raises(RequestRefused):
        shop.refund()
    refund_ = shop.payment.refund
    assert refund_
    assert (refund_.state.value, request_of(shop).state) == ("refused", RequestState.REFUSED)
    assert "400.002.02" in refund_.code + refund_.words
