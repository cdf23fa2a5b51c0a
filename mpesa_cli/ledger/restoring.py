"""What a ledger that was restored from a backup remembers of it."""

import json

from mpesa_cli.domain import evidence as ev
from mpesa_cli.domain.restored import Restored
from mpesa_cli.ledger.chaining import Chaining
from mpesa_cli.ledger.reads import Reads

_RESTORED = "restored"


class RestoredReads(Reads):
    """What can be asked about a restore."""

    def restored(self) -> Restored | None:
        """The last restore and what statements have told since; None in a ledger that never was restored."""
        found = self.rows("SELECT value FROM meta WHERE key = ?", (_RESTORED,))
        if not found:
            return None
        said = json.loads(str(found[0][0]))
        told = self.rows(
            "SELECT min(from_us), max(until_us) FROM statements WHERE complete AND read_us >= ?", (said["restored_us"],)
        )[0]
        first, last = (None if each is None else int(str(each)) for each in told)
        return Restored(int(said["restored_us"]), int(said["known_until_us"]), first, last)


class RestoredWrites(Chaining, RestoredReads):
    """The part of a write transaction that notes a restore."""

    def note_restored(self, known_until_us: int, at_us: int) -> None:
        """This ledger has just been restored from a backup whose last row is of ``known_until_us``."""
        facts = {"restored_us": at_us, "known_until_us": known_until_us}
        self._chain(ev.Record("restored", at_us, {"known_until_us": known_until_us}, {}), "", None)
        self._open.execute(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (_RESTORED, json.dumps(facts)),
        )
