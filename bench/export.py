"""The office's files of a million payments: seconds, rows per second and the most memory that each form took.

    python bench/export.py [--payments 1000000] [--forms xlsx csv db] [--keep FOLDER]

The ledger is the one of bench/history.py. A workbook is read back, and its sheets and rows are counted.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from history import fill
from timing import compiled, machine

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--payments", type=int, default=1_000_000)
    arguments.add_argument("--forms", nargs="+", default=["csv", "db", "xlsx"])
    arguments.add_argument("--keep", type=Path, help="where the ledger is made, or found from an earlier run")
    asked = arguments.parse_args()
    with compiled() as environ, tempfile.TemporaryDirectory() as scratch:
        home = (asked.keep or Path(scratch)).absolute() / "full"
        written = fill(home, asked.payments)
        print(f"{machine()}; {written:,} payments")
        for form in asked.forms:
            target = Path(scratch) / f"all.{form}"
            measured(form, written, target, {**environ, "MPESA_HOME": str(home)})


def measured(form: str, payments: int, target: Path, environ: dict[str, str]) -> None:
    began = time.perf_counter()
    ran = subprocess.Popen(
        [sys.executable, "-m", "mpesa_cli", "export", str(target), "-q"], env=environ, stdout=subprocess.PIPE
    )
    with ran:
        assert ran.stdout is not None
        ran.stdout.read()
        _, status, used = os.wait4(ran.pid, 0)
        ran.returncode = status
    took = time.perf_counter() - began
    assert status == 0, status
    size = sum(each.stat().st_size for each in target.parent.glob(f"{target.stem}*{target.suffix}"))
    print(
        f"{form:>5}  {took:7.1f} s  {payments / took:9,.0f} payments/s  {used.ru_maxrss / 1024:6,.0f} MB memory  "
        f"{size / 1e6:6,.0f} MB file{sheets(target) if form == 'xlsx' else ''}", flush=True,
    )


def sheets(target: Path) -> str:
    """The sheets of a workbook, by the names in it; the rows are counted by the lines of the sheets' XML."""
    import zipfile

    with zipfile.ZipFile(target) as book:
        names = [name for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
        rows = 0
        for name in names:
            with book.open(name) as sheet:
                while part := sheet.read(1 << 24):
                    rows += part.count(b"<row ")
    return f"  {len(names)} sheets, about {rows:,} rows"


if __name__ == "__main__":
    main()
