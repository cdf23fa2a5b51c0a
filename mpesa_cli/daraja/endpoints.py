"""Addresses of Daraja's APIs: their paths as data, and the rules for a base URL."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from mpesa_cli.floor.errors import SettingsError

SANDBOX = "https://sandbox.safaricom.co.ke"
PRODUCTION = "https://api.safaricom.co.ke"

OAUTH = "/oauth/v1/generate?grant_type=client_credentials"
STK_PUSH = "/mpesa/stkpush/v1/processrequest"
STK_QUERY = "/mpesa/stkpushquery/v1/query"
C2B_REGISTER_V1 = "/mpesa/c2b/v1/registerurl"
C2B_REGISTER_V2 = "/mpesa/c2b/v2/registerurl"
C2B_SIMULATE_V1 = "/mpesa/c2b/v1/simulate"
C2B_SIMULATE_V2 = "/mpesa/c2b/v2/simulate"
TRANSACTION_STATUS = "/mpesa/transactionstatus/v1/query"
PULL_REGISTER = "/pulltransactions/v1/register"
PULL_QUERY = "/pulltransactions/v1/query"


@dataclass(frozen=True, slots=True)
class BaseUrl:
    """A base URL that was checked. ``url`` has no slash at its end; ``host`` is for people."""

    url: str
    host: str
    is_https: bool
    is_loopback: bool


def checked_base_url(typed: str, *, embedded: bool = False) -> BaseUrl:
    """Read a base URL such as ``https://sandbox.safaricom.co.ke``. Raises SettingsError.

    The consumer secret and every request travel to it, so plain ``http`` is taken only for this machine's
    own loopback (or where the transport is ``embedded`` and nothing travels).
    """
    try:
        parts = urlsplit(typed)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise _unusable("It is not a URL.") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise _unusable("It must start with https:// and name a host.")
    if parts.username is not None or parts.query or parts.fragment:
        raise _unusable("It must hold a host and at most a port and a path.")
    if not typed.isascii() or not typed.isprintable() or " " in typed:
        raise _unusable("It has characters that no URL can have.")
    loopback = _is_loopback(host)
    if parts.scheme == "http" and not (loopback or embedded):
        raise _unusable("Plain http would send the consumer secret unprotected; only 127.0.0.1 may have it.")
    return BaseUrl(typed.rstrip("/"), host, parts.scheme == "https", loopback)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _unusable(why: str) -> SettingsError:
    # The URL itself is not repeated: where someone wrote user:password@host, it would be shown.
    return SettingsError(
        f"The base URL of Daraja can't be used. {why}",
        hint=f"Nothing was sent. Right: base_url = \"{SANDBOX}\" or MPESA_BASE_URL={SANDBOX}. "
        "See where it comes from: mpesa config show",
        code="invalid-base-url",
    )
