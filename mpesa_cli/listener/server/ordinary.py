"""The ordinary request, recognised in one look: a whole POST with a length, and nothing unusual about it.

h11 is the judge of what HTTP is, and costs more than storing a callback does. Proxies and Daraja send
one shape; it is recognised here, strictly, and everything else goes to h11, byte for byte. So this may
take less than h11 does, and must never read anything otherwise: the tests compare the two.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from mpesa_cli.floor.records import dataclass

WHOLE_BYTES_MAX = 8192  # far below the limits of a head or a body: none is passed unseen
LINE_BYTES_MAX = 256

_REQUEST_LINE = re.compile(rb"POST ([\x21-\x7e]+) HTTP/1\.1")
_HEADER = re.compile(rb"([-!#$%&'*+.^_`|~0-9A-Za-z]+):[ \t]*((?:[\x21-\x7e]+(?:[ \t]+[\x21-\x7e]+)*)?)[ \t]*")
_LENGTH = re.compile(rb"0|[1-9][0-9]{0,3}")
# Headers that say how the request goes on, or what comes after it.
_UNUSUAL = frozenset((b"connection", b"expect", b"transfer-encoding", b"upgrade"))


@dataclass(frozen=True, slots=True)
class Ordinary:
    """A POST that came whole. ``headers`` have their names in lower case and no space around their values."""

    target: bytes
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes


def ordinary(data: bytes) -> Ordinary | None:
    """The one request that ``data`` is, from its first byte to its last; None where h11 must look at it."""
    if len(data) > WHOLE_BYTES_MAX:
        return None
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    asked = _REQUEST_LINE.fullmatch(first)
    if asked is None:
        return None
    headers = []
    hosts = lengths = 0
    for line in lines:
        header = _header(line) if len(line) <= LINE_BYTES_MAX else None
        if header is None or header[0] in _UNUSUAL:
            return None
        headers.append(header)
        if header[0] == b"host":
            hosts += 1
        elif header[0] == b"content-length":
            lengths += 1
            if _LENGTH.fullmatch(header[1]) is None or int(header[1]) != len(body):
                return None
    return Ordinary(asked[1], headers, body) if hosts == 1 and lengths == 1 else None


@lru_cache(maxsize=512)  # nearly all lines are those of the request before
def _header(line: bytes) -> tuple[bytes, bytes] | None:
    found = _HEADER.fullmatch(line)
    return (found[1].lower(), found[2]) if found else None
