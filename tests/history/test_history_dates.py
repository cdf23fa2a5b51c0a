"""Dates in people's words, in Nairobi's days whatever the machine's zone."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.floor.moments import rfc3339
from mpesa_cli.history.query import day_of, rfc3339_column
from mpesa_cli.rules.values.dates import parse_since, parse_until

NOW_US = 1_795_505_400_000_000  # 24 November 2026, 10:30 in Nairobi
EAT = timezone(timedelta(hours=3))


def us(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=EAT).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("typed", "since", "until"),
    [
        ("today", "2026-11-24", "2026-11-25"),
        ("Yesterday", "2026-11-23", "2026-11-24"),
        ("0d", "2026-11-24", "2026-11-25"),
        ("1d", "2026-11-23", "2026-11-24"),
        ("7d", "2026-11-17", "2026-11-18"),
        ("2w", "2026-11-10", "2026-11-11"),
        ("12h", "2026-11-23 22:30", "2026-11-23 22:30"),
        ("90m", "2026-11-24 09:00", "2026-11-24 09:00"),
        (" 2026-11-24 ", "2026-11-24", "2026-11-25"),
        ("24/11/2026", "2026-11-24", "2026-11-25"),
        ("1/2/2026", "2026-02-01", "2026-02-02"),
        ("2026-11-24 10:30", "2026-11-24 10:30", "2026-11-24 10:30"),
        ("2026-11-24T10:30:15", "2026-11-24 10:30:15", "2026-11-24 10:30:15"),
        ("2026-11-24T07:30:00Z", "2026-11-24 10:30", "2026-11-24 10:30"),
        ("2026-11-24t10:30:00+03:00", "2026-11-24 10:30", "2026-11-24 10:30"),
    ],
)
def test_a_day_is_meant_from_its_beginning_to_its_end(typed: str, since: str, until: str) -> None:
    assert parse_since(typed, NOW_US) == us(since)
    assert parse_until(typed, NOW_US) == us(until)


@pytest.mark.parametrize(
    "typed",
    ["", "someday", "24 Nov", "2026-13-01", "2026-11-31", "31/11/2026", "11/24/2026", "24/11/26", "7", "d", "-7d",
     "7dd", "99999d", "2026-11-24 25:00", "٧d", "2026-W48"],
)
def test_anything_else_is_refused_with_the_right_forms(typed: str) -> None:
    for parse in (parse_since, parse_until):
        with pytest.raises(InvalidInput, match="is not a date") as refused:
            parse(typed, NOW_US)
        assert "yesterday" in refused.value.hint


@given(st.integers(0, 4_000_000_000))
def test_what_the_history_prints_can_be_typed_back(second: int) -> None:
    at_us = second * 1_000_000
    assert parse_since(str(rfc3339(at_us)), NOW_US) == at_us
    assert parse_since(day_of(at_us), NOW_US) <= at_us < parse_until(day_of(at_us), NOW_US)


@given(st.lists(st.one_of(st.none(), st.integers(-(10**15), 10**16)), max_size=5))
def test_the_quick_times_are_the_slow_ones(times: list[int | None]) -> None:
    assert rfc3339_column(times) == [rfc3339(at_us) for at_us in times]


@given(st.integers(0, 3_000_000_000))
def test_today_is_nairobis_today(second: int) -> None:
    nairobi = datetime.fromtimestamp(second, UTC).astimezone(EAT)
    midnight = nairobi.replace(hour=0, minute=0, second=0)
    assert parse_since("today", second * 1_000_000) == int(midnight.timestamp()) * 1_000_000
