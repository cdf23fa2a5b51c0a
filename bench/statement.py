"""A statement of a million rows through the reader, beside a bare csv.reader; and damaged files, many of them.

    python bench/statement.py [--rows 1000000]
    python bench/statement.py damage [--files 1000000] [--seed 1]

The first writes a file with the portal's columns, reads it, and prints rows per second, memory, and the ratio
to csv.reader alone, in the processor's own time. Exits 1 where memory passes 100 MB. The second reads files
with one to four kinds of damage: rows, problems or a refusal may come of them, and nothing else.
"""

import argparse
import csv
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

from timing import machine

from mpesa_cli.books.statements.statement import open_statement
from mpesa_cli.floor.errors import MpesaError

TESTS = Path(__file__).parents[1] / "tests" / "books" / "statements"
MEMORY_MAX_MB = 100
EAT = timezone(timedelta(hours=3))
HEADINGS = (
    "Receipt No.", "Completion Time", "Initiation Time", "Details", "Transaction Status", "Paid In", "Withdrawn",
    "Balance", "Balance Confirmed", "Reason Type", "Other Party Info", "Linked Transaction ID", "A/C No.",
)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("what", nargs="?", choices=["speed", "damage"], default="speed")
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--files", type=int, default=1_000_000)
    arguments.add_argument("--seed", type=int, default=1)
    wanted = arguments.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "statement.csv"
        if wanted.what == "speed":
            speed(path, wanted.rows, random.Random(wanted.seed))
        else:
            damage(path, wanted.files, random.Random(wanted.seed))


def speed(path: Path, rows: int, chance: random.Random) -> None:
    """Write the file, read it twice each way, in turn, and print the better of each."""
    write(path, rows, chance)
    print(f"{rows:,} rows, {path.stat().st_size >> 20} MiB")
    bare_s, ours_s = [], []
    for _ in range(2):
        bare_s.append(seconds(lambda: bare(path)))
        ours_s.append(seconds(lambda: ours(path, rows)))
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    for name, least_s in (("csv.reader alone", min(bare_s)), ("open and read all", min(ours_s))):
        print(f"{name:<18} {least_s:6.2f} s  {rows / least_s:9,.0f} rows/s  {least_s / min(bare_s):.1f} ×")
    print(f"memory, at most    {memory_mb} MB (target {MEMORY_MAX_MB} MB)")
    if memory_mb > MEMORY_MAX_MB:
        raise SystemExit(1)


def write(path: Path, rows: int, chance: random.Random) -> None:
    """Payments of a busy paybill, newest first, every third with its charge; amounts as shops have them."""
    signs = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    moment, balance, charged, written = datetime(2026, 11, 24, 23, 59, 59, tzinfo=EAT), 10**13, 0, 0
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerows([["Organization Name", "DUKA TEST"], ["Short Code", "600984"], [], HEADINGS])
        while written < rows:
            cents = int(chance.lognormvariate(6.5, 1.2) // 10 * 10 + 10) * 100
            receipt = "UKO" + "".join(chance.choices(signs, k=7))
            when = moment.strftime("%d-%m-%Y %H:%M:%S")
            moment -= timedelta(seconds=chance.randint(0, 4))
            party = f"2547****{written % 10_000:04d} - JANE DOE"
            details = f"Pay Bill from {party} Acc. INV-{written}"
            lines.writerow([
                receipt, when, when, details, "Completed", f"{cents / 100:,.2f}", "", f"{balance / 100:,.2f}", "true",
                "Pay Bill Online", party, "", f"INV-{written}",
            ])
            balance -= cents
            written += 1
            if written % 3 == 0 and written < rows:
                charged -= 275
                lines.writerow([
                    receipt, when, when, "Pay Bill Charge", "Completed", "", "-2.75", f"{charged / 100:,.2f}", "true",
                    "Pay Bill Charge", "600984 - DUKA TEST", "", "",
                ])
                written += 1


def seconds(work: Callable[[], None]) -> float:
    """Seconds of the processor: other work on the machine doesn't count."""
    began = time.process_time()
    work()
    return time.process_time() - began


def bare(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        for _ in csv.reader(file):
            pass


def ours(path: Path, rows: int) -> None:
    with open_statement(path) as statement:
        read = sum(1 for _ in statement.rows())
        if read != rows or statement.problem_count or statement.unchecked:
            raise SystemExit(f"{read} rows, {statement.problems[:3]}, {statement.unchecked}")


def damage(path: Path, files: int, chance: random.Random) -> None:
    """Read damaged files until there were enough."""
    sys.path.insert(0, str(TESTS))
    from damage import damaged

    originals = [each.read_bytes() for each in sorted((TESTS / "files").glob("*.csv"))]
    outcomes: Counter[str] = Counter()
    began = time.perf_counter()
    for _ in range(files):
        path.write_bytes(damaged(chance.choice(originals), chance))
        try:
            with open_statement(path) as statement:
                rows = sum(1 for _ in statement.rows())
            outcomes["rows and problems" if statement.problem_count else "rows" if rows else "nothing"] += 1
        except MpesaError as refused:
            outcomes[refused.code] += 1
    print(f"{files:,} damaged files in {time.perf_counter() - began:.0f} s, nothing escaped:")
    for outcome, count in outcomes.most_common():
        print(f"  {count:9,}  {outcome}")


if __name__ == "__main__":
    main()
