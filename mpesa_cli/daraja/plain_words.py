"""Daraja's sentences made fit to keep and to show: one line, short, and without secrets."""

import re
from collections.abc import Iterable

from mpesa_cli.daraja.wire_text import plain_text
from mpesa_cli.domain.secret import Secret

MOST = 300
_DOTS = "•••"
_SHORTEST = 4  # replacing anything shorter would blank out ordinary words
# 401.002.01 repeats the refused token behind these words (daraja.md 1).
_ECHOED_TOKEN = re.compile(r"(invalid access token).*", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]{0,500}>")


def scrubbed(text: str, secrets: Iterable[Secret]) -> str:
    """``text`` with every one of ``secrets`` replaced by dots, longest first."""
    for value in sorted((s.reveal() for s in secrets), key=len, reverse=True):
        if len(value) >= _SHORTEST:
            text = text.replace(value, _DOTS)
    return text


def scrubbed_bytes(body: bytes, secrets: Iterable[Secret]) -> bytes:
    """The same for an answer's body as it came."""
    for value in sorted((s.reveal() for s in secrets), key=len, reverse=True):
        if len(value) >= _SHORTEST:
            body = body.replace(value.encode(), _DOTS.encode())
    return body


def one_line(message: str, secrets: Iterable[Secret] = ()) -> str:
    """A message of Daraja's as at most 300 characters on one line. Scrubbed before it is cut."""
    clean = scrubbed(message, secrets)
    if "invalid access token" in clean.lower():
        lost = " (no API product matches)" if "apiproduct" in clean.lower() else ""
        clean = _ECHOED_TOKEN.sub(r"\1", clean) + lost
    return " ".join(plain_text(clean, MOST).split())


def excerpt(body: bytes, secrets: Iterable[Secret]) -> str:
    """The visible words of a body that is no Daraja answer, such as a gateway's web page."""
    text = body[:16_384].decode("utf-8", "replace")
    return one_line(_TAG.sub(" ", text), secrets)
