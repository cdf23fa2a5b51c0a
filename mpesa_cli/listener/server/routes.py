"""Paths and the delivery that each brings. Nothing else is served."""

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from mpesa_cli.floor.wire.addresses import read_hook
from mpesa_cli.listener.intake.deliveries import (
    C2bDelivery,
    Delivery,
    OpenDelivery,
    OpenPath,
    ResultDelivery,
    SmsReport,
    StkDelivery,
)

OPEN_PATHS: dict[str, OpenPath] = {
    "/payments/mpesa/callback": "stk",
    "/payments/mpesa/c2b/confirmation": "c2b-confirmation",
    "/payments/mpesa/c2b/validation": "c2b-validation",
}

Address: TypeAlias = Callable[[bytes, str], Delivery]


def address_of(path: str) -> Address | None:
    """The maker of a delivery from a body (and its peer) on this path, or None where the path is none of ours."""
    hook = read_hook(path)
    if hook is None:
        return partial(OpenDelivery, OPEN_PATHS[path]) if path in OPEN_PATHS else None
    match hook.kind:
        case "stk":
            return partial(StkDelivery, hook.secret_hash)
        case "sms":
            return partial(SmsReport, hook.secret_hash)
        case "result" | "timeout":
            return partial(ResultDelivery, hook.kind, hook.secret_hash)
        case "confirmation" | "validation":
            return partial(C2bDelivery, hook.kind, hook.secret_hash)
