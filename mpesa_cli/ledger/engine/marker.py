"""The note beside the user's settings that a production ledger exists: its id, its place, its last row.

Where the file is gone, or another stands in its place, the note is what tells. One short file for each environment,
shortcode and till, in the user's state folder, whatever MPESA_HOME says.
"""

import json
import os
import time
from dataclasses import asdict
from pathlib import Path

from mpesa_cli.floor import machine
from mpesa_cli.floor.errors import LedgerUnusable
from mpesa_cli.floor.files.whole_file import write_whole
from mpesa_cli.floor.records import dataclass

WRITE_EVERY_S = 60.0
_AT_MOST_BYTES = 4_096


@dataclass(frozen=True, slots=True)
class Mark:
    """A ledger as it was when it was last written: its id, its path, the number and the hash of its last row."""

    ledger_id: str
    path: str
    seq: int
    hash: str


class Marker:
    """The note about one production ledger. ``mark`` is what was found there, None where there was none."""

    def __init__(self, file: Path) -> None:
        """``file`` need not exist, nor its folder."""
        self.file = file
        self.mark = read_mark(file)
        self._written_s = 0.0

    def write(self, mark: Mark) -> bool:
        """Write the note anew, without waiting for the disk. False where that can't be done.

        A note that is out of date does no harm: it only tells of an earlier row.
        """
        try:
            machine.make_private_folder(self.file.parent)
            write_whole(self.file, (json.dumps(asdict(mark)) + "\n").encode(), on_disk="no")
        except OSError:
            return False
        self.mark = mark
        self._written_s = time.monotonic()
        return True

    def is_due(self) -> bool:
        """Whether a process that goes on writing should bring the note up to date."""
        return time.monotonic() - self._written_s >= WRITE_EVERY_S

    def can_be_written(self) -> bool:
        """Whether there is a note, or one could be written."""
        folder = next(each for each in (self.file.parent, *self.file.parents) if each.exists())
        return os.access(self.file if self.file.exists() else folder, os.W_OK) and os.access(folder, os.W_OK)

    def missing(self, place: str, *, another: bool) -> LedgerUnusable:
        """The error where the ledger of the note is not at ``place``; ``another``: but one that it does not know."""
        was = self.mark.path if self.mark else place
        moved = "" if was == place else f" Its ledger was last written at {was}."
        what = "is another ledger than this shop's" if another else "is not there"
        return LedgerUnusable(
            f"The ledger {place} {what}.{moved} An order that was paid before could be charged again.",
            hint="Nothing was sent. Is a disk not mounted, or MPESA_HOME another one? Look: mpesa config show. Where "
            "it is lost: mpesa restore FILE. To begin anew on purpose: mpesa ledger begin --reason 'why'",
            code="ledger-missing",
        )


def read_mark(file: Path) -> Mark | None:
    """The note in ``file``; None where there is none, or none that can be read."""
    try:
        with file.open("rb") as opened:
            said = json.loads(opened.read(_AT_MOST_BYTES))
        mark = Mark(**said)
    except (OSError, ValueError, TypeError):
        return None
    return mark if isinstance(mark.ledger_id, str) and isinstance(mark.seq, int) else None
