"""Daraja's sentences made fit to keep and to show: one line, short, and without secrets."""

import re
from collections.abc import Iterable

from mpesa_cli.floor.secret import Secret
from mpesa_cli.floor.wire.wire_text import plain_text

MOST = 300
_DOTS = "•••"
_SHORTEST = 4  # replacing anything shorter would blank out ordinary words
# Patterns are compiled when they are first needed: a page in place of an answer is rare.
# 401.002.01 repeats the refused token behind these words (daraja.md 1).
_ECHOED = r"(?is)(invalid access token).*"
# Tags of HTML and SOAP: placeholders such as <ShortCode> are words.
_MARKUP = (
    r"(?i)<(?:!doctype|!--|\?xml|/?(?:[\w-]+:)?(?:html|head|body|title|meta|link|script|style|iframe|div|span|p|h[1-6]|br|hr|"
    r"table|center|a|b|font|img|envelope|fault)\b)"
)
_TITLE = r"(?i)<title\b[^>]{0,200}>([^<]{1,500})"
_TITLE_MOST = 80


def scrubbed(text: str, secrets: Iterable[Secret]) -> str:
    """``text`` with every one of ``secrets`` replaced by dots, longest first."""
    for value in sorted((s.reveal() for s in secrets), key=len, reverse=True):
        if len(value) >= _SHORTEST:
            text = text.replace(value, _DOTS)
    return text


def scrubbed_bytes(body: bytes, secrets: Iterable[Secret]) -> bytes:
    """An answer's body as it came, with the secrets replaced by dots."""
    for value in sorted((s.reveal() for s in secrets), key=len, reverse=True):
        if len(value) >= _SHORTEST:
            body = body.replace(value.encode(), _DOTS.encode())
    return body


def one_line(message: str, secrets: Iterable[Secret] = ()) -> str:
    """A message of Daraja's as at most 300 characters on one line. Scrubbed before it is cut."""
    clean = scrubbed(message, secrets)
    if is_markup(clean):
        return page_words(clean)
    if "invalid access token" in clean.lower():
        lost = " (no API product matches)" if "apiproduct" in clean.lower() else ""
        clean = re.sub(_ECHOED, r"\1", clean) + lost
    return " ".join(plain_text(clean, MOST).split())


def is_markup(text: str) -> bool:
    """Whether this is a web page or another document of tags, or holds a piece of one."""
    return "<" in text and re.search(_MARKUP, text) is not None


def page_words(text: str) -> str:
    """The words to show for a page: that it is one, and its title. The rest is no use to shop staff."""
    from html import unescape

    found = re.search(_TITLE, text)
    title = " ".join(plain_text(unescape(found[1]), _TITLE_MOST).split()) if found else ""
    return f'a web page titled "{title}"' if title else "a web page"


def body_words(body: bytes, secrets: Iterable[Secret]) -> str:
    """The words of a body that is no Daraja answer; of a page only those of :func:`page_words`."""
    text = scrubbed(body[:16_384].decode("utf-8", "replace").replace("\0", ""), secrets)
    return page_words(text) if text.lstrip("\ufeff \t\r\n").startswith("<") else one_line(text)
