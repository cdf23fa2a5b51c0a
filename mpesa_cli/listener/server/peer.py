"""The caller: the address behind the declared tunnel, never one that a stranger can write.

Measured: uvicorn's own proxy support believes ``X-Forwarded-For: 196.201.214.200`` from any loopback peer,
that is, from anybody behind any tunnel. So it is off, and each kind of tunnel has its own rule.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from mpesa_cli.daraja.source_addresses import is_published
from mpesa_cli.floor.web_address import plain_address
from mpesa_cli.rules.strangers import has_share, share_of

Tunnel = Literal["none", "cloudflare", "nginx"]
CallbackIps = Literal["off", "warn", "enforce"]
Headers = Sequence[tuple[bytes, bytes]]


def peer_address(tunnel: Tunnel, socket_peer: str, headers: Headers) -> str:
    """The caller's address as text, or the socket's where nothing better can be known.

    ``none``: the socket's. ``cloudflare``: CF-Connecting-IP, which Cloudflare overwrites. ``nginx``: the
    last element of X-Forwarded-For, which nginx appends. Both only where the socket's peer is this
    machine, since only the tunnel's own process may speak for others. ``Forwarded`` is ignored.
    """
    direct = _address(socket_peer)
    if direct is None or tunnel == "none" or not direct.is_loopback:
        return _plain(socket_peer)
    if tunnel == "cloudflare":
        said = _values(headers, b"cf-connecting-ip")
        told = _address(said[0]) if len(said) == 1 else None
    else:
        elements = ",".join(_values(headers, b"x-forwarded-for")).split(",")
        told = _address(elements[-1].strip())
    return str(told) if told else _plain(socket_peer)


def is_refused(policy: CallbackIps, address: str) -> bool:
    """Whether this address may not bring callbacks at all."""
    return policy == "enforce" and not is_published(address)


def is_doubtful(policy: CallbackIps, tunnel: Tunnel, address: str) -> bool:
    """Whether a callback from this address deserves a warning.

    This machine's own address does not, where no tunnel is declared that could name a better one: everybody
    has it then, and a warning that always comes says nothing.
    """
    if policy != "warn" or is_published(address):
        return False
    known = _address(address)
    return not (tunnel == "none" and known is not None and known.is_loopback)


def share_for(address: str, *, peers_are_proxies: bool) -> str:
    """The share of connections that an address counts against; "" for this machine, proxies and Daraja."""
    return "" if peers_are_proxies or not has_share(address) or is_published(address) else share_of(address)


def _values(headers: Headers, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in headers if key == name]


@lru_cache(maxsize=1024)  # most requests come from the same few peers
def _plain(text: str) -> str:
    return str(_address(text) or text)


_address = lru_cache(maxsize=1024)(plain_address)
