"""Sending what waits: once, in turn, again only where nothing went out, and never in a payment's way."""

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from paid_shop import NOW_US, PHONE, SECOND_US, open_ledger, pay, prompt, receive

from mpesa_cli.floor.errors import Conflict, SecretMissing
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.outbox import Outbox, OutboxRow, OutboxWrites
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.payment import AttemptRef, Intent
from mpesa_cli.sms.notices import Notice, lost_sentence
from mpesa_cli.sms.notify import SmsContext, SmsShop, send_waiting
from mpesa_cli.sms.outbox import LEASE_S, TRIES_MAX, claim
from mpesa_cli.sms.providers.sender import Failed, InDoubt, Outcome, Sent, SmsSender
from mpesa_cli.sms.send_again import STATES, Wanted, stage_again
from mpesa_cli.sms.send_and_report import send_and_report

SHOP = SmsShop("shop", "Mama Njoki", "en")
AGAIN = Failed("connect-refused", "Nothing was sent: refused.", again=True)
REFUSED = Failed("403", "It is no phone number.", again=False)
DOUBT = InDoubt("read-timeout", "It may have been sent: no answer.")


@dataclass
class Recorder:
    """A sender that answers what it is told to and keeps what it was given."""

    answer: Outcome | None = None
    sent: list[tuple[str, str, str]] = field(default_factory=list)
    name: str = "recorder"
    _ids: Iterator[int] = field(default_factory=itertools.count)

    def send(self, msisdn: str, text: str, reference: str) -> Outcome:
        self.sent.append((msisdn, text, reference))
        return self.answer or Sent(f"id-{next(self._ids)}", "KES 0.80", 1)


@dataclass
class Shop:
    """One ledger, one sender, one clock."""

    ledger: Ledger
    sender: Recorder = field(default_factory=Recorder)
    now: int = NOW_US

    def context(self, make_sender: Callable[[], SmsSender] | None = None, shop: SmsShop = SHOP) -> SmsContext:
        world = World(lambda: self.now, random=lambda: 0.0)
        return SmsContext(self.ledger, shop, make_sender or (lambda: self.sender), world)

    def run(self, **how: object) -> list[Notice]:
        return send_waiting(self.context(), **how).notices  # type: ignore[arg-type]

    def later(self, seconds: float) -> None:
        self.now += int(seconds * SECOND_US)

    def rows(self, payment_id: str = "") -> list[OutboxRow]:
        return Outbox(self.ledger).listed("sms", STATES, payment_id)

    def states(self) -> list[str]:
        return [row.state for row in self.rows()]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Shop]:
    ledger = open_ledger(tmp_path / "ledger.db")
    yield Shop(ledger)
    ledger.close()


def test_a_paid_payment_gets_one_receipt_with_its_id_cost_and_parts(world: Shop) -> None:
    payment_id = pay(world.ledger, "1042", receipt="UKO4Q7WX2B")
    notices = world.run()
    assert [(n.state, n.order_id, n.parts, n.cost, n.message_id) for n in notices] == [
        ("done", "1042", 1, "KES 0.80", "id-0")
    ]
    (to, text, reference) = world.sender.sent[0]
    assert to == PHONE
    assert text.startswith("Mama Njoki (SIMULATOR, no real money): KES 1,500 received from 0708***149")
    assert "UKO4Q7WX2B. Order 1042." in text
    row = world.rows(payment_id)[0]
    assert (row.state, row.event_id) == ("done", reference)
    assert json.loads(row.detail) == {
        "provider": "recorder", "message_id": "id-0", "cost": "KES 0.80", "parts": 1, "tries": 1,
    }
    for _ in range(5):
        assert world.run() == []
    assert len(world.sender.sent) == 1


def test_no_event_after_the_first_paid_one_brings_a_second_receipt(world: Shop) -> None:
    ref = prompt(world.ledger, "1042")
    receive(world.ledger, ref, "UKO4Q7WX2B")
    receive(world.ledger, ref, "UKO4Q7WX2B", at_us=NOW_US + 1)
    with world.ledger.write() as tx:
        tx.append(ref, ev.CallbackFailed(NOW_US + 2, "1032", "Cancelled", "m-1042", "", "ws_CO_1042"))
        tx.append(ref, ev.QueryAnswered(NOW_US + 3, "0", "Processed"))
    assert world.states() == ["waiting"]
    world.run()
    assert len(world.sender.sent) == 1


def test_failures_that_prove_nothing_was_sent_are_tried_five_times_ever_more_slowly(world: Shop) -> None:
    pay(world.ledger, "1042")
    world.sender.answer = AGAIN
    pauses = [60, 300, 1500, 7500]
    for pause in pauses:
        assert [n.state for n in world.run()] == ["again"]
        world.later(pause - 1)
        assert world.run() == []
        world.later(1)
    assert [n.state for n in world.run()] == ["given_up"]
    world.later(10 * 86_400)
    assert world.run() == []
    assert len(world.sender.sent) == TRIES_MAX == len(pauses) + 1


def test_a_refusal_is_given_up_and_a_doubt_never_repeated(world: Shop) -> None:
    pay(world.ledger, "refused")
    world.sender.answer = REFUSED
    assert world.run()[0].state == "given_up"
    pay(world.ledger, "doubt")
    world.sender.answer = DOUBT
    assert world.run()[0].state == "ambiguous"
    world.sender.answer = None
    world.later(7 * 86_400)
    assert world.run() == []
    assert world.states() == ["given_up", "ambiguous"]
    assert len(world.sender.sent) == 2


@pytest.mark.parametrize(("answer", "tried"), [(AGAIN, 1), (DOUBT, 1), (REFUSED, 3), (None, 3)])
def test_a_provider_in_trouble_is_not_asked_for_the_rest(world: Shop, answer: Outcome | None, tried: int) -> None:
    for order in ("a", "b", "c"):
        pay(world.ledger, order)
    world.sender.answer = answer
    world.run()
    assert len(world.sender.sent) == tried


def test_the_payment_in_hand_comes_first_and_one_run_has_an_end(world: Shop) -> None:
    for number in range(15):
        pay(world.ledger, f"order-{number:02d}")
    notices = world.run(first="PAY-order-07")
    assert notices[0].order_id == "order-07"
    assert len(notices) == 10
    assert len(world.run()) == 5


def test_a_receipt_that_could_not_be_sent_for_a_day_is_given_up(world: Shop) -> None:
    pay(world.ledger, "1042")
    world.later(24 * 3600)
    assert world.rows()[0].state == "waiting"
    world.later(1)
    assert [(n.state, n.order_id) for n in world.run()] == [("given_up", "1042")]
    assert world.sender.sent == []


def test_another_profiles_receipts_are_left_to_it(world: Shop) -> None:
    pay(world.ledger, "mine")
    pay(world.ledger, "theirs", profile="branch")
    assert [n.order_id for n in world.run()] == ["mine"]
    other = world.context(shop=SmsShop("branch", "Branch", "sw"))
    assert [n.order_id for n in send_waiting(other).notices] == ["theirs"]
    assert world.sender.sent[1][1].startswith("Branch (SIMULATOR, si pesa halisi): Tumepokea")


def test_a_payment_that_a_query_called_paid_waits_a_while_for_its_receipt_number(world: Shop) -> None:
    ref = prompt(world.ledger, "1042")
    with world.ledger.write() as tx:
        tx.append(ref, ev.QueryAnswered(NOW_US, "0", "Processed"))
    assert world.ledger.payment(ref.payment_id).status.value == "paid"  # type: ignore[union-attr]
    assert world.run() == []
    receive(world.ledger, ref, "UKO4Q7WX2B")
    assert world.run()[0].state == "done"
    assert "UKO4Q7WX2B" in world.sender.sent[0][1]


def test_where_no_receipt_number_comes_the_receipt_goes_out_without_one(world: Shop) -> None:
    ref = prompt(world.ledger, "1042")
    with world.ledger.write() as tx:
        tx.append(ref, ev.QueryAnswered(NOW_US, "0", "Processed"))
    world.later(120)
    assert world.run()[0].state == "done"
    assert "M-PESA" not in world.sender.sent[0][1]
    receive(world.ledger, ref, "UKO4Q7WX2B")
    world.later(3600)
    assert world.run() == []


@pytest.mark.parametrize("msisdn", ["", "2547 ***** 149", "a" * 64])
def test_money_by_hand_whose_number_is_hidden_gets_no_sms(world: Shop, msisdn: str) -> None:
    by_hand(world.ledger, "UKO4Q7WX2B", msisdn)
    assert [n.state for n in world.run()] == ["given_up"]
    assert world.sender.sent == []


def test_money_that_is_told_by_two_channels_gets_one_receipt(world: Shop) -> None:
    by_hand(world.ledger, "UKO4Q7WX2B", PHONE)
    world.run()
    ref = prompt(world.ledger, "1042")
    receive(world.ledger, ref, "UKO4Q7WX2B")
    assert world.ledger.payment(ref.payment_id).status.value == "paid"  # type: ignore[union-attr]
    world.later(60)
    assert world.run() == []
    assert len(world.sender.sent) == 1
    assert [(r.payment_id, r.state) for r in world.rows()] == [("PAY-1042", "done")]


def test_told_first_by_a_query_then_by_two_channels_it_still_gets_one_receipt(world: Shop) -> None:
    ref = prompt(world.ledger, "1042")
    with world.ledger.write() as tx:
        tx.append(ref, ev.QueryAnswered(NOW_US, "0", "Processed"))
    by_hand(world.ledger, "UKO4Q7WX2B", PHONE)
    world.run()
    receive(world.ledger, ref, "UKO4Q7WX2B")
    world.later(3600)
    world.run()
    assert len(world.sender.sent) == 1
    assert sorted(world.states()) == ["done", "given_up"]


def test_a_claim_whose_process_died_is_in_doubt_for_ever(world: Shop) -> None:
    pay(world.ledger, "1042")
    assert claim(world.ledger, world.rows()[0].event_id, world.now) is not None
    world.later(LEASE_S - 1)
    assert send_waiting(world.context()).lost == 0
    world.later(1)
    assert send_waiting(world.context()).lost == 1
    assert (world.states(), world.sender.sent) == (["ambiguous"], [])
    assert "nobody knows" in lost_sentence(1)
    world.later(86_400)
    assert send_waiting(world.context()).lost == 0


def test_two_ledgers_on_one_file_that_see_the_same_row_send_it_once(world: Shop, tmp_path: Path) -> None:
    pay(world.ledger, "1042")
    other = Shop(open_ledger(tmp_path / "ledger.db"))

    def beaten_to_it() -> SmsSender:
        assert [n.state for n in other.run()] == ["done"]  # between our look and our claim
        return world.sender

    assert send_waiting(world.context(beaten_to_it)).notices == []
    assert world.sender.sent == []
    other.ledger.close()


def test_a_stop_while_sending_is_recorded_as_doubt_and_passed_on(world: Shop) -> None:
    pay(world.ledger, "1042")

    class Stopped(BaseException):
        pass

    def stop(*_: object) -> Outcome:
        raise Stopped

    world.sender.send = stop  # type: ignore[method-assign]
    with pytest.raises(Stopped):
        world.run()
    assert world.states() == ["ambiguous"]


def test_what_goes_wrong_is_only_said_and_nothing_is_claimed_without_a_sender(world: Shop) -> None:
    pay(world.ledger, "1042")
    said: list[str] = []
    complained: list[str] = []

    def no_key() -> SmsSender:
        raise SecretMissing("There is no sms-api-key.", hint="mpesa secrets set sms-api-key")

    def bug() -> SmsSender:
        raise ZeroDivisionError("secret stuff")

    for make in (no_key, bug):
        send_and_report(world.context(make), first="", say=said.append, complain=complained.append)
    assert world.states() == ["waiting"]
    assert "sms-api-key" in complained[0]
    assert "ZeroDivisionError" in complained[1]
    assert "secret stuff" not in complained[1]
    send_and_report(world.context(), first="", say=said.append, complain=complained.append)
    assert said == ["SMS receipt for order 1042 sent to 0708•••149 (1 part, KES 0.80)."]


@pytest.mark.parametrize("answer", [AGAIN, REFUSED, DOUBT])
def test_every_failure_is_told_with_the_payment_standing(world: Shop, answer: Outcome) -> None:
    pay(world.ledger, "1042")
    world.sender.answer = answer
    sentence = world.run()[0].sentence()
    assert "1042" in sentence
    assert "the payment stands" in sentence.lower()


def test_sending_changes_nothing_of_the_payment_nor_its_journal(world: Shop) -> None:
    payment_id = pay(world.ledger, "1042")
    before = (world.ledger.payment(payment_id), world.ledger.journal(payment_id))
    world.sender.answer = DOUBT
    world.run()
    assert (world.ledger.payment(payment_id), world.ledger.journal(payment_id)) == before


def test_the_look_for_waiting_receipts_uses_an_index(world: Shop) -> None:
    def plan(sql: str, *parameters: object) -> str:
        return str(world.ledger.rows("EXPLAIN QUERY PLAN " + sql, parameters))

    statements: list[str] = []
    with world.ledger.write() as tx:
        rows = OutboxWrites(tx)
        tx.connection.set_trace_callback(statements.append)
        rows.listed("sms", ("waiting", "sending"))
        rows.listed("sms", ("given_up", "ambiguous"))
        rows.listed("sms", STATES, "PAY-1")
        rows.is_due("webhook", 1)
        rows.claim("webhook", 1, 1, 1, repeat_lost=True)
        rows.of_message("ATXid_1")
        tx.connection.set_trace_callback(None)
    assert len(statements) == 6
    for statement in statements:
        assert "SCAN" not in plan(statement), statement


def test_a_person_can_send_what_failed_and_only_that_without_asking_for_a_copy(world: Shop) -> None:
    payment_id = pay(world.ledger, "1042")
    payment = world.ledger.payment(payment_id)
    assert payment is not None
    world.sender.answer = REFUSED
    world.run()
    world.sender.answer = None
    row = stage_again(world.context(), payment, Wanted())
    assert [n.state for n in world.run(first=row.event_id)] == ["done"]
    assert "COPY" not in world.sender.sent[-1][1]
    with pytest.raises(Conflict) as refused:
        stage_again(world.context(), payment, Wanted())
    assert (refused.value.code, refused.value.money_moved) == ("receipt-already-sent", "yes")
    stage_again(world.context(), payment, Wanted(copy=True))
    world.run()
    assert "COPY." in world.sender.sent[-1][1]
    assert len({row.event_id for row in world.rows()}) == 3


def test_another_phone_gets_a_copy_and_the_customers_own_is_left_alone(world: Shop) -> None:
    payment = world.ledger.payment(pay(world.ledger, "1042"))
    assert payment is not None
    stage_again(world.context(), payment, Wanted(to="254711111111"))
    world.run()
    assert sorted(to for to, _, _ in world.sender.sent) == [PHONE, "254711111111"]


def test_a_receipt_in_doubt_is_repeated_only_as_a_copy(world: Shop) -> None:
    payment = world.ledger.payment(pay(world.ledger, "1042"))
    assert payment is not None
    world.sender.answer = DOUBT
    world.run()
    with pytest.raises(Conflict):
        stage_again(world.context(), payment, Wanted())
    world.sender.answer = None
    stage_again(world.context(), payment, Wanted(copy=True))
    world.run()
    assert "COPY." in world.sender.sent[-1][1]


def test_asking_for_one_that_waits_sends_that_one_now_and_no_other(world: Shop) -> None:
    payment = world.ledger.payment(pay(world.ledger, "1042"))
    assert payment is not None
    world.sender.answer = AGAIN
    world.run()
    world.sender.answer = None
    row = stage_again(world.context(), payment, Wanted())
    assert [n.state for n in world.run(first=row.event_id)] == ["done"]
    assert world.states() == ["done"]


def test_of_two_that_wait_the_one_that_is_asked_for_is_due_now(world: Shop) -> None:
    payment = world.ledger.payment(pay(world.ledger, "1042"))
    assert payment is not None
    world.sender.answer = AGAIN
    world.run()
    world.sender.answer = None
    stage_again(world.context(), payment, Wanted(to="254711111111"))
    stage_again(world.context(), payment, Wanted())
    world.run()
    assert world.states() == ["done", "done"]


def test_asking_for_another_language_replaces_the_one_that_waits(world: Shop) -> None:
    payment = world.ledger.payment(pay(world.ledger, "1042"))
    assert payment is not None
    stage_again(world.context(), payment, Wanted(language="sw"))
    world.run()
    assert len(world.sender.sent) == 1
    assert "Tumepokea" in world.sender.sent[0][1]


def test_a_payment_that_is_not_paid_has_no_receipt_to_send(world: Shop) -> None:
    payment = world.ledger.payment(prompt(world.ledger, "1042").payment_id)
    assert payment is not None
    with pytest.raises(Conflict) as refused:
        stage_again(world.context(), payment, Wanted())
    assert refused.value.code == "not-paid"
    assert world.rows() == []


def by_hand(ledger: Ledger, receipt: str, msisdn: str) -> AttemptRef:
    """Money that came by C2B, as a payment of its own."""
    intent = Intent(
        payment_id=f"PAY-{receipt}", order_id=f"C2B-{receipt}", profile="shop", shortcode="174379",
        amount_cents=150_000, msisdn=msisdn, account_reference="1042", description="By hand", token_hash="",
    )
    with ledger.write() as tx:
        ref = tx.open_received(intent, NOW_US)
        tx.append(ref, ev.Received(at_us=NOW_US, source="c2b", receipt=receipt, amount_cents=150_000, msisdn=msisdn))
    return ref
