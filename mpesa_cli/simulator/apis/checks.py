"""Daraja's checks of the body of a push and of a query, before M-Pesa hears of it (daraja.md 2.1, 2.3)."""

import base64
import re
from collections.abc import Callable, Mapping

from mpesa_cli.floor.moments import from_daraja_stamp
from mpesa_cli.simulator.wire import is_web_address

AMOUNT_MIN, AMOUNT_MAX = 1, 250_000
TRANSACTION_TYPES = ("CustomerPayBillOnline", "CustomerBuyGoodsOnline")
WRONG_PASSKEY = "wrong"

_SHORTCODE = re.compile(r"\d{5,7}", re.ASCII)
_MSISDN = re.compile(r"254[17]\d{8}", re.ASCII)
_CHECKOUT = re.compile(r"ws_CO_[A-Za-z0-9_]{10,40}", re.ASCII)


def text_of(value: object) -> str:
    """A request's value as text: Daraja takes numbers and numeric strings alike. Anything else is empty."""
    if isinstance(value, bool):
        return ""
    return str(value) if isinstance(value, int | str) else ""


def amount_of(value: object) -> int | None:
    """A whole number of shillings within the limits, or None."""
    text = text_of(value)
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        return None
    return int(text) if AMOUNT_MIN <= int(text) <= AMOUNT_MAX else None


def is_msisdn(value: object) -> bool:
    """Whether this is a Kenyan mobile number in Daraja's 12-digit form."""
    return _MSISDN.fullmatch(text_of(value)) is not None


def is_shortcode(value: object) -> bool:
    """Whether this is a numeric shortcode."""
    return _SHORTCODE.fullmatch(text_of(value)) is not None


Check = Callable[[object], bool]

_SIGNED: tuple[tuple[str, str, Check], ...] = (
    ("BusinessShortCode", "BusinessShortCode", is_shortcode),
    ("Password", "Password", lambda value: bool(text_of(value))),
    ("Timestamp", "Timestamp", lambda value: from_daraja_stamp(text_of(value)) is not None),
)
# Key in the body, name in the error message, rule. A missing TransactionDesc is called Remarks.
PUSH: tuple[tuple[str, str, Check], ...] = (
    *_SIGNED,
    ("TransactionType", "TransactionType", lambda value: value in TRANSACTION_TYPES),
    ("Amount", "Amount", lambda value: amount_of(value) is not None),
    ("PartyA", "PartyA", is_msisdn),
    ("PartyB", "PartyB", is_shortcode),
    ("PhoneNumber", "PhoneNumber", is_msisdn),
    ("CallBackURL", "CallBackURL", is_web_address),
    ("AccountReference", "AccountReference", lambda value: bool(text_of(value).strip())),
    ("TransactionDesc", "Remarks", lambda value: bool(text_of(value).strip())),
)
QUERY: tuple[tuple[str, str, Check], ...] = (
    *_SIGNED,
    ("CheckoutRequestID", "CheckoutRequestID", lambda value: _CHECKOUT.fullmatch(text_of(value)) is not None),
)


def first_wrong_field(body: Mapping[str, object], checks: tuple[tuple[str, str, Check], ...]) -> str | None:
    """The name, as the error message has it, of the first field that is missing or breaks its rule."""
    for key, name, is_right in checks:
        if not is_right(body.get(key)):
            return name
    return None


def password_fits(body: Mapping[str, object]) -> bool:
    """Whether Password is base64 of shortcode + passkey + timestamp.

    Any passkey is taken except the word ``wrong``: the simulator knows no shop's.
    """
    shortcode, stamp = text_of(body["BusinessShortCode"]), text_of(body["Timestamp"])
    try:
        plain = base64.b64decode(text_of(body["Password"]), validate=True).decode()
    except ValueError:  # no base64, other characters, or no text in it
        return False
    if not (plain.startswith(shortcode) and plain.endswith(stamp)):
        return False
    passkey = plain[len(shortcode) : len(plain) - len(stamp)]
    return passkey not in {"", WRONG_PASSKEY}


def product_mismatch(body: Mapping[str, object]) -> tuple[str, str] | None:
    """The result code and text where transaction type and PartyB don't belong together, else None.

    A paybill is paid to itself; a till has another number than the store that pushes.
    """
    to_itself = text_of(body["PartyB"]) == text_of(body["BusinessShortCode"])
    if body["TransactionType"] == "CustomerPayBillOnline" and not to_itself:
        return "2028", "The request is not permitted according to product assignment."
    if body["TransactionType"] == "CustomerBuyGoodsOnline" and to_itself:
        return "SFC_IC0003", "The operator does not exist."
    return None
