"""The rest of one payment's story, besides its journal and its callbacks: bodies of other channels, mergers."""

from collections.abc import Sequence

from mpesa_cli.ledger.reads import Reads
from mpesa_cli.ledger.values import RawBody


class Story:
    """Questions of `log`."""

    def __init__(self, reads: Reads) -> None:
        """``reads`` is the ledger, or an open write transaction."""
        self._reads = reads

    def merged_into(self, payment_id: str) -> str | None:
        """The payment that this one turned out to be the same as, or None."""
        rows = self._reads.rows(
            "SELECT json_extract(facts, '$.into_payment') FROM journal WHERE payment_id=? AND kind='payment_merged'",
            (payment_id.strip().upper(),),
        )
        return str(rows[0][0]) if rows else None

    def merged_from(self, payment_id: str) -> Sequence[str]:
        """The payments that turned out to be this one. Walks the journal once."""
        rows = self._reads.rows(
            "SELECT payment_id FROM journal WHERE kind='payment_merged' AND json_extract(facts, '$.into_payment')=? "
            "ORDER BY seq",
            (payment_id,),
        )
        return [str(merged) for (merged,) in rows]

    def bodies_of(self, payment_id: str) -> Sequence[tuple[RawBody, str]]:
        """The raw C2B bodies that a payment's evidence was read from, each with its verdict, oldest first."""
        rows = self._reads.rows(
            "SELECT callback_id, channel, received_us, peer, body, verdict FROM callbacks WHERE channel<>'stk' "
            "AND callback_id IN (SELECT json_extract(facts, '$.callback_id') FROM journal "
            "  WHERE payment_id=? AND kind='received') ORDER BY received_us",
            (payment_id,),
        )
        return [
            (RawBody(str(i), str(c), int(str(t)), str(p), b if isinstance(b, bytes) else b""), str(verdict))
            for i, c, t, p, b, verdict in rows
        ]
