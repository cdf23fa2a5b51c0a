"""The summary per day: counted right whatever the payments, drawn with its numbers beside it."""

import json
import statistics
from collections import Counter
from collections.abc import Callable
from typing import Any

from history_ledger import DAY_US, SECOND_US, START_US, Sale
from hypothesis import given
from hypothesis import strategies as st

from mpesa_cli.floor.moments import rfc3339
from mpesa_cli.history.chart import bar
from mpesa_cli.history.query import HistoryRow
from mpesa_cli.history.summary import summarise
from mpesa_cli.ledger.ledger import Ledger

Run = Callable[..., Any]
Sold = Callable[..., Ledger]

STATUSES = ("paid", "failed", "pending", "unknown", "review", "partial", "overpaid")


@st.composite
def rows(draw: st.DrawFn) -> HistoryRow:
    status = draw(st.sampled_from(STATUSES))
    created = START_US - draw(st.integers(0, 40)) * 8 * 3_600 * SECOND_US
    took = draw(st.integers(-2, 300))
    paid = status in {"paid", "overpaid"}
    failed = status == "failed"
    return HistoryRow(
        payment_id="PAY-1", order_id="1", profile="p", shortcode="174379", amount_cents=10_000,
        msisdn="254708374149", account_reference="1", description="d", created_us=created, status=status,
        receipt="UK1" if paid else None, paid_us=created + took * SECOND_US if paid else None,
        received_cents=draw(st.integers(0, 10**7)) if status != "failed" else 0,
        reversed_cents=draw(st.integers(0, 10**7)) if paid else 0,
        state="paid" if paid else "failed" if failed else "pending", flags="",
        result_code=draw(st.sampled_from(["1032", "1037", None])) if failed else None, result_desc=None,
        requested_us=draw(st.sampled_from([created, None])), attempt_count=1,
    )


@given(st.lists(rows(), max_size=60), st.sampled_from([None, 1, 3, 100]))
def test_every_day_and_the_total_are_counted_right(made: list[HistoryRow], days_max: int | None) -> None:
    newest_first = sorted(made, key=lambda row: row.created_us, reverse=True)
    by_day: dict[str, list[HistoryRow]] = {}
    for row in newest_first:
        by_day.setdefault(str(rfc3339(row.created_us))[:10], []).append(row)
    shown = dict(list(by_day.items())[:days_max])

    summary = summarise(newest_first, days_max)

    assert [day.day for day in summary.days] == sorted(shown)
    assert summary.cut == (len(shown) < len(by_day))
    of_total = [row for of_day in shown.values() for row in of_day]
    for counted, expected in [*((d, shown[d.day]) for d in summary.days), (summary.total, of_total)]:
        statuses = Counter(row.status for row in expected)
        paid = statuses["paid"] + statuses["overpaid"]
        assert counted.count == len(expected) == counted.paid + counted.failed + counted.unsettled
        assert (counted.paid, counted.failed) == (paid, statuses["failed"])
        assert counted.gross_cents == sum(row.received_cents + row.reversed_cents for row in expected)
        assert counted.reversed_cents == sum(row.reversed_cents for row in expected)
        assert sum(reason.number for reason in counted.failed_by_reason) == counted.failed
        decided = paid + statuses["failed"]
        assert counted.success_rate == (paid / decided if decided else None)
        seconds = [
            max(0, (row.paid_us - row.requested_us) // SECOND_US)
            for row in expected if row.paid_us is not None and row.requested_us is not None
        ]
        assert counted.median_seconds_to_pay == (statistics.median(seconds) if seconds else None)


def test_no_more_is_read_than_the_days_that_are_shown() -> None:
    read = []

    def endless() -> Any:
        for n in range(1_000):
            read.append(n)
            yield HistoryRow("PAY-1", "1", "p", "1", 100, "", "1", "d", START_US - n * DAY_US // 2, "pending",
                             None, None, 0, 0, "pending", "", None, None, None, 1)

    assert len(summarise(endless(), 3).days) == 3
    assert len(read) < 10


def test_a_days_work_in_every_format(mpesa: Run, sold: Sold) -> None:
    yesterday = START_US - DAY_US
    sold(
        Sale("1", amount=100, at_us=yesterday, took_s=8),
        Sale("2", "1032", at_us=yesterday),
        Sale("3", amount=900, took_s=10),
        Sale("4", amount=50, took_s=20),
        Sale("5", "1032"), Sale("6", "2001"), Sale("7", "pending"),
    )
    document = json.loads(mpesa("history", "--summary", "--json").stdout)
    assert document["environment"] == "simulator"
    assert [day["day"] for day in document["days"]] == ["2026-11-23", "2026-11-24"]
    assert document["days"][1] == {
        "day": "2026-11-24", "count": 5, "gross": 950, "paid": 2, "failed": 2, "unsettled": 1,
        "success_rate": 0.5, "median_seconds_to_pay": 15.0,
        "failed_by_reason": [
            {"result_code": "1032", "title": "Cancelled by the customer", "count": 1},
            {"result_code": "2001", "title": "Wrong PIN", "count": 1},
        ],
        "reversed": 0,
    }
    assert document["total"]["gross"] == 1_050
    assert document["total"]["failed_by_reason"][0]["count"] == 2

    piped = mpesa("history", "--summary").stdout.splitlines()
    assert piped[0].split("\t")[:3] == ["2026-11-23", "2", "100"]
    assert piped[-1].startswith("total\t7\t1050\t")
    assert mpesa("history", "--summary", "--format", "csv").stdout.splitlines()[0].startswith("day,count,gross,")
    assert len(mpesa("history", "--summary", "--format", "ndjson").stdout.splitlines()) == 3

    screen = mpesa("history", "--summary", tty=True, env={"NO_COLOR": "1"}).stdout
    today = next(line for line in screen.splitlines() if line.startswith("2026-11-24"))
    assert "50%" in today
    assert "950  █" in today
    assert "Not paid, 2026-11-24: 1 x Cancelled by the customer (1032), 1 x Wrong PIN (2001)" in screen
    assert "█" not in "\n".join(piped)


def test_filters_narrow_the_summary_and_older_days_are_left_out_aloud(mpesa: Run, sold: Sold) -> None:
    sold(*(Sale(f"{n}", "pending", at_us=START_US - n * DAY_US) for n in range(33)))
    whole = mpesa("history", "--summary")
    assert len(whole.stdout.splitlines()) == 31 + 1
    assert "--limit all" in whole.stderr
    assert len(mpesa("history", "--summary", "--limit", "all").stdout.splitlines()) == 33 + 1
    few = mpesa("history", "--summary", "--since", "2d", "--json")
    assert [day["day"] for day in json.loads(few.stdout)["days"]] == ["2026-11-22", "2026-11-23", "2026-11-24"]
    assert json.loads(few.stdout)["older_days_left_out"] is False


def test_nothing_to_count_is_still_a_summary(mpesa: Run) -> None:
    empty = mpesa("history", "--summary", "--json")
    assert empty.status == 0
    assert json.loads(empty.stdout)["days"] == []
    assert json.loads(empty.stdout)["total"]["count"] == 0
    assert mpesa("history", "--summary", tty=True).status == 0


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(1, 60), st.booleans())
def test_a_bar_fits_and_shows_whatever_is_not_nothing(value: int, most: int, width: int, plain: bool) -> None:
    drawn = bar(min(value, most), most, width, ascii_only=plain)
    assert len(drawn) <= width
    assert bool(drawn) == (min(value, most) > 0)
    assert len(bar(most, most, width, ascii_only=plain)) == (width if most else 0)
