"""Events for the shop's own system, signed as Standard Webhooks says (standardwebhooks.com, version 1).

Three headers: ``webhook-id`` (the same on every try, so that the receiver can drop repeats),
``webhook-timestamp`` (seconds since 1970) and ``webhook-signature``: ``v1,`` and the base64 of an
HMAC-SHA256 over ``id.timestamp.body``.
"""

import base64
import binascii
import hashlib
import hmac

from mpesa_cli.floor.errors import InvalidInput, SettingsError
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.secret import Secret
from mpesa_cli.floor.web_address import NoWebAddressError, web_address

SECRET_PREFIX = "whsec_"  # noqa: S105 - the form of a secret, not one
SECRET_BYTES_MIN = 24


def new_secret(random_bytes: bytes) -> Secret:
    """A signing secret from 32 random bytes, in the form that receivers' libraries take."""
    return Secret(SECRET_PREFIX + base64.b64encode(random_bytes).decode())


def signing_key(secret: Secret, name: str = "webhook-secret") -> bytes:
    """The key inside the ``whsec_…`` of this name. Raises SettingsError where there is none."""
    try:
        key = base64.b64decode(secret.reveal().removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.reveal().startswith(SECRET_PREFIX) or len(key) < SECRET_BYTES_MIN:
        raise SettingsError(
            f"The {name} is not {SECRET_PREFIX} and the base64 of at least {SECRET_BYTES_MIN} random bytes.",
            hint=f"Nothing was started. Have one made and kept: mpesa secrets set {name} --generate",
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
        found = web_address(url)
        if found.is_https or found.is_loopback:
            return url
    except NoWebAddressError:
        pass
    raise InvalidInput(
        f"{url!r} can't be forwarded to: events name customers, so plain http is for this machine only.",
        hint="Nothing was started. Right: mpesa listen --forward-to http://localhost:3000/hook, or an https:// URL",
        code="invalid-forward-url",
    )
