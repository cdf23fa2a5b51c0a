"""Requests in, replies out, and the bodies that Daraja sends, key for key (daraja.md 1 to 5, 13)."""

import json
from dataclasses import field
from typing import Literal

from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.web_address import NoWebAddressError, web_address
from mpesa_cli.simulator.state import Prompt

# The fault of the connection instead of, or after, an ordinary answer.
Fault = Literal["", "drop_before", "drop_after", "truncate"]


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. ``path`` carries the query string; header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def bare_path(self) -> str:
        """The path without its query string."""
        return self.path.split("?", 1)[0]

    def json_object(self) -> dict[str, object]:
        """The body as an object. Anything else reads as empty, as Daraja reads a form or plain text."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer. It leaves after ``delay_s``; ``callback_first`` waits for the callbacks that are due."""

    status: int
    body: bytes
    content_type: str = "application/json"
    delay_s: float = 0.0
    fault: Fault = ""
    callback_first: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """The headers that go with the body."""
        return {"content-type": self.content_type, "content-length": str(len(self.body))}


IMPERVA_PAGE = (
    "<html>\n<head><META NAME=\"robots\" CONTENT=\"noindex,nofollow\"></head>\n"
    "<body><iframe id=\"main-iframe\" src=\"/_Incapsula_Resource?CWUDNSAI=0\">Request unsuccessful. "
    "Incapsula incident ID: 900000000000000001-100000000000000001</iframe></body>\n</html>\n"
)
UNAVAILABLE_PAGE = "<html><body><h1>Application is not available</h1></body></html>\n"
APIGEE_FAULT = {
    "fault": {
        "faultstring": "Spike arrest violation. Allowed rate : MessageRate{messagesPerPeriod=5, "
        "periodInMicroseconds=1000000, maxBurstMessageCount=1.0}",
        "detail": {"errorcode": "policies.ratelimit.SpikeArrestViolation"},
    }
}


def json_bytes(document: object) -> bytes:
    """A JSON document as it goes over the wire."""
    return json.dumps(document, separators=(",", ":")).encode()


def ok(document: object) -> Reply:
    """HTTP 200 with a JSON body."""
    return Reply(200, json_bytes(document))


def page(status: int, html: str) -> Reply:
    """A page of the gateway in front of Daraja."""
    return Reply(status, html.encode(), content_type="text/html")


def error(request_id: str, error_code: str, message: str) -> Reply:
    """Daraja's error body. The HTTP status is the first part of the error code."""
    status = int(error_code.split(".", 1)[0])
    body = {"requestId": request_id, "errorCode": error_code, "errorMessage": message}
    return Reply(status, json_bytes(body))


def bad_field(request_id: str, name: str) -> Reply:
    """The error for a field that is missing or wrong."""
    return error(request_id, "400.002.02", f"Bad Request - Invalid {name}")


def accepted_push(prompt: Prompt) -> dict[str, object]:
    """The synchronous answer to a push: a prompt is on its way."""
    words = "Success. Request accepted for processing"
    return {
        "MerchantRequestID": prompt.merchant_request_id,
        "CheckoutRequestID": prompt.checkout_request_id,
        "ResponseCode": "0",
        "ResponseDescription": words,
        "CustomerMessage": words,
    }


def query_answer(prompt: Prompt, code: str, desc: str) -> dict[str, object]:
    """The answer to a query; its result code is a string, and no receipt is in it."""
    return {
        "ResponseCode": "0",
        "ResponseDescription": "The service request has been accepted successsfully",
        "MerchantRequestID": prompt.merchant_request_id,
        "CheckoutRequestID": prompt.checkout_request_id,
        "ResultCode": code,
        "ResultDesc": desc,
    }


def is_web_address(text: object) -> bool:
    """Whether this is an absolute http or https URL without spaces."""
    if not isinstance(text, str) or any(character.isspace() for character in text):
        return False
    try:
        web_address(text)
    except NoWebAddressError:
        return False
    return True
