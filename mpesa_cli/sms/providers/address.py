"""Where a provider is: its base URL, checked before a key may travel to it."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from mpesa_cli.floor.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Address:
    """A checked URL. ``host`` is for people; ``local`` is this machine's own loopback."""

    url: str
    host: str
    https: bool
    local: bool


def address(base_url: str, path: str) -> Address:
    """``base_url`` with ``path`` behind it, unless it ends so already. Raises SettingsError.

    The key and the customers' numbers travel to it, so plain http is taken only for this machine itself.
    """
    base = base_url.rstrip("/")
    try:
        parts = urlsplit(base)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise _unusable("It is not a URL.") from None
    if parts.scheme not in {"http", "https"} or not host or parts.username is not None:
        raise _unusable("It must start with https:// and name a host, without a user.")
    if parts.query or parts.fragment or not base.isascii() or not base.isprintable() or " " in base:
        raise _unusable("It must hold a host and at most a port and a path.")
    local = is_local(host)
    if parts.scheme == "http" and not local:
        raise _unusable("Plain http would send the key and the customers' numbers unprotected.")
    whole = base + ("/" if path.endswith("/") else "") if base.endswith(path.rstrip("/")) else base + path
    return Address(whole, host, parts.scheme == "https", local)


def is_local(host: str) -> bool:
    """Whether this host is the machine's own loopback."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _unusable(why: str) -> SettingsError:
    # The URL is not repeated: somebody may have written a password into it.
    return SettingsError(
        f"The SMS provider's address (sms.base_url) can't be used. {why}",
        hint="No SMS was sent; payments are not touched. See where the address comes from: mpesa config show",
        code="invalid-sms-base-url",
    )
