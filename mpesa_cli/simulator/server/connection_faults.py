"""Faults of a real connection, made through uvicorn's own transport."""

import asyncio

from starlette.types import Receive, Send


async def abort(receive: Receive, send: Send) -> None:
    """Cut the TCP connection at once, with a reset where data is unread: no answer leaves."""
    _transport(send).abort()
    await _until_gone(receive)


async def send_half(body: bytes, receive: Receive, send: Send) -> None:
    """Send half of an announced body, then close the connection."""
    await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
    _transport(send).close()
    await _until_gone(receive)


def _transport(send: Send) -> asyncio.Transport:
    """The connection behind ``send``. Raises RuntimeError on a server that doesn't show it.

    ASGI has no word for a broken connection, so this relies on ``send`` being a method of uvicorn's
    request cycle, which holds the transport; tests/simulator watches that it still is.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if not isinstance(transport, asyncio.Transport):
        raise RuntimeError("this server does not let the simulator break a connection")  # noqa: TRY004
    return transport


async def _until_gone(receive: Receive) -> None:
    """Wait until the server knows that the connection is gone, or it would complain of a missing answer."""
    while (await receive())["type"] != "http.disconnect":
        continue
