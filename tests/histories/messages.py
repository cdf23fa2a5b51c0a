"""The bodies that come in, with every oddity that has been reported of them. Pure. Not a test."""

import hashlib
import json
from random import Random
from typing import Any

from mpesa_cli.floor.moments import daraja_stamp

# How a C2B message shows its payer. The first four are the ordinary ones.
PHONE_FORMS = (
    "masked", "hashed", "whole", "number", "absent", "empty", "null", "stars", "words", "dashes", "a-list", "short",
    "local", "uppercase-hash", "long",
)
# What else can be odd about one that is true.
ODD_FORMS = ("plain", "plain", "plain", "amount-number", "amount-no-cents", "lower-case-receipt", "time-absent",
             "time-years-off", "account-null", "names-null", "more-fields")
# Messages that no money stands behind.
POISON_FORMS = ("amount-zero", "huge-amount", "no-receipt", "foreign-shortcode", "cut-off", "receipt-of-another-amount",
                "long-account", "nul-in-account", "account-of-marks", "huge-number")
# How a callback of a paid prompt can be odd.
STK_FORMS = ("plain", "plain", "plain", "plain", "no-receipt", "odd-receipt", "receipt-null", "phone-masked",
             "phone-absent", "phone-odd", "amount-text", "code-text", "date-years-off", "no-metadata",
             "more-items")


def c2b_body(receipt: str, msisdn: str, cents: int, at_us: int, typed: str, shortcode: str, form: str) -> bytes:
    """A confirmation. ``form`` is a phone form and one of what else is odd, with a blank between."""
    phone_form, _, odd = form.partition(" ")
    said: dict[str, Any] = {
        "TransactionType": "Pay Bill", "TransID": receipt, "TransTime": daraja_stamp(at_us),
        "TransAmount": f"{cents // 100}.{cents % 100:02d}", "BusinessShortCode": shortcode, "BillRefNumber": typed,
        "InvoiceNumber": "", "OrgAccountBalance": "41750.00", "ThirdPartyTransID": "", "MSISDN": "",
        "FirstName": "WANJIKU", "MiddleName": "", "LastName": "",
    }
    _show_phone(said, msisdn, phone_form)
    match odd:
        case "amount-number":
            said["TransAmount"] = cents / 100
        case "amount-no-cents":
            said["TransAmount"] = str(cents // 100)
        case "lower-case-receipt":
            said["TransID"] = receipt.lower()
        case "time-absent":
            del said["TransTime"]
        case "time-years-off":
            said["TransTime"] = "20190101120000"
        case "account-null":
            said["BillRefNumber"] = said["BillRefNumber"] or None
        case "names-null":
            said |= {"FirstName": None, "MiddleName": None, "LastName": None}
        case "more-fields":
            said |= {"Channel": "USSD", "Extra": {"a": [1, 2]}}
        case _:
            pass
    return json.dumps(said).encode()


def _show_phone(said: dict[str, Any], msisdn: str, form: str) -> None:
    shown: dict[str, Any] = {
        "masked": f"{msisdn[:4]} ***** {msisdn[-3:]}", "hashed": hashlib.sha256(msisdn.encode()).hexdigest(),
        "whole": msisdn, "number": int(msisdn), "empty": "", "null": None, "stars": "************", "words": "N/A",
        "dashes": f"{msisdn[:6]}-{msisdn[6:9]}-{msisdn[9:]}", "a-list": [msisdn], "short": msisdn[-2:],
        "local": "0" + msisdn[3:], "uppercase-hash": hashlib.sha256(msisdn.encode()).hexdigest().upper(),
        "long": "*" * 50 + msisdn[-3:],
    }
    if form == "absent":
        del said["MSISDN"]
    else:
        said["MSISDN"] = shown[form]


def shows_the_end(form: str) -> bool:
    """Whether three digits of the payer's number, or more, can be read from it."""
    return form.partition(" ")[0] in {"masked", "whole", "number", "local", "dashes", "long", "a-list"}


def poison_body(receipt: str, other: str, at_us: int, shortcode: str, form: str) -> bytes:
    """A message on our secret URL that no money stands behind."""
    said: dict[str, Any] = json.loads(c2b_body(receipt, "254722200099", 10_000, at_us, "x", shortcode, "masked"))
    match form:
        case "amount-zero":
            said["TransAmount"] = "0.00"
        case "huge-amount":
            said["TransAmount"] = "999999999999.99"
        case "huge-number":
            said["TransAmount"] = 10**17
        case "no-receipt":
            del said["TransID"]
        case "foreign-shortcode":
            said["BusinessShortCode"] = "0" + shortcode
        case "cut-off":
            return json.dumps(said).encode()[:60]
        case "receipt-of-another-amount":
            said |= {"TransID": other or receipt, "TransAmount": "1.00"}
        case "long-account":
            said["BillRefNumber"] = "A" * 500
        case "nul-in-account":
            said["BillRefNumber"] = "A\u0000B"
        case "account-of-marks":
            said["BillRefNumber"] = "--//--"
    return json.dumps(said).encode()


def odd_stk(body: bytes, form: str) -> bytes:
    """A callback of a paid prompt, made odd; one of a prompt that was not paid stays as it is."""
    said = json.loads(body)
    callback = said["Body"]["stkCallback"]
    if "CallbackMetadata" not in callback:
        return body
    items = {item["Name"]: item for item in callback["CallbackMetadata"]["Item"]}
    match form:
        case "no-receipt":
            del items["MpesaReceiptNumber"]
        case "odd-receipt":
            items["MpesaReceiptNumber"]["Value"] += "-1"
        case "receipt-null":
            items["MpesaReceiptNumber"]["Value"] = None
        case "phone-masked":
            items["PhoneNumber"]["Value"] = "2547****" + str(items["PhoneNumber"]["Value"])[-3:]
        case "phone-absent":
            del items["PhoneNumber"]
        case "phone-odd":
            items["PhoneNumber"]["Value"] = "N/A"
        case "amount-text":
            items["Amount"]["Value"] = f"{items['Amount']['Value']:.2f}"
        case "code-text":
            callback["ResultCode"] = "0"
        case "date-years-off":
            items["TransactionDate"]["Value"] = 20190101120000
        case "no-metadata":
            del callback["CallbackMetadata"]
            return json.dumps(said).encode()
        case "more-items":
            items["Fee"] = {"Name": "Fee", "Value": 1}
    callback["CallbackMetadata"]["Item"] = list(items.values())
    return json.dumps(said).encode()


def form_of_c2b(random: Random, odd: float) -> str:
    """How a payment by hand is told: as ordinary, or not."""
    if random.random() >= odd:
        return random.choice(PHONE_FORMS[:4]) + " plain"
    return f"{random.choice(PHONE_FORMS)} {random.choice(ODD_FORMS)}"
