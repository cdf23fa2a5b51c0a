"""The newest timeline that this machine has written to: a server with a lower one is an old primary.

PostgreSQL counts its timeline up at each failover. A primary that was cut off and comes back goes on with the old
number; what was paid since is not in it, so that an order would be asked for again.
"""

import contextlib
from pathlib import Path

from mpesa_cli.floor import machine
from mpesa_cli.floor.files.whole_file import write_whole
from mpesa_cli.ledger.engine.postgres.failures import is_behind
from mpesa_cli.rules.values.database import Database


class Timeline:
    """The number in one small file; 0 where no server ever told one."""

    def __init__(self, file: Path) -> None:
        """``file`` need not exist, nor its folder."""
        self._file = file
        self._seen: tuple[tuple[int, int], int] = ((0, 0), 0)
        self._kept = self.known = self._stored()

    def check(self, found: int, database: Database) -> None:
        """Raise LedgerBusy ``ledger-old-primary`` for a server that is behind. 0 is one that does not tell.

        It is asked at each write: a connection may outlive what its server was, and another process may know.
        """
        self.known = max(self.known, self._stored())
        if found and found < self.known:
            raise is_behind(database, found, self.known)

    def wrote(self, there: int) -> None:
        """Remember the timeline on which something was kept."""
        self.known = max(self.known, there)
        if self.known > self._kept:
            with contextlib.suppress(OSError):
                machine.make_private_folder(self._file.parent)
                write_whole(self._file, f"{self.known}\n".encode())
                self._kept = self.known

    def _stored(self) -> int:
        """The number in the file, read again only where another file has taken its place (files/whole_file.py)."""
        try:
            now = self._file.stat()
            is_same = self._seen[0] == (now.st_ino, now.st_mtime_ns)
            found = self._seen[1] if is_same else int(self._file.read_text())
        except (OSError, ValueError):
            return 0
        self._seen = (now.st_ino, now.st_mtime_ns), found
        return found
