"""The outside of a token: three parts of base64url, read so that no two texts are the same token.

Nothing here is believed; it only decides whether the text is worth a look at its signature.
"""

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any

from mpesa_cli.floor.records import dataclass

TOKEN_BYTES_MAX = 8 * 1024
"""Longer texts are refused before anything is decoded. A token of ours has about 400 bytes."""

ReadJson = Callable[[bytes], object]
"""A reader with one meaning for every text: repeated keys, NaN and deep nesting raise ValueError."""

# What chooses or carries a key (jwk, jku, x5u, x5c), changes how the token is read (crit, b64, zip, enc) or is unknown
# to us is not here. A thumbprint only names a certificate that some issuers mention; it is not used.
_HEADER_MEMBERS = frozenset({"alg", "typ", "kid", "x5t", "x5t#S256"})
_TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
_SHAPE = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)", re.ASCII)


class NotAToken(ValueError):
    """The text can't be a token that this program takes."""


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a token: its own claims about its form, before anybody believes them."""

    alg: str
    kid: str | None
    typ: str


def read_header(text: str, read_json: ReadJson) -> Header:
    """The header of a compact token. Raises NotAToken, and nothing else."""
    if len(text) > TOKEN_BYTES_MAX or not (parts := _SHAPE.fullmatch(text)):
        raise NotAToken("shape")
    header, *_ = (_canonical(part) for part in parts.groups())
    said = read_object(header, read_json)
    if not said.keys() <= _HEADER_MEMBERS:
        raise NotAToken("header")
    alg, kid, typ = said.get("alg"), said.get("kid"), said.get("typ", "")
    if not isinstance(alg, str) or not isinstance(typ, str) or not (kid is None or isinstance(kid, str)):
        raise NotAToken("header")
    if "kid" in said and kid is None:
        raise NotAToken("header")
    if typ and typ.lower() not in _TYPES:
        raise NotAToken("typ")
    return Header(alg, kid, typ.lower().removeprefix("application/"))


def read_object(raw: bytes, read_json: ReadJson) -> Mapping[str, Any]:
    """One JSON object. Raises NotAToken."""
    try:
        value = read_json(raw)
    except ValueError:
        raise NotAToken("json") from None
    if not isinstance(value, dict):
        raise NotAToken("json")
    return value


def _canonical(part: str) -> bytes:
    """The bytes of a part, where it is the one way to write them: the unused bits of its last character are 0."""
    if len(part) % 4 == 1:
        raise NotAToken("base64url")
    decoded = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    if base64.urlsafe_b64encode(decoded).rstrip(b"=") != part.encode():
        raise NotAToken("base64url")
    return decoded
