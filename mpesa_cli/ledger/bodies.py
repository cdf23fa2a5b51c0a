"""Raw bodies: stored before anything is read from them, many at once where many came.

A statement of SQLite's costs Python its lock, once to let go and once to get it back; with a busy event loop
beside, that costs more than the statement. So a batch is stored in as few statements as it takes.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from mpesa_cli.floor.errors import Conflict
from mpesa_cli.ledger.engine.later_rows import ROWS_OF_A_STATEMENT
from mpesa_cli.ledger.orders import Orders
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.ledger.values import BODIES_OF_ATTEMPT_MAX, NewCallback, RawBody, RawCallback
from mpesa_cli.rules.forgotten import awaiting, body_without_number, body_without_payer
from mpesa_cli.rules.order_matching import keys_meant
from mpesa_cli.rules.payment import AttemptRef
from mpesa_cli.rules.values.pseudonym import PREFIX, is_erased

if TYPE_CHECKING:
    from mpesa_cli.ledger.writes import Write
    from mpesa_cli.rules.held_facts import Shown


class Bodies:
    """Questions about raw bodies."""

    def __init__(self, reads: Reads) -> None:
        """``reads`` is the ledger, or an open write transaction."""
        self._reads = reads

    def unread_callbacks(self, attempt: AttemptRef | None = None) -> Sequence[RawCallback]:
        """Raw callbacks that were stored and not yet applied, of one attempt or of all."""
        if attempt is None:
            return self._callbacks("channel='stk' AND verdict=''", ())
        # The plus keeps SQLite from walking all that is unread, of whatever attempt: measured 0.7 ms a thousand.
        return self._callbacks("+channel='stk' AND verdict='' AND payment_id=? AND attempt=?", tuple(attempt))

    def unread_callbacks_of(self, attempts: Collection[AttemptRef]) -> dict[AttemptRef, list[RawCallback]]:
        """The same of many attempts at once, oldest first; those without any are left out."""
        owners = json.dumps([attempt.payment_id for attempt in attempts])
        found: dict[AttemptRef, list[RawCallback]] = {}
        for raw in self._callbacks(
            "+channel='stk' AND +verdict='' AND payment_id IN (SELECT value FROM json_each(?))", (owners,)
        ):
            if raw.attempt in attempts:
                found.setdefault(raw.attempt, []).append(raw)
        return found

    def callbacks(self, payment_id: str) -> list[RawCallback]:
        """Every raw callback of a payment, oldest first."""
        return self._callbacks("channel='stk' AND payment_id=?", (payment_id,))

    def _callbacks(self, condition: str, parameters: tuple[object, ...]) -> list[RawCallback]:
        rows = self._reads.rows(
            "SELECT callback_id, payment_id, attempt, received_us, peer, body, verdict FROM callbacks "
            f"WHERE {condition} ORDER BY received_us",
            parameters,
        )
        return [
            RawCallback(
                callback_id=str(callback_id),
                attempt=AttemptRef(str(payment_id), int(str(number))),
                received_us=int(str(received_us)),
                peer=str(peer),
                body=_bytes(body),
                verdict=str(verdict),
            )
            for callback_id, payment_id, number, received_us, peer, body, verdict in rows
        ]

    def unread_bodies(self, channel: str, among: Sequence[str] | None = None) -> Sequence[RawBody]:
        """Bodies of a channel that were stored and not yet applied, oldest first; only those ``among`` these ids."""
        wanted, values = "channel=? AND verdict=''", [channel]
        if among is not None:  # the pluses keep SQLite from walking all that is unread
            wanted = "+channel=? AND +verdict='' AND callback_id IN (SELECT value FROM json_each(?))"
            values.append(json.dumps(list(among)))
        rows = self._reads.rows(
            f"SELECT callback_id, channel, received_us, peer, body FROM callbacks WHERE {wanted} ORDER BY received_us",
            tuple(values),
        )
        return [RawBody(str(i), str(c), int(str(t)), str(p), _bytes(b)) for i, c, t, p, b in rows]

    def applied_body(self, callback_id: str) -> RawBody | None:
        """The body, where it was applied, whoever did it."""
        rows = self._reads.rows(
            "SELECT callback_id, channel, received_us, peer, body FROM callbacks "
            "WHERE callback_id=? AND verdict='applied'",
            (callback_id,),
        )
        return next((RawBody(str(i), str(c), int(str(t)), str(p), _bytes(b)) for i, c, t, p, b in rows), None)

    def is_unread(self, callback_id: str) -> bool:
        """Whether a raw body was stored and nothing was made of it yet."""
        return bool(self._reads.rows("SELECT 1 FROM callbacks WHERE callback_id=? AND verdict=''", (callback_id,)))

    def knows_body(self, channel: str, body: bytes) -> bool:
        """Whether the same raw body that names no attempt is stored."""
        return bool(self._reads.rows(
            "SELECT 1 FROM callbacks WHERE payment_id='' AND attempt=0 AND channel=? AND sha256=?",
            (channel, _sha256(body)),
        ))


class BodyWrites(Bodies):
    """Storing raw bodies."""

    def __init__(self, tx: "Write") -> None:
        """``tx`` is an open write transaction."""
        super().__init__(tx)
        self._tx = tx

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

    def store_callback_beyond(self, attempt: AttemptRef, body: bytes, peer: str, at_us: int) -> str | None:
        """The id of a body stored whatever room is left (listener/intake/reserved.py), None where it was before."""
        if self._is_erased(attempt):
            body = body_without_number(body)
        callback_id = self._new_id(at_us)
        cursor = self._tx.execute(
            "INSERT INTO callbacks (callback_id, channel, payment_id, attempt, received_us, peer, sha256, body) "
            "VALUES (?,'stk',?,?,?,?,?,?) ON CONFLICT (payment_id, attempt, channel, sha256) DO NOTHING",
            (callback_id, *attempt, at_us, peer, _sha256(body), body),
        )
        return callback_id if cursor.rowcount else None

    def store_body(
        self, channel: str, body: bytes, peer: str, at_us: int, own_words: tuple[str, ...] = ()
    ) -> str | None:
        """Store a raw body that names no attempt; returns its id, or None where it was stored before.

        ``own_words`` are the shop's own before an order id (rules/order_matching.py).
        """
        body = self._forgetting(body, own_words)
        callback_id = self._new_id(at_us)
        cursor = self._tx.execute(
            "INSERT INTO callbacks (callback_id, channel, received_us, peer, sha256, body) "
            "VALUES (?,?,?,?,?,?) ON CONFLICT (payment_id, attempt, channel, sha256) DO NOTHING",
            (callback_id, channel, at_us, peer, _sha256(body), body),
        )
        return callback_id if cursor.rowcount else None

    def _is_erased(self, attempt: AttemptRef) -> bool:
        rows = self._reads.rows("SELECT msisdn FROM attempts WHERE payment_id=? AND number=?", tuple(attempt))
        return bool(rows) and is_erased(str(rows[0][0]))

    def _forgetting(self, body: bytes, own_words: tuple[str, ...]) -> bytes:
        """The body; without its number where money by hand is told again whose payer, or whose first message, held or
        applied, was erased; without its payer where it may be the money of an erased prompt whose receipt nobody knew.
        """
        from mpesa_cli.rules.held_facts import shown_in

        shown = shown_in(body)
        if not shown.receipt:
            return body
        owner = self._reads.receipt_owner(shown.receipt)
        if (owner is not None and self._is_erased(owner)) or self._was_erased(shown.receipt):
            return body_without_number(body)
        return body_without_payer(body) if owner is None and self._is_awaited(shown, own_words) else body

    def _is_awaited(self, shown: "Shown", own_words: tuple[str, ...]) -> bool:
        """Whether the one order that the account means, as payments/c2b.py reads it, awaits this money."""
        any_erased = "SELECT 1 FROM attempts WHERE msisdn >= ? AND msisdn < ? LIMIT 1"
        if shown.amount_cents is None or not self._reads.rows(any_erased, (PREFIX, PREFIX + "~")):
            return False
        for key in keys_meant(shown.account, own_words):
            found = self._reads.orders_meant([key])
            if found or Orders(self._reads).meant([key]):
                return len(found) == 1 and awaiting(found[0], shown.amount_cents) is not None
        return False

    def _was_erased(self, receipt: str) -> bool:
        # Where the phone in a message could not be read, nothing of the payment is erased but that message.
        return bool(self._reads.rows(
            "SELECT 1 FROM callbacks WHERE substr(body, 1, 11) = CAST('{\"erased\":\"' AS BLOB) AND callback_id IN ("
            "SELECT callback_id FROM held_messages WHERE receipt <> '' AND receipt = ? "
            "UNION SELECT json_extract(j.facts, '$.callback_id') FROM receipts r JOIN journal j USING (payment_id) "
            "WHERE r.receipt = ? AND j.kind = 'received') LIMIT 1",
            (receipt, receipt),
        ))

    def _new_id(self, at_us: int) -> str:
        """Begins with the time, so that new ones go to one page of the index, and not each to another."""
        return f"CB-{at_us:013x}{self._tx.token_hex(4)}"

    def _store_of_different_attempts(self, callbacks: Sequence[NewCallback], at_us: int) -> list[str | Conflict | None]:
        ids = [self._new_id(at_us) for _ in callbacks]
        digests = [_sha256(callback.body) for callback in callbacks]
        begin = stored = 0
        for rows in ROWS_OF_A_STATEMENT:
            while len(callbacks) - begin >= rows:
                values: list[object] = []
                for index in range(begin, begin + rows):
                    attempt, body, peer = callbacks[index]
                    values += (ids[index], *attempt, peer, digests[index], body)
                stored += self._tx.execute(_insert(rows), (*values, at_us, BODIES_OF_ATTEMPT_MAX)).rowcount
                begin += rows
        if stored == len(callbacks):
            return list(ids)
        found = self._reads.rows(
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
        kept = self._reads.rows("SELECT count(*) FROM callbacks WHERE payment_id=? AND attempt=?", tuple(attempt))
        if int(str(kept[0][0])) < BODIES_OF_ATTEMPT_MAX and self._is_erased(attempt):
            return self.store_callback_beyond(*callback, at_us)
        if self._reads.rows(
            "SELECT 1 FROM callbacks WHERE payment_id=? AND attempt=? AND sha256=?", (*attempt, digest)
        ):
            return None
        return Conflict(
            f"Attempt {attempt.number} of {attempt.payment_id} already has {BODIES_OF_ATTEMPT_MAX} callbacks.",
            hint=f"Nothing more is kept on it. Look at them: mpesa log {attempt.payment_id}",
            code="too-many-bodies",
        )


@lru_cache(maxsize=len(ROWS_OF_A_STATEMENT))
def _insert(rows: int) -> str:
    return (  # begins with INSERT, or Python would not count its rows
        "INSERT INTO callbacks (callback_id, channel, payment_id, attempt, peer, sha256, body, received_us) "
        "WITH new (callback_id, payment_id, attempt, peer, sha256, body) AS (VALUES "
        f"{','.join(['(?,?,?,?,?,?)'] * rows)}) "
        "SELECT callback_id, 'stk', payment_id, attempt, peer, sha256, body, ? FROM new WHERE "
        "(SELECT count(*) FROM callbacks c WHERE c.payment_id=new.payment_id AND c.attempt=new.attempt) < ? "
        # One whose number was erased gets its body another way: without the number.
        "AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.payment_id=new.payment_id AND a.number=new.attempt "
        f"AND a.msisdn GLOB '{PREFIX}*') "
        "ON CONFLICT (payment_id, attempt, channel, sha256) DO NOTHING"
    )


def _sha256(body: bytes) -> str:
    import hashlib  # whoever only asks for what is unread would load OpenSSL for it

    return hashlib.sha256(body).hexdigest()


def _bytes(column: object) -> bytes:
    return column if isinstance(column, bytes) else b""
