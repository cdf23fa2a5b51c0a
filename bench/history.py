"""The history of a million payments: a look at the newest, and all of them as CSV.

    python bench/history.py [--payments 1000000] [--rounds 20] [--keep FOLDER]

The payments are written straight into the projections, which are all that `history` reads; the journal of
this ledger is empty, so `audit verify` would find it wanting. Ids are random and phones repeat, as in a shop.
A look is measured in multiples of a bare Python, in turn with the same look at an empty ledger; the long
reads as rows per second of the whole process, with the most memory it held.
"""

import argparse
import contextlib
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from timing import YARDSTICK, Command, compiled, machine, mpesa, print_ratios, seconds, yardstick

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.runtime import Runtime

FULL, EMPTY = "mpesa history, full ledger", "mpesa history, empty ledger"
TARGETS = {FULL: 8.0}
SECOND_US = 1_000_000
APART_US = 30 * SECOND_US  # 2,880 payments a day
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PAYMENTS_SQL = (
    "INSERT INTO payments (payment_id, order_id, order_key, profile, shortcode, amount_cents, msisdn, "
    "account_reference, description, created_us, status, receipt, paid_us, received_cents, state, result_code, "
    "result_desc, requested_us) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
)
ATTEMPTS_SQL = (
    "INSERT INTO attempts (payment_id, number, channel, msisdn, amount_cents, created_us, state, receipt, receipts, "
    "paid_cents, result_code, result_desc, source, checkout_request_id, merchant_request_id, requested_us, settled_us, "
    "paid_us) VALUES (?,1,'stk',?,?,?,?,?,?,?,?,?,'callback',?,?,?,?,?)"
)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--payments", type=int, default=1_000_000)
    arguments.add_argument("--rounds", type=int, default=20)
    arguments.add_argument("--keep", type=Path, help="where the ledger is made, or found from an earlier run")
    asked = arguments.parse_args()
    with compiled() as environ, tempfile.TemporaryDirectory() as scratch:
        full, empty = (asked.keep or Path(scratch)).absolute() / "full", Path(scratch) / "empty"
        began = time.perf_counter()
        written = fill(full, asked.payments)
        fill(empty, 0)
        print(f"{machine()}; {asked.rounds} rounds; sqlite {sqlite3.sqlite_version}")
        print(f"{written:,} payments written in {time.perf_counter() - began:.0f} s\n")
        looks(environ, full, empty, asked.rounds)
        long_reads(environ, full, empty, written)


def looks(environ: dict[str, str], full: Path, empty: Path, rounds: int) -> None:
    """What a person waits for, on both ledgers in turn."""

    def look(home: Path, *options: str) -> Command:
        return mpesa("history", *options, environ={"MPESA_HOME": str(home)})

    commands = {
        YARDSTICK: yardstick(),
        EMPTY: look(empty),
        FULL: look(full),
        "… --since 3650d --status failed": look(full, "--since", "3650d", "--status", "failed"),
        "… --phone": look(full, "--phone", "254700012345"),
        "… --order": look(full, "--order", "4242"),
        "… --json": look(full, "--json"),
    }
    taken = seconds(commands, rounds, environ)
    print_ratios(taken, TARGETS)
    for name, of in (("least", min), ("median", statistics.median)):
        print(f"full / empty, {name}: {of(taken[FULL]) / of(taken[EMPTY]):.2f}  target ≤ 1.2")


def long_reads(environ: dict[str, str], full: Path, empty: Path, payments: int) -> None:
    """Everything at once: rows per second of the whole process, and the most memory it held."""
    print(f"\n{'':<44} {'s':>7} {'rows/s':>9} {'MB':>5}  target")
    for options, target in [
        (["--format", "csv"], "≥ 150,000 rows/s, ≤ 100 MB"),
        (["--format", "csv", "--fields", "created_at,order_id,status,amount,receipt"], ""),
        ([], ""),
        (["--summary"], ""),
    ]:
        runs = [measured(["history", "--limit", "all", *options], {**environ, "MPESA_HOME": str(full)}) for _ in "123"]
        took_s, most_mb = min(took for took, _ in runs), max(mb for _, mb in runs)
        words = " ".join(["history --limit all", *options])
        print(f"{words[:44]:<44} {took_s:7.2f} {payments / took_s:9,.0f} {most_mb:5.0f}  {target}")
    _, empty_mb = measured(["history", "--limit", "all", "--format", "csv"], {**environ, "MPESA_HOME": str(empty)})
    print(f"{'the same on an empty ledger, memory alone':<44} {'':7} {'':9} {empty_mb:5.0f}")


def measured(argv: list[str], environ: dict[str, str]) -> tuple[float, float]:
    """Seconds of one whole process, and its most resident memory in MB. Its output goes nowhere."""
    start = "from mpesa_cli.start import entry_point; entry_point()"
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", start, *argv], env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{argv} exited {process.returncode}")
    return time.perf_counter() - began, usage.ru_maxrss / 1024


def fill(home: Path, payments: int) -> int:
    """A ledger with so many payments on this home; the one that is there, where there is one."""
    path = Runtime(environ={"MPESA_HOME": str(home)}).profile().ledger
    Ledger(path, environment="simulator", token_hex=lambda count: os.urandom(count).hex()).close()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        there = int(connection.execute("SELECT count(*) FROM payments").fetchone()[0])
        if there or not payments:
            return there
        connection.execute("PRAGMA synchronous=OFF")  # only this bench loses anything
        indexes = connection.execute("SELECT name, sql FROM sqlite_master WHERE type='index' AND sql <> ''").fetchall()
        connection.execute("BEGIN")
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        rows = made(payments)
        while batch := list(islice(rows, 10_000)):
            connection.executemany(PAYMENTS_SQL, [payment for payment, _ in batch])
            connection.executemany(ATTEMPTS_SQL, [attempt for _, attempt in batch])
        for _, sql in indexes:
            connection.execute(sql)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return payments


def made(count: int) -> Iterator[tuple[tuple[object, ...], tuple[object, ...]]]:
    """Rows of payments with one attempt each, oldest first: four of five paid, the others cancelled."""
    chance = random.Random(20261124)
    first_us = time.time_ns() // 1_000 - count * APART_US
    for n in range(count):
        payment_id = "PAY-" + "".join(chance.choices(LETTERS, k=10))
        receipt = "U" + "".join(chance.choices(LETTERS, k=9))
        paid = chance.random() < 0.8
        amount, msisdn = chance.randrange(1, 3_000) * 100, f"2547000{n * 7919 % 100_000:05d}"
        at_us = first_us + n * APART_US + chance.randrange(APART_US)
        paid_us = at_us + 12 * SECOND_US if paid else None
        state, code, text = ("paid", "0", None) if paid else ("failed", "1032", "Request cancelled by user")
        shown = receipt if paid else None
        received = amount if paid else 0
        yield (
            (payment_id, str(n), str(n), "simulator", "174379", amount, msisdn, str(n), "Payment", at_us, state, shown,
             paid_us, received, state, code, text, at_us),
            (payment_id, msisdn, amount, at_us, state, shown, shown or "", received, code, text, f"ws_CO_{n:020d}",
             f"m-{n}", at_us, at_us + 13 * SECOND_US, paid_us),
        )


if __name__ == "__main__":
    main()
