"""Events for the shop's own system, signed as Standard Webhooks says (standardwebhooks.com, version 1).

Three headers: ``webhook-id`` (the same on every try, so that the receiver can drop repeats),
``webhook-timestamp`` (seconds since 1970) and ``webhook-signature``: ``v1,`` and the base64 of an
HMAC-SHA256 over ``id.timestamp.body``.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from mpesa_cli.floor.errors import InvalidInput, SettingsError
from mpesa_cli.floor.moments import SECOND_US, rfc3339
from mpesa_cli.floor.secret import Secret
from mpesa_cli.listener.server.peer import is_loopback

SECRET_PREFIX = "whsec_"  # noqa: S105 - the form of a secret, not one
SECRET_BYTES_MIN = 24


def event_id(payment_id: str, event_type: str) -> str:
    """The id of an event that happens once: the same payment and type always give the same id."""
    return "evt_" + hashlib.sha256(f"{payment_id}\n{event_type}".encode()).hexdigest()[:24]


def event_body(event_type: str, at_us: int, data: Mapping[str, Any]) -> bytes:
    """The body to store and to post, byte for byte the same on every try."""
    document = {"type": event_type, "timestamp": rfc3339(at_us), "data": data}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def new_secret(random_bytes: bytes) -> Secret:
    """A signing secret from 32 random bytes, in the form that receivers' libraries take."""
    return Secret(SECRET_PREFIX + base64.b64encode(random_bytes).decode())


def signing_key(secret: Secret) -> bytes:
    """The key inside ``whsec_…``. Raises SettingsError where there is none."""
    try:
        key = base64.b64decode(secret.reveal().removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.reveal().startswith(SECRET_PREFIX) or len(key) < SECRET_BYTES_MIN:
        raise SettingsError(
            f"The webhook secret is not {SECRET_PREFIX} and the base64 of at least {SECRET_BYTES_MIN} random bytes.",
            hint="Nothing was started. Have one made and kept: mpesa secrets set webhook-secret",
            code="bad-webhook-secret",
        )
    return key


def signed_headers(key: bytes, event: str, at_us: int, body: bytes) -> dict[str, str]:
    """The headers of one try at ``at_us``."""
    timestamp = str(at_us // SECOND_US)
    content = b".".join((event.encode(), timestamp.encode(), body))
    signature = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return {
        "content-type": "application/json",
        "webhook-id": event,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature}",
    }


def check_target(url: str) -> str:
    """A URL to forward to. Raises InvalidInput unless it is https, or http on this machine."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if host and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))):
        return url
    raise InvalidInput(
        f"{url!r} can't be forwarded to: events name customers, so plain http is for this machine only.",
        hint="Nothing was started. Right: mpesa listen --forward-to http://localhost:3000/hook, or an https:// URL",
        code="invalid-forward-url",
    )
