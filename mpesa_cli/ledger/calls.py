"""Calls of the HTTP API that may come again under the same key, bound to the attempt that they made."""

from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.ledger.writes import Write
from mpesa_cli.rules.payment import AttemptRef
from mpesa_cli.rules.values.call_key import KEPT_S, CallKey, key_reused


class Calls:
    """Repeatable calls, in the transaction that does what they ask for."""

    def __init__(self, tx: Write) -> None:
        """``tx`` is an open write transaction."""
        self._tx = tx

    def claim(self, call: CallKey, at_us: int) -> AttemptRef | None:
        """Remember a call by its key before anything is done for it.

        Returns the attempt that was made for it before, or None. Raises Conflict ``idempotency-key-reused``
        where the key was used with other inputs.
        """
        self._tx.execute("DELETE FROM idempotency_keys WHERE created_us<?", (at_us - KEPT_S * SECOND_US,))
        self._tx.execute(
            "INSERT INTO idempotency_keys (subject, key, inputs_sha256, created_us) VALUES (?,?,?,?) "
            "ON CONFLICT (subject, key) DO NOTHING",
            (call.subject, call.key, call.inputs_sha256, at_us),
        )
        inputs, payment_id, attempt = self._tx.rows(
            "SELECT inputs_sha256, payment_id, attempt FROM idempotency_keys WHERE subject=? AND key=?",
            (call.subject, call.key),
        )[0]
        if inputs != call.inputs_sha256:
            raise key_reused()
        return AttemptRef(str(payment_id), int(str(attempt))) if payment_id else None

    def bind(self, call: CallKey, attempt: AttemptRef) -> None:
        """Bind a call to the attempt that it made, in the transaction that records the attempt."""
        self._tx.execute(
            "UPDATE idempotency_keys SET payment_id=?, attempt=? WHERE subject=? AND key=?",
            (*attempt, call.subject, call.key),
        )
