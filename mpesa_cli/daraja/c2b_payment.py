"""A payment that a customer made from the M-PESA menu, as C2B validation and confirmation report it.

The two requests have one flat shape, all strings, and are told apart by the URL alone (daraja.md 5.6). A
confirmation has no result code: its arrival means that money came.
"""

import re

from mpesa_cli.daraja.callbacks import read_amount, read_phone, read_receipt
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.wire.strict_json import Json, Unreadable, UnreadableError, parse_json
from mpesa_cli.floor.wire.wire_text import plain_text, stamp_us

_SHORTCODE = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class C2bPayment:
    """The amount, the shortcode it was paid to, and the account number that the customer typed.

    ``msisdn`` is full, masked (``2547 ***** 149``) or 64 hex characters of a hash; None where nothing of a phone is
    shown: it is never a reason to doubt the money. ``shortcode`` is the text that was sent: 0174379 is not 174379.
    ``payer_name`` joins the parts that came. The account balance, which Daraja sends along,
    is left out on purpose.
    """

    receipt: str
    amount_cents: int
    shortcode: str
    account_reference: str
    msisdn: str | None
    payer_name: str
    transacted_us: int | None
    transaction_type: str
    third_party_id: str


def read_c2b(body: bytes) -> C2bPayment | Unreadable:
    """Read the body of a validation or confirmation. Never raises."""
    try:
        return _read(parse_json(body))
    except UnreadableError as unreadable:
        return unreadable.why


def read_shortcode(body: bytes) -> str:
    """The shortcode that a body names, even if the rest can't be read; empty where it names none."""
    try:
        said = parse_json(body)
    except UnreadableError:
        return ""
    shortcode = _text_of_number(said.get("BusinessShortCode")) if isinstance(said, dict) else ""
    return shortcode if _SHORTCODE.fullmatch(shortcode) else ""


def _read(said: Json) -> C2bPayment:
    if not isinstance(said, dict) or "TransID" not in said:
        raise UnreadableError("no-c2b-payment", "no TransID")
    receipt = read_receipt(said["TransID"])
    if receipt is None:
        raise UnreadableError("bad-receipt", "a TransID that is no receipt number")
    cents = read_amount(said.get("TransAmount"))
    if not cents or cents < 0:
        raise UnreadableError("bad-amount", "no TransAmount, or one that is no amount")
    shortcode = _text_of_number(said.get("BusinessShortCode"))
    if not _SHORTCODE.fullmatch(shortcode):
        raise UnreadableError("bad-shortcode", "no BusinessShortCode, or one that is none")
    names = (plain_text(said.get(part), 60) for part in ("FirstName", "MiddleName", "LastName"))
    return C2bPayment(
        receipt=receipt,
        amount_cents=cents,
        shortcode=shortcode,
        account_reference=plain_text(said.get("BillRefNumber"), 60),
        msisdn=read_phone(said.get("MSISDN")),
        payer_name=" ".join(name for name in names if name),
        transacted_us=stamp_us(said.get("TransTime")),
        transaction_type=plain_text(said.get("TransactionType"), 60),
        third_party_id=plain_text(said.get("ThirdPartyTransID"), 60),
    )


def _text_of_number(value: Json) -> str:
    """Digits as text where they came as a JSON number or as text; anything else as it is."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) else "" if value is None else "?"
