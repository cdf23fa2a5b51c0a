"""A batch of payments from a file: every row checked before anything is sent, every fault told at once. Pure."""

import re
from collections import defaultdict
from collections.abc import Sequence

from mpesa_cli.batch.text import REQUIRED, Cells, Fault, read_table
from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.values.amount import Limits, parse_shillings
from mpesa_cli.rules.values.msisdn import operator_warning, parse_msisdn
from mpesa_cli.rules.values.reference import account_reference, check_description, check_order_id

_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?[eE]\+?\d+")


@dataclass(frozen=True, slots=True)
class Defaults:
    """The profile's values for cells that a row leaves empty. ``account_reference`` may hold ``{order}``."""

    limits: Limits
    account_reference: str
    account_reference_max: int
    description: str


@dataclass(frozen=True, slots=True)
class Row:
    """One payment that the file asks for, checked. ``amount`` is in whole shillings."""

    line: int
    order_id: str
    msisdn: str
    amount: int
    account_reference: str
    description: str


@dataclass(frozen=True, slots=True)
class BatchFile:
    """The content of a file. With any fault, nothing of it may be sent; ``notes`` are for a person to weigh."""

    rows: tuple[Row, ...]
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]


def read_batch(raw: bytes, defaults: Defaults) -> BatchFile:
    """The rows of a CSV file and all that is wrong in it. Never raises."""
    table = read_table(raw)
    rows: list[Row] = []
    faults = list(table.faults)
    for cells in table.rows:
        read = _row(cells, defaults)
        if isinstance(read, Row):
            rows.append(read)
        else:
            faults += read
    faults += _orders_twice(rows)
    notes = [f"Not used: the column {name!r}." for name in table.not_used]
    return BatchFile(tuple(rows), tuple(faults), (*notes, *_other_operators(rows), *_asked_twice(rows)))


def _row(cells: Cells, defaults: Defaults) -> Row | list[Fault]:
    get = cells.values.get
    faults = [Fault("missing", cells.line, f"No {name}.") for name in REQUIRED if not get(name)]
    read: dict[str, str] = {}
    amount = 0
    for name in ("order", "phone", "amount", "account", "description"):
        typed = get(name) or ""
        if not typed and name in REQUIRED:
            continue
        try:
            match name:
                case "order":
                    read[name] = check_order_id(typed)
                case "phone":
                    read[name] = parse_msisdn(typed)
                case "amount":
                    amount = parse_shillings(typed, defaults.limits)
                case "account":
                    template = typed or defaults.account_reference
                    if "order" in read:
                        read[name] = account_reference(template, read["order"], defaults.account_reference_max)
                case _:
                    read[name] = check_description(typed or defaults.description)
        except InvalidInput as wrong:
            faults.append(Fault(name, cells.line, _words(name, typed, wrong)))
    if faults:
        return faults
    return Row(cells.line, read["order"], read["phone"], amount, read["account"], read["description"])


def _words(name: str, typed: str, wrong: InvalidInput) -> str:
    if name == "phone" and _SCIENTIFIC.fullmatch(typed):
        return f"{typed!r} is what a spreadsheet made of a number: format the column as text, and enter it again."
    return wrong.message


def _orders_twice(rows: Sequence[Row]) -> list[Fault]:
    first: dict[str, int] = {}
    for row in rows:
        first.setdefault(row.order_id, row.line)
    return [Fault("twice", row.line, f"Order {row.order_id} is on line {first[row.order_id]} already.")
            for row in rows if first[row.order_id] != row.line]


def _other_operators(rows: Sequence[Row]) -> list[str]:
    lines = [row.line for row in rows if operator_warning(row.msisdn)]
    if not lines:
        return []
    return [
        f"{_on(lines)}: first another operator's numbers. No prompt will come to one that was not moved to Safaricom."
    ]


def _asked_twice(rows: Sequence[Row]) -> list[str]:
    """The note about one phone asked for one amount under two orders: perhaps meant, perhaps a row pasted twice."""
    lines: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for row in rows:
        lines[row.msisdn, row.amount].append(row.line)
    return [f"{_on(each)}: the same phone and the same amount under different orders. Is that meant?"
            for each in lines.values() if len(each) > 1]


def _on(lines: Sequence[int]) -> str:
    return f"Line{'s' if len(lines) > 1 else ''} {line_list(lines)}"


def line_list(lines: Sequence[int], most: int = 12) -> str:
    """``3, 5–9, 12``: line numbers in order, runs drawn together; where there are too many, how many more."""
    runs: list[list[int]] = []
    for line in sorted(set(lines)):
        if runs and line == runs[-1][1] + 1:
            runs[-1][1] = line
        else:
            runs.append([line, line])
    shown = [str(a) if a == b else f"{a}, {b}" if b == a + 1 else f"{a}–{b}" for a, b in runs[:most]]
    left = sum(b - a + 1 for a, b in runs[most:])
    return ", ".join(shown) + (f" and {left} more" if left else "")
