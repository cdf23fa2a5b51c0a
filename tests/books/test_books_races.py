"""What happens between the plan of a reconciliation and its writing: each step is decided again where it is written."""

from collections.abc import Callable
from typing import Any

import pytest
from books_shop import PARTY, Books, doubtful, hear, ledger_of, read, standing
from portal import Row, reversal

from mpesa_cli.books import balancing, statement_matching
from mpesa_cli.rules.evidence import Ambiguous, Sending
from mpesa_cli.rules.payment import Intent
from mpesa_cli.rules.push_rules import Start

RECEIPT = "UKO4Q7BBBB"


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Have something happen once, when the plan has been made and before anything of it is written."""

    def between(happens: Callable[[], object]) -> None:
        planned, waiting = statement_matching.match, [happens]

        def plan(*given: Any) -> Any:
            made = planned(*given)
            if waiting and made.settled:
                waiting.pop()()
            return made

        monkeypatch.setattr(statement_matching, "match", plan)

    return between


def test_a_callback_that_pays_another_order_first_keeps_the_receipt(books: Books, meanwhile: Any) -> None:
    at = doubtful(books, "1001")
    books.clock.advance(300)
    doubtful(books, "1002")
    books.night()
    books.mpesa("reconcile")
    meanwhile(lambda: hear(books, "1002", RECEIPT))
    read(books, Row(RECEIPT, 150, "1001", at=at, party=PARTY))
    assert (standing(books, "1002"), standing(books, "1001")) == ("paid", "unknown")
    assert books.rows(f"SELECT count(*) FROM receipts WHERE receipt='{RECEIPT}'") == [(1,)]
    with ledger_of(books) as ledger:
        first = ledger.payment_by_order("1001")
        assert first is not None
        assert [e.kind for e in ledger.evidence(first.last.ref)].count("received") == 0


def test_a_callback_of_the_same_money_is_told_once(books: Books, meanwhile: Any) -> None:
    at = doubtful(books, "1001")
    books.night()
    books.mpesa("reconcile")
    meanwhile(lambda: hear(books, "1001", RECEIPT))
    read(books, Row(RECEIPT, 150, "1001", at=at, party=PARTY), status=0)
    assert standing(books, "1001") == "paid"
    assert books.rows("SELECT count(*) FROM journal WHERE kind='received'") == [(1,)]


def test_an_order_that_is_paid_by_its_prompt_meanwhile_gets_no_money_by_hand(books: Books, meanwhile: Any) -> None:
    books.shop.sell("1001", 150, "254700001032")
    books.night()
    meanwhile(lambda: hear(books, "1001", "UKO4Q7CCCC"))
    breaks = read(books, Row(RECEIPT, 150, "1001", at="16:00:00"))
    assert standing(books, "1001") == "paid"
    assert books.rows("SELECT count(*) FROM attempts") == [(1,)]
    assert "double_payment" in {each["kind"] for each in breaks}


def test_a_prompt_that_another_receipt_pays_meanwhile_is_not_paid_by_the_row_too(books: Books, meanwhile: Any) -> None:
    at = doubtful(books, "1001")
    books.night()
    books.mpesa("reconcile")
    meanwhile(lambda: hear(books, "1001", "UKO4Q7CCCC"))
    breaks = read(books, Row(RECEIPT, 150, "1001", at=at, party=PARTY), status=7)
    assert standing(books, "1001") == "paid"
    assert books.rows("SELECT receipt FROM receipts") == [("UKO4Q7CCCC",)]
    assert RECEIPT in {each["receipt"] for each in breaks}


def test_a_reversal_that_another_run_tells_meanwhile_is_told_once(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt = books.shop.sell("1001", 150)
    books.night()
    with monkeypatch.context() as without:
        without.setattr(balancing, "give_back", lambda *_: [])
        read(books, Row(receipt, 150, "1001"), reversal("UKOR000001", receipt, 150))
    in_steps, now_us = statement_matching.in_steps, books.clock.now_us()
    with ledger_of(books) as ledger:

        def late(*given: Any, **how: Any) -> Any:
            monkeypatch.undo()
            assert len(statement_matching.give_back(ledger, ("174379",), "pull", now_us)) == 1
            return in_steps(*given, **how)

        monkeypatch.setattr(statement_matching, "in_steps", late)
        assert statement_matching.give_back(ledger, ("174379",), "statement", now_us) == []
    assert standing(books, "1001") == "refunded"
    assert books.rows("SELECT count(*) FROM journal WHERE kind='reversed'") == [(1,)]


def test_a_row_may_name_the_account_of_a_prompt_of_two_days_before(books: Books) -> None:
    with ledger_of(books) as ledger, ledger.write() as tx:
        at_us = books.clock.now_us()
        intent = Intent("PAY-1", "1001", "simulator", "174379", 15_000, "254722200017", "TABLE7", "x", "ab" * 32)
        ref = tx.open_payment(Start(intent), at_us).last.ref
        tx.append(ref, Sending(at_us, 1))
        tx.append(ref, Ambiguous(at_us, 1, "read-timeout", ""))
    books.clock.advance(3 * 86_400)
    read(books, Row(RECEIPT, 150, "TABLE7", day="26-11-2026", at="09:00:00", party=PARTY), day="26-11-2026")
    assert standing(books, "1001") == "paid"
