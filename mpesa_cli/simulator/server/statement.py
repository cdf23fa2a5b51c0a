"""``GET /simulator/statement`` and ``POST /simulator/reverse``: the portal's side of a served simulator.

This module loads Starlette; only the simulator's server imports it.
"""

import json

from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mpesa_cli.floor.errors import Conflict, InvalidInput, NotFound
from mpesa_cli.simulator.apis.c2b_body import shillings
from mpesa_cli.simulator.engine import Engine
from mpesa_cli.simulator.statement import read_period


def statement_routes(engine: Engine) -> list[Route]:
    """The two paths. ``since`` and ``until`` are read as the command reads ``--since`` and ``--until``."""

    async def statement(request: HttpRequest) -> Response:
        asked = request.query_params
        shortcode = asked.get("shortcode", "")
        if not shortcode:
            return JSONResponse({"error": "shortcode is missing"}, status_code=400)
        try:
            period = read_period(asked.get("since"), asked.get("until"), engine.own_time_us())
        except InvalidInput as wrong:
            return JSONResponse({"error": f"{wrong.message} {wrong.hint}"}, status_code=400)
        return Response(engine.statement(shortcode, period), media_type="text/csv; charset=utf-8")

    async def reverse(request: HttpRequest) -> Response:
        receipt = _receipt(await request.body())
        if receipt is None:
            return JSONResponse({"error": "receipt must be a text"}, status_code=400)
        try:
            made = engine.reverse(receipt)
        except (NotFound, Conflict) as refused:
            return JSONResponse({"error": refused.message}, status_code=404 if isinstance(refused, NotFound) else 409)
        return JSONResponse({"receipt": made.receipt, "reverses": made.linked, "amount": shillings(made.amount_cents)})

    return [
        Route("/simulator/statement", statement, methods=["GET"]),
        Route("/simulator/reverse", reverse, methods=["POST"]),
    ]


def _receipt(body: bytes) -> str | None:
    """The receipt that ``{"receipt": "…"}`` names, or None where it names none."""
    try:
        asked = json.loads(body)["receipt"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return asked if isinstance(asked, str) else None
