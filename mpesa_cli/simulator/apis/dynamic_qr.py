"""Dynamic QR: a picture that opens the M-PESA app with the amount filled in, answered at once.

What the picture says is the simulator's own: Safaricom's code can only be read by its app.
"""

import base64
import io

from mpesa_cli.floor.moments import daraja_stamp
from mpesa_cli.simulator import wire
from mpesa_cli.simulator.apis import checks
from mpesa_cli.simulator.apis.asynchronous import given, named, one_of, shillings
from mpesa_cli.simulator.apis.checks import is_msisdn, text_of
from mpesa_cli.simulator.identifiers import TokenHex, request_id
from mpesa_cli.simulator.state import State
from mpesa_cli.simulator.wire import Reply, Request

_SIZE_MAX = 2_000
_UNAVAILABLE = "unavailable"


def _is_party(value: object) -> bool:
    text = text_of(value)
    return is_msisdn(value) or (text.isascii() and text.isdecimal() and 5 <= len(text) <= 7)


def _is_size(value: object) -> bool:
    return 1 <= (shillings(value) or 0) <= _SIZE_MAX


_CHECKS = (
    named("MerchantName", given),
    named("RefNo", given),
    named("Amount", lambda value: shillings(value) is not None),
    named("TrxCode", one_of("BG", "WA", "PB", "SM", "SB")),
    named("CPI", _is_party),
    named("Size", lambda value: value is None or _is_size(value)),
)


def generate(_state: State, request: Request, now_us: int, token_hex: TokenHex) -> Reply:
    """Answer a request whose token is good. The merchant's name ``unavailable`` gets the sandbox's page."""
    body, made = request.json_object(), request_id(token_hex)
    wrong = checks.first_wrong_field(body, _CHECKS)
    if wrong:
        return wire.bad_field(made, wrong)
    if text_of(body["MerchantName"]).strip() == _UNAVAILABLE:
        return wire.page(503, wire.UNAVAILABLE_PAGE)
    said = ":".join(text_of(body[name]) for name in ("TrxCode", "CPI", "Amount", "RefNo"))
    return wire.ok({
        "ResponseCode": f"AG_{daraja_stamp(now_us)[:8]}_{token_hex(10)}",
        "RequestID": made,
        "ResponseDescription": "QR Code Successfully Generated.",
        "QRCode": _picture(f"SIMULATOR:{said}"[:500], int(text_of(body.get("Size")) or 300)),
    })


def _picture(text: str, size_px: int) -> str:
    """A PNG as base64, about as wide as asked."""
    import segno

    code = segno.make_qr(text.encode("utf-8", "replace").decode())
    picture = io.BytesIO()
    code.save(picture, kind="png", scale=max(1, size_px // code.symbol_size()[0]))
    return base64.b64encode(picture.getvalue()).decode()
