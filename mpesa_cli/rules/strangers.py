"""Limits on what comes without our secret: how much of it is kept, and for how long. Pure."""

from ipaddress import IPv6Address, ip_network

from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.web_address import plain_address

BODY_MAX_BYTES = 4 * 1024
KEPT_MAX = 5_000
KEPT_FOR_US = 30 * 86_400 * SECOND_US
"""The time a report is kept; longer where no statement that was read covers it."""
SHARE_MAX = 500
"""The most of KEPT_MAX from one address."""
SPACE_NEEDED_BYTES = 1 << 30
"""The free disk space that strangers' reports need. Pushes go on until far less is left (ledger/engine/sqlite.py)."""


@dataclass(frozen=True, slots=True)
class Report:
    """A payment that somebody without our secret reported; it counts against ``share``."""

    received_us: int
    share: str
    receipt: str
    amount_cents: int


def share_of(address: str) -> str:
    """The share that an address counts against: its own, for IPv6 its network's, since one machine has all of that."""
    found = plain_address(address)
    if found is None:
        return address[:60]
    return str(ip_network((found, 64), strict=False)) if isinstance(found, IPv6Address) else str(found)


def has_share(address: str) -> bool:
    """Whether an address has only a share: this machine's own stands for everybody behind a proxy on it."""
    found = plain_address(address)
    return found is None or not found.is_loopback
