"""Manners around the app: headers that keep browsers from misusing an answer, and CORS for pages that are named."""

from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders  # noqa: TID253 - imported inside functions only
from starlette.types import ASGIApp, Message, Receive, Scope, Send  # noqa: TID253 - as above

# Receipts and the documentation have their styles in them, and pictures as data; nothing has a script.
_POLICY = "; ".join(
    (
        "default-src 'none'", "style-src 'unsafe-inline'", "img-src data:", "base-uri 'none'", "form-action 'none'",
        "frame-ancestors 'none'",
    )
)  # fmt: skip
_ALWAYS = {
    "cache-control": "no-store",
    "content-security-policy": _POLICY,
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_ASKED_WITH = "authorization, content-type, idempotency-key, last-event-id"
_SHOWN = "link, retry-after, www-authenticate"


class Manners:
    """An ASGI app around another one."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        """``origins`` are those of web pages that may call from a browser; others may not, and by default none."""
        self._app = app
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        origin = Headers(scope=scope).get("origin", "")
        is_named = origin in self._origins
        preflight = scope["method"] == "OPTIONS" and "access-control-request-method" in Headers(scope=scope)

        async def politely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_ALWAYS)
                if self._origins:
                    headers.add_vary_header("Origin")
                if is_named:
                    headers["access-control-allow-origin"] = origin
                    headers["access-control-expose-headers"] = _SHOWN
                    headers["cross-origin-resource-policy"] = "cross-origin"
            await send(message)

        if not (is_named and preflight):
            await self._app(scope, receive, politely)
            return
        allowed = {
            "access-control-allow-methods": "GET, POST",
            "access-control-allow-headers": _ASKED_WITH,
            "access-control-max-age": "600",
        }
        raw = [(name.encode(), value.encode()) for name, value in allowed.items()]
        await politely({"type": "http.response.start", "status": 204, "headers": raw})
        await politely({"type": "http.response.body", "body": b""})
