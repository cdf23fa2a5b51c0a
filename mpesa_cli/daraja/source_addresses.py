"""Addresses that Safaricom's callbacks come from. A hint to log and to score, never the only gate.

Published lists disagree: Safaricom's going-live page, read through public copies, names twelve; libraries
in use name eleven or fourteen. This is their union, as of 2026-11-24 (daraja.md 8,
docs/reference/assumptions.md A27). The list is for production: the sandbox may call from elsewhere.
"""

from typing import NamedTuple


class SourceAddress(NamedTuple):
    """One address, and whether Safaricom's going-live page names it."""

    address: str
    official: bool


SOURCE_ADDRESSES = (
    SourceAddress("196.201.212.69", official=True),
    SourceAddress("196.201.212.74", official=True),
    SourceAddress("196.201.212.127", official=True),
    SourceAddress("196.201.212.128", official=False),
    SourceAddress("196.201.212.129", official=True),
    SourceAddress("196.201.212.132", official=False),
    SourceAddress("196.201.212.136", official=True),
    SourceAddress("196.201.212.138", official=True),
    SourceAddress("196.201.213.44", official=True),
    SourceAddress("196.201.213.114", official=True),
    SourceAddress("196.201.214.200", official=True),
    SourceAddress("196.201.214.206", official=True),
    SourceAddress("196.201.214.207", official=True),
    SourceAddress("196.201.214.208", official=True),
)

_KNOWN = frozenset(each.address for each in SOURCE_ADDRESSES)


def is_published(address: str) -> bool:
    """Whether Safaricom, or a library in use, names this address as a sender of callbacks."""
    return address in _KNOWN
