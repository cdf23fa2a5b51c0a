"""Notes that machines share besides the ledger: the access token and the ration of queries of one consumer key.

As small files are for the processes of one machine (floor/files/shared_file.py): a note that can't be read or written
never stops a payment. A note is sealed with a key that only follows from what it is about, so that whoever reads the
database can't ask Daraja anything.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from typing import TYPE_CHECKING

import psycopg

from mpesa_cli.floor.errors import MpesaError
from mpesa_cli.floor.wire.strict_json import read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mpesa_cli.floor.secret import Secret
    from mpesa_cli.floor.wire.strict_json import Json
    from mpesa_cli.ledger.engine.postgres.attentive import Attentive

TABLE = "mpesa_shared.notes"
DEFINITIONS = (
    "CREATE SCHEMA IF NOT EXISTS mpesa_shared",
    f"CREATE TABLE IF NOT EXISTS {TABLE} (name text PRIMARY KEY, sealed bytea NOT NULL)",
)
"""Beside all ledgers of a database: the tills of a shop may have one consumer key."""
_MAX_BYTES = 64 * 1024
_NONCE_BYTES = 12
_HELD_S = 120  # longer than a token takes to be fetched


class SharedNote:
    """One JSON object that belongs to one owner at one host."""

    def __init__(self, connect: Callable[[], Attentive], kind: str, owner: Secret, host: str) -> None:
        """``owner`` is the consumer key, with its secret where that matters. Nothing is touched until it is used."""
        about = f"{kind}\n{host}\n{owner.reveal()}".encode()
        self._connect = connect
        self._name = f"{kind}-{hashlib.sha256(b'name' + about).hexdigest()[:32]}"
        self._key = hashlib.sha256(b"key" + about).digest()
        self._lock = int.from_bytes(hashlib.sha256(b"lock" + about).digest()[:8], "big", signed=True)
        self._held: Attentive | None = None

    def read(self) -> Mapping[str, Json] | None:
        """The note; None where there is none, or none that we have sealed."""
        from cryptography.exceptions import InvalidTag

        with contextlib.suppress(psycopg.Error, MpesaError, InvalidTag), self._connection() as raw:
            row = raw.execute(f"SELECT sealed FROM {TABLE} WHERE name = %s", (self._name,)).fetchone()
            if row is not None:
                found = read_json(self._opened(row[0]), max_bytes=_MAX_BYTES)
                return found if isinstance(found, dict) else None
        return None

    def write(self, content: Mapping[str, object]) -> bool:
        """Replace the note. False where that can't be done."""
        try:
            with self._connection() as raw:
                raw.execute(
                    f"INSERT INTO {TABLE} VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed",
                    (self._name, self._sealed(json.dumps(content).encode())),
                )
        except (psycopg.Error, MpesaError):
            return False
        return True

    def remove(self) -> None:
        """Delete the note, if that can be done."""
        with contextlib.suppress(psycopg.Error, MpesaError), self._connection() as raw:
            raw.execute(f"DELETE FROM {TABLE} WHERE name = %s", (self._name,))

    @contextlib.contextmanager
    def locked(self, most_s: float, why: str = "") -> Iterator[bool]:
        """Hold the note's lock, after waiting at most ``most_s`` seconds for it. Yields whether it is held.

        A machine that dies gives its lock back: the server notices. One that hangs must not stop everyone else. What is
        written meanwhile is there once the lock is given back.
        """
        with contextlib.ExitStack() as stack:
            try:
                raw = stack.enter_context(self._transaction())
                raw.execute(f"SET LOCAL lock_timeout = {max(1, round(most_s * 1000))}")
                raw.execute("SELECT pg_advisory_xact_lock(%s)", (self._lock,))
                self._held = raw
            except (psycopg.Error, MpesaError):
                self._held = None
            try:
                yield self._held is not None
            finally:
                self._held = None

    @contextlib.contextmanager
    def _connection(self) -> Iterator[Attentive]:
        """The connection that holds the lock, or one for this question."""
        if self._held is not None:
            yield self._held
            return
        with self._transaction() as raw:
            yield raw

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[Attentive]:
        """A transaction of its own. What is noted need not outlive the server, and what can't be noted is not."""
        with contextlib.closing(self._connect()) as raw:
            raw.begin()
            raw.execute("SET LOCAL synchronous_commit = off")
            raw.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{_HELD_S}s'")
            try:
                yield raw
            finally:
                with contextlib.suppress(psycopg.Error):
                    raw.execute("COMMIT")

    def _sealed(self, content: bytes) -> bytes:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(_NONCE_BYTES)
        return nonce + AESGCM(self._key).encrypt(nonce, content, self._name.encode())

    def _opened(self, sealed: bytes) -> bytes:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(self._key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], self._name.encode())
