"""A statement of a million rows against a ledger of a million payments: `mpesa reconcile --statement`, twice.

    python bench/reconcile.py [--payments 1000000] [--keep FOLDER]
    python bench/reconcile.py --unmatched 500000

The ledger is that of bench/history.py: four of five payments are paid. The statement has a row for each of them and a
charge for every fourth, newest first, as the portal writes it, and differences of every common kind are planted. It is
compared with a bare pass of Python's csv over the same file, in the same run. The second run must report the
same differences and write nothing.

With --unmatched the ledger is empty and every row is a difference: what that costs in memory, in each way of looking.
"""

import argparse
import contextlib
import csv
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from history import fill
from timing import compiled, machine

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from mpesa_cli.runtime import Runtime
from mpesa_cli.simulator.statement import HEADINGS

PLANTED = 100
"""So many differences of each kind."""
EAT = timedelta(hours=3)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--payments", type=int, default=1_000_000)
    arguments.add_argument("--keep", type=Path, help="where the ledger and the file are made, or found")
    arguments.add_argument("--unmatched", type=int, default=0, help="only a statement of so many rows of nobody")
    asked = arguments.parse_args()
    if asked.unmatched:
        unmatched(asked.unmatched)
        return
    with compiled() as environ, tempfile.TemporaryDirectory() as scratch:
        home = (asked.keep or Path(scratch)).absolute() / "reconcile"
        fill(home, asked.payments)
        ledger = Runtime(environ={"MPESA_HOME": str(home)}).profile().ledger
        file = home / "statement.csv"
        rows = write_statement(ledger, file)
        bare_s = min(bare_pass(file) for _ in range(3))
        print(f"{machine()}; sqlite {sqlite3.sqlite_version}; {rows:,} rows, {file.stat().st_size >> 20} MB")
        print(f"{'a bare csv pass':<24} {bare_s:7.2f} s")
        first = measured(home, file, environ, bare_s, "the first run", "≤ 30 s, ≤ 400 MB")
        head = journal_head(ledger)
        second = measured(home, file, environ, bare_s, "the second run", "changes nothing")
        kinds = Counter(each["kind"] for each in first)
        print(dict(kinds))
        if first != second or journal_head(ledger) != head:
            raise SystemExit("the second run is not the first again")
        if set(kinds.values()) != {PLANTED}:
            raise SystemExit(f"planted were {PLANTED} of each kind")


def unmatched(count: int) -> None:
    """Every row of a statement is a difference. Prints what each way of looking at them takes."""
    with compiled() as environ, tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "home"
        home.mkdir()
        file = home / "statement.csv"
        start_us = int(datetime(2026, 11, 24, tzinfo=UTC).timestamp()) * 1_000_000 - 3 * 3_600_000_000
        with file.open("w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out)
            writer.writerows([["Short Code", "174379"], [], HEADINGS])
            for n in reversed(range(count)):
                when = wall(start_us + n * 80_000)
                writer.writerow([f"UKO{n:07d}", when, when, "Pay Bill", "Completed", f"{20 + n % 900}.00", "", "",
                                 "true", "Pay Bill Online", f"2547****{n % 10_000:04d} - CUSTOMER", "",
                                 f"gate {n}"])
        print(f"{machine()}; {count:,} rows that are nobody's, {file.stat().st_size >> 20} MB")
        for name, argv in (
            ("the first run", ("--statement", str(file))),
            ("the same file again", ("--statement", str(file))),
            ("--json with the file", ("--statement", str(file), "--json")),
            ("without a file", ()),
            ("the same, quiet", ("-q",)),
            ("--open", ("--open",)),
            ("--report", ("--statement", str(file), "--report", str(home / "report.html"))),
            ("--accept missing_in_ledger", ("--accept", "missing_in_ledger", "--by", "A", "--reason", "a trial")),
        ):
            taken = process(home, environ, ("reconcile", *argv), subprocess.DEVNULL)
            print(f"{name:<28} {taken.took_s:7.2f} s  {taken.busy_s:7.2f} s of processor  {taken.most_mb:5} MB  "
                  f"status {taken.status}")


@dataclass(frozen=True, slots=True)
class Taken:
    """What a whole process took: seconds, seconds of processor, most resident memory; and its exit status."""

    took_s: float
    busy_s: float
    most_mb: int
    status: int


def process(home: Path, environ: dict[str, str], argv: tuple[str, ...], stdout: Any) -> Taken:
    """Run ``mpesa`` in a process of its own."""
    start = "from mpesa_cli.start import entry_point; entry_point()"
    began = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-c", start, *argv], env={**environ, "MPESA_HOME": str(home)}, stdout=stdout
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    took_s = time.perf_counter() - began
    return Taken(took_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss >> 10, child.returncode)


def measured(
    home: Path, file: Path, environ: dict[str, str], bare_s: float, name: str, target: str
) -> list[dict[str, object]]:
    """One whole process: its seconds and most resident memory, printed. Returns the breaks it reported."""
    with tempfile.TemporaryFile() as said:
        taken = process(home, environ, ("reconcile", "--statement", str(file), "--json"), said)
        said.seek(0)
        document = json.load(said)
    print(
        f"{name:<24} {taken.took_s:7.2f} s  {taken.took_s / bare_s:6.1f} × bare csv  {taken.busy_s:6.2f} s of "
        f"processor  {taken.most_mb:5} MB  {target}"
    )
    if taken.status != 7:
        raise SystemExit(f"exited {taken.status}: {document}")
    found: list[dict[str, object]] = document["breaks"]
    return [{key: value for key, value in each.items() if key != "age_days"} for each in found]


def write_statement(ledger: Path, file: Path) -> int:
    """The statement of the ledger's paid payments, newest first, with PLANTED differences of each kind."""
    with contextlib.closing(sqlite3.connect(ledger, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        # bench/history.py makes receipts of chance alone; M-Pesa's begin with the day (docs/develop/daraja.md 10.1).
        connection.create_function("dated", 2, dated, deterministic=True)
        for table in ("attempts", "payments"):
            connection.execute(f"UPDATE {table} SET receipt=dated(paid_us, receipt) WHERE receipt IS NOT NULL")
        connection.execute("UPDATE attempts SET receipts=receipt WHERE receipt IS NOT NULL")
        connection.execute(
            "INSERT INTO receipts SELECT receipt, payment_id, number FROM attempts WHERE receipt IS NOT NULL "
            "ON CONFLICT DO NOTHING"
        )
        paid = connection.execute(
            "SELECT receipt, paid_us, amount_cents, msisdn, payment_id FROM attempts "
            "WHERE state='paid' ORDER BY paid_us DESC"
        )
        first_us, last_us = connection.execute("SELECT min(paid_us), max(paid_us) FROM attempts").fetchone()
        with file.open("w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out)
            writer.writerow(["Short Code", "174379"])
            writer.writerow(["Statement Period", f"{wall(first_us - 3_600_000_000)} - {wall(last_us)}"])
            writer.writerow([])
            writer.writerow(HEADINGS)
            count = 0
            for row in lines(paid):
                writer.writerow(row)
                count += 1
        return count


def dated(paid_us: int, receipt: str) -> str:
    """The receipt with the day that it is of in its first three characters."""
    day = EPOCH + timedelta(microseconds=paid_us) + EAT
    year, month = chr(ord("L") + day.year - 2017), "ABCDEFGHIJKL"[day.month - 1]
    return f"{year}{month}{'0123456789ABCDEFGHIJKLMNOPQRSTUV'[day.day]}{receipt[3:]}"


def lines(paid: sqlite3.Cursor) -> Iterator[list[str]]:
    """The rows of the file."""
    for n, (receipt, paid_us, cents, msisdn, _) in enumerate(paid):
        kind = n // 1_000 % 1_000 if n % 1_000 == 500 else -1
        when, party = wall(paid_us), f"{msisdn[:4]}****{msisdn[-4:]} - CUSTOMER"
        if 0 <= kind < PLANTED:
            pass  # missing at M-PESA
        else:
            came = cents + 100 if PLANTED <= kind < 2 * PLANTED else cents
            yield [receipt, when, when, "Pay Bill", "Completed", f"{came / 100:,.2f}", "", "", "true",
                   "Pay Bill Online", party, "", str(n)]
        if 2 * PLANTED <= kind < 3 * PLANTED:
            yield [f"UZR{n:07d}", when, when, "Pay Bill Reversal", "Completed", "", f"-{cents / 100:.2f}", "", "true",
                   "Pay Bill Reversal", party, f"UZX{n:07d}", ""]
        if 3 * PLANTED <= kind < 4 * PLANTED:
            yield [f"UZM{n:07d}", when, when, "Pay Bill", "Completed", "77.00", "", "", "true", "Pay Bill Online",
                   party, "", "by the door"]
        if n % 4 == 0:
            yield [receipt, when, when, "Pay Bill Charge", "Completed", "", "-2.75", "", "true", "Pay Bill Charge",
                   "174379 - SHOP", "", ""]


def wall(at_us: int) -> str:
    """``24-11-2026 10:45:12`` in East Africa Time."""
    return (EPOCH + timedelta(microseconds=at_us) + EAT).strftime("%d-%m-%Y %H:%M:%S")


def bare_pass(file: Path) -> float:
    """Seconds that Python's csv alone needs for the file."""
    began = time.perf_counter()
    with file.open(newline="", encoding="utf-8") as text:
        for _ in csv.reader(text):
            pass
    return time.perf_counter() - began


def journal_head(ledger: Path) -> object:
    """The journal's last hash."""
    with contextlib.closing(sqlite3.connect(ledger)) as connection:
        return connection.execute("SELECT hash FROM journal ORDER BY seq DESC LIMIT 1").fetchone()


if __name__ == "__main__":
    main()
