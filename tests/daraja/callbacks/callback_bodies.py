"""Bodies as Daraja sends them, for tests. Values are invented; shapes are daraja.md 3.1 and 5.6."""

import json
import random
import re
from typing import Any

CHECKOUT_ID = "ws_CO_24112026103001482708374149"
MERCHANT_ID = "6f2a-4d1b-a3c9-2b8e7d610f4412345678"
_VALUE = re.compile(rb'"[^"]*"|-?[0-9][0-9.]*')
_WORDS = (
    b"0", b"1", b"-1", b"0.0", b"1032", b"1e3", b"1.005", b"1e99999", b"9" * 30, b"254708374149", b"2547", b"NaN",
    b"-Infinity", b"null", b"true", b"false", b'""', b'"0"', b'"UKO4Q7WX2B"', b'"2547 ***** 149"', b'"Amount"',
    b'"ResultCode"', b'"\\ud800"', b'"\\u0000"', b"\xff", b"{}", b"[]", b"[" * 50, b'{"a":1,"a":2}', b",", b":", b'"',
)


def paid(
    receipt: Any = "UKO4Q7WX2B", amount: Any = 150, phone: Any = 254708374149, **callback: Any
) -> dict[str, Any]:
    """A success, with the Balance item that has no value."""
    items = [
        {"Name": "Amount", "Value": amount},
        {"Name": "MpesaReceiptNumber", "Value": receipt},
        {"Name": "Balance"},
        {"Name": "TransactionDate", "Value": 20261124103018},
        {"Name": "PhoneNumber", "Value": phone},
    ]
    text = "The service request is processed successfully."
    return _body(0, text, **{"CallbackMetadata": {"Item": items}} | callback)


def failed(code: Any = 1032, text: Any = "Request cancelled by user", **callback: Any) -> dict[str, Any]:
    """A failure: no metadata."""
    return _body(code, text, **callback)


def c2b(**changed: Any) -> dict[str, Any]:
    """A C2B confirmation, version 2."""
    body = {
        "TransactionType": "Pay Bill", "TransID": "UKO4Q7X81C", "TransTime": "20261124104512",
        "TransAmount": "500.00",
        "BusinessShortCode": "600984", "BillRefNumber": "INV-00418", "InvoiceNumber": "",
        "OrgAccountBalance": "42250.00", "ThirdPartyTransID": "", "MSISDN": "2547 ***** 149",
        "FirstName": "WANJIKU", "MiddleName": "", "LastName": "",
    }
    return body | changed


def encode(body: object) -> bytes:
    """As bytes on the wire."""
    return json.dumps(body).encode()


def mutated(seed: bytes, rng: random.Random) -> bytes:
    """The seed with one value of it replaced, or a few of its bytes, or both."""
    body = bytearray(seed)
    if rng.random() < 0.5:
        values = list(_VALUE.finditer(seed))
        found = rng.choice(values)
        body[found.start() : found.end()] = rng.choice((*_WORDS, rng.choice(values)[0]))
        if rng.random() < 0.7:
            return bytes(body)
    for _ in range(rng.randint(1, 3)):
        at, length = rng.randrange(len(body) + 1), rng.choice((0, 1, 1, 2, 8, 40))
        put = rng.choice((bytes([rng.randrange(256)]), rng.choice(_WORDS), bytes(body[: rng.randrange(60)])))
        body[at : at + length] = put
    return bytes(body)


def _body(code: Any, text: Any, **callback: Any) -> dict[str, Any]:
    ids = {"MerchantRequestID": MERCHANT_ID, "CheckoutRequestID": CHECKOUT_ID}
    return {"Body": {"stkCallback": ids | {"ResultCode": code, "ResultDesc": text} | callback}}
