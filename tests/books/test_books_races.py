"""What happens between the plan of a reconciliation and its writing: each step is decided again where it is written."""

from collections.abc import Callable
from typing import Any

import pytest
from books_shop import PARTY, Books, doubtful, hear, ledger_of, read, standing
from portal import Row

from mpesa_cli.books import statement_matching

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
