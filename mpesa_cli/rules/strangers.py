"""How much of what comes without our secret is kept, and for how long. Pure."""

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from mpesa_cli.floor.moments import SECOND_US

BODY_MAX_BYTES = 4 * 1024
KEPT_MAX = 5_000
KEPT_FOR_US = 30 * 86_400 * SECOND_US
"""Longer where no statement that was read covers its time."""
SHARE_MAX = 500
"""So many of KEPT_MAX from one address."""
SPACE_NEEDED_BYTES = 1 << 30
"""So much room the disk must have for strangers. Pushes go on until far less is left (ledger/engine/sqlite.py)."""


@dataclass(frozen=True, slots=True)
class Report:
    """A payment that somebody without our secret reported. ``share`` is whose room it takes."""

    received_us: int
    share: str
    receipt: str
    amount_cents: int


def share_of(address: str) -> str:
    """Whose share an address takes: its own, of IPv6 that of its network, of which one machine has all."""
    try:
        found = ip_address(address)
    except ValueError:
        return address[:60]
    if isinstance(found, IPv6Address):
        mapped = found.ipv4_mapped
        return str(mapped) if mapped else str(ip_network((found, 64), strict=False))
    return str(found)


def has_share(address: str) -> bool:
    """Whether an address has only a share: this machine's own stands for everybody behind a proxy on it."""
    try:
        return not ip_address(address).is_loopback
    except ValueError:
        return True
