"""Takings as the owner's page compares them: payments counted by hour, added up, set beside the week before. Pure.

A payment belongs to the hour in which it was asked for, and its money to it, as `mpesa history --summary` has it: the
page and the command say the same.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mpesa_cli.floor.moments import SECOND_US, day_begin_us
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.codes.lookup import explain_refusal, no_prompt_meaning, stk_result
from mpesa_cli.rules.state import WAS_PAID, PaymentStatus
from mpesa_cli.terminal.code_words import new_attempt_words

HOUR_US = 3_600 * SECOND_US
DAY_US = 24 * HOUR_US
WEEK_US = 7 * DAY_US
DAYS = 7


class Unread(NamedTuple):
    """In the place of a number that could not be read, and why: it is never shown as 0."""

    why: str


class Slice(NamedTuple):
    """The payments of one hour that stand alike: their number, and the cents that came and that went back of them."""

    hour_us: int
    status: str
    number: int
    gross_cents: int
    reversed_cents: int


class Failed(NamedTuple):
    """Payments that failed alike. ``proven``: no phone rang; then ``text`` is what Daraja said beside the code."""

    code: str | None
    proven: bool
    text: str
    today: int
    week: int


@dataclass(frozen=True, slots=True)
class Sums:
    """Payments added up. ``count`` = ``paid`` + ``failed`` + ``unsettled``; money in cents, ``gross`` as it came."""

    count: int = 0
    paid: int = 0
    failed: int = 0
    gross_cents: int = 0
    reversed_cents: int = 0

    @property
    def unsettled(self) -> int:
        """The number that has neither been paid nor failed: waiting, unknown, partly paid, for review."""
        return self.count - self.paid - self.failed

    @property
    def success_rate(self) -> float | None:
        """The share of paid among paid and failed, None where there are neither."""
        ended = self.paid + self.failed
        return self.paid / ended if ended else None


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour or day of a chart and the same a week before; ``before`` None where the ledger has no such time."""

    from_us: int
    now: Sums
    before: Sums | None


@dataclass(frozen=True, slots=True)
class Compared:
    """A time up to now, and the same time a week before up to the same moment; None where the ledger has none."""

    now: Sums
    before: Sums | None


@dataclass(frozen=True, slots=True)
class Takings:
    """All that the page says about money that came, as of ``at_us``. ``days`` are seven, the last one is today."""

    at_us: int
    today: Compared
    week: Compared
    hours: tuple[Bar, ...]
    days: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason why payments failed: its numbers today and in seven days, what helps, and the command that tells."""

    title: str
    today: int
    week: int
    helps: str
    command: str


def week_begin_us(at_us: int) -> int:
    """The beginning in Nairobi of the first of the seven days that end with the one of ``at_us``."""
    return day_begin_us(at_us) - (DAYS - 1) * DAY_US


def add_up(slices: Iterable[Slice]) -> Sums:
    """The sums of some slices."""
    count = paid = failed = gross = went_back = 0
    for each in slices:
        count += each.number
        gross += each.gross_cents
        went_back += each.reversed_cents
        if each.status in WAS_PAID:
            paid += each.number
        elif each.status == PaymentStatus.FAILED:
            failed += each.number
    return Sums(count, paid, failed, gross, went_back)


def takings(
    slices: Sequence[Slice], before_today: Sums, before_week: Sums, begins_us: int | None, at_us: int
) -> Takings:
    """The takings at a moment, from the slices of fourteen days.

    ``before_today`` and ``before_week`` end a week before ``at_us`` to the microsecond, which no hour does;
    ``begins_us`` is when the ledger's first payment was asked for, None where there is none. A time before that day is
    not compared with: nothing is known of it.
    """
    today_us, week_us = day_begin_us(at_us), week_begin_us(at_us)
    first_us = None if begins_us is None else day_begin_us(begins_us)

    def bar(from_us: int, length_us: int) -> Bar:
        then_us = from_us - WEEK_US
        known = first_us is not None and then_us >= first_us
        return Bar(from_us, _within(slices, from_us, length_us), _within(slices, then_us, length_us) if known else None)

    def known(sums: Sums, from_us: int) -> Sums | None:
        return sums if first_us is not None and from_us - WEEK_US >= first_us else None

    return Takings(
        at_us,
        Compared(_within(slices, today_us, DAY_US), known(before_today, today_us)),
        Compared(_within(slices, week_us, WEEK_US), known(before_week, week_us)),
        tuple(bar(today_us + hour * HOUR_US, HOUR_US) for hour in range(24)),
        tuple(bar(week_us + day * DAY_US, DAY_US) for day in range(DAYS)),
    )


def reasons(failed: Iterable[Failed]) -> tuple[Reason, ...]:
    """The reasons, the most frequent of seven days first; what means the same is counted as one."""
    found: dict[tuple[str, str], Reason] = {}
    for each in failed:
        reason = _reason(each)
        known = found.get((reason.title, reason.command))
        if known is not None:
            reason = Reason(
                known.title, known.today + each.today, known.week + each.week, known.helps, known.command
            )
        found[reason.title, reason.command] = reason
    return tuple(sorted(found.values(), key=lambda r: (-r.week, r.title)))


def _reason(failed: Failed) -> Reason:
    if failed.code is None:
        helps = "Nothing was sent and no phone rang. Ask again."
        return Reason("Not sent", failed.today, failed.week, helps, "mpesa history --status failed --since 7d")
    row = no_prompt_meaning(failed.code, failed.text) if failed.proven else stk_result(failed.code)
    command = explain_refusal(failed.code) if failed.proven else f"mpesa explain {failed.code} --api stk"
    helps = f"{row.staff} A new attempt is {new_attempt_words(row)}."
    return Reason(row.title, failed.today, failed.week, helps, command)


def _within(slices: Iterable[Slice], from_us: int, length_us: int) -> Sums:
    return add_up(each for each in slices if from_us <= each.hour_us < from_us + length_us)
