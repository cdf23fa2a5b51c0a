"""What can tell of a time that a restored ledger lacks: a record read after the restore, whatever the clocks say."""

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from books.portal import Row, write
from hypothesis import given
from hypothesis import strategies as st
from lost_day import HOUR_S, LostDay, three_orders

from mpesa_cli.floor.moments import daraja_stamp, rfc3339
from mpesa_cli.ledger.restoring import Restores, RestoreWrites
from mpesa_cli.rules.restored import AHEAD_US, MARGIN_US, Gap, Restored, Told

MINUTE_US = 60_000_000
SHOP = "174379"


@pytest.fixture
def day(shop: Any, tmp_path: Path) -> LostDay:
    return LostDay(shop, tmp_path)


def lost_behind(day: LostDay, back_s: int) -> None:
    """A day is read whole, the clock is set back, the backup is made, the order is paid, the disk is lost."""
    day.failed("A", "254708374149", 110)
    day.shop.clock.advance(back_s)
    day.statement("2026-11-24", "2026-11-24")
    day.shop.clock.advance(-back_s)
    day.back_up()
    day.shop.clock.advance(HOUR_S)
    assert day.shop.run("retry", "A", "-q").status == 0, "the customer pays"
    day.lose()
    day.restore()


def test_what_was_read_before_a_restore_lets_no_order_through_after_it(day: LostDay) -> None:
    """By the clock, which is a day behind, the file covers the gap; it was read before the customer paid."""
    lost_behind(day, 24 * HOUR_S)
    assert day.refused("retry", "A", "--yes") == "restored-gap"
    assert day.refused("push", "254708374149", "140", "--order", "D") == "restored-gap"
    day.shop.clock.advance(48 * HOUR_S)
    day.statement("2026-11-24", "2026-11-25")
    assert day.shop.json("reconcile")["not_told"] == [], "the same day, read once more, tells"
    assert day.shop.json("status", "A")["status"] == "paid"
    assert day.shop.run("audit", "verify").status == 0


@pytest.mark.parametrize("later_s", [60, 1800])
def test_a_record_that_lies_ahead_of_our_clock_lifts_nothing(day: LostDay, later_s: int) -> None:
    """Exported before the customer paid; our clock is two hours behind it, and the restore was long enough ago."""
    day.failed("A", "254708374149", 110)
    ahead = daraja_stamp(day.shop.clock.now + 2 * HOUR_S * 1_000_000)
    file = write(day.folder / "exported.csv", Row("UKO4Q7WX2B", 90, "rent", at=f"{ahead[8:10]}:{ahead[10:12]}:00"))
    day.back_up()
    assert day.shop.run("retry", "A", "--yes", "-q").status == 0, "the customer pays"
    day.lose()
    day.restore()
    day.shop.clock.advance(later_s)
    day.shop.run("reconcile", "--statement", str(file))
    assert day.refused("retry", "A", "--yes") == "restored-gap"


def test_a_gap_ends_no_earlier_than_the_latest_time_that_the_copy_knows_of(day: LostDay) -> None:
    """The restore was at nine by a clock that was a day behind: a record up to ten past nine tells of half of it."""
    lost_behind(day, 24 * HOUR_S)
    with day.shop.ledger() as ledger:
        (gap,) = Restores(ledger).restored().gaps
        (latest_us,) = ledger.rows("SELECT max(until_us) FROM told_times")[0]
        with ledger.write() as tx:
            RestoreWrites(tx).note_told(SHOP, 0, gap.restored_us + MARGIN_US)
    assert latest_us > gap.restored_us + 10 * HOUR_S * 1_000_000
    (hole,) = day.shop.json("reconcile")["not_told"]
    assert hole["until"] == rfc3339(latest_us + MARGIN_US)
    assert day.refused("retry", "A", "--yes") == "restored-gap"
    with day.shop.ledger() as ledger, ledger.write() as tx:
        RestoreWrites(tx).note_told(SHOP, 0, latest_us + MARGIN_US)
    assert day.shop.json("reconcile")["not_told"] == []


def test_a_gap_ends_no_earlier_than_m_pesas_own_last_row_in_the_copy(day: LostDay) -> None:
    """Our clock was behind all the time; the rows of the statement were not."""
    three_orders(day)
    day.free_money("UKO4Q7WX2B", 500)
    with day.shop.ledger() as ledger, ledger.write() as tx:
        (row_us,) = ledger.rows("SELECT completed_us FROM statement_rows WHERE receipt='UKO4Q7WX2B'")[0]
        RestoreWrites(tx).note_restored(row_us - 9 * 86_400_000_000, row_us - 8 * 86_400_000_000)
    with day.shop.ledger() as ledger:
        assert Restores(ledger).restored().last.span[1] >= row_us + MARGIN_US
    assert day.shop.run("audit", "verify").status == 0


def test_what_was_told_between_two_restores_is_about_the_first_alone(day: LostDay) -> None:
    three_orders(day)
    with day.shop.ledger() as ledger, ledger.write() as tx:
        RestoreWrites(tx).note_told(SHOP, 0, day.shop.clock.now + 400 * 86_400_000_000)
    assert day.shop.json("reconcile")["not_told"] == []
    day.backup = day.folder / "second.db"
    day.back_up()
    day.lose()
    day.restore()
    with day.shop.ledger() as ledger:
        second = Restores(ledger).restored().last
        assert len(Restores(ledger).restored().gaps) == 2
        assert Restores(ledger).restored().untold((SHOP,)) == (second,)
        assert Restores(ledger).told_spans(SHOP) == ()
        with ledger.write() as tx:
            RestoreWrites(tx).note_told(SHOP, *second.span)
        assert Restores(ledger).restored().untold((SHOP,)) == ()
    assert day.shop.run("audit", "verify").status == 0


def test_what_an_older_version_was_told_stays_told_and_tells_of_no_later_restore(day: LostDay) -> None:
    three_orders(day)
    with day.shop.ledger() as ledger:
        (gap,) = Restores(ledger).restored().gaps
        with ledger.write() as tx:
            RestoreWrites(tx).note_told(SHOP, 0, gap.span[1] + 86_400_000_000)
    with contextlib.closing(sqlite3.connect(day.shop.path)) as raw:
        raw.execute("CREATE TABLE told_spans AS SELECT shortcode, from_us, until_us FROM told_times")
        raw.execute("DROP TABLE told_times")
        raw.execute("PRAGMA user_version = 10")
        raw.commit()
    with day.shop.ledger() as ledger:
        assert Restores(ledger).restored().gaps == (gap,)
        assert Restores(ledger).restored().untold((SHOP,)) == ()
        with ledger.write() as tx:
            RestoreWrites(tx).note_restored(gap.known_until_us, gap.restored_us)
        assert len(Restores(ledger).restored().untold((SHOP,))) == 1
    assert day.shop.run("audit", "verify").status == 0


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), min_size=1, max_size=3, unique_by=lambda g: g[0]),
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 40), st.integers(1, 40)), max_size=6),
)
def test_a_gap_is_told_by_what_was_read_after_its_restore_and_by_nothing_else(
    restores: list[tuple[int, int]], read: list[tuple[int, int, int]]
) -> None:
    """Against the plainest oracle, minute by minute."""
    gaps = tuple(Gap(0, at * MINUTE_US, seq) for seq, at in restores)
    told = [Told(((a - 15) * MINUTE_US, (a - 15 + n) * MINUTE_US), seq) for seq, a, n in read]
    left = Restored(gaps, {"1": told}).untold(("1",))
    for gap, (seq, at) in zip(gaps, restores, strict=True):
        covered = {m for after, a, n in read if after >= seq for m in range(a - 15, a - 15 + n)}
        assert (gap in left) == bool(set(range(-10, at + 10)) - covered)


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_gap_covers_whatever_the_clock_has_ever_said_within_a_month(known: int, restored: int, latest: int) -> None:
    gap = Gap(known * MINUTE_US, restored * MINUTE_US, 1, latest * MINUTE_US)
    begin, end = gap.span
    assert begin == min(gap.known_until_us, gap.restored_us) - MARGIN_US
    assert end >= gap.restored_us + MARGIN_US
    assert end >= min(gap.latest_us, gap.restored_us + AHEAD_US) + MARGIN_US
    assert end <= gap.restored_us + AHEAD_US + MARGIN_US, "a clock that was years ahead leaves no gap of years"
