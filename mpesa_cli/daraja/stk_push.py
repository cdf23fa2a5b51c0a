"""The bodies of an STK push and an STK query, as Daraja wants them. Pure.

Every value goes out as a string, as in Safaricom's own samples (daraja.md 2.1, docs/reference/assumptions.md A16).
Timestamps are East Africa Time whatever the machine's zone is, because the stamp is signed into the password.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from mpesa_cli.floor.moments import daraja_stamp
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.secret import Secret

_CALLBACK_END = r"[0-9a-f]{32}\Z"
_HEX_IN_URL = r"(?<=/)[0-9a-f]{32}(?=/|\Z)"
_DOTS = "•••"
_URL_FIELDS = ("CallBackURL", "ConfirmationURL", "ValidationURL", "ResultURL", "QueueTimeOutURL")
PRIVATE_FIELDS = ("Password", "PhoneNumber", "Msisdn", "NominatedNumber", "SecurityCredential")
"""The fields of any request that an answer might echo and nobody may be shown."""


@dataclass(frozen=True, slots=True)
class PushRequest:
    """A prompt to ask for. ``amount`` in whole shillings; ``description`` already cut to what is sent.

    For a till, ``shortcode`` is the store (head office) number and ``party_b`` the till; for a paybill
    both are the paybill. ``callback_url`` ends in the attempt's token and is therefore kept out of repr.
    """

    shortcode: str
    party_b: str
    kind: Literal["paybill", "till"]
    amount: int
    msisdn: str = field(repr=False)
    callback_url: str = field(repr=False)
    account_reference: str
    description: str

    @property
    def transaction_type(self) -> str:
        """Daraja's name for the kind."""
        return "CustomerPayBillOnline" if self.kind == "paybill" else "CustomerBuyGoodsOnline"


def push_body(request: PushRequest, passkey: Secret, at_us: int) -> dict[str, str]:
    """The JSON body of ``POST /mpesa/stkpush/v1/processrequest``, signed for the moment ``at_us``."""
    return {
        **_signature(request.shortcode, passkey, at_us),
        "TransactionType": request.transaction_type,
        "Amount": str(request.amount),
        "PartyA": request.msisdn,
        "PartyB": request.party_b,
        "PhoneNumber": request.msisdn,
        "CallBackURL": request.callback_url,
        "AccountReference": request.account_reference,
        "TransactionDesc": request.description,
    }


def query_body(checkout_request_id: str, shortcode: str, passkey: Secret, at_us: int) -> dict[str, str]:
    """The JSON body of ``POST /mpesa/stkpushquery/v1/query``, signed for the moment ``at_us``."""
    return {**_signature(shortcode, passkey, at_us), "CheckoutRequestID": checkout_request_id}


def hidden(body: Mapping[str, str]) -> dict[str, str]:
    """The body as it may be shown. Its password holds the passkey, only encoded (daraja.md 2.1)."""
    shown = dict(body)
    for name in {"Password", "SecurityCredential"} & shown.keys():
        shown[name] = _DOTS
    if "CallBackURL" in shown:
        shown["CallBackURL"] = re.sub(_CALLBACK_END, _DOTS, shown["CallBackURL"])
    return shown


def url_secrets(body: Mapping[str, str]) -> list[str]:
    """The secrets in a body's URLs: a callback URL ends in one, a C2B URL has one in the middle."""
    urls = (body.get(name, "") for name in _URL_FIELDS)
    return [secret for url in urls for secret in re.findall(_HEX_IN_URL, url)]


def _signature(shortcode: str, passkey: Secret, at_us: int) -> dict[str, str]:
    stamp = daraja_stamp(at_us)
    password = base64.b64encode(f"{shortcode}{passkey.reveal()}{stamp}".encode()).decode()
    return {"BusinessShortCode": shortcode, "Password": password, "Timestamp": stamp}
