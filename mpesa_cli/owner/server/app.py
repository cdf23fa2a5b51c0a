"""The owner's page as an ASGI app: it answers GET, and one POST, which pairs a browser. Nothing else is done here."""

from asyncio import sleep
from collections.abc import Callable
from functools import partial
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from mpesa_cli.api.pool import Pool
from mpesa_cli.floor.errors import MpesaError
from mpesa_cli.owner.page.files import page_files
from mpesa_cli.owner.page.pairing import pairing_page
from mpesa_cli.owner.page.whole import whole_page
from mpesa_cli.owner.server.doors import Doors
from mpesa_cli.owner.server.guesses import WRONG_TAKES_S, Guesses
from mpesa_cli.owner.server.live import Live
from mpesa_cli.owner.server.streams import FULL, Streams
from mpesa_cli.owner.viewers.gate import Gate
from mpesa_cli.owner.viewers.values import COOKIE_LIFE_US, Viewer, typed_code

COOKIE = "mpesa_owner"
THREADS, WAITING = 2, 32
BODY_MAX = 1_024
# Styles and the script are files of the page's own, and nothing comes from elsewhere.
_POLICY = "; ".join(
    (
        "default-src 'none'", "style-src 'self'", "script-src 'self'", "connect-src 'self'", "img-src data:",
        "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
    )
)
_ALWAYS = {
    "cache-control": "no-store",
    "content-security-policy": _POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",  # with none at all a browser would not say where the pairing form comes from
    "x-content-type-options": "nosniff",
}


class OwnerApp:
    """The page of one shop."""

    def __init__(
        self, title: str, label: str, doors: Doors, gate: Gate, live: Live, clock: Callable[[], float]
    ) -> None:
        """``label`` says that no real money is meant, or is empty; ``clock`` is in seconds, never set back."""
        self._title, self._label, self._doors, self._gate, self._live = title, label, doors, gate, live
        self._pool = Pool("owner", THREADS, WAITING)
        self._streams = Streams(live)
        self._guesses = Guesses(clock)

    def serves(self, path: bytes) -> bool:
        """Every path of its port is the page's."""
        return True

    def stop(self) -> None:
        """Finish what has begun."""
        self._pool.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except MpesaError as error:
            response = PlainTextResponse(f"{error.message}\n", 503, {"retry-after": "5"})
        response.headers.update(_ALWAYS)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if why := self._doors.refusal(request.scope["headers"]):
            return PlainTextResponse(f"{why}\n", 421)
        path, method = request.url.path, request.method
        if method == "POST" and path == "/pair":
            return await self._pair(request)
        if method != "GET":
            return PlainTextResponse("This page only shows.\n", 405, {"allow": "GET"})
        if (file := page_files().get(path)) is not None:
            return Response(file.content, media_type=file.media_type)
        if path == "/pair":
            return HTMLResponse(pairing_page(self._title, typed_code(request.query_params.get("code", ""))))
        if path not in {"/", "/live"}:
            return PlainTextResponse("There is nothing here.\n", 404)
        viewer = await self._viewer(request)
        if path == "/":
            return RedirectResponse("/pair", 303) if viewer is None else await self._page(viewer)
        return PlainTextResponse("mpesa owner pair\n", 403) if viewer is None else self._listen(request, viewer)

    async def _viewer(self, request: Request) -> Viewer | None:
        cookie = request.cookies.get(COOKIE, "")
        return await self._pool.run(partial(self._gate.of_cookie, cookie)) if cookie else None

    async def _page(self, viewer: Viewer) -> Response:
        shown = await self._live.now()
        return HTMLResponse(whole_page(self._title, self._label, shown.parts, viewer.name))

    def _listen(self, request: Request, viewer: Viewer) -> Response:
        if not self._streams.has_room(viewer.viewer_id):
            return PlainTextResponse(f"{FULL}\n", 503, {"retry-after": "30"})

        async def may_see() -> bool:
            try:
                return await self._viewer(request) is not None
            except MpesaError:
                return True  # the ledger is busy: the next round asks again

        blocks = self._streams.stream(viewer.viewer_id, may_see)
        return StreamingResponse(blocks, media_type="text/event-stream", headers={"x-accel-buffering": "no"})

    async def _pair(self, request: Request) -> Response:
        if not _comes_from_here(request):
            return PlainTextResponse("The code is typed on this page itself.\n", 403)
        address = request.client.host if request.client else ""
        if (wait_s := self._guesses.wait_s(address)) > 0:
            words = f"Too many codes were tried. Wait {int(wait_s) + 1} s."
            page = pairing_page(self._title, "", words)
            return HTMLResponse(page, 429, {"retry-after": str(int(wait_s) + 1)})
        code = await _typed(request)
        cookie = await self._pool.run(partial(self._gate.pair, code)) if code else None
        if cookie is None:
            await sleep(WRONG_TAKES_S)
            words = "This code is not right, was used before, or is older than five minutes."
            return HTMLResponse(pairing_page(self._title, "", words), 403)
        response = RedirectResponse("/", 303)
        response.set_cookie(
            COOKIE, cookie, max_age=COOKIE_LIFE_US // 1_000_000, httponly=True, samesite="strict",
            secure=request.url.scheme == "https",
        )
        return response


def _comes_from_here(request: Request) -> bool:
    """Whether a form was sent by this page: a browser says where a form is from, and can't be made to lie."""
    origins = request.headers.getlist("origin")
    here = f"{request.scope['scheme']}://{request.headers.get('host', '')}".lower()
    if any(origin.lower() != here for origin in origins):
        return False
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/x-www-form-urlencoded"


async def _typed(request: Request) -> str:
    """The code in a form; empty where there is none."""
    body = await request.body()
    if len(body) > BODY_MAX:
        return ""
    fields = parse_qs(body.decode("latin-1"), max_num_fields=4) if body.count(b"&") < 4 else {}
    return typed_code(fields.get("code", [""])[0])


