"""The page's numbers from a real ledger: what the commands beside them show, of one moment, and no look writes."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from owner_shop import Clock, command, opened, sell, shop

from mpesa_cli.floor.errors import LedgerUnusable
from mpesa_cli.owner.figures import Sums, Unread
from mpesa_cli.owner.needs import Tone
from mpesa_cli.owner.reading import look

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def sold(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """The home of a shop with a fortnight behind it, and the time there."""
    home, clock = tmp_path_factory.mktemp("sold"), Clock()
    sell(command(home, clock), clock)
    return home, clock.now


@pytest.fixture
def home(sold: tuple[Path, int], tmp_path: Path) -> Path:
    return Path(shutil.copytree(sold[0], tmp_path / "home"))


@pytest.fixture
def clock(sold: tuple[Path, int]) -> Clock:
    return Clock(sold[1])


def summary(mpesa: Run, *argv: str) -> Any:
    return json.loads(mpesa("history", "--summary", "--json", *argv).stdout)


def as_summary(sums: Sums) -> tuple[Any, ...]:
    return sums.count, sums.gross_cents / 100, sums.paid, sums.failed, sums.unsettled


def as_told(day: Any) -> tuple[Any, ...]:
    return day["count"], day["gross"], day["paid"], day["failed"], day["unsettled"]


def test_takings_hours_and_reasons_are_those_of_the_commands_beside_them(mpesa: Run, home: Path, clock: Any) -> None:
    ledger = opened(home)
    seen = look(ledger, shop(), clock.now)
    ledger.close()
    assert not isinstance(seen.takings, Unread)
    assert not isinstance(seen.reasons, Unread)
    today, week = summary(mpesa, "--since", "today"), summary(mpesa, "--since", "2026-12-03")
    assert as_summary(seen.takings.today.now) == as_told(today["total"])
    assert as_summary(seen.takings.week.now) == as_told(week["total"])
    assert seen.takings.today.now.success_rate == pytest.approx(today["total"]["success_rate"], abs=1e-4)
    by_hour = {row["day"][11:]: as_told(row) for row in summary(mpesa, "--since", "today", "--by", "hour")["days"]}
    drawn = [(f"{hour:02d}:00", bar.now) for hour, bar in enumerate(seen.takings.hours) if bar.now.count]
    assert {hour: as_summary(sums) for hour, sums in drawn} == by_hour
    by_day = {row["day"]: as_told(row) for row in week["days"]}
    assert [as_summary(bar.now) for bar in seen.takings.days if bar.now.count] == list(by_day.values())
    told = {(reason["title"], reason["count"]) for reason in week["total"]["failed_by_reason"]}
    assert {(reason.title, reason.week) for reason in seen.reasons} == told
    assert seen.takings.today.before == Sums(1, 1, 0, 100_000)  # the 5,000 came later on that day
    assert seen.takings.week.before == Sums(2, 2, 0, 180_000)
    assert [card.payment.order_id for card in seen.cards][:2] == ["A10", "A9"]  # type: ignore[union-attr]


def test_every_command_on_the_page_is_one_that_runs(mpesa: Run, home: Path, clock: Any) -> None:
    ledger = opened(home)
    seen = look(ledger, shop(), clock.now)
    ledger.close()
    commands = [need.command for need in seen.needs] + [reason.command for reason in seen.reasons]  # type: ignore[union-attr]
    for shown in dict.fromkeys(commands):
        if "FILE" not in shown:
            assert mpesa(*shown.split()[1:]).status in {0, 7}, shown


def test_a_table_that_cannot_be_read_hides_its_own_number_and_no_other(mpesa: Run, home: Path, clock: Any) -> None:
    ledger = opened(home)
    with ledger.write() as tx:
        tx.execute("ALTER TABLE held_messages RENAME TO gone", ())
    seen = look(ledger, shop(), clock.now)
    ledger.close()
    lines = {need.key: need for need in seen.needs}
    assert (lines["held"].count, lines["held"].tone) == (None, Tone.DOUBT)
    assert lines["unknown"].tone is Tone.GOOD
    assert not isinstance(seen.takings, Unread)


def test_a_look_is_of_one_moment_and_can_write_nothing(mpesa: Run, home: Path, clock: Any) -> None:
    ledger, other = opened(home), opened(home)
    ledger.rows("PRAGMA query_only=1")
    with pytest.raises(LedgerUnusable), ledger.write() as tx:
        tx.execute("DELETE FROM payments", ())

    asked = ledger.rows
    before = look(ledger, shop(), clock.now)

    def rows(sql: str, parameters: Any = ()) -> Any:
        if "min(created_us)" in sql:  # another process writes in the middle of the look
            with other.write() as tx:
                tx.execute("UPDATE payments SET status='unknown' WHERE status='paid'", ())
        return asked(sql, parameters)

    ledger.rows = rows  # type: ignore[method-assign]
    during = look(ledger, shop(), clock.now)
    ledger.rows = asked  # type: ignore[method-assign]
    assert during == before
    assert {n.key for n in look(ledger, shop(), clock.now).needs if n.tone is Tone.BAD} >= {"unknown"}
    ledger.close()
    other.close()
