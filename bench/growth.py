"""Every command on a ledger of a million payments with their journal, in turn with the same command on one of ten.

    python bench/growth.py [--payments 1000000] [--rounds 10] [--keep FOLDER] [--only WORDS] [--count]

``--count`` runs each command once on each ledger and counts SQLite's steps instead of milliseconds: a walk over a table
that grows shows in them on a machine that is not alone, too.

The ledgers are made through the program's own classes (big_ledger.py; some nine minutes and 4.5 kB a payment), end
thirty days ago. Commands that read everything are run twice and have no target. Memory is the most that a process held.
"""

import argparse
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from big_ledger import APART_US, SECOND_US, fill
from timing import compiled, machine

TARGET = 1.1
FEW = 10
QUIET_DAYS = 30
STATUS = ("status", "--no-refresh")
UNKNOWN = ("UKO4Q7WX2B", "no-such-order")
COMMANDS = (  # a push gets a fresh order and phone with every run; what is PENDING was pushed just before
    ("push", "FRESH-PHONE", "100", "--order", "FRESH", "--no-wait", "-q"),
    (*STATUS, "ORDER"), (*STATUS, "PAYMENT"), (*STATUS, "RECEIPT"), (*STATUS, "CHECKOUT"), (*STATUS, "PHONE"),
    *((*STATUS, unknown) for unknown in UNKNOWN), ("status",), ("status", "ORDER"),
    ("history",), ("history", "ORDER"), ("history", "--status", "failed"), ("history", "--order", "ORDER"),
    ("history", "--phone", "PHONE"), ("history", "--since", "7d"), ("history", "--summary", "--since", "7d"),
    ("log", "ORDER"), ("log", "RECEIPT"), ("receipt", "ORDER"),
    ("retry", "ORDER", "--no-wait"), ("retry", "--failed", "--since", "1h"),
    ("resolve", "PENDING", "failed", "--reason", "nothing on the statement", "--by", "Wanjiku", "--yes"),
    ("held",), ("reconcile",), ("reconcile", "--open"), ("doctor",), ("audit", "head"),
)
"""What a shop asks all day, with a payment named in every way."""
READING_EVERYTHING = (
    ("history", "--summary"), ("history", "--limit", "all", "--format", "csv"), ("erase", "0712345678", "--dry-run"),
    ("audit", "verify"), ("backup", "FILE"),
)
"""What must look at every payment, or at every one that it tells of, whatever helps."""
COUNTING = """
import atexit, itertools, sqlite3, sys
tens, plain = itertools.count(), sqlite3.connect
def counted(*args, **named):
    connection = plain(*args, **named)
    connection.set_progress_handler(lambda: next(tens) and None, 10)
    return connection
sqlite3.connect = counted
atexit.register(lambda: print("steps:", next(tens) * 10, file=sys.stderr))
"""
"""Said before a command: how many steps its questions took goes to stderr."""


@dataclass
class Measured:
    """The seconds and the most megabytes of one command on one ledger, and how it ended."""

    took_s: list[float] = field(default_factory=list)
    most_mb: float = 0.0
    status: int = 0


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--payments", type=int, default=1_000_000)
    arguments.add_argument("--rounds", type=int, default=10)
    arguments.add_argument("--keep", type=Path, help="where the ledger is made, or found from an earlier run")
    arguments.add_argument("--only", default="", help="only commands that hold these words")
    arguments.add_argument("--count", action="store_true", help="count SQLite's steps, once")
    asked = arguments.parse_args()
    if asked.count:
        asked.rounds = 0  # nothing to warm up
    with compiled() as environ, tempfile.TemporaryDirectory() as scratch:
        full, few = (asked.keep or Path(scratch)).absolute() / "full", Path(scratch) / "few"
        began = time.perf_counter()
        path = made(full, asked.payments)
        small = made(few, FEW)
        print(f"{machine()}; sqlite {sqlite3.sqlite_version}; {asked.rounds} rounds; {asked.payments:,} payments, "
              f"{path.stat().st_size >> 20:,} MB, made in {time.perf_counter() - began:.0f} s")
        homes = {"few": few, "full": full}
        for home in homes.values():
            run(["history", "-q"], environ, home)  # migrates where that is due
        unit = "k" if asked.count else "ms"
        print(f"{'':<34} {f'few {unit}':>8} {f'full {unit}':>8} {'ratio':>6} {'few MB':>7} {'full MB':>8} ends")
        refs = {"few": references(small), "full": references(path)}
        for argv in COMMANDS:
            if asked.only in " ".join(argv):
                show(argv, compared(argv, refs, environ, homes, asked.rounds, count=asked.count), least=True)
        for argv in READING_EVERYTHING:
            if asked.only in " ".join(argv):
                show(argv, compared(argv, refs, environ, homes, 1, count=asked.count), least=False)


def made(home: Path, payments: int) -> Path:
    """A ledger with so many payments, the last of them thirty days ago."""
    newest_us = time.time_ns() // 1_000 - QUIET_DAYS * 86_400 * SECOND_US
    return fill(home, payments, newest_us - payments * APART_US)


def references(path: Path) -> dict[str, str]:
    """Every way to name one paid payment of a ledger, in the middle of it."""
    with closing(sqlite3.connect(path)) as connection:
        order, payment_id, receipt, phone, checkout = connection.execute(
            "SELECT order_id, payment_id, p.receipt, p.msisdn, a.checkout_request_id FROM payments p "
            "JOIN attempts a USING (payment_id) WHERE p.status='paid' "
            "AND p.rowid > (SELECT max(rowid) FROM payments) / 2 "
            "ORDER BY p.rowid LIMIT 1"
        ).fetchone()
    return {"ORDER": order, "PAYMENT": payment_id, "RECEIPT": receipt, "PHONE": phone, "CHECKOUT": checkout}


def compared(
    argv: tuple[str, ...], refs: dict[str, dict[str, str]], environ: dict[str, str], homes: dict[str, Path],
    rounds: int, *, count: bool,
) -> dict[str, Measured]:
    """One command on both ledgers in turn. Raises SystemExit where it fails, or was not understood."""
    found = {name: Measured() for name in homes}
    for number in range(rounds + 1):
        for name, home in homes.items():
            copy = home / f"copy-{number}.db"
            meant = {**refs[name], "FILE": str(copy), **fresh()}
            if "PENDING" in argv:
                meant["PENDING"] = meant["FRESH"]
                run([meant.get(word, word) for word in COMMANDS[0]], environ, home)
            words = [meant.get(word, word) for word in argv]
            took_s, most_mb, status, said = run(words, environ, home, count=count)
            copy.unlink(missing_ok=True)
            one = found[name]
            one.most_mb, one.status = max(one.most_mb, most_mb), status
            if number or rounds <= 1:
                one.took_s.append(took_s)
            if status == 1 or (status == 2 and not set(UNKNOWN) & set(argv)) or "Traceback" in said:
                raise SystemExit(f"{words} on {name} exited {status}: {said}")
    return found


def fresh() -> dict[str, str]:
    """An order and a phone that no run had before."""
    now_ns = time.time_ns()
    return {"FRESH": f"g{now_ns % 10**11}", "FRESH-PHONE": f"25470{now_ns // 100_000 % 10_000_000:07}"}


def run(
    argv: list[str], environ: dict[str, str], home: Path, *, count: bool = False
) -> tuple[float, float, int, str]:
    """Seconds (``count``: millions of steps) and megabytes of one whole process, its exit status, and its stderr."""
    start = (COUNTING if count else "") + "from mpesa_cli.start import entry_point; entry_point()"
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", start, *argv], env={**environ, "MPESA_HOME": str(home)},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if found := re.search(r"^steps: (\d+)$", said, re.MULTILINE):
        return int(found[1]) / 1e6, usage.ru_maxrss / 1024, process.returncode, said
    return time.perf_counter() - began, usage.ru_maxrss / 1024, process.returncode, said


def show(argv: tuple[str, ...], found: dict[str, Measured], *, least: bool) -> None:
    """One line of the table."""
    few, full = found["few"], found["full"]
    one, other = min(few.took_s) * 1e3, min(full.took_s) * 1e3
    target = f"  ≤ {TARGET:g}" if least else ""
    words, ends = " ".join(argv)[:34], f"{few.status}" if few.status == full.status else f"{few.status}/{full.status}"
    memory = f"{few.most_mb:7.0f} {full.most_mb:8.0f}"
    print(f"{words:<34} {one:8.1f} {other:8.1f} {other / one:6.2f} {memory} {ends:>5}{target}", flush=True)


if __name__ == "__main__":
    main()
