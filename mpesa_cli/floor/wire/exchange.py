"""Outcomes of one HTTP exchange. The split that matters: did the request's body leave?"""

from dataclasses import field

from mpesa_cli.floor.records import dataclass

TOTAL_S = 45.0
"""Seconds that one exchange may take in all. A POST that was announced longer ago no longer leaves."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one exchange may take, in seconds and bytes.

    ``total_s`` bounds everything, name look-up and slow drips included, which the others can't.
    """

    connect_s: float = 5
    read_s: float = 30
    write_s: float = 30
    pool_s: float = 5
    total_s: float = TOTAL_S
    answer_bytes: int = 1024 * 1024


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A whole HTTP answer. ``retry_after_s`` is the Retry-After header where it was a number of seconds."""

    status: int
    body: bytes = field(repr=False)
    content_type: str = ""
    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True)
class NeverSent:
    """Proof that the request's body never left. ``again`` says whether the same request may yet succeed.

    ``error_code`` is one of ``dns``, ``connect-refused``, ``connect-failed``, ``connect-timeout``, ``tls``,
    ``proxy``, ``local-error``, ``late``.
    """

    error_code: str
    words: str
    again: bool


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """A body that left, at least in part, without a whole answer. Nobody can know what it did.

    ``error_code`` is one of ``read-timeout``, ``write-timeout``, ``total-timeout``, ``connection-reset``,
    ``connection-closed``, ``bad-http``, ``truncated``, ``too-large``, ``local-error``; where nothing had to
    be proven (a request without a body) also those of NeverSent.
    """

    error_code: str
    words: str


Outcome = HttpAnswer | NeverSent | NoAnswer
