"""A ledger's file that nobody writes, read without a trace."""

import sqlite3
from pathlib import Path

from mpesa_cli.floor.errors import LedgerUnusable
from mpesa_cli.floor.installation import upgrading
from mpesa_cli.ledger.engine.failures import explained
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.ledger.schema.current import LATEST


class LedgerFile(Reads):
    """A ledger's file that nobody writes: a backup. Read as it is; nothing is created, migrated or locked."""

    def __init__(self, path: Path) -> None:
        """Raises LedgerUnusable where this is no ledger of ours, or one of a newer program."""
        with explained(path):
            # immutable: SQLite then makes no -wal and -shm beside it, also on a medium that can't be written.
            address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
            self._open = sqlite3.connect(address, uri=True, isolation_level=None)
        super().__init__(lambda: self._open, path, "")
        try:
            self.environment = self._identified()
        except BaseException:
            self._open.close()
            raise

    @property
    def version(self) -> int:
        """The number of the last migration that the file has seen."""
        return int(str(self.rows("PRAGMA user_version")[0][0]))

    def _identified(self) -> str:
        if self.version > LATEST:
            raise LedgerUnusable(
                f"{self.path} was written by a newer mpesa (format {self.version}; this one knows {LATEST}).",
                hint=f"Nothing was changed. Upgrade: {upgrading()}",
                code="ledger-too-new",
            )
        tables = {str(name) for (name,) in self.rows("SELECT name FROM sqlite_master WHERE type='table'")}
        found = self.rows("SELECT value FROM meta WHERE key='environment'") if {"meta", "journal"} <= tables else []
        if not found:
            raise LedgerUnusable(
                f"{self.path} is no ledger of mpesa.",
                hint="Nothing was changed. A backup is made by: mpesa backup FILE",
                code="no-ledger",
            )
        return str(found[0][0])

    def close(self) -> None:
        """Let go of the file."""
        self._open.close()
