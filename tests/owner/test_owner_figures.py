"""The page's numbers: what is compared with what, what counts as one reason, and that nothing unknown is a 0."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpesa_cli.floor.moments import day_begin_us
from mpesa_cli.owner.figures import (
    DAY_US,
    HOUR_US,
    WEEK_US,
    Failed,
    Slice,
    Sums,
    Unread,
    add_up,
    reasons,
    takings,
    week_begin_us,
)
from mpesa_cli.owner.needs import (
    Compared,
    DaysOpen,
    Facts,
    Need,
    OpenRefunds,
    StuckSms,
    Tone,
    Unmatched,
    age_words,
    needs,
    verdict,
)

NOW = 1_795_505_400_000_000  # 24 November 2026, 10:30 in Nairobi
TODAY = day_begin_us(NOW)
WELL = Facts(
    held=0, statuses={}, unmatched=Unmatched(0, 0), refunds=OpenRefunds(0, 0, 0), sms=StuckSms(0, 0),
    compared=Compared(0, NOW - HOUR_US), days=DaysOpen((), ever_closed=True), examples={}, sends_sms=True,
    compare_within_us=3 * DAY_US, since="2026-11-18",
)
slices = st.lists(
    st.builds(
        Slice,
        st.integers(0, 14 * 24 - 1).map(lambda hour: week_begin_us(NOW) - WEEK_US + hour * HOUR_US),
        st.sampled_from(["paid", "failed", "pending", "unknown", "review", "partial", "overpaid", "refunded"]),
        st.integers(1, 50), st.integers(0, 10_000), st.integers(0, 500),
    ),
    max_size=40,
)


@settings(max_examples=30)
@given(slices)
def test_hours_add_up_to_today_and_days_to_the_week_and_nothing_is_counted_twice(found: list[Slice]) -> None:
    made = takings(found, Sums(), Sums(), TODAY - 2 * WEEK_US, NOW)
    for bars, whole in ((made.hours, made.today.now), (made.days, made.week.now)):
        for field in ("count", "paid", "failed", "gross_cents", "reversed_cents"):
            assert sum(getattr(bar.now, field) for bar in bars) == getattr(whole, field)
    before = [bar.before for bar in made.days]
    assert sum(sums.count for sums in before if sums) + made.week.now.count == add_up(found).count
    assert made.days[-1].from_us == TODAY
    assert made.week.now.unsettled >= 0


def test_a_day_is_set_beside_the_same_weekday_and_never_beside_a_time_before_the_ledger() -> None:
    found = [Slice(TODAY - WEEK_US + 9 * HOUR_US, "paid", 3, 900, 0), Slice(TODAY + 9 * HOUR_US, "paid", 1, 400, 0)]
    known = takings(found, Sums(2, 2, 0, 600), Sums(2, 2, 0, 600), TODAY - 2 * WEEK_US, NOW)
    assert known.today.before == Sums(2, 2, 0, 600)  # up to the same time of the day, not the whole day
    assert (known.hours[9].now.gross_cents, known.hours[9].before) == (400, Sums(3, 3, 0, 900))
    young = takings(found[1:], Sums(), Sums(), TODAY - 3 * DAY_US, NOW)
    assert young.today.before is None
    assert {bar.before for bar in young.days} == {None}
    assert takings([], Sums(), Sums(), None, NOW).week.before is None


def test_the_rate_of_nothing_is_no_rate() -> None:
    assert Sums(5, 0, 0).success_rate is None
    assert Sums(5, 3, 1).success_rate == 0.75


def test_what_means_the_same_is_one_reason_with_what_helps_and_a_command() -> None:
    found = reasons(
        [
            Failed("1032", False, "", 1, 2), Failed("1", False, "", 2, 9), Failed(None, True, "", 0, 1),
            Failed("500.001.1001", True, "Unable to lock subscriber, a transaction is already in process", 1, 1),
        ]
    )
    assert [(r.today, r.week) for r in found][:2] == [(2, 9), (1, 2)]
    assert all(r.helps and r.command.startswith("mpesa ") for r in found)
    same = [Failed("500.001.1001", True, f"Unable to lock subscriber {n}", 1, 1) for n in range(3)]
    (one,) = reasons(same)
    assert (one.today, one.week) == (3, 3)


def line(facts: Facts, key: str) -> Need:
    return next(need for need in needs(facts, NOW) if need.key == key)


def test_where_all_is_well_and_was_looked_at_every_line_says_so() -> None:
    found = needs(WELL, NOW)
    assert {(need.count, need.tone) for need in found} == {(0, Tone.GOOD)}
    assert verdict(found, ()) == ("Nothing needs a person.", Tone.GOOD)
    assert all(need.words and need.command.startswith("mpesa ") for need in found)


@pytest.mark.parametrize("name", ["held", "statuses", "unmatched", "refunds", "sms", "compared", "days"])
def test_what_could_not_be_read_is_never_a_number_and_never_good(name: str) -> None:
    found = needs(replace(WELL, **{name: Unread("The ledger is busy.")}), NOW)
    doubtful = [need for need in found if need.tone is Tone.DOUBT]
    assert doubtful
    assert {(need.count, need.words) for need in doubtful} == {(None, "Can't be told: The ledger is busy.")}
    assert verdict(found, ())[1] is Tone.DOUBT


BAD: list[tuple[str, dict[str, Any], int]] = [
    ("unknown", {"statuses": {"unknown": 2}}, 2), ("review", {"statuses": {"review": 1}}, 1),
    ("partial", {"statuses": {"partial": 4}}, 4), ("overpaid", {"statuses": {"overpaid": 3, "accepted": 1}}, 2),
    ("unmatched", {"unmatched": Unmatched(3, 45_000)}, 3), ("refunds", {"refunds": OpenRefunds(1, 1, 1)}, 3),
    ("held", {"held": 7}, 7), ("sms", {"sms": StuckSms(1, 2)}, 3),
    ("differences", {"compared": Compared(5, NOW - HOUR_US)}, 5),
    ("differences", {"compared": Compared(5, None)}, 5), ("days", {"days": DaysOpen(("2026-11-22",), True)}, 1),
]


@pytest.mark.parametrize(("key", "facts", "count"), BAD)
def test_what_needs_a_person_is_bad_with_its_number_and_nothing_else_is(
    key: str, facts: dict[str, Any], count: int
) -> None:
    found = needs(replace(WELL, **facts), NOW)
    assert [(need.key, need.count) for need in found if need.tone is Tone.BAD] == [(key, count)]
    assert verdict(found, ()) == ("1 of these needs a person.", Tone.BAD)


def test_an_old_comparison_or_none_is_a_doubt_and_no_zero() -> None:
    for until_us, words in ((None, "never compared"), (NOW - 4 * DAY_US, "20 Nov 2026 10:30 only")):
        need = line(replace(WELL, compared=Compared(0, until_us)), "differences")
        assert (need.count, need.tone) == (None, Tone.DOUBT)
        assert words in need.words
        assert need.command == "mpesa reconcile --statement FILE"
    off = replace(WELL, compared=Compared(0, NOW - 4 * DAY_US), compare_within_us=None)
    assert line(off, "differences").tone is Tone.GOOD


def test_what_a_shop_does_not_use_is_off_and_neither_good_nor_bad() -> None:
    unused = replace(WELL, sends_sms=False, days=DaysOpen(("2026-11-22",), ever_closed=False))
    assert {line(unused, key).tone for key in ("sms", "days")} == {Tone.OFF}
    assert line(replace(unused, sms=StuckSms(1, 0)), "sms").tone is Tone.BAD
    assert verdict(needs(unused, NOW), ())[1] is Tone.GOOD


def test_a_listener_that_is_silent_is_a_doubt_though_every_line_is_good() -> None:
    words, tone = verdict(needs(WELL, NOW), ["NOT WATCHED: no listener"])
    assert tone is Tone.DOUBT
    assert "1 of these can't be told" in words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "0 s"), (59, "59 s"), (60, "1 min"), (7_199, "119 min"), (7_200, "2 h"), (172_800, "2 days")],
)
def test_an_age_is_one_number_with_its_unit(seconds: int, words: str) -> None:
    assert age_words(NOW - seconds * 1_000_000, NOW) == words


