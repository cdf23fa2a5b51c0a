"""Delivery reports of Africa's Talking: a form POST to an address that only we and they know.

They are not signed (docs/operate/sms-gateways.md 3), so the address carries a token. It is made from the account's key:
nothing more has to be stored, and who has the token can't find the key.
"""

import hashlib
import hmac
from typing import Literal
from urllib.parse import parse_qsl

from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.secret import Secret
from mpesa_cli.sms.providers.answers import short

BODY_MAX_BYTES = 8 * 1024
_FIELDS_MAX = 20

# Their word for where the message is → ours.
_STATUSES: dict[str, Literal["on_the_way", "delivered", "not_delivered"]] = {
    "sent": "on_the_way",
    "submitted": "on_the_way",
    "buffered": "on_the_way",
    "success": "delivered",
    "failed": "not_delivered",
    "rejected": "not_delivered",
}


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """The outcome of one message. ``status`` is the provider's word, ``reached`` ours."""

    message_id: str
    status: str
    reached: Literal["on_the_way", "delivered", "not_delivered"]
    failure_reason: str


def report_token(api_key: Secret) -> str:
    """The 32 hex characters that the address of delivery reports ends in."""
    return hmac.new(api_key.reveal().encode(), b"mpesa-cli delivery reports", hashlib.sha256).hexdigest()[:32]


def read_delivery_report(body: bytes) -> DeliveryReport | None:
    """Read one report (``id=…&status=…&failureReason=…``), or None for anything else."""
    if len(body) > BODY_MAX_BYTES:
        return None
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=_FIELDS_MAX)
    except ValueError:
        return None
    fields = dict(pairs)
    reached = _STATUSES.get(fields.get("status", "").strip().lower())
    message_id = short(fields.get("id"))
    if reached is None or not message_id or len(fields) != len(pairs):
        return None
    reason = short(fields.get("failureReason"), 60)
    return DeliveryReport(message_id, short(fields["status"], 20), reached, reason)
