"""Pages by key: every payment once, newest first, whatever the filters and the size of a page."""

import gc
import itertools
import tracemalloc
from collections.abc import Callable

import pytest
from history_ledger import DAY_US, OTHER_PHONE, PHONE, SECOND_US, START_US, Sale

from mpesa_cli.history.query import FIELDS, HistoryFilter, values
from mpesa_cli.history.store import History, _condition
from mpesa_cli.ledger.audit.ledger import flaws
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.rules.payment import Intent, Payment
from mpesa_cli.rules.payment_document import payment_document
from mpesa_cli.rules.push_rules import Start
from mpesa_cli.rules.state import PaymentStatus

Sold = Callable[..., Ledger]

OUTCOMES = ("paid", "1032", "paid", "pending", "lost", "2001", "paid")


def many(count: int) -> list[Sale]:
    """Sales of every outcome; groups of five were created in the same microsecond."""
    return [
        Sale(
            order=f"{'A' if n % 3 else 'B'}-{n:03d}", outcome=OUTCOMES[n % len(OUTCOMES)], amount=n + 1,
            msisdn=PHONE if n % 4 else OTHER_PHONE, at_us=START_US + (n // 5) * 3_600 * SECOND_US,
        )
        for n in range(count)
    ]


@pytest.fixture
def ledger(sold: Sold) -> Ledger:
    return sold(*many(120))


def wanted_by(wanted: HistoryFilter, payment: Payment) -> bool:
    """The filter once more, in plain Python."""
    return (
        (wanted.since_us is None or payment.created_us >= wanted.since_us)
        and (wanted.until_us is None or payment.created_us < wanted.until_us)
        and (wanted.status is None or payment.status is wanted.status)
        and (wanted.msisdn is None or any(a.msisdn == wanted.msisdn for a in payment.attempts))
        and (wanted.order_id is None or payment.order_id == wanted.order_id)
        and (wanted.order_prefix is None or payment.order_id.startswith(wanted.order_prefix))
    )


FILTERS = [
    HistoryFilter(since_us=since, until_us=until, status=status, msisdn=msisdn, order_prefix=prefix)
    for since, until, status, msisdn, prefix in itertools.product(
        (None, START_US + 5 * 3_600 * SECOND_US), (None, START_US + 15 * 3_600 * SECOND_US),
        (None, PaymentStatus.PAID), (None, OTHER_PHONE), (None, "B-"),
    )
]
FILTERS += [
    HistoryFilter(order_id="A-001"), HistoryFilter(order_id="none"), HistoryFilter(status=PaymentStatus.UNKNOWN)
]


def test_filters_combine_and_every_payment_comes_once_newest_first(ledger: Ledger) -> None:
    everything = sorted(
        History(ledger).payments(HistoryFilter()), key=lambda p: (p.created_us, p.payment_id), reverse=True
    )
    assert len(everything) == 120
    for wanted in FILTERS:
        expected = [p.payment_id for p in everything if wanted_by(wanted, p)]
        pages = list(History(ledger).pages(wanted, page_rows=7))
        assert all(pages)
        assert [row.payment_id for page in pages for row in page] == expected, wanted
        assert [p.payment_id for p in History(ledger).payments(wanted)] == expected, wanted
    assert {bool([p for p in everything if wanted_by(w, p)]) for w in FILTERS} == {True, False}


def test_a_limit_gives_exactly_the_newest(ledger: Ledger) -> None:
    every = [row for page in History(ledger).pages(HistoryFilter()) for row in page]
    for limit in (1, 6, 7, 8, 14, 119, 120, 121):
        rows = [row for page in History(ledger).pages(HistoryFilter(limit=limit), page_rows=7) for row in page]
        assert rows == every[:limit]


def test_payments_that_come_in_while_it_is_read_do_not_disturb_it(ledger: Ledger) -> None:
    pages = History(ledger).pages(HistoryFilter(), page_rows=50)
    seen = [row.order_id for row in next(pages)]
    with ledger.write() as tx:
        later = Intent("PAY-NEW", "NEW", "simulator", "174379", 100, PHONE, "NEW", "Payment", "f" * 64)
        tx.open_payment(Start(later), START_US + 90 * DAY_US)
    seen += [row.order_id for page in pages for row in page]
    assert sorted(seen) == sorted(sale.order for sale in many(120))


def test_flat_rows_say_what_the_whole_payments_say(ledger: Ledger) -> None:
    now_us = START_US + 400 * 3_600 * SECOND_US
    rows = [row for page in History(ledger).pages(HistoryFilter()) for row in page]
    told = [dict(zip(FIELDS, row, strict=True)) for row in values(rows, FIELDS, "simulator", now_us)]
    for payment, row in zip(History(ledger).payments(HistoryFilter()), told, strict=True):
        document = payment_document(payment, now_us)
        attempts, claims = document.pop("attempts"), document.pop("may_be_orders")
        assert (claims, document.pop("refund")) == ([], None)
        flags = str(row.pop("flags")).split()
        assert flags == attempts[payment.telling.ref.number - 1]["flags"]
        assert row.pop("attempt_count") == len(attempts)
        assert row == document
    assert any("overdue" in str(row) for row in values(rows, FIELDS, "simulator", now_us))


def test_a_row_changed_behind_the_ledgers_back_is_found(ledger: Ledger) -> None:
    assert not list(flaws(ledger))
    with ledger.engine.transaction() as connection:
        connection.execute("UPDATE payments SET received_cents = received_cents + 1 WHERE order_id = 'A-002'")
    assert ["not shown as its attempts say" in flaw.words for flaw in flaws(ledger)] == [True]


def test_no_filter_walks_all_payments_and_only_those_of_few_sort(ledger: Ledger) -> None:
    for wanted in FILTERS:
        condition, parameters, order = _condition(wanted, (START_US + DAY_US, "PAY-00000100"))
        question = f"EXPLAIN QUERY PLAN SELECT * FROM payments WHERE {condition} ORDER BY {order} LIMIT 50"
        plan = [str(row[3]) for row in ledger.rows(question, tuple(parameters))]
        assert not [step for step in plan if step.startswith("SCAN payments")], plan
        few = wanted.msisdn or wanted.order_id or wanted.order_prefix
        if few:  # then time is no way to find them: it would be a walk over all the others
            assert not [step for step in plan if "payments" in step and "created_us" in step], plan
        else:
            assert not [step for step in plan if "TEMP B-TREE" in step], plan


def test_memory_stays_flat_however_many_payments_there_are(sold: Sold) -> None:
    ledger = sold(*many(600))

    def most_bytes(limit: int) -> int:
        gc.collect()
        tracemalloc.start()
        for page in History(ledger).pages(HistoryFilter(limit=limit), page_rows=50):
            assert len(list(values(page, FIELDS, "simulator", 0))) == len(page)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    most_bytes(600)  # what is worked out once, for each number too
    assert most_bytes(600) < 3 * most_bytes(100)  # it would be six times as much, were all of them kept
