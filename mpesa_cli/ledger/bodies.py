"""Raw bodies: stored before anything is read from them, many at once where many came.

A statement of SQLite's costs Python its lock, once to let go and once to get it back; with a busy event loop
beside, that costs more than the statement. So a batch is stored in as few statements as it takes.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import lru_cache

from mpesa_cli.floor.errors import Conflict
from mpesa_cli.ledger.chaining import Chaining
from mpesa_cli.ledger.ledger import BODIES_OF_ATTEMPT_MAX, NewCallback
from mpesa_cli.rules.forgotten import body_without_number
from mpesa_cli.rules.held_facts import shown_in
from mpesa_cli.rules.payment import AttemptRef
from mpesa_cli.rules.values.pseudonym import PREFIX, is_erased

ROWS_OF_A_STATEMENT = (32, 16, 8, 4, 2, 1)  # few enough that each is compiled once and kept


class BodyWrites(Chaining):
    """Storing raw bodies, and saying what became of them."""

    def store_callbacks(self, callbacks: Sequence[NewCallback], at_us: int) -> list[str | Conflict | None]:
        """Store raw bodies; of each its id, None where it was stored before, Conflict where there is no room."""
        rounds: defaultdict[int, list[int]] = defaultdict(list)
        seen: Counter[AttemptRef] = Counter()
        for index, callback in enumerate(callbacks):
            seen[callback.attempt] += 1
            rounds[seen[callback.attempt]].append(index)
        outcomes: list[str | Conflict | None] = [None] * len(callbacks)
        for indexes in rounds.values():  # one of each attempt, so that room can be counted in the statement
            stored = self._store_of_different_attempts([callbacks[index] for index in indexes], at_us)
            for index, outcome in zip(indexes, stored, strict=True):
                outcomes[index] = outcome
        return outcomes

    def store_callback(self, attempt: AttemptRef, body: bytes, peer: str, at_us: int) -> str | None:
        """Store a raw body; returns its id, or None where the same body was stored before."""
        outcome = self.store_callbacks([NewCallback(attempt, body, peer)], at_us)[0]
        if isinstance(outcome, Conflict):
            raise outcome
        return outcome

    def store_callback_beyond(self, attempt: AttemptRef, body: bytes, peer: str, at_us: int) -> str | None:
        """Store a raw body whatever is stored of the attempt; None where the same body was stored before."""
        if self._is_erased(attempt):
            body = body_without_number(body)
        callback_id = self._new_id(at_us)
        cursor = self._open.execute(
            "INSERT INTO callbacks (callback_id, channel, payment_id, attempt, received_us, peer, sha256, body) "
            "VALUES (?,'stk',?,?,?,?,?,?) ON CONFLICT (payment_id, attempt, channel, sha256) DO NOTHING",
            (callback_id, *attempt, at_us, peer, hashlib.sha256(body).hexdigest(), body),
        )
        return callback_id if cursor.rowcount else None

    def store_body(self, channel: str, body: bytes, peer: str, at_us: int) -> str | None:
        """Store a raw body that names no attempt; returns its id, or None where it was stored before."""
        if self._pays_an_erased(body):
            body = body_without_number(body)
        callback_id = self._new_id(at_us)
        cursor = self._open.execute(
            "INSERT INTO callbacks (callback_id, channel, received_us, peer, sha256, body) "
            "VALUES (?,?,?,?,?,?) ON CONFLICT (payment_id, attempt, channel, sha256) DO NOTHING",
            (callback_id, channel, at_us, peer, hashlib.sha256(body).hexdigest(), body),
        )
        return callback_id if cursor.rowcount else None

    def knows_body(self, channel: str, body: bytes) -> bool:
        """Whether the same raw body that names no attempt is stored."""
        return bool(self.rows(
            "SELECT 1 FROM callbacks WHERE payment_id='' AND attempt=0 AND channel=? AND sha256=?",
            (channel, hashlib.sha256(body).hexdigest()),
        ))  # fmt: skip

    def mark_callback(self, callback_id: str, verdict: str) -> None:
        """Say what became of a raw body."""
        self._open.execute("UPDATE callbacks SET verdict=? WHERE callback_id=?", (verdict, callback_id))

    def _is_erased(self, attempt: AttemptRef) -> bool:
        rows = self.rows("SELECT msisdn FROM attempts WHERE payment_id=? AND number=?", tuple(attempt))
        return bool(rows) and is_erased(str(rows[0][0]))

    def _pays_an_erased(self, body: bytes) -> bool:
        """Whether a payment by hand is told again whose payer was erased. Before the first erasure it costs nothing."""
        if not self.rows("SELECT 1 FROM attempts WHERE msisdn >= ? AND msisdn < ? LIMIT 1", (PREFIX, PREFIX + "~")):
            return False
        owner = self.receipt_owner(receipt) if (receipt := shown_in(body).receipt) else None
        return owner is not None and self._is_erased(owner)

    def _new_id(self, at_us: int) -> str:
        """Begins with the time, so that new ones go to one page of the index, and not each to another."""
        return f"CB-{at_us:013x}{self._token_hex(4)}"

    def _store_of_different_attempts(self, callbacks: Sequence[NewCallback], at_us: int) -> list[str | Conflict | None]:
        ids = [self._new_id(at_us) for _ in callbacks]
        digests = [hashlib.sha256(callback.body).hexdigest() for callback in callbacks]
        begin = stored = 0
        for rows in ROWS_OF_A_STATEMENT:
            while len(callbacks) - begin >= rows:
                values: list[object] = []
                for index in range(begin, begin + rows):
                    attempt, body, peer = callbacks[index]
                    values += (ids[index], *attempt, peer, digests[index], body)
                stored += self._open.execute(_insert(rows), (*values, at_us, BODIES_OF_ATTEMPT_MAX)).rowcount
                begin += rows
        if stored == len(callbacks):
            return list(ids)
        found = self.rows(
            "SELECT callback_id FROM callbacks WHERE callback_id IN (SELECT value FROM json_each(?))",
            (json.dumps(ids),),
        )
        new = {callback_id for (callback_id,) in found}
        return [
            callback_id if callback_id in new else self._why_not(callback, digest, at_us)
            for callback_id, callback, digest in zip(ids, callbacks, digests, strict=True)
        ]

    def _why_not(self, callback: NewCallback, digest: str, at_us: int) -> str | Conflict | None:
        attempt = callback.attempt
        kept = self.rows("SELECT count(*) FROM callbacks WHERE payment_id=? AND attempt=?", tuple(attempt))
        if int(str(kept[0][0])) < BODIES_OF_ATTEMPT_MAX and self._is_erased(attempt):
            return self.store_callback_beyond(*callback, at_us)
        if self.rows("SELECT 1 FROM callbacks WHERE payment_id=? AND attempt=? AND sha256=?", (*attempt, digest)):
            return None
        return Conflict(
            f"Attempt {attempt.number} of {attempt.payment_id} already has {BODIES_OF_ATTEMPT_MAX} callbacks.",
            hint=f"Nothing more is kept on it. Look at them: mpesa log {attempt.payment_id}",
            code="too-many-bodies",
        )


@lru_cache(maxsize=len(ROWS_OF_A_STATEMENT))
def _insert(rows: int) -> str:
    return (  # begins with INSERT, or Python would not count its rows
        "INSERT INTO callbacks (callback_id, channel, payment_id, attempt, peer, sha256, body, received_us) "  # noqa: S608
        "WITH new (callback_id, payment_id, attempt, peer, sha256, body) AS (VALUES "
        f"{','.join(['(?,?,?,?,?,?)'] * rows)}) "
        "SELECT callback_id, 'stk', payment_id, attempt, peer, sha256, body, ? FROM new WHERE "
        "(SELECT count(*) FROM callbacks c WHERE c.payment_id=new.payment_id AND c.attempt=new.attempt) < ? "
        # One whose number was erased gets its body another way: without the number.
        "AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.payment_id=new.payment_id AND a.number=new.attempt "
        f"AND a.msisdn GLOB '{PREFIX}*') "
        "ON CONFLICT (payment_id, attempt, channel, sha256) DO NOTHING"
    )
