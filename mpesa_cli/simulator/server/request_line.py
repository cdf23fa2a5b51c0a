"""One line about one request, for the screen of ``simulator serve``: no secrets, numbers masked."""

import json

from mpesa_cli.rules.values.msisdn import mask_msisdn
from mpesa_cli.simulator.apis.checks import text_of
from mpesa_cli.simulator.wire import Reply, Request

_NAMES = {
    "/oauth/v1/generate": "token",
    "/mpesa/stkpush/v1/processrequest": "push",
    "/mpesa/stkpushquery/v1/query": "query",
    "/mpesa/c2b/v1/registerurl": "C2B register",
    "/mpesa/c2b/v2/registerurl": "C2B register",
    "/mpesa/c2b/v1/simulate": "C2B payment",
    "/mpesa/c2b/v2/simulate": "C2B payment",
    "/mpesa/transactionstatus/v1/query": "transaction status",
    "/mpesa/accountbalance/v1/query": "account balance",
    "/mpesa/reversal/v1/request": "reversal",
    "/mpesa/b2c/v1/paymentrequest": "payout",
    "/mpesa/b2c/v3/paymentrequest": "payout",
    "/mpesa/b2b/v1/paymentrequest": "B2B payment",
    "/mpesa/b2b/v1/remittax": "tax",
    "/mpesa/qrcode/v1/generate": "QR code",
    "/sfcverify/v1/query/info": "organisation",
    "/pulltransactions/v1/register": "pull register",
    "/pulltransactions/v1/query": "pull query",
}
_FAULTS = {
    "drop_before": "connection cut, nothing accepted",
    "drop_after": "accepted, answer lost",
    "truncate": "accepted, half of the answer sent",
}


def describe(request: Request, reply: Reply) -> str:
    """The line: ``push 2547••••4149 KES 100: HTTP 200``."""
    name = _NAMES.get(request.bare_path.rstrip("/"))
    body = request.json_object()
    words = [name or f"{request.method} another path"]
    msisdn = text_of(body.get("PhoneNumber") or body.get("Msisdn") or body.get("PartyB"))
    if len(msisdn) == 12:
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
