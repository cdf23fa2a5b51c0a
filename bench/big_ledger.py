"""A shop's ledger of any size, journal included: made by the program's own classes, written in bulk.

Every payment has an intent, a prompt, Daraja's answer and a callback that says paid or cancelled, with the callback's
raw body; five rows of the journal each, chained as the program chains them, and where the payment stands is what the
program's state function says of them. `mpesa audit verify` finds the whole of it in order.
"""

import contextlib
import hashlib
import json
import os
import random
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from mpesa_cli.ledger.journal import GENESIS, canonical, private_digest, row_hash
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.state import AttemptState, Terms, attempt_view
from mpesa_cli.runtime import Runtime

ROWS_PER_PAYMENT = 5
SECOND_US = 1_000_000
APART_US = 30 * SECOND_US  # 2,880 payments a day
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


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


def fill(home: Path, payments: int, first_us: int = 1_700_000_000 * SECOND_US) -> Path:
    """A ledger with so many payments from a moment on; the one that is there, where there is one."""
    path = Runtime(environ={"MPESA_HOME": str(home)}).profile().ledger
    Ledger(path, environment="simulator", token_hex=lambda count: os.urandom(count).hex()).close()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        if connection.execute("SELECT 1 FROM payments").fetchone():
            return path
        connection.execute("PRAGMA synchronous=OFF")  # only this bench loses anything
        # With a log beside the file five million payments would be written twice. The program sets it back.
        connection.execute("PRAGMA journal_mode=DELETE").fetchone()
        connection.execute("PRAGMA cache_size=-400000")
        connection.execute("BEGIN")
        indexes = connection.execute("SELECT name, sql FROM sqlite_master WHERE type='index' AND sql <> ''").fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        book, stories = Book(), made(payments)
        while batch := list(islice(stories, 5_000)):
            for number, payment_id, chance in batch:
                tell(book, number, payment_id, first_us + number * APART_US, chance)
            for table, rows in book.rows.items():
                names = list(rows[0])
                marks = ",".join(f":{name}" for name in names)
                connection.executemany(f"INSERT INTO {table} ({','.join(names)}) VALUES ({marks})", rows)
            book.rows.clear()
        for _, sql in indexes:
            connection.execute(sql)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def made(count: int) -> Iterator[tuple[int, str, random.Random]]:
    """Payment after payment, with random ids as in a shop."""
    chance = random.Random(20261124)
    for number in range(count):
        yield number, "PAY-" + "".join(chance.choices(LETTERS, k=10)), chance


def tell(book: Book, n: int, payment_id: str, at_us: int, chance: random.Random) -> None:
    """One payment from its intent to its callback."""
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
    body = json.dumps(said(n, checkout, view.receipt, cents, msisdn))
    book.add("callbacks", callback_id=callback_id, channel="stk", payment_id=payment_id, attempt=1,
             received_us=at_us + 9 * SECOND_US, peer="127.0.0.1", body=body.encode(), verdict="applied",
             sha256=hashlib.sha256(body.encode()).hexdigest())


def said(n: int, checkout: str, receipt: str | None, cents: int, msisdn: str) -> dict[str, object]:
    """The body of a callback, as long as Daraja's are."""
    told: dict[str, object] = {"MerchantRequestID": f"m-{n}", "CheckoutRequestID": checkout}
    if receipt is None:
        told |= {"ResultCode": 1032, "ResultDesc": "Request cancelled by user"}
    else:
        told |= {"ResultCode": 0, "ResultDesc": "The service request is processed successfully.",
                 "CallbackMetadata": {"Item": [
                     {"Name": "Amount", "Value": cents / 100}, {"Name": "MpesaReceiptNumber", "Value": receipt},
                     {"Name": "TransactionDate", "Value": 20241119102115},
                     {"Name": "PhoneNumber", "Value": int(msisdn)},
                 ]}}
    return {"Body": {"stkCallback": told}}
