"""The chain's head, for keeping elsewhere; and whether a chain still holds a head that was kept.

Whoever can write the file can recompute the whole chain, or cut its end off, and leave no trace in it. A head
that was written down somewhere else before is the trace.
"""

from collections.abc import Iterator

from mpesa_cli.floor.records import dataclass
from mpesa_cli.ledger.audit.chain import Flaw
from mpesa_cli.ledger.journal import GENESIS
from mpesa_cli.ledger.reads import Reads


@dataclass(frozen=True, slots=True)
class Head:
    """The last row of a journal: its number and hash, and when it was appended."""

    seq: int
    hash: str
    at_us: int | None

    @property
    def rows(self) -> int:
        """The number of rows: they are numbered from 1 without a gap, or `audit verify` says where one is."""
        return self.seq


def head_of(ledger: Reads) -> Head:
    """The head as it is now. A journal without rows has the number 0 and a hash of zeros."""
    rows = ledger.rows("SELECT seq, hash, at_us FROM journal ORDER BY seq DESC LIMIT 1")
    if not rows:
        return Head(0, GENESIS, None)
    seq, hashed, at_us = rows[0]
    return Head(int(str(seq)), str(hashed), int(str(at_us)))


def anchor_flaws(ledger: Reads, anchored_hash: str, anchored_seq: int | None) -> Iterator[Flaw]:
    """The flaw of a chain that does not hold any more the head which was kept elsewhere."""
    if anchored_hash == GENESIS:
        return
    found = ledger.rows("SELECT seq FROM journal WHERE hash = ?", (anchored_hash,))
    if found and anchored_seq in {None, found[0][0]}:
        return
    last = head_of(ledger).seq
    if found:
        yield Flaw(int(str(found[0][0])), f"has the hash of the head that was kept, which was row {anchored_seq}")
    elif anchored_seq is None:
        yield Flaw(0, f"the chain does not hold the head {anchored_hash[:12]}…: rows were cut off or written anew")
    elif anchored_seq > last:
        yield Flaw(last, f"is the last, and the head that was kept is row {anchored_seq}: the end was cut off")
    else:
        yield Flaw(anchored_seq, "is not what it was when its head was kept: the chain was written anew")
