"""The layouts that the files in ``files/`` have. Run this module to write them again."""

from dataclasses import replace
from datetime import datetime

from shop_day import ABOVE, ASIDE, DAY, FILES
from statement_files import EAT, OLD, TODAY, Layout, csv_file, table_of, typed, with_shared_texts, workbook

SHORT = ABOVE[:3]
PORTAL = Layout(above=ABOVE)
REORDERED = ("A/C No.", "Paid In", "Withdrawn", "Balance", "Transaction Status", "Receipt No.", "Details", "Note",
             "Completion Time", "Other Party Info", "Linked Transaction ID", "Reason Type")
LAYOUTS: dict[str, Layout] = {
    "portal.csv": PORTAL,
    "no-heading.csv": Layout(),
    "one-heading-line.csv": Layout(above=(("Short Code", "600984"),)),
    "two-heading-lines.csv": Layout(above=(("Organisation Name: DUKA TEST",), ("Paybill: 600984",))),
    "three-heading-lines.csv": Layout(above=(*SHORT[:2], ("Time Period", *SHORT[2][1].split(" - ")))),
    "four-heading-lines.csv": Layout(above=(*SHORT, ())),
    "five-heading-lines.csv": Layout(above=(("Organization Statement",), *SHORT, ())),
    "iso-dates.csv": replace(PORTAL, dates="%Y-%m-%d %H:%M:%S"),
    "excel-dates.csv": replace(PORTAL, dates="%d-%m-%Y %H:%M"),
    "slashes.csv": replace(PORTAL, dates="%d/%m/%Y %H:%M:%S"),
    "slashes-no-seconds.csv": replace(PORTAL, dates="%d/%m/%Y %H:%M"),
    "month-first.csv": replace(PORTAL, dates="%m/%d/%Y %H:%M:%S"),
    "am-pm.csv": replace(PORTAL, dates="%m/%d/%Y %I:%M:%S %p"),
    "withdrawn-positive.csv": replace(PORTAL, withdrawn_sign=""),
    "no-thousands.csv": replace(PORTAL, thousands=""),
    "oldest-first.csv": replace(PORTAL, newest_first=False),
    "totals-row.csv": replace(PORTAL, totals=True),
    "bom.csv": replace(PORTAL, encoding="utf-8-sig"),
    "cp1252.csv": replace(PORTAL, encoding="cp1252", name="JOSÉ “PEPE” DOE"),
    "utf-16.csv": replace(PORTAL, encoding="utf-16"),
    "semicolons.csv": replace(PORTAL, delimiter=";"),
    "tabs.csv": replace(PORTAL, delimiter="\t"),
    "unix-lines.csv": replace(PORTAL, line_end="\n"),
    "old-mac-lines.csv": replace(PORTAL, line_end="\r"),
    "quoted-newlines.csv": replace(PORTAL, quote_all=True, name="JANE\nDOE"),
    "columns-reordered.csv": replace(PORTAL, columns=REORDERED),
    "other-spelling.csv": replace(PORTAL, spelling={
        "Receipt No.": "RECEIPT NO", "Completion Time": "completion  time", "Paid In": "Paid in ", "A/C No.": "A/C no",
        "Transaction Status": "TRANSACTION STATUS", "Linked Transaction ID": "Linked Transaction Id",
    }),
    "mifos-2013.csv": Layout(columns=OLD),
}
# What a layout can't say: seconds, or columns that it does not have.
NO_SECONDS = {"excel-dates.csv", "slashes-no-seconds.csv"}
NO_LINKED = {"mifos-2013.csv"}


def aside(layout: Layout) -> list[dict[str, str]]:
    """The rows that never moved, at three in the afternoon."""
    when = datetime(2026, 11, 24, 15, tzinfo=EAT).strftime(layout.dates)
    return [{**row, "time": when} for row in ASIDE]


def write_all() -> None:
    """Write every file again."""
    for name, layout in LAYOUTS.items():
        (FILES / name).write_bytes(csv_file(DAY, layout, aside(layout)))
    table = typed(table_of(DAY, PORTAL, aside(PORTAL)), PORTAL)
    (FILES / "excel.xlsx").write_bytes(workbook(table))
    (FILES / "excel-shared-texts.xlsx").write_bytes(with_shared_texts(workbook(table)))
    (FILES / "excel-texts.xlsx").write_bytes(workbook(table_of(DAY, PORTAL, aside(PORTAL))))
    numbers = [[*line[:-1], int(line[-1]) if line[-1] == "007" else line[-1]] if len(line) == len(TODAY) else line
               for line in table]
    (FILES / "account-as-number.xlsx").write_bytes(workbook(numbers))


if __name__ == "__main__":
    write_all()
