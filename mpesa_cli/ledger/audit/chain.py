"""The check of the journal by itself: every row follows the one before it, is unchanged, and of a known kind."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import field
from typing import TypeAlias, cast

from mpesa_cli.floor.progress import Told, passed_on, unheard
from mpesa_cli.floor.records import dataclass
from mpesa_cli.ledger.journal import GENESIS, row_hash, text_digest
from mpesa_cli.ledger.journal_kinds import ALL_KINDS, ERASED_KEY, LEDGER_KINDS
from mpesa_cli.ledger.reads import Reads


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong. ``seq`` is the journal's row, 0 where it is none of the journal's."""

    seq: int
    words: str


@dataclass(slots=True)
class Chain:
    """The result of a walk along the chain: its last row, the number of rows, and its erasures."""

    seq: int = 0
    hash: str = GENESIS
    at_us: int = 0
    rows: int = 0
    _erased: "dict[str, tuple[int, hashlib._Hash]]" = field(default_factory=dict)
    _erasures: dict[str, tuple[int, object, object]] = field(default_factory=dict)

    def note_erased(self, erasure: str, seq: int, private: str) -> None:
        """Note personal data that an erasure has replaced."""
        count, seen = self._erased.get(erasure) or (0, hashlib.sha256())
        seen.update(f"{seq} {private}\n".encode())
        self._erased[erasure] = (count + 1, seen)

    def note_erasure(self, seq: int, facts: str) -> None:
        """Note the row that tells what an erasure left."""
        said = json.loads(facts)
        self._erasures[str(said["erasure"])] = (seq, said["rows"], said["sha256"])

    def erasure_flaws(self) -> Iterator[Flaw]:
        """Erasures that the journal does not know, and erased data that was changed afterwards."""
        for erasure, (count, seen) in self._erased.items():
            seq, rows, sha256 = self._erasures.get(erasure, (0, None, None))
            if not seq:
                yield Flaw(0, f"personal data was taken away in the name of {erasure}, which the journal does not know")
            elif (rows, sha256) != (count, seen.hexdigest()):
                yield Flaw(seq, "what this erasure left was changed")
        for erasure, (seq, rows, _) in self._erasures.items():
            if rows and erasure not in self._erased:
                yield Flaw(seq, "what this erasure left is gone")


_Row: TypeAlias = tuple[int, int, str, str, int | None, str, str, str, str, str | None, str | None]
_ROWS = (
    "SELECT j.seq, j.at_us, j.kind, j.payment_id, j.attempt, j.facts, j.private_digest, j.previous, j.hash, "
    "p.key, p.facts FROM journal j LEFT JOIN journal_private p USING (seq) WHERE j.seq > ? ORDER BY j.seq"
)


def chain_flaws(ledger: Reads, chain: Chain, told: Told = unheard) -> Iterator[Flaw]:
    """Walk the chain, and fill in ``chain``. A row that is wrong is named once for each thing that is wrong with it."""
    yield from _row_flaws(ledger, chain, told)
    yield from chain.erasure_flaws()
    for (seq,) in ledger.stream("SELECT seq FROM journal_private WHERE seq NOT IN (SELECT seq FROM journal)"):
        yield Flaw(0, f"there is personal data for row {seq} of the journal, and the row is gone")


def tail_flaws(ledger: Reads, most: int) -> Iterator[Flaw]:
    """The flaws of the last ``most`` rows alone: a quick look at the recent past."""
    before = ledger.rows("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1 OFFSET ?", (most,))
    chain = Chain(int(str(before[0][0])), str(before[0][1])) if before else Chain()
    yield from _row_flaws(ledger, chain)


def _row_flaws(ledger: Reads, chain: Chain, told: Told = unheard) -> Iterator[Flaw]:
    last = int(str(ledger.rows("SELECT coalesce(max(seq), 0) FROM journal")[0][0]))
    for row in passed_on(ledger.stream(_ROWS, (chain.seq,)), told, "Proving the journal", last):
        # STRICT tables hold what they were declared with.
        seq, at_us, kind, payment_id, attempt, facts, digest, previous, hashed, key, private = cast("_Row", row)
        if seq != chain.seq + 1:
            yield Flaw(seq, _missing(chain.seq + 1, seq - 1))
        if previous != chain.hash:
            yield Flaw(seq, "does not follow the row before it")
        computed = row_hash(
            seq=seq, at_us=at_us, kind=kind, payment_id=payment_id, attempt=attempt, facts=facts, digest=digest,
            previous=previous,
        )
        if computed != hashed:
            yield Flaw(seq, "was changed")
        elif kind not in ALL_KINDS:
            yield Flaw(seq, f"is of a kind that no version of the program writes: {kind}")
        elif kind not in LEDGER_KINDS and not payment_id:
            yield Flaw(seq, f"is about a payment and names none: {kind}")
        elif kind == "erased":
            chain.note_erasure(seq, facts)
        if digest or private is not None:
            yield from _private_flaws(chain, seq, digest, key, private)
        chain.seq, chain.hash, chain.at_us, chain.rows = seq, hashed, at_us, chain.rows + 1


def _missing(first: int, last: int) -> str:
    if first > last:
        return "its number is not the next one"
    return f"row {first} before it is missing" if first == last else f"rows {first} to {last} before it are missing"


def _private_flaws(chain: Chain, seq: int, digest: str, key: str | None, private: str | None) -> Iterator[Flaw]:
    if private is None or key is None:
        yield Flaw(seq, "its personal data is gone, and no erasure took it")
    elif key.startswith(ERASED_KEY):
        chain.note_erased(key.removeprefix(ERASED_KEY), seq, private)
    elif _digest(key, private) != digest:
        yield Flaw(seq, "its personal data was changed")


def _digest(key: str, private: str) -> str:
    try:
        return text_digest(key, private)
    except ValueError:  # the key was changed into something that is none
        return "none"
