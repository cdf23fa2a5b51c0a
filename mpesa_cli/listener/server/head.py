"""The head of a request, and how much of a request is read at all."""

from collections.abc import Sequence

from mpesa_cli.floor.records import dataclass

BODY_MAX = 64 * 1024
HEAD_MAX = 32 * 1024  # h11 caps heads that come in pieces; this one is for those that come in one
HEADERS_MAX = 100


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a request. ``headers`` have their names in lower case; ``caller`` is the socket's peer."""

    method: bytes
    target: bytes
    headers: Sequence[tuple[bytes, bytes]]
    caller: str
