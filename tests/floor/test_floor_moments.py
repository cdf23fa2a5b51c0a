"""Times: East Africa Time on the wire and for people, whatever the machine's zone; microseconds inside."""

import os
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpesa_cli.floor.moments import SECOND_US, clock_time, daraja_stamp, day_and_time, from_daraja_stamp, rfc3339

AT_US = 1_795_505_400_000_000  # 24 November 2026, 10:30:00 in Nairobi
whole_seconds = st.integers(0, 4_102_444_800).map(lambda s: s * SECOND_US)  # up to the year 2100


@pytest.fixture(params=["UTC", "America/New_York", "Asia/Kathmandu"])
def _zone(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.usefixtures("_zone")
def test_times_are_east_african_whatever_the_machines_zone() -> None:
    assert daraja_stamp(AT_US) == "20261124103000"
    assert from_daraja_stamp("20261124103000") == AT_US
    assert rfc3339(AT_US) == "2026-11-24T10:30:00+03:00"
    assert clock_time(AT_US) == "10:30:00"
    assert day_and_time(AT_US) == "24 Nov 2026 10:30"


@given(whole_seconds)
def test_a_stamp_reads_back_as_the_same_moment(at_us: int) -> None:
    stamp = daraja_stamp(at_us)
    assert len(stamp) == 14
    assert from_daraja_stamp(stamp) == at_us


@given(whole_seconds, st.integers(0, SECOND_US - 1))
def test_fractions_of_a_second_are_cut_never_rounded_up(at_us: int, fraction: int) -> None:
    assert daraja_stamp(at_us + fraction) == daraja_stamp(at_us)
    assert rfc3339(at_us + fraction) == rfc3339(at_us)


@given(whole_seconds, whole_seconds)
def test_stamps_sort_as_moments_do(one: int, other: int) -> None:
    assert (daraja_stamp(one) < daraja_stamp(other)) == (one < other)


@pytest.mark.parametrize(
    "odd",
    ["", "2026112410300", "202611241030000", "20261324103000", "20260230103000", "20261124250000", "abcdefghijklmn",
     "٢٠٢٦١١٢٤١٠٣٠٠٠", "2026-11-24 103", "00000000000000", "+2026112410300"],
)
def test_what_is_no_stamp_is_none(odd: str) -> None:
    assert from_daraja_stamp(odd) is None


@given(st.text(max_size=20))
def test_reading_a_stamp_never_raises(text: str) -> None:
    from_daraja_stamp(text)


def test_no_time_stays_no_time() -> None:
    assert rfc3339(None) is None
