"""The history as a table for people, a line for each payment. Without Rich: quick."""

from collections.abc import Iterable, Sequence

from mpesa_cli.floor.moments import day_and_time
from mpesa_cli.history.query import HistoryRow
from mpesa_cli.rules.state import PaymentStatus
from mpesa_cli.rules.values.amount import format_cents
from mpesa_cli.rules.values.msisdn import mask_msisdn
from mpesa_cli.terminal.cells import on_screen
from mpesa_cli.terminal.state_words import STATUS_WORDS

HEADINGS = ("when", "status", "KES", "phone", "order", "receipt", "why")
NUMBERS = frozenset({2})
_GREEN, _END = "\x1b[32m", "\x1b[0m"


def history_cells(
    rows: Iterable[HistoryRow], now_us: int, *, unmask: bool, ascii_only: bool
) -> list[list[str]]:
    """The cells under HEADINGS. Phones are masked unless ``unmask``."""
    return [
        [
            day_and_time(row.created_us),
            _status(row, now_us),
            format_cents(row.amount_cents).removeprefix("KES "),
            masked(row.msisdn, unmask=unmask, ascii_only=ascii_only),
            row.order_id,
            row.receipt or "",
            row.reason(),
        ]
        for row in rows
    ]


def masked(msisdn: str, *, unmask: bool, ascii_only: bool) -> str:
    """A phone as a screen shows it; empty where the ledger has none."""
    if unmask or not msisdn:
        return msisdn
    return mask_msisdn(msisdn).replace("•", "*" if ascii_only else "•")


def aligned(
    headings: Sequence[str], rows: Sequence[Sequence[str]], *,
    numbers: frozenset[int] = frozenset(), ascii_only: bool = False, green: frozenset[int] = frozenset(),
) -> list[str]:
    """Lines of a table: headings, a rule, rows; columns in ``numbers`` to the right. ``green`` names rows."""
    safe = [[on_screen(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(headings, *safe, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = [
            c.rjust(w) if i in numbers else c.ljust(w)
            for i, (c, w) in enumerate(zip(cells, widths, strict=True))
        ]
        return "  ".join(padded).rstrip()

    rule = "  ".join(("-" if ascii_only else "─") * width for width in widths)
    lines = [
        f"{_GREEN}{line(row)}{_END}" if number in green else line(row) for number, row in enumerate(safe)
    ]
    return [line(headings), rule, *lines]


def paid_rows(rows: Sequence[HistoryRow]) -> frozenset[int]:
    """The rows that are green on a screen with colours: the paid ones, and nothing else."""
    return frozenset(number for number, row in enumerate(rows) if row.status == PaymentStatus.PAID)


def _status(row: HistoryRow, now_us: int) -> str:
    flags, word = row.flags_at(now_us), STATUS_WORDS[PaymentStatus(row.status)]
    return f"{word} ({flags.replace(' ', ', ')})" if flags else word
