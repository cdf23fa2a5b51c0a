"""A clerk's keys through real operations: 15 keystrokes a payment, claims that two want, an SMS that is forged."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from counter_parts import CANCELS, PAYS, SILENT, Counter
from raw_ledger import taken

from mpesa_cli.board.cards import Kind
from mpesa_cli.counter.cards_view import card_lines
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.rules.evidence import QueryAnswered

Run = Callable[..., Any]
Open = Callable[..., Counter]


@pytest.fixture
def counters(home: Path, clock: Any) -> Iterator[Open]:
    made: list[Counter] = []

    def opened(**how: Any) -> Counter:
        made.append(Counter(home, clock, **how))
        return made[-1]

    yield opened
    for each in made:
        each.close()


def money_by_hand(mpesa: Run, clock: Any, *amounts: str) -> None:
    assert mpesa("c2b-register", "-y").status == 0
    for amount in amounts:
        assert mpesa("c2b-simulate", "254708374149", amount).status == 0
    for _ in range(3):
        clock.advance(30)
        mpesa("reconcile", "-q")


def test_a_payment_takes_15_keystrokes_and_is_heard_once(counters: Open, clock: Any) -> None:
    counter = counters()
    counter.until(lambda: True)
    counter.ask(PAYS, "150")
    assert counter.clerk.keys == 15
    counter.until_sent()
    assert counter.clerk.form.is_empty
    clock.advance(30)
    counter.until(lambda: counter.cards == [("paid", "149")])
    assert counter.caretaker.snapshot.takings == (1, 15_000)
    assert counter.paid == [1]
    counter.press("escape")  # nothing is typed: the card is acknowledged
    counter.until(lambda: not counter.cards)


def test_in_production_one_enter_on_the_whole_number_and_amount_is_the_sixteenth(counters: Open) -> None:
    counter = counters(environment="production")
    counter.type(PAYS)
    counter.press("enter")
    counter.type("150")
    counter.press("enter")
    question = counter.clerk.question
    assert question is not None
    assert "0708 374 149" in question.lines[0]
    assert "KES 150" in question.lines[0]
    counter.press("enter", apart_s=0.2)  # an Enter too many was meant for the field
    assert counter.clerk.question is question
    assert not counter.desk.sending
    counter.press("escape")
    assert counter.clerk.question is None
    assert counter.runtime.ledger(counter.desk.ports.profile).unfinished() == []
    counter.press("enter")
    counter.press("enter")
    counter.until(lambda: counter.cards)


def test_a_scanner_fills_the_field_and_sends_nothing(counters: Open) -> None:
    counter = counters()
    counter.type(PAYS)
    counter.press("enter")
    counter.type("12345678", apart_s=0.01)
    counter.press("enter", apart_s=0.01)
    assert not counter.desk.sending
    counter.until(lambda: True)
    assert counter.cards == []
    assert "scanner" in counter.clerk.look().hints[0].text


def test_a_wrong_number_is_refused_in_words_at_once_and_a_busy_phone_with_its_seconds(counters: Open) -> None:
    counter = counters()
    counter.type("0512345678")
    assert "not a Kenyan mobile number" in counter.clerk.look().hints[0].text
    counter.press("escape")
    counter.ask(PAYS, "150")
    counter.until(lambda: counter.cards)
    counter.type(PAYS)
    assert "asked a moment ago" in counter.clerk.look().hints[0].text
    counter.press("enter")
    counter.type("150")
    counter.press("enter")
    counter.until(lambda: counter.words)
    assert "Nothing was sent" in counter.words
    assert len(counter.cards) == 1
    counter.press("escape")
    counter.until(lambda: not counter.words)


def test_a_prompt_whose_answer_could_not_be_kept_is_never_called_not_sent(
    counters: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(Ledger.__init__.__kwdefaults__, "busy_timeout_s", 0.1)
    counter = counters()
    ledger, ports = counter.runtime.ledger(counter.desk.ports.profile), counter.desk.ports
    holder = ExitStack()

    class Taken:
        """A Daraja during whose answer another program takes the ledger's lock."""

        def __init__(self, daraja: Any) -> None:
            self.ready, self._daraja = daraja.ready, daraja

        def push(self, *request: Any) -> Any:
            answer = self._daraja.push(*request)
            holder.enter_context(taken(ledger.path))
            return answer

    def locking() -> Any:
        context = ports.push_context()
        return replace(context, daraja=Taken(context.daraja))

    counter.desk.ports = replace(ports, push_context=locking)
    counter.ask(PAYS, "500")
    counter.until(lambda: counter.words)
    assert (counter.headings, "was sent" in counter.words) == (["look"], True)
    holder.close()
    counter.desk.ports = ports
    counter.ask(PAYS, "500")
    counter.until(lambda: len(counter.headings) == 2)
    assert counter.headings == ["not_sent", "look"]


def test_a_card_that_is_not_paid_is_asked_again_only_when_the_advice_lets_it(counters: Open, clock: Any) -> None:
    counter = counters()
    counter.ask(CANCELS, "150")
    counter.until_sent()
    clock.advance(10)
    counter.until(lambda: counter.cards == [("not_paid", "032")])
    counter.press("down", "r", "enter")
    counter.until(lambda: counter.words)
    assert "can't be asked again yet" in counter.words
    clock.advance(120)
    counter.until(lambda: True)
    counter.press("down", "down", "r", "enter")
    ledger = counter.runtime.ledger(counter.desk.ports.profile)
    counter.until(lambda: len(ledger.payment(counter.caretaker.snapshot.cards[0].payment.payment_id).attempts) == 2)


def test_two_counters_that_claim_one_payment_get_it_once_and_the_other_is_told(
    counters: Open, mpesa: Run, clock: Any
) -> None:
    money_by_hand(mpesa, clock, "500")
    one, other = counters(by="Amina"), counters(by="Brian")
    for counter in (one, other):
        counter.until(lambda counter=counter: counter.caretaker.snapshot.by_hand)
        counter.press("f7")
    for counter in (one, other):
        counter.press("enter")
    one.until(lambda: one.words)
    other.until(lambda: other.words)
    told = sorted([one.words, other.words], key=lambda words: "was not claimed" in words or "already" in words)
    assert "pays order" in told[0]
    assert "not claimed" not in told[0]
    assert "not claimed: USED ALREADY" in told[1] or "already pays order" in told[1]
    assert sorted(one.headings + other.headings) == ["not_done", "note"]
    one.until(lambda: not one.caretaker.snapshot.by_hand)
    assert one.cards == [("paid", "149")]
    assert one.caretaker.snapshot.takings == (1, 50_000)
    assert mpesa("audit", "verify").status == 0


def test_a_claim_fixes_its_list_and_takes_digits_where_amount_or_order_leave_a_doubt(
    counters: Open, mpesa: Run, clock: Any
) -> None:
    money_by_hand(mpesa, clock, "500")
    counter = counters()
    counter.until(lambda: counter.caretaker.snapshot.by_hand)
    counter.type(PAYS)
    counter.press("enter")
    counter.type("450")
    counter.press("f7")
    question = counter.clerk.question
    assert question is not None
    assert question.digits == "149"
    assert "KES 450, and KES 500 came" in question.lines[1]
    assert counter.clerk.look().frozen_hand == counter.caretaker.snapshot.by_hand
    counter.press("enter")
    assert counter.clerk.question is question  # Enter alone is no answer
    counter.type("148")
    counter.press("enter")
    assert counter.clerk.question is None
    counter.until(lambda: counter.caretaker.snapshot.by_hand)
    counter.press("f7")
    counter.type("149")
    counter.press("enter")
    counter.until(lambda: counter.cards == [("paid", "149")])


def test_a_forged_sms_is_not_found_and_a_used_one_used_already(counters: Open, mpesa: Run) -> None:
    paid = mpesa("push", "254708374149", "150", "--order", "A1", "--json")
    receipt = json.loads(paid.stdout)["receipt"]
    counter = counters()
    for text, verdict in ((f"{receipt} Confirmed. Ksh150.00 paid", "USED ALREADY"),
                          ("UKO4Q7WX2B Confirmed. Ksh150.00 paid", "NOT PROVEN")):
        counter.press("f5")
        counter.clerk.paste(text)
        counter.press("enter")
        counter.until(lambda verdict=verdict: (counter.clerk.look().verdict or ("",))[0] == verdict
                      or (counter.clerk.look().verdict or ("",))[0] == "NOT FOUND")
        shown = counter.clerk.look().verdict
        assert shown is not None
        assert shown[0] in {"USED ALREADY", "NOT FOUND"}
        counter.press("escape")


def test_after_a_restore_the_counter_asks_for_nothing_that_may_have_been_paid_meanwhile(
    counters: Open, mpesa: Run, clock: Any, home: Path, tmp_path: Path
) -> None:
    assert mpesa("push", "254700001032", "150", "--order", "A1", "-q").status == 3
    assert mpesa("backup", str(tmp_path / "copy.db")).status == 0
    for each in (home / "data").glob("*.db*"):
        each.unlink()
    clock.advance(3600)
    assert mpesa("restore", str(tmp_path / "copy.db")).status == 0
    counter = counters()
    counter.until(lambda: counter.cards == [("not_paid", "032")])
    counter.press("down", "r", "enter")
    counter.until(lambda: counter.words)
    assert "restored" in counter.words.lower()
    (card,) = counter.caretaker.snapshot.cards
    assert len(card.payment.attempts) == 1


def test_money_by_hand_shows_the_payers_first_name(counters: Open, mpesa: Run, clock: Any) -> None:
    money_by_hand(mpesa, clock, "500")
    counter = counters()
    counter.until(lambda: counter.caretaker.snapshot.by_hand)
    assert set(counter.caretaker.snapshot.names.values()) == {"WANJIKU"}


def test_the_others_see_who_waits_and_an_unknown_card_says_do_not_ask_again(counters: Open) -> None:
    counter, beside = counters(), counters(by="Brian", language="sw")
    counter.ask(SILENT, "150")
    counter.until_sent()
    beside.until(lambda: beside.cards == [("waiting", "037")])
    (card,) = beside.caretaker.snapshot.cards
    assert "INASUBIRI" in card_lines(card, beside.desk.say, 76)[0]
    with counter.runtime.ledger(counter.desk.ports.profile).write() as tx:
        tx.append(card.payment.last.ref, QueryAnswered(counter.clock.now, "7777", "a code that no table lists"))
    counter.until(lambda: counter.caretaker.snapshot.cards[0].kind is not Kind.WAITING)
    shown = card_lines(counter.caretaker.snapshot.cards[0], counter.desk.say, 76)
    assert counter.caretaker.snapshot.cards[0].kind is Kind.UNKNOWN, shown
    assert "Do not ask again" in shown[1]
    assert "mpesa status" in " ".join(shown)
    counter.press("down", "r")
    assert counter.clerk.question is None
