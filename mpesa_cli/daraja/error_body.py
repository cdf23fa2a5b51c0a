"""Error bodies of Daraja and of the gateway before it, and the meaning of their words.

``errorCode`` is overloaded (500.001.1001 is a wrong passkey, a locked line and a pending payment alike), so
everything here is decided on ``errorMessage``, by substring, whatever its case (daraja.md 2.3).
"""

import re
from collections.abc import Sequence
from dataclasses import field

from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.secret import Secret
from mpesa_cli.floor.wire.plain_words import body_words, one_line, scrubbed
from mpesa_cli.floor.wire.strict_json import Json, Unreadable, read_json

LOCKED = ("unable to lock subscriber", "already in process")
_CODE = re.compile(r"[A-Za-z0-9._-]{1,40}")


@dataclass(frozen=True, slots=True)
class Said:
    """An error body that could be read. ``is_fault``: made by the Apigee gateway, not by Daraja."""

    code: str
    message: str = field(repr=False)
    is_fault: bool

    def says(self, *words: str) -> bool:
        """Whether the message holds any of these lower-case words."""
        lowered = self.message.lower()
        return any(each in lowered for each in words)


def read_error(body: bytes) -> Said | None:
    """Read Daraja's envelope (errorCode, errorMessage) or an Apigee ``fault``. None where it is neither."""
    found = read_json(body)
    if not isinstance(found, dict) or "CheckoutRequestID" in found:
        return None  # an error that names a prompt contradicts itself, and proves nothing
    match found:
        case {"errorMessage": str(message)} if message.strip():
            code = read_code(found.get("errorCode"))
            # "The element AccountReference is invalid." was seen without a code, once (daraja.md 2.3).
            ours = code or isinstance(found.get("requestId"), str)
            return Said(code, message, is_fault=False) if ours else None
        case {"fault": {"faultstring": str(message), "detail": {"errorcode": str(code)}}}:
            return Said(read_code(code), f"{message} {code}", is_fault=True)
        case _:
            return None


def read_code(value: Json) -> str:
    """A response or result code, number or text, as text; the empty string for anything that can't be one."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ""
    text = str(value)
    return text if _CODE.fullmatch(text) else ""


def refuses_token(status: int, said: Said | None) -> bool:
    """Whether the gateway did not take the access token: all forms of daraja.md 1, and Apigee's own."""
    return (
        said is not None
        and status in {400, 401, 403, 404}
        and said.says("invalid access token", "invalid_access_token", "no apiproduct match")
    )


def lacks_product(said: Said) -> bool:
    """Whether the token is good but the app lacks the API product (401.003.01)."""
    return said.says("no apiproduct match")


def limits_rate(status: int, said: Said | None) -> bool:
    """Whether Daraja or its gateway says, in JSON, to slow down: spike arrest, quota, busy, 429."""
    if said is None or status < 400:
        return False
    if said.is_fault:
        return said.code.startswith("policies.ratelimit.")
    return status == 429 or said.says("spike arrest", "quota", "system is busy")


def is_no(status: int, said: Said) -> bool:
    """Whether an envelope proves that no phone rang: a 4xx whose code agrees, or the named 500s."""
    if said.is_fault:
        return False
    if status < 500:
        return not said.code.startswith("5") and not said.says("internal server error")
    return said.says("wrong credentials", "merchant does not exist", *LOCKED)


def blames_credentials(said: Said) -> bool:
    """Whether the passkey, or the products of the app, are the reason."""
    return said.says("wrong credentials") or lacks_product(said)


def code_of(said: Said, status: int, secrets: Sequence[Secret]) -> str:
    """The error code, or ``http-404`` where there is none that can be shown."""
    return said.code if said.code and scrubbed(said.code, secrets) == said.code else f"http-{status}"


def told(status: int, body: bytes, secrets: Sequence[Secret] = ()) -> str:
    """A refusal in one line: its code and words, or what came in their place."""
    said = read_error(body)
    return one_line(f"{said.code}: {said.message}", secrets) if said else nothing_said(status, body, secrets)[1]


def nothing_said(status: int, body: bytes, secrets: Sequence[Secret]) -> tuple[str, str]:
    """Slug and words for a body that is not Daraja's: HTML, empty, SOAP, half a document.

    Slugs: ``http-503`` and the like; ``empty-400``; ``empty-200``, ``html``, ``bad-json``, ``odd-answer``
    for a 200.
    """
    stripped = body.strip()
    if not stripped:
        slug = f"empty-{status}" if status in {200, 400} else f"http-{status}"
        return slug, f"HTTP {status} with nothing in it"
    words = body_words(body, secrets)
    if stripped.removeprefix(b"\xef\xbb\xbf").startswith(b"<"):
        slug = "html" if status == 200 else f"http-{status}"
        return slug, f"HTTP {status} with {words} in it"
    if status != 200:
        return f"http-{status}", one_line(f"HTTP {status}: {words}")
    found = read_json(body)
    if isinstance(found, Unreadable):
        return "bad-json", f"HTTP 200 with an answer that can't be read: {found.words}"
    return "odd-answer", "HTTP 200 with an answer that does not say whether it was accepted"
