"""Events of a listener, for its screen and programs: one value for each thing that happened."""

from collections.abc import Callable
from typing import Literal, TypeAlias

from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.payment import AttemptRef, Payment

Kind = Literal[
    "stored",  # a raw body is on disk, and was answered 200
    "repeat",  # the same body again: answered 200, nothing stored
    "settled",  # a stored body was applied; ``payment`` as it stands now, ``detail`` "", "nothing new" or "conflict"
    "validated",  # a C2B validation was answered; ``detail`` is "accepted" or the C2B000xx code
    "unreadable",  # a stored body on a valid path could not be believed: kept for a person, ``detail`` says why
    "untrusted",  # a body came on a path without a secret: kept, and none of it believed
    "refused",  # a body was not stored; ``detail`` is the reason, ``count`` how many since the last such event
    "address",  # a callback on a valid path from an address that Safaricom does not publish (only a warning)
    "unstored",  # the ledger could not keep a body: answered 503; ``detail`` says why
    "spooled",  # bodies were kept on this machine, as the ledger's database is away: answered 200, ``count`` how many
    "handed_in",  # ``count`` bodies that were kept so are in the ledger now
    "unsettled",  # stored, but applying it failed; it is tried again
    "result",  # an asynchronous request has its result; ``detail`` says which, and how it stands
    "forwarded",  # an event was taken by the shop's own system
    "certificate",  # the certificate was read again, or could not be; ``detail`` says which
    "unshown",  # lines were dropped, as the screen did not take them; ``count`` how many
    "unforwarded",  # an event was not taken; ``detail`` says what came and when the next try is
]
Channel = Literal["", "stk", "c2b-confirmation", "c2b-validation"]


@dataclass(frozen=True, slots=True)
class Event:
    """An event in the listener, or ``count`` of them that came from so many ``addresses``.

    Carries no token and no secret path. ``profile`` is set where one listener has several.
    """

    kind: Kind
    at_us: int
    peer: str = ""
    channel: Channel = ""
    attempt: AttemptRef | None = None
    payment: Payment | None = None
    callback_id: str = ""
    checkout_request_id: str = ""
    receipt: str = ""
    detail: str = ""
    count: int = 1
    addresses: int = 1
    profile: str = ""


OnEvent: TypeAlias = Callable[[Event], None]
"""A receiver of events, called from the threads of writer, event loop and forwarder. Must be quick and thread-safe."""
