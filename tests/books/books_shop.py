"""A shop whose books are kept: a day passes, a statement is compared, the ledger is looked into. Not a test."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from month import Shop
from portal import Row, write

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
        """A look into the ledger file."""
        (path,) = self.home.rglob("*.db")
        connection = sqlite3.connect(path)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def everything(self) -> list[Any]:
        """All that a run could change."""
        tables = ("journal", "journal_private", "payments", "attempts", "receipts", "statements", "statement_rows",
                  "closings", "accepted_breaks", "outbox")  # fmt: skip
        return [self.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]
