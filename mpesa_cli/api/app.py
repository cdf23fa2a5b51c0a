"""The ASGI app: from a request to an answer, in the order in which a request may fail.

A token first, then what is asked for, then what is wrong with it: who may not call learns nothing about orders.
"""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from mpesa_cli import __version__
from mpesa_cli.api.context import EVENT_STREAM, HTML, JSON, ApiContext, Call, HttpReply
from mpesa_cli.api.docs_page import docs_page
from mpesa_cli.api.endpoints import Endpoint, endpoints
from mpesa_cli.api.events import Events
from mpesa_cli.api.fields import wrong
from mpesa_cli.api.headers import SecurityHeaders
from mpesa_cli.api.openapi import openapi
from mpesa_cli.api.pool import Pool
from mpesa_cli.api.problems import PROBLEM_TYPE, Problem, problem_of
from mpesa_cli.api.reading import (
    check_content_type,
    chosen_form,
    read_body,
    read_key,
    read_last_event_id,
    read_query,
    too_large,
)
from mpesa_cli.api.tokens.bearer import Bearer, bearer_text
from mpesa_cli.floor.errors import ExitStatus, MpesaError, NotFound
from mpesa_cli.floor.wire.strict_json import MAX_BYTES

TALKING_THREADS, TALKING_WAITING = 24, 64
READING_THREADS, READING_WAITING = 4, 256


class ApiApp:
    """The API of one profile, as an ASGI app."""

    def __init__(self, context: ApiContext, complain: Callable[[str], None]) -> None:
        """``complain`` is told of our own faults, in words that hold no data."""
        self._context = context
        self._complain = complain
        self._talking = Pool("talk", TALKING_THREADS, TALKING_WAITING)
        self._reading = Pool("read", READING_THREADS, READING_WAITING)
        self._events = Events(context, self._reading)
        served = endpoints(context.profile)
        about = f"Profile {context.profile.name}, environment {context.profile.environment}."
        self._openapi = openapi(served, about, __version__)
        router = Starlette(
            routes=[
                Route(e.path.replace("{orderId}", "{orderId:path}"), partial(self._serve, e), methods=[e.method])
                for e in served
            ]
            + [Route("/", _to_docs, methods=["GET"])],
            exception_handlers={HTTPException: _as_problem},
        )
        router.router.redirect_slashes = False
        self._app = SecurityHeaders(router, context.profile.api.origins)

    def serves(self, path: bytes) -> bool:
        """Whether a path is the API's. The paths of callbacks never are: no bearer token opens them."""
        if path.startswith(b"/payments/"):
            return not path.startswith(b"/payments/mpesa/")
        return path in {b"/", b"/orders", b"/balance", b"/docs", b"/openapi.json"} or path.startswith(b"/orders/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._app(scope, receive, send)

    def stop(self) -> None:
        """Finish what has begun. Prompts that are on their way get their answer stored."""
        self._talking.stop()
        self._reading.stop()

    async def _serve(self, endpoint: Endpoint, request: Request) -> Response:
        try:
            return await self._answer(endpoint, request)
        except MpesaError as error:
            return _problem(problem_of(error, money_moved="no" if endpoint.asks else "unknown"))
        except Exception as bug:  # noqa: BLE001 - whatever it is, the caller gets an answer that is true
            self._complain(f"The API met something it does not know: {type(bug).__name__} in {endpoint.name}.")
            return _problem(problem_of(_Bug(bug)))

    async def _answer(self, endpoint: Endpoint, request: Request) -> Response:
        bearer = await self._allowed(endpoint, request) if endpoint.scope else None
        form = chosen_form(endpoint, ",".join(request.headers.getlist("accept")))
        query = read_query(endpoint, request.query_params.multi_items())
        if form == EVENT_STREAM:
            assert bearer is not None  # events have a scope, or strangers could listen
            return await self._listen(request, bearer.jti, query)
        if endpoint.handle is None:
            base = f"{request.scope['scheme']}://{request.headers.get('host', '127.0.0.1:8310')}"
            content = docs_page(self._openapi, base).encode() if form == HTML else _json(self._openapi)
            return Response(content, media_type=form)
        body: dict[str, Any] = {}
        if endpoint.body is not None:
            raw = await _whole_body(request)
            check_content_type(request.headers.get("content-type"), len(raw))
            body = read_body(endpoint, raw)
        ref, subject = request.path_params.get("orderId", ""), bearer.subject if bearer else ""
        key = read_key(endpoint, request.headers.getlist("idempotency-key"), subject, ref, body)
        call = Call(bearer, ref, query, body, key, form)
        pool = self._talking if endpoint.talks(call) else self._reading
        return _response(await pool.run(partial(endpoint.handle, self._context, call)))

    async def _allowed(self, endpoint: Endpoint, request: Request) -> Bearer:
        bearer = await self._reading.run(lambda: self._bearer(request, endpoint.scope))
        self._context.spare(self._context.per_token, bearer.jti, "token")
        return bearer

    def _bearer(self, request: Request, scope: str) -> Bearer:
        bearer = self._context.check_token(bearer_text(request.headers.getlist("authorization")))
        bearer.require(scope)
        return bearer

    async def _listen(self, request: Request, jti: str, query: dict[str, Any]) -> Response:
        after = read_last_event_id(request.headers.getlist("last-event-id"))
        if request.method == "HEAD":  # a stream without a body would be one without an end
            return Response(media_type=EVENT_STREAM)
        self._events.check_room(jti)
        recheck = partial(self._bearer, request, "payments:read")
        blocks = self._events.stream(jti, after, query.get("orderId"), recheck)
        return StreamingResponse(blocks, media_type=EVENT_STREAM, headers={"x-accel-buffering": "no"})


class _Bug(MpesaError):
    exit_status = ExitStatus.BUG_OR_DECLINED
    code = "bug"
    money_moved = "unknown"

    def __init__(self, bug: Exception) -> None:
        super().__init__(
            f"mpesa met something it does not know: {type(bug).__name__}.",
            hint="If a prompt was on its way, the ledger has it: mpesa status ORDER",
        )


async def _whole_body(request: Request) -> bytes:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BYTES:
            raise too_large()
    return body


async def _to_docs(_: Request) -> Response:
    """The redirect to the documentation, for whoever opens the server's bare address."""
    return Response(status_code=307, headers={"location": "/docs"})


async def _as_problem(request: Request, error: Exception) -> Response:
    """The problem document of what Starlette itself refuses: unknown paths and methods."""
    assert isinstance(error, HTTPException)  # registered for nothing else
    if error.status_code == 405:
        methods = (error.headers or {}).get("Allow", "")
        refused: MpesaError = wrong("This method is not for this path.", f"Right: {methods}.", "method-not-allowed")
        return _problem(problem_of(refused), {"allow": methods})
    return _problem(problem_of(NotFound("There is nothing at this path.", hint="All paths: GET /openapi.json")))


def _problem(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    return Response(
        problem.body(), problem.status, {**problem.headers, **(headers or {})}, media_type=PROBLEM_TYPE
    )


def _response(answer: HttpReply) -> Response:
    if answer.status >= 400:
        return _problem(Problem(answer.status, answer.document, answer.headers))
    content = _json(answer.document) if answer.media_type == JSON else answer.content
    return Response(content, answer.status, dict(answer.headers), media_type=answer.media_type)


def _json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
