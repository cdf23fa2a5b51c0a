"""Daraja as a function of (state, request, now): no clock, no network, no randomness of its own.

``handle`` answers a request and changes the state. ``due`` gives the POSTs to the merchant that must leave by
now; the runner reports their fate with ``delivered`` and, for a C2B
validation, with ``answered``. All times are the simulator's own, in microseconds (``state.clock_offset_us``).
"""

from collections.abc import Callable

from mpesa_cli.floor.records import dataclass
from mpesa_cli.simulator import wire
from mpesa_cli.simulator.apis import (
    asynchronous,
    c2b,
    dynamic_qr,
    initiator_apis,
    not_played,
    oauth,
    organisation,
    pull,
    stk,
)
from mpesa_cli.simulator.apis.asynchronous import Api
from mpesa_cli.simulator.deliveries import answered, delivered, due, next_due_us
from mpesa_cli.simulator.identifiers import TokenHex, request_id
from mpesa_cli.simulator.record import Charge, charges, prompt_records
from mpesa_cli.simulator.state import State
from mpesa_cli.simulator.wire import Reply, Request

__all__ = [
    "Charge", "Reply", "Request", "State", "answered", "charges", "delivered", "due", "handle", "next_due_us",
    "prompt_records",
]

OAUTH_PATH = "/oauth/v1/generate"
PUSH_PATH = "/mpesa/stkpush/v1/processrequest"
QUERY_PATH = "/mpesa/stkpushquery/v1/query"

_Handler = Callable[[State, Request, int, TokenHex], Reply]


@dataclass(frozen=True, slots=True)
class _Route:
    """A POST endpoint. ``bad_token`` is how its family refuses a token; ``version`` the C2B product's."""

    handler: _Handler
    bad_token: str
    version: str = ""


def _c2b_routes(version: str) -> dict[str, _Route]:
    def register(state: State, request: Request, _now_us: int, token_hex: TokenHex) -> Reply:
        return c2b.register(state, request, version, token_hex)

    def simulate(state: State, request: Request, now_us: int, token_hex: TokenHex) -> Reply:
        return c2b.simulate(state, request, version, now_us, token_hex)

    return {
        f"/mpesa/c2b/{version}/registerurl": _Route(register, "400.003.01", version),
        f"/mpesa/c2b/{version}/simulate": _Route(simulate, "400.003.01", version),
    }


def _initiator_route(api: Api) -> _Route:
    def handler(state: State, request: Request, now_us: int, token_hex: TokenHex) -> Reply:
        refusal = not_played.top_up(request.json_object(), token_hex) if api.name == "b2b" else None
        return refusal or asynchronous.take(state, request, api, now_us, token_hex)

    return _Route(handler, api.bad_token)


_ROUTES: dict[str, _Route] = {
    PUSH_PATH: _Route(stk.push, "404.001.03"),
    QUERY_PATH: _Route(stk.query, "404.001.03"),
    **_c2b_routes("v1"),
    **_c2b_routes("v2"),
    **{path: _initiator_route(api) for path, api in initiator_apis.PATHS.items()},
    "/pulltransactions/v1/register": _Route(pull.register, "401.001"),
    "/pulltransactions/v1/query": _Route(pull.query, "401.001"),
    "/mpesa/qrcode/v1/generate": _Route(dynamic_qr.generate, "404.001.03"),
    "/sfcverify/v1/query/info": _Route(organisation.info, "401.001"),
}


def handle(state: State, request: Request, now_us: int, token_hex: TokenHex) -> Reply:
    """Answer one request. The state is changed in place: keep it before the reply leaves."""
    path = request.bare_path.rstrip("/")
    route = _ROUTES.get(path)
    if route is None and path != OAUTH_PATH:
        missing = not_played.not_played(path, token_hex)
        return missing or wire.error(request_id(token_hex), "404.001.01", "Resource not found")
    if request.method != ("GET" if route is None else "POST"):
        return wire.error(request_id(token_hex), "405.001", f"{request.method} Method Not Allowed")
    if route is None:
        return oauth.issue(state, request, now_us, token_hex)
    refusal = _refused_token(state, request, route, now_us)
    if refusal is not None:
        return wire.error(request_id(token_hex), *refusal)
    return route.handler(state, request, now_us, token_hex)


def _refused_token(state: State, request: Request, route: _Route, now_us: int) -> tuple[str, str] | None:
    """The error code and text where the request's token doesn't open this endpoint, else None."""
    if not oauth.has_bearer(request):
        return "404.001.04", "Invalid Authentication Header"
    token = oauth.token_of(state, request, now_us)
    if token is None:
        echoed = f"Error Occurred - Invalid Access Token - {oauth.bearer(request)}"
        return route.bad_token, echoed if route.bad_token == "401.002.01" else "Invalid Access Token"  # noqa: S105
    if route.version and token.c2b_version not in {"", route.version}:
        return "401.003.01", c2b.NO_PRODUCT
    return None
