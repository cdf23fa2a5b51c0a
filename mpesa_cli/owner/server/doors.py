"""Where the owner's page may be served, and to whom: this machine or the local network, never the public host. Pure.

A tunnel leads to the listener's port, and the page has another. Should one lead here all the same, the name that its
visitors typed is in Host, and what it adds to their requests is seen. A name that is not one of this page's is refused
too: a web page elsewhere may have its own name point to this machine (DNS rebinding), but never an address.
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.web_address import is_loopback

Headers = Sequence[tuple[bytes, bytes]]
_FORWARDED = (b"x-forwarded-", b"cf-", b"x-real-ip", b"forwarded", b"via", b"true-client-ip", b"ngrok-", b"x-original-")


@dataclass(frozen=True, slots=True)
class Doors:
    """The hosts of one page: ``host`` is what it listens on, ``public`` the names at which callbacks come in."""

    host: str
    public: frozenset[str]

    def refusal(self, headers: Headers) -> str:
        """Why a request is not for this page; empty where it is."""
        hosts = [value.decode("latin-1") for name, value in headers if name == b"host"]
        if len(hosts) != 1 or not self._is_own(_host_of(hosts[0])):
            return "This page has no such name."
        if any(name.startswith(_FORWARDED) for name, _ in headers):
            return "This page is not shown through a proxy or tunnel."
        return ""

    def _is_own(self, host: str) -> bool:
        if host in self.public:
            return False
        return is_near(host) or (bool(host) and host == self.host.lower())


def doors(host: str, urls: Iterable[str | None]) -> Doors:
    """The doors of a page on ``host``; ``urls`` are those at which callbacks come in. Raises SettingsError."""
    named = {_host_of(urlsplit(url).netloc.rpartition("@")[2]) for url in urls if url}
    public = frozenset(each for each in named if each and not is_near(each))
    address = _address(host)
    if host.lower() in public or (address is not None and not address.is_unspecified and not is_near(host)):
        raise SettingsError(
            f"The owner's page is never served on {host}, which is a public address.",
            hint="Nothing was started. It is for this machine or the shop's own network: mpesa listen --owner, or "
            "mpesa listen --owner --owner-host 192.168.1.20",
            code="owner-host-public",
        )
    return Doors(host, public)


def is_near(host: str) -> bool:
    """Whether a host is this machine or an address of a local network, by its looks: a name never is."""
    if is_loopback(host):
        return True
    address = _address(host)
    return address is not None and (address.is_private or address.is_link_local) and not address.is_unspecified


def _host_of(text: str) -> str:
    """The host of ``host:port`` in lower case, without brackets; empty for what is none."""
    try:
        return (urlsplit(f"//{text}").hostname or "").lower()
    except ValueError:
        return ""


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
