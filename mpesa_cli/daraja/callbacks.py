"""Daraja's callback about an STK push, read from its bytes (daraja.md 3.1).

Pure and total: every body has exactly one of three readings, and nothing is raised. A reading is what the
body *says*; whether it is believed is decided by the attempt whose token it came on.
"""

import re
from decimal import Decimal
from typing import TypeAlias

from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.wire.strict_json import Json, Unreadable, UnreadableError, parse_json
from mpesa_cli.floor.wire.wire_text import plain_text, stamp_us, wire_id
from mpesa_cli.rules.values.amount import decimal_to_cents
from mpesa_cli.rules.values.shown_number import kept_form

_RECEIPT = re.compile(r"(?=[0-9]*[A-Za-z])[A-Za-z0-9]{8,20}")
_LONG_NUMBER = re.compile(r"[0-9]{9}")
_RESULT_CODE = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_AMOUNT_TEXT = re.compile(r"(?:[0-9]{1,12}|[0-9]{1,3}(?:,[0-9]{3}){1,3})(?:\.[0-9]{1,4})?")


@dataclass(frozen=True, slots=True)
class StkPaid:
    """Result code 0 with a receipt: money came, says the sender.

    ``msisdn`` is as far as it was shown, None where it was not; ``transacted_us`` is microseconds since 1970.
    """

    receipt: str
    amount_cents: int
    msisdn: str | None
    transacted_us: int | None
    checkout_request_id: str
    merchant_request_id: str


@dataclass(frozen=True, slots=True)
class StkClaimed:
    """Result code 0 without a receipt number that can be read; ``told`` is what stands in its place.

    ``amount_cents`` is None where no amount is shown. The rest is as in StkPaid and StkFailed.
    """

    result_desc: str
    told: str
    amount_cents: int | None
    msisdn: str | None
    checkout_request_id: str
    merchant_request_id: str


@dataclass(frozen=True, slots=True)
class StkFailed:
    """Any other result code, as text: ``"1032"``, ``"SFC_IC0003"``."""

    result_code: str
    result_desc: str
    checkout_request_id: str
    merchant_request_id: str


StkSaid: TypeAlias = StkPaid | StkClaimed | StkFailed


def read_stk_callback(body: bytes) -> StkSaid | Unreadable:
    """Read the body of an STK callback. Never raises; unknown fields and the order of items don't matter."""
    try:
        return _read(parse_json(body))
    except UnreadableError as unreadable:
        return unreadable.why


def read_receipt(value: Json) -> str | None:
    """An M-Pesa receipt number in capitals, or None: 8 to 20 letters and digits, not digits alone (daraja.md 10.1)."""
    if not isinstance(value, str) or not _RECEIPT.fullmatch(value.strip(" ")):
        return None
    return value.strip(" ").upper()


def read_amount(value: Json) -> int | None:
    """Exact cents of ``150``, ``"150.00"`` or ``"1,150.00"``, or None where it isn't an amount in whole cents."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip(" ")
        return decimal_to_cents(text.replace(",", "")) if _AMOUNT_TEXT.fullmatch(text) else None
    return decimal_to_cents(value) if isinstance(value, int | Decimal) else None


def read_phone(value: Json) -> str | None:
    """A phone as far as it is shown (shown_number.py), None where nothing of it is. Never a reason to doubt."""
    if isinstance(value, Decimal) and value == value.to_integral_value():
        value = int(value)
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return (kept_form(text) or None) if isinstance(text, str) else None


def read_result_code(value: Json) -> str:
    """A result code as text, whether it came as a number or as a word. Raises UnreadableError."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(text, str) and _RESULT_CODE.fullmatch(text.strip()):
        return text.strip()
    raise UnreadableError("bad-result-code", "no ResultCode, or one that is neither a number nor a word")


def _read(document: Json) -> StkSaid:
    envelope = document.get("Body") if isinstance(document, dict) else None
    callback = envelope.get("stkCallback") if isinstance(envelope, dict) else None
    if not isinstance(callback, dict):
        raise UnreadableError("no-stk-callback", "no Body.stkCallback object")
    checkout_id = wire_id(callback.get("CheckoutRequestID"))
    merchant_id = wire_id(callback.get("MerchantRequestID"))
    code = read_result_code(callback.get("ResultCode"))
    items = _items(callback.get("CallbackMetadata"))
    if code == "0":
        return _paid(items, callback, checkout_id, merchant_id)
    if read_receipt(items.get("MpesaReceiptNumber")):
        raise UnreadableError("failure-with-receipt", f"result code {code}, and yet a receipt number")
    return StkFailed(code, plain_text(callback.get("ResultDesc"), 200), checkout_id, merchant_id)


def _paid(items: dict[str, Json], callback: dict[str, Json], checkout_id: str, merchant_id: str) -> StkSaid:
    told, amount = items.get("MpesaReceiptNumber"), items.get("Amount")
    receipt, msisdn = read_receipt(told), read_phone(items.get("PhoneNumber"))
    cents = None if amount is None else read_amount(amount)
    if amount is not None and cents is None:
        raise UnreadableError("bad-amount", "result code 0 with an Amount that is none")
    if receipt is None or cents is None:
        text = plain_text(told if isinstance(told, str) else "" if told is None else str(told), 40)
        text = "a number" if _LONG_NUMBER.search(text) else text  # perhaps somebody's, and this is kept for ever
        words = plain_text(callback.get("ResultDesc"), 200)
        return StkClaimed(words, text, cents, msisdn, checkout_id, merchant_id)
    return StkPaid(receipt, cents, msisdn, stamp_us(items.get("TransactionDate")), checkout_id, merchant_id)


def _items(metadata: Json) -> dict[str, Json]:
    """The CallbackMetadata items by name. A single object in place of the list is taken as a list of one."""
    if metadata is None:
        return {}
    listed = metadata.get("Item") if isinstance(metadata, dict) else metadata
    items = [listed] if isinstance(listed, dict) else [] if listed is None else listed
    if not isinstance(metadata, dict) or not isinstance(items, list):
        raise UnreadableError("bad-metadata", "CallbackMetadata without a list of items")
    found: dict[str, Json] = {}
    for item in items:
        name = item.get("Name") if isinstance(item, dict) else None
        if not isinstance(item, dict) or not isinstance(name, str):
            raise UnreadableError("bad-metadata", "a CallbackMetadata item without a name")
        if name in found:
            raise UnreadableError("duplicate-item", f"two items named {plain_text(name, 40)}")
        found[name] = item.get("Value")
    return found
