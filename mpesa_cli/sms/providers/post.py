"""One POST to a provider, through the one gate of the floor. Import it inside functions: httpx is slow to load."""

from collections.abc import Mapping
from typing import TypeAlias

from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.floor.web_address import WebAddress
from mpesa_cli.floor.wire.exchange import HttpAnswer, Limits, NeverSent, NoAnswer
from mpesa_cli.floor.wire.http import Wire

LIMITS = Limits(connect_s=5, read_s=15, write_s=15, pool_s=5, total_s=20, answer_bytes=64 * 1024)

Posted: TypeAlias = HttpAnswer | NeverSent | NoAnswer


def post(to: WebAddress, headers: Mapping[str, str], body: bytes) -> Posted:
    """POST once: no retry, no redirect, TLS always verified. Raises only what interrupts the wait."""
    try:
        wire = Wire(to, LIMITS)
    except SettingsError as unusable:
        return NeverSent(unusable.code, unusable.message.rstrip("."), again=True)
    try:
        return wire.exchange("POST", "", headers=headers, body=body)
    finally:
        wire.close()
