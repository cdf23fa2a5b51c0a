"""A shop whose books are kept: a day passes, a statement is compared, the ledger is looked into. Not a test."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from month import Shop
from portal import Row, wall, write

from mpesa_cli.ledger.audit.ledger import flaws
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.rules.evidence import Received
from mpesa_cli.runtime import Runtime

LOST, PARTY = "254722200017", "2547****0017"
RECEIPT = "UKO4Q7AAAA"
TODAY, LATER = "24-11-2026", "26-11-2026"
NIGHT_S = 14 * 3_600  # from 10:30 to half past midnight, when the day's statement is whole


class Books:
    """A shop, its statement file, and what reconciling the two says."""

    def __init__(self, mpesa: Callable[..., Any], clock: Any, home: Path, folder: Path) -> None:
        self.mpesa, self.clock, self.home, self.folder = mpesa, clock, home, folder
        self.shop = Shop(mpesa, clock, home, folder)
        self.file = folder / "statement.csv"

    def night(self) -> None:
        """Let the day end."""
        self.clock.advance(NIGHT_S)

    def reconcile(self, *rows: Row, options: tuple[str, ...] = (), status: int | None = None) -> dict[str, Any]:
        """Reconcile with a statement of these rows, and read the JSON."""
        write(self.file, *rows)
        done = self.mpesa("reconcile", "--statement", str(self.file), "--json", *options)
        assert status is None or done.status == status, done
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """A look into the ledger, whichever engine it stands on."""
        runtime = Runtime(environ={"MPESA_HOME": str(self.home)})
        ledger = runtime.unguarded_ledger(runtime.profile())
        try:
            return ledger.rows(sql)
        finally:
            ledger.close()

    def everything(self) -> list[Any]:
        """All that a run could change."""
        tables = ("journal", "journal_private", "payments", "attempts", "receipts", "statements", "statement_rows",
                  "closings", "accepted_breaks", "outbox")
        return [self.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]


@contextmanager
def ledger_of(books: Books) -> Iterator[Ledger]:
    """The shop's ledger, which must be whole when the block is left."""
    runtime = Runtime(environ={"MPESA_HOME": str(books.home)})
    ledger = runtime.new_ledger(runtime.profile())
    try:
        yield ledger
        assert list(flaws(ledger)) == []
    finally:
        ledger.close()


def hear(books: Books, order: str, receipt: str = RECEIPT, *, source: Any = "callback", msisdn: str | None = None,
         cents: int = 15_000) -> None:
    """What a message on the address of an order's last attempt says."""
    with ledger_of(books) as ledger, ledger.write() as tx:
        payment = tx.payment_by_order(order)
        assert payment
        tx.append(payment.last.ref, Received(books.clock.now_us(), source, receipt, cents, msisdn=msisdn))


def standing(books: Books, order: str) -> str:
    return str(json.loads(books.mpesa("status", order, "--json", "--no-refresh").stdout)["status"])


def read(books: Books, *rows: Row, day: str = TODAY, status: int | None = None) -> list[dict[str, Any]]:
    """Reconcile with the statement of one day. Returns the breaks."""
    write(books.file, *rows, day=day)
    done = books.mpesa("reconcile", "--statement", str(books.file), "--json")
    assert status is None or done.status == status, done
    breaks: list[dict[str, Any]] = json.loads(done.stdout)["breaks"]
    return breaks


def doubtful(books: Books, order: str = "1001", amount: int = 150) -> str:
    """An order whose prompt may have been paid: nothing came back. Returns the wall time at which it rang."""
    books.shop.sell(order, amount, LOST, wait=False)
    return wall(books.clock.now_us())


def back(receipt: str = "UKQR000001") -> Row:
    """A reversal of RECEIPT two days later."""
    return Row(receipt, -150, kind="Pay Bill Reversal", linked=RECEIPT, day=LATER)
