"""One line about one request, for the screen of ``simulator serve``: no secrets, numbers masked."""

import json

from mpesa_cli.rules.values.msisdn import mask_msisdn
from mpesa_cli.simulator.apis.checks import text_of
from mpesa_cli.simulator.wire import Reply, Request

_NAMES = {
    "generate": "token",
    "processrequest": "push",
    "query": "query",
    "registerurl": "C2B register",
    "simulate": "C2B payment",
}
_FAULTS = {
    "drop_before": "connection cut, nothing accepted",
    "drop_after": "accepted, answer lost",
    "truncate": "accepted, half of the answer sent",
}


def describe(request: Request, reply: Reply) -> str:
    """The line: ``push 2547••••4149 KES 100: HTTP 200``."""
    name = _NAMES.get(request.bare_path.rstrip("/").rsplit("/", 1)[-1])
    body = request.json_object()
    words = [name or f"{request.method} another path"]
    msisdn = text_of(body.get("PhoneNumber") or body.get("Msisdn"))
    if msisdn:
        words.append(mask_msisdn(msisdn))
    amount = text_of(body.get("Amount"))
    if amount.isdecimal():
        words.append(f"KES {amount}")
    return f"{' '.join(words)}: {_outcome(reply)}"


def _outcome(reply: Reply) -> str:
    if reply.fault:
        return _FAULTS[reply.fault]
    said = ""
    if reply.content_type == "application/json":
        try:
            said = str(json.loads(reply.body).get("errorMessage", ""))
        except ValueError:
            said = "empty body"
    return f"HTTP {reply.status}" + (f" {said}" if said else "")
