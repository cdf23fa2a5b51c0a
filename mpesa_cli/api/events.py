"""Server-sent events: what happens to payments, numbered by the journal, so that nothing is missed in between.

One reader looks for news for all listeners. A listener that comes back with the id of its last event goes on
from there, whatever happened meanwhile and whichever process wrote it.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

from mpesa_cli.api.changes import Changes
from mpesa_cli.api.context import ApiContext
from mpesa_cli.api.pool import Pool
from mpesa_cli.api.tokens.bearer import Bearer
from mpesa_cli.floor.errors import MpesaError, Temporary
from mpesa_cli.ledger.held import Held
from mpesa_cli.rules.payment_document import payment_document
from mpesa_cli.rules.state import WAS_PAID

LISTENERS_MAX = 100
LISTENERS_OF_TOKEN_MAX = 20
LOOK_EVERY_S = 0.25
HEARTBEAT_S = 15.0
BATCH = 200


class Events:
    """The listeners of one API. Used from the event loop."""

    def __init__(self, context: ApiContext, reading: Pool) -> None:
        """A stream that reads the ledger only while somebody listens."""
        self._context = context
        self._reading = reading
        self._head = 0
        self._news = asyncio.Condition()
        self._listeners = 0
        self._of_token: Counter[str] = Counter()
        self._watcher: asyncio.Task[None] | None = None

    def check_room(self, jti: str) -> None:
        """Raise Temporary ``too-many-listeners`` where the limit is reached, in all or for this token."""
        for count, most, whose in (
            (self._of_token[jti], LISTENERS_OF_TOKEN_MAX, " with this token"),
            (self._listeners, LISTENERS_MAX, ""),
        ):
            if count >= most:
                raise Temporary(
                    f"There are {most} listeners{whose} already.",
                    hint="Close one, or look instead of listening: mpesa status REF", code="too-many-listeners",
                )

    async def stream(
        self, jti: str, after: int | None, order_id: str | None, recheck: Callable[[], Bearer]
    ) -> AsyncIterator[bytes]:
        """Blocks of the stream behind row ``after`` of the journal, or from now on; of one order where it is named.

        ``jti`` names the token. Ends where ``recheck``, which is asked between heartbeats, no longer lets it pass.
        """
        self._listeners += 1
        self._of_token[jti] += 1
        try:
            self._watch()
            seq = await self._reading.run(Changes(self._context.ledger).head) if after is None else after
            yield b"retry: 2000\n: listening\n\n"
            while await self._may_go_on(recheck):
                seq, blocks = await self._reading.run(lambda since=seq: self._behind(since, order_id))  # type: ignore[misc]
                for block in blocks:
                    yield block
                if not blocks and not await self._wait_for_news(seq):
                    yield b": still here\n\n"
        finally:
            self._listeners -= 1
            self._of_token[jti] -= 1
            if not self._of_token[jti]:
                del self._of_token[jti]

    async def _may_go_on(self, recheck: Callable[[], Bearer]) -> bool:
        try:
            await self._reading.run(recheck)
        except Temporary:
            return True  # the ledger is busy: the next round asks again
        except MpesaError:
            return False
        return True

    async def _wait_for_news(self, seq: int) -> bool:
        try:
            async with asyncio.timeout(HEARTBEAT_S), self._news:
                await self._news.wait_for(lambda: self._head > seq)
        except TimeoutError:
            return False
        return True

    def _watch(self) -> None:
        if self._watcher is None or self._watcher.done():
            self._watcher = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        while self._listeners:
            try:
                head = await self._reading.run(Changes(self._context.ledger).head)
            except MpesaError:
                head = self._head
            if head > self._head:
                async with self._news:
                    self._head = head
                    self._news.notify_all()
            await asyncio.sleep(LOOK_EVERY_S)

    def _behind(self, seq: int, order_id: str | None) -> tuple[int, list[bytes]]:
        """The next blocks, and the row that they go up to."""
        ledger, now_us = self._context.ledger, self._context.world.now_us()
        changes = Changes(ledger).since(seq, BATCH)
        newest = {change.payment_id: change.seq for change in changes}
        blocks: list[bytes] = []
        until = changes[-1].seq if changes else seq
        for payment_id, at in sorted(newest.items(), key=lambda item: item[1]):
            payment = ledger.payment(payment_id)
            if payment is None or order_id not in {None, payment.order_id}:
                continue
            document = payment_document(payment, now_us)
            paid_at = Changes(ledger).became_paid_at(payment) if payment.status in WAS_PAID else None
            is_news = paid_at is not None and seq < paid_at <= until
            if is_news and Held(ledger).was_read_late(payment_id):
                document["late"] = True
            # Whoever is cut off between the two gets both again: "paid" must not be the one that is missed.
            blocks.append(_block("payment.updated", document, None if is_news else at))
            if is_news:
                blocks.append(_block("order.paid", document, at))
        return until, blocks


def _block(event: str, document: dict[str, Any], seq: int | None) -> bytes:
    data = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    number = "" if seq is None else f"id: {seq}\n"
    return f"{number}event: {event}\ndata: {data}\n\n".encode()
