"""`mpesa audit verify` on a journal of a million rows: the whole command, against reading the same rows.

    python bench/audit.py [--rows 1000000] [--rounds 3] [--keep FOLDER]

The ledger is a shop's: every payment has an intent, a prompt, Daraja's answer and a callback that says paid or
cancelled, with the callback's raw body; five rows of the journal each, chained as the program chains them. The
yardstick is one pass over the journal and its private side by sqlite3 alone, which does nothing with what it reads.
"""

import argparse
import contextlib
import hashlib
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from timing import compiled, machine

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from mpesa_cli.ledger.journal import GENESIS, canonical, private_digest, row_hash
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.state import AttemptState, Terms, attempt_view
from mpesa_cli.runtime import Runtime

ROWS_PER_PAYMENT = 5
SECOND_US = 1_000_000
APART_US = 30 * SECOND_US
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PASS_SQL = (
    "SELECT j.seq, j.at_us, j.kind, j.payment_id, j.attempt, j.facts, j.private_digest, j.previous, j.hash, p.key, "
    "p.facts FROM journal j LEFT JOIN journal_private p USING (seq) ORDER BY j.seq"
)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--keep", type=Path, help="where the ledger is made, or found from an earlier run")
    asked = arguments.parse_args()
    with compiled() as environ, tempfile.TemporaryDirectory() as scratch:
        home = (asked.keep or Path(scratch)).absolute()
        began = time.perf_counter()
        path = fill(home, asked.rows // ROWS_PER_PAYMENT)
        print(f"{machine()}; sqlite {sqlite3.sqlite_version}; {asked.rounds} rounds, the least of them")
        print(f"{asked.rows:,} rows, {path.stat().st_size >> 20} MB, made in {time.perf_counter() - began:.0f} s")
        bare_s, bare_cpu_s = min(bare_pass(path) for _ in range(asked.rounds))
        runs = [audited(environ, home, "verify", "--json") for _ in range(asked.rounds)]
        took_s, cpu_s = min(each.took_s for each in runs), min(each.cpu_s for each in runs)
        said, most_mb = json.loads(runs[0].printed), max(each.most_mb for each in runs)
        if not said["whole"] or said["rows"] < asked.rows:
            raise SystemExit(f"not whole: {said}")
        head = audited(environ, home, "head")
        print(f"{'':<36} {'s':>7} {'CPU s':>7}")
        print(f"{'reading all rows with sqlite3 alone':<36} {bare_s:7.2f} {bare_cpu_s:7.2f}")
        times = cpu_s / bare_cpu_s
        print(f"{'mpesa audit verify':<36} {took_s:7.2f} {cpu_s:7.2f}  {most_mb:.0f} MB, {times:.1f} x the CPU")
        print(f"{'mpesa audit head':<36} {head.took_s:7.2f} {head.cpu_s:7.2f}")


def bare_pass(path: Path) -> tuple[float, float]:
    """Seconds, by the clock and of the processor, to fetch every row once."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        began, worked = time.perf_counter(), time.process_time()
        for _ in connection.execute(PASS_SQL):
            pass
        return time.perf_counter() - began, time.process_time() - worked


@dataclass(frozen=True)
class Run:
    """One whole process: seconds by the clock and of the processor, its most resident memory, what it printed."""

    took_s: float
    cpu_s: float
    most_mb: float
    printed: str


def audited(environ: dict[str, str], home: Path, *argv: str) -> Run:
    """Run one command of `mpesa audit`."""
    start = "from mpesa_cli.start import entry_point; entry_point()"
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", start, "audit", *argv], env={**environ, "MPESA_HOME": str(home)},
        stdout=subprocess.PIPE, text=True,
    )
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{argv} exited {process.returncode}: {printed}")
    cpu_s = usage.ru_utime + usage.ru_stime
    return Run(time.perf_counter() - began, cpu_s, usage.ru_maxrss / 1024, printed)


@dataclass
class Book:
    """Rows for the tables, chained as they are made."""

    seq: int = 0
    head: str = GENESIS
    rows: dict[str, list[dict[str, object]]] = field(default_factory=dict)

    def add(self, table: str, **row: object) -> None:
        self.rows.setdefault(table, []).append(row)

    def chain(self, record: ev.Record, payment_id: str, attempt: int | None, key: str) -> None:
        self.seq += 1
        facts, digest = canonical(record.facts), private_digest(key, record.private)
        hashed = row_hash(
            seq=self.seq, at_us=record.at_us, kind=record.kind, payment_id=payment_id, attempt=attempt, facts=facts,
            digest=digest, previous=self.head,
        )
        self.add("journal", seq=self.seq, at_us=record.at_us, kind=record.kind, payment_id=payment_id, attempt=attempt,
                 facts=facts, private_digest=digest, previous=self.head, hash=hashed)
        if record.private:
            self.add("journal_private", seq=self.seq, key=key, facts=canonical(record.private))
        self.head = hashed


def fill(home: Path, payments: int) -> Path:
    """A ledger with so many payments on this home; the one that is there, where there is one."""
    path = Runtime(environ={"MPESA_HOME": str(home)}).profile().ledger
    Ledger(path, environment="simulator", token_hex=lambda count: os.urandom(count).hex()).close()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        if connection.execute("SELECT 1 FROM payments").fetchone():
            return path
        connection.execute("PRAGMA synchronous=OFF")  # only this bench loses anything
        connection.execute("BEGIN")
        book, stories = Book(), made(payments)
        while batch := list(islice(stories, 5_000)):
            for number, payment_id, chance in batch:
                tell(book, number, payment_id, chance)
            for table, rows in book.rows.items():
                names = list(rows[0])
                marks = ",".join(f":{name}" for name in names)
                connection.executemany(f"INSERT INTO {table} ({','.join(names)}) VALUES ({marks})", rows)
            book.rows.clear()
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def made(count: int) -> Iterator[tuple[int, str, random.Random]]:
    """Payment after payment, with random ids as in a shop."""
    chance = random.Random(20261124)
    for number in range(count):
        yield number, "PAY-" + "".join(chance.choices(LETTERS, k=10)), chance


def tell(book: Book, n: int, payment_id: str, chance: random.Random) -> None:
    """One payment from its intent to its callback."""
    at_us = 1_700_000_000 * SECOND_US + n * APART_US
    cents, msisdn = chance.randrange(1, 3_000) * 100, f"2547000{n * 7919 % 100_000:05d}"
    token, checkout, callback_id = f"{n:064x}", f"ws_CO_{n:017d}{msisdn[3:]}", f"CB-{n:016x}"
    created = {"order_id": str(n), "profile": "simulator", "shortcode": "174379", "amount_cents": cents,
               "account_reference": str(n), "description": "Payment"}
    told: list[ev.Evidence] = [
        ev.Sending(at_us, 1), ev.Accepted(at_us + SECOND_US, 1, f"m-{n}", checkout),
        ev.Received(at_us + 9 * SECOND_US, "callback", "U" + "".join(chance.choices(LETTERS, k=9)), cents,
                    at_us + 8 * SECOND_US, f"m-{n}", False, callback_id, checkout, msisdn)
        if chance.random() < 0.8 else
        ev.CallbackFailed(at_us + 9 * SECOND_US, "1032", "Request cancelled by user", f"m-{n}", callback_id, checkout),
    ]
    records = [ev.Record("payment_created", at_us, created, {"msisdn": msisdn}),
               ev.Record("attempt_created", at_us, {"amount_cents": cents, "token_hash": token}, {"msisdn": msisdn}),
               *map(ev.to_record, told)]
    for number, record in enumerate(records):
        book.chain(record, payment_id, 1 if number else None, f"{n * 8 + number:032x}")
    view = attempt_view(Terms(cents, msisdn), told)
    paid = view.state is AttemptState.PAID
    both = {"payment_id": payment_id, "msisdn": msisdn, "amount_cents": cents, "created_us": at_us,
            "state": view.state.value, "receipt": view.receipt, "result_code": view.result_code,
            "result_desc": view.result_desc, "requested_us": view.requested_us, "paid_us": view.paid_us}
    book.add("payments", **both, order_id=str(n), order_key=str(n), profile="simulator", shortcode="174379",
             account_reference=str(n), description="Payment", status=view.state.value,
             received_cents=view.paid_cents)
    book.add("attempts", **both, number=1, channel="stk", token_hash=token, receipts=view.receipt or "",
             paid_cents=view.paid_cents, source=view.source, checkout_request_id=view.checkout_request_id,
             merchant_request_id=view.merchant_request_id, settled_us=view.settled_us)
    if paid:
        book.add("receipts", receipt=view.receipt, payment_id=payment_id, attempt=1)
    body = json.dumps({"Body": {"stkCallback": {"CheckoutRequestID": checkout, "ResultCode": 0 if paid else 1032}}})
    book.add("callbacks", callback_id=callback_id, channel="stk", payment_id=payment_id, attempt=1,
             received_us=at_us + 9 * SECOND_US, peer="127.0.0.1", body=body.encode(), verdict="applied",
             sha256=hashlib.sha256(body.encode()).hexdigest())


if __name__ == "__main__":
    main()
