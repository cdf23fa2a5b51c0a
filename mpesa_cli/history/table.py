"""The history as a table for people, a line for each payment. Without Rich: quick."""

from collections.abc import Iterable, Sequence

from mpesa_cli.floor.moments import day_and_time
from mpesa_cli.floor.records import dataclass
from mpesa_cli.history.query import HistoryRow
from mpesa_cli.rules.state import PaymentStatus
from mpesa_cli.rules.values.amount import cents_to_json, format_cents
from mpesa_cli.rules.values.msisdn import mask_msisdn
from mpesa_cli.terminal.amount_words import counted
from mpesa_cli.terminal.state_words import STATUS_WORDS

HEADINGS = ("when", "status", "KES", "phone", "order", "receipt", "why")
NUMBERS = (2,)


@dataclass(slots=True)
class Totals:
    """The number of the rows that were shown, and their sums in cents. What came in counts what went back again too."""

    count: int = 0
    asked_cents: int = 0
    came_cents: int = 0
    back_cents: int = 0

    def add(self, rows: Iterable[HistoryRow]) -> None:
        """Count these rows too."""
        for row in rows:
            self.count += 1
            self.asked_cents += row.amount_cents
            self.came_cents += row.received_cents + row.reversed_cents
            self.back_cents += row.reversed_cents


def history_cells(rows: Iterable[HistoryRow], now_us: int, *, unmask: bool) -> list[list[str]]:
    """The cells under HEADINGS. Phones are masked unless ``unmask``."""
    return [
        [
            day_and_time(row.created_us),
            _status(row, now_us),
            _money(row.amount_cents),
            masked(row.msisdn, unmask=unmask),
            row.order_id,
            row.receipt or "",
            row.reason(),
        ]
        for row in rows
    ]


def masked(msisdn: str, *, unmask: bool) -> str:
    """A phone as a screen shows it; empty where the ledger has none."""
    return msisdn if unmask or not msisdn else mask_msisdn(msisdn)


def history_totals(rows: Totals) -> list[list[str]]:
    """The sums of a table's rows, under HEADINGS: asked for, came in, given back; none for one row."""
    if rows.count < 2:
        return []
    sums = [("asked", rows.asked_cents), ("came in", rows.came_cents), ("given back", rows.back_cents)]
    shown = [each for each in sums if each[0] == "came in" or (each[1] and each[1] != rows.came_cents)]
    first = counted(rows.count, "payment")
    return [[first if n == 0 else "", word, _money(cents), "", "", "", ""] for n, (word, cents) in enumerate(shown)]


def field_totals(fields: Sequence[str], rows: Totals) -> list[list[str]]:
    """The sums under those of the fields that are money; none where no field is, or for one row."""
    sums = {"amount": rows.asked_cents, "received": rows.came_cents - rows.back_cents, "reversed": rows.back_cents}
    if rows.count < 2 or not sums.keys() & set(fields):
        return []
    cells = [str(cents_to_json(sums[name])) if name in sums else "" for name in fields]
    return [["total" if n == 0 and not cell else cell for n, cell in enumerate(cells)]]


def paid_rows(rows: Sequence[HistoryRow]) -> frozenset[int]:
    """The rows that are green on a screen with colours: the paid ones, and nothing else."""
    return frozenset(number for number, row in enumerate(rows) if row.status == PaymentStatus.PAID)


def _money(cents: int) -> str:
    return format_cents(cents).removeprefix("KES ")


def _status(row: HistoryRow, now_us: int) -> str:
    flags, word = row.flags_at(now_us), STATUS_WORDS[PaymentStatus(row.status)]
    return f"{word} ({flags.replace(' ', ', ')})" if flags else word
