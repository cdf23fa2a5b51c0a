"""Web addresses that a person typed: which can be used at all, and which lead to this machine."""

from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from mpesa_cli.floor.records import dataclass


class NoWebAddressError(ValueError):
    """Text that can't be used as the address that is needed. Its text is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class WebAddress:
    """A whole http or https address. ``url`` as it was typed, without a slash at its end; ``host`` is for people."""

    url: str
    host: str
    is_https: bool
    is_loopback: bool
    has_user: bool = False
    has_query: bool = False  # or a fragment

    @property
    def is_plain(self) -> bool:
        """Whether it is made of characters that every program takes."""
        return self.url.isascii() and self.url.isprintable() and " " not in self.url


def web_address(text: str) -> WebAddress:
    """An address with a scheme, a host and at most a port and more behind it. Raises NoWebAddressError."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:  # a bracket without its mate, a port that is no port
        raise NoWebAddressError("It is not a URL.") from None
    if parts.scheme not in {"http", "https"} or not host or port == 0:
        raise NoWebAddressError("It must start with https:// and name a host.")
    return WebAddress(
        text.rstrip("/"), host, parts.scheme == "https", is_loopback(host),
        has_user=parts.username is not None, has_query=bool(parts.query or parts.fragment),
    )


def base_address(text: str, plain_would: str, *, anywhere: bool = False) -> WebAddress:
    """An address that secrets travel to and paths are put behind. Raises NoWebAddressError, which never quotes it.

    Plain http is for this machine alone: anywhere else it ``plain_would`` do harm, as "send the key unprotected".
    ``anywhere`` where nothing travels.
    """
    found = web_address(text)
    if found.has_user or found.has_query:
        raise NoWebAddressError("It must hold a host and at most a port and a path, and no user.")
    if not found.is_plain:
        raise NoWebAddressError("It has characters that no URL can have.")
    if not (found.is_https or found.is_loopback or anywhere):
        raise NoWebAddressError(f"Plain http would {plain_would}; only 127.0.0.1 may have it.")
    return found


def is_loopback(host: str) -> bool:
    """Whether a host is this machine's own loopback, which nobody else can reach or read."""
    address = plain_address(host)
    return host == "localhost" if address is None else address.is_loopback


def plain_address(text: str) -> IPv4Address | IPv6Address | None:
    """An IP address, IPv4's own where IPv6 only wraps it, so that both are one; None for what is none."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def is_on_this_machine(url: str) -> bool:
    """Whether a URL's host is this machine; False for what is no URL."""
    try:
        return is_loopback(urlsplit(url).hostname or "")
    except ValueError:
        return False
