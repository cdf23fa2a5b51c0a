"""The sender of callbacks over HTTP when due: 10 s for an answer, never a second try (daraja.md 3.2).

This module loads httpx and asyncio; only the simulator's server imports it.
"""

import asyncio
from collections.abc import Callable
from urllib.parse import urlsplit

from mpesa_cli.floor.moments import clock_time
from mpesa_cli.floor.wire.lean_httpx import httpx
from mpesa_cli.floor.world import World
from mpesa_cli.simulator.deliveries import Delivery
from mpesa_cli.simulator.engine import Engine

_LONGEST_SLEEP_S = 0.5
_ANSWER_CAP = 64 * 1024


class Sender:
    """A background task; one POST per callback, all that are due side by side."""

    def __init__(self, engine: Engine, world: World, say: Callable[[str], None]) -> None:
        """``say`` gets one line a callback."""
        self._engine = engine
        self._world = world
        self._say = say
        self._under_way: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._client = httpx.AsyncClient(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))

    async def run(self) -> None:
        """Send the callbacks that are due until cancelled."""
        try:
            while True:
                self._wake.clear()
                self._start_due()
                await self._until_something_is_due()
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)
            await self._client.aclose()

    def wake(self) -> None:
        """Check again now: a request or a moved clock may have made something due."""
        self._wake.set()

    async def send_due(self) -> None:
        """Send the due callbacks; wait until each of these and all earlier ones has got its answer."""
        self._start_due()
        if self._under_way:
            await asyncio.wait(self._under_way)

    def _start_due(self) -> None:
        for delivery in self._engine.claim_due():
            task = asyncio.create_task(self._send(delivery))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _until_something_is_due(self) -> None:
        due_us = self._engine.next_due_us()
        pause_s = _LONGEST_SLEEP_S if due_us is None else (due_us - self._world.now_us()) / 1e6
        try:
            async with asyncio.timeout(min(max(pause_s, 0.001), _LONGEST_SLEEP_S)):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _send(self, delivery: Delivery) -> None:
        status, body = 0, b""
        try:
            async with asyncio.timeout(delivery.limit_s):
                status, body = await self._post(delivery)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError):
            status = 0
        self._engine.take_answer(delivery, status, body)
        self._say(_line(self._engine.own_time_us(), delivery, status))
        self.wake()

    async def _post(self, delivery: Delivery) -> tuple[int, bytes]:
        headers = {"content-type": "application/json"}
        async with self._client.stream(
            "POST", delivery.url, content=delivery.body, headers=headers, timeout=delivery.limit_s
        ) as response:
            body = b""
            async for chunk in response.aiter_bytes():
                body = (body + chunk)[:_ANSWER_CAP]
                if len(body) == _ANSWER_CAP:
                    break
            return response.status_code, body


def _line(at_us: int, delivery: Delivery, status: int) -> str:
    """One line for people. The URL's path is left out: it holds the secret that authenticates callbacks."""
    kind = {"stk": f"callback, result {delivery.result_code},"}.get(delivery.kind, delivery.kind)
    answer = f"HTTP {status}" if status else "no answer; it is not sent again"
    parts = urlsplit(delivery.url)
    return f"{clock_time(at_us)}  {kind} to {parts.scheme}://{parts.netloc}/…: {answer}"
