"""Values that the ledger takes and gives besides payments and their evidence."""

from typing import Literal, NamedTuple

from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.payment import AttemptRef

BODIES_OF_ATTEMPT_MAX = 32
"""How many different callbacks of one attempt are kept. Daraja sends one; two where it contradicts itself."""
BODIES_OF_REQUEST_MAX = 8
"""How many different bodies of one request are kept. Daraja sends one; two where it contradicts itself."""

CONFIRMATION = "c2b-confirmation"
"""The channel of raw bodies that tell of money that customers paid by hand."""

ResultChannel = Literal["result", "timeout"]
"""On which of the two addresses of a request a body came."""


class NewCallback(NamedTuple):
    """One body that has just come on a valid token, and from where."""

    attempt: AttemptRef
    body: bytes
    peer: str


@dataclass(frozen=True, slots=True)
class RawCallback:
    """One body that was received on a valid token, exactly as it came."""

    callback_id: str
    attempt: AttemptRef
    received_us: int
    peer: str
    body: bytes
    verdict: str  # "" not read yet · "applied" · "repeat" · "unreadable: why"


@dataclass(frozen=True, slots=True)
class RawBody:
    """One body that names no attempt by its path: C2B, or a path without a secret. Exactly as it came."""

    callback_id: str
    channel: str
    received_us: int
    peer: str
    body: bytes


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One line of the journal, for `log` and `audit`."""

    seq: int
    at_us: int
    kind: str
    payment_id: str
    attempt: int | None
    facts: dict[str, object]
    hash: str


@dataclass(frozen=True, slots=True)
class ResultBody:
    """One body that came for a request, as it came, less a credential that it may have repeated."""

    callback_id: str
    request_id: str
    channel: ResultChannel
    received_us: int
    peer: str
    body: bytes
