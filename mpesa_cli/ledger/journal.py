"""The hash chain: every row carries the SHA-256 of the row before it.

Personal data stays out of the chained bytes. What is chained is HMAC-SHA256(key, private facts) with a
key of its own per row, kept beside the private facts: erase both and the digest says nothing more, while
the chain still proves that nothing else was changed.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from json.encoder import encode_basestring_ascii as quoted
from typing import TYPE_CHECKING, Any, TypeAlias

from mpesa_cli.ledger.engine.later_rows import LaterRows, Statement

if TYPE_CHECKING:
    from mpesa_cli.ledger.engine.dialect import Connection
    from mpesa_cli.rules import evidence as ev

GENESIS = "0" * 64
JOURNAL = Statement("INSERT INTO journal VALUES {rows}", 9)
PRIVATE = Statement("INSERT INTO journal_private VALUES {rows}", 3)
TAIL = "SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1"
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)

Tail: TypeAlias = tuple[int, str]
"""The number and the hash of the journal's last row."""


def canonical(value: object) -> str:
    """One spelling for one value: sorted keys, no spaces, ASCII."""
    return _CANONICAL.encode(value)


def private_digest(key: str, private: dict[str, Any]) -> str:
    """The keyed digest that stands for personal data in the chain; empty where there is none."""
    return text_digest(key, canonical(private)) if private else ""


def text_digest(key: str, text: str) -> str:
    """The keyed digest of personal data in its canonical spelling, as it is stored. ``key`` is hexadecimal."""
    return hmac.digest(bytes.fromhex(key), text.encode(), "sha256").hex()


def row_hash(
    *, seq: int, at_us: int, kind: str, payment_id: str, attempt: int | None, facts: str, digest: str, previous: str
) -> str:
    """SHA-256 over everything a journal row says, and over its predecessor's hash.

    What is hashed is ``canonical`` of all of it, as a list. It is put together by hand: an audit of a million
    rows would spend most of its time in the general encoder.
    """
    number = "null" if attempt is None else attempt
    chained = (
        f"[{seq},{at_us},{quoted(kind)},{quoted(payment_id)},{number},{quoted(facts)},{quoted(digest)},"
        f"{quoted(previous)}]"
    )
    return hashlib.sha256(chained.encode()).hexdigest()


def chain_row(
    rows: LaterRows, record: "ev.Record", payment_id: str, attempt: int | None, token_hex: Callable[[int], str],
    tail: Tail,
) -> Tail:
    """Append one row to the journal: behind ``tail``, among the ``rows`` that are to be written. Returns the new tail.
    """
    last, previous = tail
    seq = last + 1
    facts = canonical(record.facts)
    key = token_hex(16) if record.private else ""
    private = canonical(record.private) if record.private else ""
    digest = text_digest(key, private) if private else ""
    hashed = row_hash(
        seq=seq, at_us=record.at_us, kind=record.kind, payment_id=payment_id, attempt=attempt,
        facts=facts, digest=digest, previous=previous,
    )
    rows.add(JOURNAL, seq, (seq, record.at_us, record.kind, payment_id, attempt, facts, digest, previous, hashed))
    if record.private:
        rows.add(PRIVATE, seq, (seq, key, private))
    return seq, hashed


def tail_of(connection: "Connection") -> Tail:
    """The journal's last row, as it stands."""
    return as_tail(connection.execute(TAIL).fetchall())


def as_tail(rows: Sequence[Any]) -> Tail:
    """The answer to TAIL."""
    return (rows[0][0], rows[0][1]) if rows else (0, GENESIS)
