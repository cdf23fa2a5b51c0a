"""Posting one body to an app under development, once, as Daraja does: 10 s for the answer, no second try."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mpesa_cli.floor.errors import InvalidInput, Temporary
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.web_address import NoWebAddressError, web_address

if TYPE_CHECKING:
    import httpx

TIMEOUT_S = 10.0
ANSWER_MAX = 2000


@dataclass(frozen=True, slots=True)
class AppAnswer:
    """The app's answer: HTTP status, milliseconds until it was read, the start of its text."""

    status: int
    took_ms: int
    text: str

    @property
    def ok(self) -> bool:
        """Whether Daraja, and the webhooks of this program, would take it as received."""
        return 200 <= self.status < 300


def check_url(url: str, right: str = "mpesa trigger stk.paid --to http://localhost:3000/hook") -> str:
    """An http or https URL with a host. Raises InvalidInput, with the command that would be ``right``."""
    try:
        usable = web_address(url).is_plain
    except NoWebAddressError:
        usable = False
    if not usable:
        raise InvalidInput(
            f"{url[:200]!r} is no address that can be posted to.",
            hint=f"Nothing was sent. Right:  {right}",
            code="invalid-url",
        )
    return url


def send(url: str, headers: Mapping[str, str], body: bytes) -> AppAnswer:
    """Post once; redirects and proxies are not followed. Raises Temporary where there was no whole answer."""
    from mpesa_cli.floor.wire.lean_httpx import httpx

    start = time.monotonic()
    try:
        with (
            httpx.Client(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False) as client,
            client.stream("POST", url, content=body, headers=dict(headers)) as answer,
        ):
            text = _beginning(answer)
            return AppAnswer(answer.status_code, int((time.monotonic() - start) * 1000), text)
    except httpx.ConnectError as error:
        raise _no_answer(url, "app-unreachable", f"could not be reached: {_words(error)}") from None
    except httpx.TimeoutException:
        raise _no_answer(url, "app-silent", f"did not answer within {TIMEOUT_S:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise _no_answer(url, "app-unreachable", f"gave no whole answer: {_words(error)}") from None


def _beginning(answer: "httpx.Response") -> str:
    read = b""
    for piece in answer.iter_bytes():
        read += piece
        if len(read) >= ANSWER_MAX:
            break
    return read[:ANSWER_MAX].decode("utf-8", errors="replace")


def _words(error: Exception) -> str:
    return str(error).strip() or type(error).__name__


def _no_answer(url: str, code: str, what: str) -> Temporary:
    host = urlsplit(url).netloc.rpartition("@")[2]
    return Temporary(
        f"The app at {host} {what}.",
        hint="No money is in this. Start the app, then run the same command again.",
        code=code,
    )
