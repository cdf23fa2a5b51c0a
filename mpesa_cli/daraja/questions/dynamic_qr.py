"""Dynamic QR: a code that opens the M-PESA app with shop and amount filled in. Moves no money.

Judged by the presence of a picture alone: its ResponseCode is an id in one example and "00" in another. Whether the
reference comes back is not known, so nothing is matched on it alone (daraja.md 7.7, assumptions.md A67 and A135).
"""

import base64
import binascii
from typing import TYPE_CHECKING, Literal

from mpesa_cli.daraja.endpoints import DYNAMIC_QR
from mpesa_cli.daraja.error_body import limits_rate, read_error, told
from mpesa_cli.floor.errors import RequestRefused, Temporary
from mpesa_cli.floor.wire.strict_json import read_json

if TYPE_CHECKING:
    from mpesa_cli.daraja.client import DarajaClient

SIZE_PX = 300
_PNG = b"\x89PNG\r\n\x1a\n"
_CODES = {"paybill": "PB", "till": "BG"}


def qr_body(shop: str, kind: Literal["paybill", "till"], number: str, shillings: int, reference: str) -> dict[str, str]:
    """The JSON body: ``number`` is the paybill or till that is paid, ``reference`` what the customer is shown."""
    return {
        "MerchantName": shop, "RefNo": reference, "Amount": str(shillings), "TrxCode": _CODES[kind], "CPI": number,
        "Size": str(SIZE_PX),
    }


def qr_picture(client: "DarajaClient", body: dict[str, str]) -> bytes:
    """The picture, a PNG. Raises RequestRefused, Temporary, and what ``DarajaClient.post`` raises."""
    return read_qr(*client.post(DYNAMIC_QR, body))


def read_qr(status: int, body: bytes) -> bytes:
    """Read the answer. Raises RequestRefused where Daraja said no, Temporary where no picture came."""
    found = read_json(body)
    if status == 200 and isinstance(found, dict) and isinstance(code := found.get("QRCode"), str):
        try:
            picture = base64.b64decode(code, validate=True)
        except (binascii.Error, ValueError):
            picture = b""
        if picture.startswith(_PNG):
            return picture
    said = read_error(body) if 400 <= status < 500 else None
    if said is not None and not limits_rate(status, said):
        raise RequestRefused(
            f"Daraja made no QR code. [{told(status, body)}]",
            hint="Nothing was asked of anybody. Check shop_name and the shortcode: mpesa config show",
            code="qr-refused",
        )
    raise Temporary(
        f"Daraja made no QR code. [{told(status, body)}]",
        hint="It moves no money. Run the same command again in a minute; customers can type the number meanwhile",
        code="daraja-busy",
    )
