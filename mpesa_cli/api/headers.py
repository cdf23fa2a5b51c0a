"""Security headers that keep browsers from misusing an answer, and CORS for the pages that the profile names."""

from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Receipts and the documentation have their styles in them, and pictures as data; nothing has a script.
_POLICY = "; ".join(
    (
        "default-src 'none'", "style-src 'unsafe-inline'", "img-src data:", "base-uri 'none'", "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_ALWAYS = {
    "cache-control": "no-store",
    "content-security-policy": _POLICY,
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_ASKED_WITH = ("authorization", "content-type", "idempotency-key", "last-event-id")
_SHOWN = ("link", "retry-after", "www-authenticate")


class SecurityHeaders:
    """An ASGI app around another one, which adds the headers to every answer."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        """``origins`` name the web pages that may call from a browser: only these, and by default none."""
        self._app = app
        self._origins = frozenset(origins)
        self._app_for_named = _Cors(
            app, allow_origins=self._origins, allow_methods=("GET", "POST"), allow_headers=_ASKED_WITH,
            expose_headers=_SHOWN, max_age=600,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        is_named = Headers(scope=scope).get("origin", "") in self._origins

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_ALWAYS)
                if is_named:
                    headers["cross-origin-resource-policy"] = "cross-origin"
                elif self._origins:
                    headers.add_vary_header("Origin")
            await send(message)

        # An origin that is not named gets the app's own answers: a preflight is a method that is not for this path.
        await (self._app_for_named if is_named else self._app)(scope, receive, with_headers)


class _Cors(CORSMiddleware):
    """Starlette's, which answers a preflight with a body that no browser reads; here there is none."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """204, or 400 for a method or header that no page may use."""
        answer = super().preflight_response(request_headers)
        if answer.status_code != 200:
            return answer
        kept = {name: value for name, value in answer.headers.items() if not name.startswith("content-")}
        return Response(status_code=204, headers=kept)
