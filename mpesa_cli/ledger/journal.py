"""The hash chain: every row carries the SHA-256 of the row before it.

Personal data stays out of the chained bytes. What is chained is HMAC-SHA256(key, private facts) with a
key of its own per row, kept beside the private facts: erase both and the digest says nothing more, while
the chain still proves that nothing else was changed.
"""

import hashlib
import hmac
import json
from json.encoder import encode_basestring_ascii as quoted
from typing import Any

GENESIS = "0" * 64
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


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
