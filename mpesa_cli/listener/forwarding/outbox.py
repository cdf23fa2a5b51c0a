"""The ledger's outbox as the forwarder sees it: bodies staged with the payment, the same bytes on every try."""

from collections.abc import Sequence
from typing import Protocol

from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.outbox import Outbox, OutboxWrites
from mpesa_cli.listener.forwarding.forward import Outgoing

QUEUE = "webhook"
# As long as the tries of one event take. A listener that was away for longer starts afresh.
TOO_OLD_US = 3 * 86_400 * SECOND_US


class Opens(Protocol):
    """An opener of the ledger, called in the thread that will use it."""

    def __call__(self) -> Ledger:
        """Raises LedgerUnusable or LedgerBusy."""


class LedgerOutbox:
    """The forwarder's outbox (forward.py). Used from one thread, which opens its own ledger."""

    def __init__(self, open_ledger: Opens) -> None:
        """Nothing is opened before the first claim."""
        self._open_ledger = open_ledger
        self._ledger: Ledger | None = None

    def claim(self, now_us: int, lease_us: int, most: int) -> Sequence[Outgoing]:
        """Take up to ``most`` due events, oldest first."""
        ledger = self._opened()
        if not Outbox(ledger).is_due(QUEUE, now_us):
            return ()
        with ledger.write() as tx:
            rows = OutboxWrites(tx).claim(QUEUE, now_us, lease_us, most, repeat_lost=True)
            for row in rows:
                if now_us - row.created_us > TOO_OLD_US:
                    OutboxWrites(tx).finish(row.event_id, "given_up", "older than three days", now_us)
        fresh = [row for row in rows if now_us - row.created_us <= TOO_OLD_US]
        return [Outgoing(row.event_id, row.event_type, row.body, row.tries) for row in fresh]

    def done(self, event_id: str, now_us: int) -> None:
        """Note that the receiver has it."""
        with self._opened().write() as tx:
            OutboxWrites(tx).finish(event_id, "done", "", now_us)

    def failed(self, event_id: str, detail: str, retry_at_us: int | None, now_us: int) -> None:
        """Note a failed try. Due again at ``retry_at_us``; None means that it is given up."""
        with self._opened().write() as tx:
            if retry_at_us is None:
                OutboxWrites(tx).finish(event_id, "given_up", detail, now_us)
            else:
                OutboxWrites(tx).again(event_id, detail, retry_at_us)

    def close(self) -> None:
        """Close the ledger."""
        if self._ledger is not None:
            self._ledger.close()

    def _opened(self) -> Ledger:
        if self._ledger is None:
            self._ledger = self._open_ledger()
        return self._ledger
