"""The summary per day: bars with their numbers beside them on a screen, plain rows in a pipe, JSON."""

from typing import Any

from mpesa_cli.history.summary import By, DaySummary, Reason, Summary
from mpesa_cli.rules.values.amount import cents_to_json, format_cents
from mpesa_cli.terminal.table import Table, aligned
from mpesa_cli.terminal.width import in_ascii, wrapped

FIELDS = (
    "day", "count", "gross", "paid", "failed", "unsettled", "success_rate", "median_seconds_to_pay", "failed_by_reason",
    "reversed",
)
_EIGHTHS = " ▏▎▍▌▋▊▉"
_HEADINGS = ("day", "payments", "paid", "not paid", "open", "success", "median s", "given back", "KES in", "")
_GIVEN_BACK = _HEADINGS.index("given back")


def bar(value: int, most: int, width: int, *, ascii_only: bool = False) -> str:
    """A bar of up to ``width`` columns; anything above zero shows."""
    if value <= 0 or most <= 0:
        return ""
    if ascii_only:
        return "#" * max(1, round(width * value / most))
    whole, eighth = divmod(max(1, round(width * 8 * value / most)), 8)
    return "█" * whole + (_EIGHTHS[eighth] if eighth else "")


def chart_lines(summary: Summary, columns: int, *, ascii_only: bool, by: By = "day") -> list[str]:
    """The days with a bar each for the money that came, their total, and why payments failed, day by day."""
    days = [_cells(day) for day in summary.days]
    total, headings = _cells(summary.total), [by, *_HEADINGS[1:]]
    if not summary.total.reversed_cents:  # an empty column would take room from the bars
        for row in (*days, total, headings):
            del row[_GIVEN_BACK]
    numbers = tuple(range(1, len(headings) - 1))
    taken = sum(max(map(len, column)) + 2 for column in zip(headings[:-1], *days, total, strict=True))
    width = max(8, min(40, columns - taken))
    most = max((day.gross_cents for day in summary.days), default=0)
    bars = [bar(day.gross_cents, most, width, ascii_only=ascii_only) for day in summary.days]
    rows = [[*cells, drawn] for cells, drawn in zip(days, bars, strict=True)]
    lines = aligned(Table(headings, rows, numbers, [[*total, ""]]), columns)
    failed = [day for day in summary.days if day.failed] + [summary.total] * (len(summary.days) > 1)
    for day in failed:
        if day.failed:
            lines += wrapped(f"Not paid, {day.day}: {reasons_words(day.failed_by_reason)}", columns)
    return [in_ascii(line) for line in lines] if ascii_only else lines


def reasons_words(reasons: tuple[Reason, ...]) -> str:
    """The reasons: ``2 x Cancelled (1032), 1 x Not enough money (1)``."""
    return ", ".join(f"{r.number} x {r.title}{f' ({r.code})' if r.code else ''}" for r in reasons)


def fields_by(by: By) -> tuple[str, ...]:
    """FIELDS, with the first one's name where it is no time."""
    return ("till", *FIELDS[1:]) if by == "till" else FIELDS


def summary_row(day: DaySummary) -> list[str | int | float | None]:
    """A day's values under FIELDS, for CSV and for a pipe."""
    document = day_document(day)
    return [*(document[name] for name in FIELDS[:-2]), reasons_words(day.failed_by_reason), document["reversed"]]


def day_document(day: DaySummary, by: By = "day") -> dict[str, Any]:
    """A day as JSON, or a till: money in shillings, the rate from 0 to 1."""
    return {
        fields_by(by)[0]: day.day,
        "count": day.count,
        "gross": cents_to_json(day.gross_cents),
        "paid": day.paid,
        "failed": day.failed,
        "unsettled": day.unsettled,
        "success_rate": None if day.success_rate is None else round(day.success_rate, 4),
        "median_seconds_to_pay": day.median_seconds_to_pay,
        "failed_by_reason": [
            {"result_code": r.code or None, "title": r.title, "count": r.number} for r in day.failed_by_reason
        ],
        "reversed": cents_to_json(day.reversed_cents),
    }


def summary_document(summary: Summary, environment: str, by: By = "day") -> dict[str, Any]:
    """The whole summary as JSON, oldest day first, or the tills as they were named."""
    if by == "till":
        tills = [day_document(till, by) for till in summary.days]
        return {"environment": environment, "by": by, "tills": tills, "total": day_document(summary.total, by)}
    return {
        "environment": environment,
        "by": by,
        "days": [day_document(day) for day in summary.days],
        "total": day_document(summary.total),
        "older_days_left_out": summary.cut,
    }


def _cells(day: DaySummary) -> list[str]:
    rate, seconds = day.success_rate, day.median_seconds_to_pay
    return [
        day.day,
        f"{day.count:,}",
        f"{day.paid:,}",
        f"{day.failed:,}",
        f"{day.unsettled:,}",
        "-" if rate is None else f"{rate:.0%}",
        "-" if seconds is None else f"{seconds:g}",
        format_cents(day.reversed_cents).removeprefix("KES ") if day.reversed_cents else "-",
        format_cents(day.gross_cents).removeprefix("KES "),
    ]
