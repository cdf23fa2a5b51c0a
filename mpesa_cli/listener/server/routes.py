"""Paths and the delivery that each brings. Nothing else is served."""

import re
from collections.abc import Callable
from functools import partial
from typing import TypeAlias, cast

from mpesa_cli.initiator.api_request import ResultChannel
from mpesa_cli.listener.intake.deliveries import (
    C2bDelivery,
    C2bStep,
    Delivery,
    OpenDelivery,
    OpenPath,
    ResultDelivery,
    SmsReport,
    StkDelivery,
)
from mpesa_cli.listener.intake.intake import hash_of_secret

STK_PREFIX = "/hooks/stk/"
SMS_PREFIX = "/hooks/sms/"
C2B_PATH = re.compile(r"/hooks/([0-9a-f]{32})/c2b/(confirmation|validation)")
RESULT_PATH = re.compile(r"/hooks/(result|timeout)/([0-9a-f]{32})")
OPEN_PATHS: dict[str, OpenPath] = {
    "/payments/mpesa/callback": "stk",
    "/payments/mpesa/c2b/confirmation": "c2b-confirmation",
    "/payments/mpesa/c2b/validation": "c2b-validation",
}

Address: TypeAlias = Callable[[bytes, str], Delivery]


def address_of(path: str) -> Address | None:
    """The maker of a delivery from a body (and its peer) on this path, or None where the path is none of ours."""
    if path.startswith(STK_PREFIX):
        token_hash = hash_of_secret(path.removeprefix(STK_PREFIX))
        return partial(StkDelivery, token_hash) if token_hash else None
    if path.startswith(SMS_PREFIX):
        secret_hash = hash_of_secret(path.removeprefix(SMS_PREFIX))
        return partial(SmsReport, secret_hash) if secret_hash else None
    if found := RESULT_PATH.fullmatch(path):
        return partial(ResultDelivery, cast(ResultChannel, found[1]), hash_of_secret(found[2]) or "")
    if found := C2B_PATH.fullmatch(path):
        return partial(C2bDelivery, cast(C2bStep, found[2]), hash_of_secret(found[1]) or "")
    return partial(OpenDelivery, OPEN_PATHS[path]) if path in OPEN_PATHS else None
