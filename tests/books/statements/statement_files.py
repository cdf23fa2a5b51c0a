"""Writes statements in every layout that exports and spreadsheets make of them, from rows whose meaning is known."""

import csv
import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

from openpyxl import Workbook

from mpesa_cli.rules.statement_row import StatementRow

EAT = timezone(timedelta(hours=3))
TODAY = (
    "Receipt No.", "Completion Time", "Initiation Time", "Details", "Transaction Status", "Paid In", "Withdrawn",
    "Balance", "Balance Confirmed", "Reason Type", "Other Party Info", "Linked Transaction ID", "A/C No.",
)
OLD = (
    "Receipt", "Date", "Details", "Status", "Withdrawn", "Paid In", "Balance", "Balance Confirmed", "Transaction Type",
    "Other Party Info",
)
FIELDS = {
    "Receipt No.": "receipt", "Receipt": "receipt", "Completion Time": "time", "Date": "time",
    "Initiation Time": "time", "Details": "details", "Transaction Status": "status", "Status": "status",
    "Paid In": "paid_in", "Withdrawn": "withdrawn", "Balance": "balance", "Balance Confirmed": "confirmed",
    "Reason Type": "reason", "Transaction Type": "reason", "Other Party Info": "party",
    "Linked Transaction ID": "linked", "A/C No.": "account",
}
REASONS = {"received": "Pay Bill Online", "charge": "Pay Bill Charge", "reversal": "Pay Bill Reversal",
           "other": "Organization Settlement Account to Bank"}


_INLINE = r'<c r="(\w+)" t="inlineStr"><is><t>(.*?)</t></is></c>'


@dataclass(frozen=True)
class Layout:
    """How a file is written. ``widths`` of dates, signs and so on; the meaning of the rows stays the same."""

    columns: tuple[str, ...] = TODAY
    spelling: dict[str, str] = field(default_factory=dict)  # another way to write a heading
    delimiter: str = ","
    encoding: str = "utf-8"
    line_end: str = "\r\n"
    dates: str = "%d-%m-%Y %H:%M:%S"
    newest_first: bool = True
    withdrawn_sign: str = "-"
    thousands: str = ","
    above: tuple[tuple[str, ...], ...] = ()
    totals: bool = False
    quote_all: bool = False
    name: str = "JANE DOE"


def cells_of(row: StatementRow, layout: Layout) -> dict[str, str]:
    """One row's texts by field."""
    when = datetime.fromtimestamp(row.completed_us // 1_000_000, UTC).astimezone(EAT).strftime(layout.dates)
    amount = money(abs(row.amount_cents), layout)
    party = f"{row.party} - {layout.name}" if row.party else ""
    words = {"received": "Pay Bill from ", "charge": "Pay Bill Charge", "reversal": "Pay Bill Reversal to "}
    details = words.get(row.kind, "Settlement to bank") + (party if row.kind in {"received", "reversal"} else "")
    if row.account and row.kind == "received":
        details += f" Acc. {row.account}"
    return {
        "receipt": row.receipt, "time": when, "details": details, "status": "Completed",
        "paid_in": amount if row.amount_cents > 0 else "",
        "withdrawn": layout.withdrawn_sign + amount if row.amount_cents < 0 else "",
        "balance": "" if row.balance_cents is None else money(row.balance_cents, layout), "confirmed": "true",
        "reason": REASONS[row.kind], "party": party, "linked": row.linked, "account": row.account,
    }


def money(cents: int, layout: Layout) -> str:
    """``-1,053.00`` as the layout writes it."""
    text = f"{abs(cents) // 100:,}.{abs(cents) % 100:02d}".replace(",", layout.thousands)
    return f"-{text}" if cents < 0 else text


def table_of(rows: Sequence[StatementRow], layout: Layout, also: Sequence[dict[str, str]] = ()) -> list[list[str]]:
    """Heading lines, headings, rows (given newest first), the rows of ``also`` among them, and totals."""
    texts = [cells_of(row, layout) for row in rows]
    texts[1:1] = also
    if not layout.newest_first:
        texts.reverse()
    table = [list(line) for line in layout.above]
    table.append([layout.spelling.get(name, name) for name in layout.columns])
    table += [[text.get(FIELDS.get(name, ""), "") for name in layout.columns] for text in texts]
    if layout.totals:
        came = money(sum(r.amount_cents for r in rows if r.amount_cents > 0), layout)
        went = money(-sum(r.amount_cents for r in rows if r.amount_cents < 0), layout)
        sums = {"Paid In": came, "Withdrawn": layout.withdrawn_sign + went}
        table.append(["Total" if name == "Details" else sums.get(name, "") for name in layout.columns])
    return table


def csv_file(rows: Sequence[StatementRow], layout: Layout, also: Sequence[dict[str, str]] = ()) -> bytes:
    """The statement as the bytes of a CSV file."""
    text = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if layout.quote_all else csv.QUOTE_MINIMAL
    writer = csv.writer(text, delimiter=layout.delimiter, lineterminator=layout.line_end, quoting=quoting)
    writer.writerows(table_of(rows, layout, also))
    return text.getvalue().encode(layout.encoding)


def workbook(table: Sequence[Sequence[object]]) -> bytes:
    """The cells as the bytes of an XLSX file: numbers and dates stay what they are."""
    book = Workbook()
    for line in table:
        book.active.append([None if cell == "" else cell for cell in line])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def with_shared_texts(data: bytes) -> bytes:
    """A workbook as Excel itself writes it: cells name their texts by number, in a table apart."""
    texts: list[str] = []

    def shared(cell: re.Match[str]) -> str:
        texts.append(cell[2])
        return f'<c r="{cell[1]}" t="s"><v>{len(texts) - 1}</v></c>'

    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        parts = {member.filename: before.read(member).decode() for member in before.infolist()}
        sheet = "xl/worksheets/sheet1.xml"
        parts[sheet] = re.sub(_INLINE, shared, parts[sheet], flags=re.DOTALL)
        items = "".join(f"<si><t>{text}</t></si>" for text in texts)
        main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        parts["xl/sharedStrings.xml"] = f'<sst xmlns="{main}" count="{len(texts)}">{items}</sst>'
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
        override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
        parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace("</Types>", override)
        for name, text in parts.items():
            after.writestr(name, text)
    assert texts
    return out.getvalue()


def typed(table: Sequence[Sequence[str]], layout: Layout) -> list[list[object]]:
    """The table as a spreadsheet holds it that knows dates and numbers."""
    top = next(at for at, line in enumerate(table) if layout.columns[0] in line)
    typed_rows: list[list[object]] = [list(line) for line in table[: top + 1]]
    for line in table[top + 1 :]:
        cells: list[object] = []
        for name, cell in zip(layout.columns, line, strict=True):
            kind = FIELDS.get(name, "")
            if cell and kind == "time":
                cells.append(datetime.strptime(cell, layout.dates))  # noqa: DTZ007 - cells of a sheet have no zone
            elif cell and kind in {"paid_in", "withdrawn", "balance"}:
                cells.append(float(cell.replace(",", "")))
            else:
                cells.append(cell)
        typed_rows.append(cells)
    return typed_rows
