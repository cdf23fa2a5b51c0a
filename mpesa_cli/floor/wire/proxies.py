"""The proxy that the environment or the system names for a host."""

import os
from importlib.util import find_spec
from urllib.parse import unquote, urlsplit

import httpcore

from mpesa_cli.floor import machine
from mpesa_cli.floor.web_address import WebAddress

_KINDS = {"http", "https", "socks5", "socks5h"}


def proxy_to(base: WebAddress) -> httpcore.Proxy | None:
    """The proxy on the way to an https address: HTTPS_PROXY, else ALL_PROXY, unless NO_PROXY names the host.

    Raises ValueError where it can't be used, and ImportError where that takes a package that is not installed.
    """
    if not _may_be_named():
        return None
    from urllib.request import getproxies, proxy_bypass  # 15 ms, which a machine without a proxy need not wait

    named = getproxies()
    url = named.get("https") or named.get("all")
    if not url or proxy_bypass(urlsplit(base.url).netloc):
        return None
    parts = urlsplit(url if "://" in url else f"http://{url}")
    if parts.scheme not in _KINDS or not parts.hostname or parts.port == 0:
        raise ValueError("no proxy of a kind that can be used")
    if parts.scheme.startswith("socks") and find_spec("socksio") is None:
        raise ImportError("httpcore would miss it only once a payment is under way")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname.encode("idna").decode("ascii")
    place = f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")
    user = (unquote(parts.username or "").encode(), unquote(parts.password or "").encode())
    return httpcore.Proxy(place, auth=user if any(user) else None)


def _may_be_named() -> bool:
    """Other systems know of proxies in their settings, too."""
    return not machine.system().startswith("Linux") or any(name.lower().endswith("_proxy") for name in os.environ)
