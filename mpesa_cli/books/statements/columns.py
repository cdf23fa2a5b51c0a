"""The beginning of the table and its columns, found by their headings, never by place (daraja.md 10.2)."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence

from mpesa_cli.books.statements.cells import plain
from mpesa_cli.books.statements.refusals import no_header
from mpesa_cli.floor.records import dataclass

# A heading stands within so many rows that hold anything; no export was seen with more than six before it.
SEARCHED_ROWS = 40
DELIMITERS = ",;\t"
FIELDS = (
    "receipt", "completed", "status", "paid_in", "withdrawn", "balance", "reason", "details", "party", "linked",
    "account", "currency",
)
ESSENTIAL = {
    "receipt": "Receipt No.",
    "completed": "Completion Time",
    "status": "Transaction Status",
    "paid_in": "Paid In",
    "withdrawn": "Withdrawn",
}
# A head office's daily file has a column of stores and none of states: what is in it is completed.
_OF_STORES = {**ESSENTIAL, "store": "STORE_NAME"}
del _OF_STORES["status"]
# Headings of the portal's export, of a head office's, of those of about 2009 to 2013, and of tables made from its PDF.
_NAMES = {
    "receiptno": "receipt", "receipt": "receipt", "receiptnumber": "receipt",
    "completiontime": "completed", "completion": "completed", "completiondate": "completed", "date": "completed",
    "starttimestamp": "completed",
    "transactionstatus": "status", "status": "status",
    "paidin": "paid_in", "withdrawn": "withdrawn", "paidout": "withdrawn",
    "creditamount": "paid_in", "debitamount": "withdrawn",
    "balance": "balance",
    "reasontype": "reason", "transactiontype": "reason",
    "details": "details", "transactiondetails": "details",
    "otherpartyinfo": "party", "otherparty": "party", "transactionpartydetails": "party",
    "linkedtransactionid": "linked",
    "acno": "account", "accountno": "account", "accountnumber": "account",
    "currency": "currency", "currencycode": "currency", "ccy": "currency",
    "storename": "store",
}
# Used where no column has the portal's own name.
_OTHERWISE = {"oppositeparty": "party", "oppositepartyinfo": "party", "partyinfo": "party"}
_IN_SHILLINGS = re.compile(r"(paidin|paidout|withdrawn|balance)(?:inkes|kes|kshs?)")
_NOT_A_NAME = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Table:
    """A table found: the rows above it, its own first line, and each field's column.

    ``line`` is the last line of the headings, counted from 1. A field without a column is not in ``columns``.
    """

    above: tuple[tuple[str, ...], ...]
    headings: tuple[str, ...]
    line: int
    columns: dict[str, int]


def normal(cell: str) -> str:
    """``Receipt No.`` → ``receiptno``: case, spaces and stops don't matter."""
    return _NOT_A_NAME.sub("", cell).casefold()


def find_table(rows: Iterable[tuple[int, Sequence[str]]]) -> Table | None:
    """The table in these rows (each with the line it ends on), or None where no heading is near the top.

    Raises InvalidInput (statement-no-header) for headings that lack an essential column or have one twice.
    """
    above: list[tuple[str, ...]] = []
    for line, cells in rows:
        names = _names(cells)
        if "receipt" in names and len(set(names) - {""}) >= 3:
            _check(names, line)
            columns = {name: index for index, name in enumerate(names) if name}
            return Table(tuple(above), tuple(cells), line, columns)
        if any(cell.strip() for cell in cells):
            above.append(tuple(cells))
        if len(above) > SEARCHED_ROWS:
            break
    return None


def _names(cells: Sequence[str]) -> list[str]:
    spelt = [_IN_SHILLINGS.sub(r"\1", normal(cell)) for cell in cells]
    names = [_NAMES.get(name, "") for name in spelt]
    return [name or (other if (other := _OTHERWISE.get(each, "")) not in names else "")
            for name, each in zip(names, spelt, strict=True)]


def csv_table(lines: Iterable[str]) -> tuple[Table, str]:
    """The table at the beginning of a CSV file, and its delimiter: the one that shows the most known columns.

    Raises InvalidInput (statement-no-header).
    """
    text = list(lines)
    found: list[tuple[Table, str]] = []
    refused = no_header(
        f"No table was found in the first {SEARCHED_ROWS} lines: none of them has the heading Receipt No."
    )
    for delimiter in DELIMITERS:
        try:
            table = find_table(_rows(text, delimiter))
        except type(refused) as wrong:
            refused = wrong
            continue
        if table is not None:
            found.append((table, delimiter))
    if not found:
        raise refused
    return max(found, key=lambda each: len(each[0].columns))


def _rows(lines: list[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        try:
            cells = next(reader)
        except (StopIteration, csv.Error):
            return
        yield reader.line_num, plain(cells)


def _check(names: list[str], line: int) -> None:
    essential = _OF_STORES if "store" in names and "status" not in names else ESSENTIAL
    missing = [words for name, words in essential.items() if name not in names]
    if missing:
        raise no_header(f"The table's headings on line {line} lack {_listed(missing)}.")
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise no_header(f"The table's headings on line {line} have a column twice: {_listed(twice)}.")


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
