"""The key that makes a call of the HTTP API repeatable, with the digest of what was asked under it. Pure."""

import hashlib
import json
from collections.abc import Mapping

from mpesa_cli.floor.errors import Conflict
from mpesa_cli.floor.records import dataclass

KEPT_S = 7 * 86_400
"""How long a key is remembered. Clients repeat a call within minutes; after a week the order alone protects."""


@dataclass(frozen=True, slots=True)
class CallKey:
    """An ``Idempotency-Key`` of one subject, and the SHA-256 (hex) of the inputs it came with."""

    subject: str
    key: str
    inputs_sha256: str


def digest_of(inputs: Mapping[str, object]) -> str:
    """The SHA-256 of what a call asks for, however its JSON was spelt."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def key_reused() -> Conflict:
    """The same key with other inputs: a mistake of the caller's, found before anything was sent for it."""
    return Conflict(
        "This Idempotency-Key was used before for a call with other inputs.",
        hint="Nothing was sent for this call. Make a new key for each new call, and repeat a call with the same key. "
        "What was asked before: mpesa history",
        code="idempotency-key-reused",
    )
