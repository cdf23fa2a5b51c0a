"""The simulator as an ASGI application: Daraja's paths, and the record and clock under ``/simulator/``.

This module loads Starlette; only the simulator's server imports it.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from mpesa_cli.floor.moments import clock_time
from mpesa_cli.simulator.asynchronous_scenarios import TABLE
from mpesa_cli.simulator.engine import Engine
from mpesa_cli.simulator.scenarios import all_scenarios
from mpesa_cli.simulator.server.connection_faults import abort, send_half
from mpesa_cli.simulator.server.request_line import describe
from mpesa_cli.simulator.server.sender import Sender
from mpesa_cli.simulator.server.statement import statement_routes
from mpesa_cli.simulator.wire import Reply, Request

BODY_CAP = 64 * 1024
ADVANCE_AT_MOST_S = 366 * 24 * 3600


class SimulatorApp:
    """The application that uvicorn runs, outside Starlette's middleware, whose wrappers hide the connection."""

    def __init__(self, engine: Engine, sender: Sender, say: Callable[[str], None]) -> None:
        """``say`` gets one line a request."""
        self._engine = engine
        self._sender = sender
        self._say = say
        self._admin = admin_app(engine, sender)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        if scope["path"].startswith("/simulator/"):
            await self._admin(scope, receive, send)
            return
        body = await _body(receive)
        if body is None:
            return
        request = _request(scope, body)
        reply = self._engine.answer(request)
        self._say(f"{clock_time(self._engine.own_time_us())}  {describe(request, reply)}")
        self._sender.wake()
        await self._give(reply, receive, send)

    async def _give(self, reply: Reply, receive: Receive, send: Send) -> None:
        if reply.fault == "drop_before":
            await abort(receive, send)
            return
        await asyncio.sleep(reply.delay_s)
        if reply.callback_first:
            await self._sender.send_due()
        if reply.fault == "drop_after":
            await abort(receive, send)
            return
        headers = [(name.encode(), value.encode()) for name, value in reply.headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        if reply.fault == "truncate":
            await send_half(reply.body, receive, send)
            return
        await send({"type": "http.response.body", "body": reply.body})


def admin_app(engine: Engine, sender: Sender) -> ASGIApp:
    """``GET /simulator/prompts``, ``/scenarios`` and ``/statement``; ``POST /simulator/clock`` and ``/reverse``."""

    async def prompts(_request: HttpRequest) -> JSONResponse:
        return JSONResponse(engine.record())

    async def scenarios(request: HttpRequest) -> JSONResponse:
        rows = TABLE if request.query_params.get("of") == "initiator" else all_scenarios()
        return JSONResponse([asdict(row) for row in rows])

    async def clock(request: HttpRequest) -> JSONResponse:
        seconds = _seconds(await request.body())
        if seconds is None:
            return JSONResponse({"error": "advance_s must be a number of seconds above 0"}, status_code=400)
        ahead_s = engine.advance(seconds)
        await sender.send_due()
        return JSONResponse({"clock_ahead_s": ahead_s})

    return Starlette(routes=[
        Route("/simulator/prompts", prompts, methods=["GET"]),
        Route("/simulator/scenarios", scenarios, methods=["GET"]),
        Route("/simulator/clock", clock, methods=["POST"]),
        *statement_routes(engine),
    ])


def _seconds(body: bytes) -> float | None:
    """The seconds that ``{"advance_s": N}`` asks for, or None where N is no sensible number."""
    try:
        asked = json.loads(body)["advance_s"]
    except (ValueError, KeyError, TypeError):
        return None
    if isinstance(asked, bool) or not isinstance(asked, int | float):
        return None
    return asked if 0 < asked <= ADVANCE_AT_MOST_S else None


def _request(scope: Scope, body: bytes) -> Request:
    query = scope["query_string"].decode("latin-1")
    return Request(
        method=scope["method"],
        path=scope["path"] + (f"?{query}" if query else ""),
        headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
        body=body,
    )


async def _body(receive: Receive) -> bytes | None:
    """The whole body, or None where the client went away. Bytes beyond the cap make it unreadable JSON."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        if len(body) <= BODY_CAP:
            body += message.get("body", b"")
        more = message.get("more_body", False)
    return body if len(body) <= BODY_CAP else b""
