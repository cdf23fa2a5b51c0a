"""Server-sent events of the owner's page: the parts that have changed, as soon as they have.

How many may listen is limited, of one browser and in all; the newest tab of a browser ends its eldest.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from mpesa_cli.owner.server.live import Live

STREAMS_MAX = 16
OF_VIEWER_MAX = 3
HEARTBEAT_S = 15.0
FULL = "As many look at this page as may. Load it again in a while."


class Streams:
    """The streams of one page. Used from the event loop."""

    def __init__(self, live: Live) -> None:
        """No stream yet."""
        self._live = live
        self._open: list[tuple[str, asyncio.Event]] = []  # whose, and told to end; eldest first

    def has_room(self, viewer_id: str) -> bool:
        """Whether one more may be opened: a browser that has its share gives one up."""
        return len(self._open) < STREAMS_MAX or self._of(viewer_id) > 0

    async def stream(self, viewer_id: str, may_see: Callable[[], Awaitable[bool]]) -> AsyncIterator[bytes]:
        """Blocks of one stream. Ends where ``may_see``, which is asked before each block, says no."""
        if not self.has_room(viewer_id):  # of those that came at once, not all were counted when they were let in
            yield _block("end", FULL)
            return
        self._make_room(viewer_id)
        mine = (viewer_id, asyncio.Event())
        self._open.append(mine)
        self._live.came()
        sent: dict[str, str] = {}
        try:
            yield b"retry: 3000\n\n"
            shown = await self._live.now()
            while True:
                if not await may_see():
                    yield _block("end", "This browser may not see the page any more: mpesa owner pair")
                    return
                yield _block("parts", {i: html for i, html in shown.parts.items() if sent.get(i) != html})
                sent = dict(shown.parts)
                news = asyncio.ensure_future(self._live.after(shown.number, HEARTBEAT_S))
                ended = asyncio.ensure_future(mine[1].wait())
                try:
                    await asyncio.wait((news, ended), return_when=asyncio.FIRST_COMPLETED)
                finally:
                    ended.cancel()
                    if not news.done():
                        news.cancel()
                if mine[1].is_set():
                    yield _block("end", "Another tab of this browser shows the page live. Load it anew to see it here.")
                    return
                shown = news.result() or shown
        finally:
            self._open = [each for each in self._open if each is not mine]
            self._live.went()

    def _make_room(self, viewer_id: str) -> None:
        most = OF_VIEWER_MAX if len(self._open) < STREAMS_MAX else self._of(viewer_id)
        eldest = [ended for whose, ended in self._open if whose == viewer_id]
        for ended in eldest[: max(0, len(eldest) - most + 1)]:
            ended.set()

    def _of(self, viewer_id: str) -> int:
        return sum(whose == viewer_id for whose, _ in self._open)


def _block(event: str, data: str | Mapping[str, str]) -> bytes:
    return f"event: {event}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()
