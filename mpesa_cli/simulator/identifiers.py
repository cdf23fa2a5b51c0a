"""Identifiers in the forms that Daraja gives them today (daraja.md 0.3, 10.1)."""

from collections.abc import Callable, Container
from datetime import UTC, datetime, timedelta

from mpesa_cli.floor.moments import EAT, daraja_stamp

# Random bytes as hexadecimal text: the simulator's only randomness.
TokenHex = Callable[[int], str]

_BASE_36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_FIRST_YEAR = 2006  # A; L is 2017 and U is 2026


def request_id(token_hex: TokenHex) -> str:
    """A request id, merchant request id or conversation id: ``6f2a-4d1b-a3c9-2b8e7d610f4412345678``."""
    counter = int(token_hex(4), 16) % 100_000_000
    return f"{token_hex(2)}-{token_hex(2)}-{token_hex(2)}-{token_hex(6)}{counter}"


def checkout_request_id(msisdn: str, now_us: int, taken: Container[str]) -> str:
    """A CheckoutRequestID: ``ws_CO_``, EAT day, month, year, time to the millisecond, the phone's last nine digits."""
    moment_us = now_us
    while True:
        stamp = daraja_stamp(moment_us)
        day_first = stamp[6:8] + stamp[4:6] + stamp[:4] + stamp[8:]
        made = f"ws_CO_{day_first}{moment_us // 1000 % 1000:03d}{msisdn[-9:]}"
        if made not in taken:
            return made
        moment_us += 1000


def receipt(at_us: int, serial: int, taken: Container[str], token_hex: TokenHex) -> str:
    """An M-Pesa receipt: three characters for the EAT date and seven that no other receipt has, one of them a digit."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us)
    local = moment.astimezone(EAT)
    year = chr(ord("A") + (local.year - _FIRST_YEAR) % 26)
    month = chr(ord("A") + local.month - 1)
    day = _BASE_36[local.day]
    # The serial number keeps receipts apart even where a test fixes the random bytes.
    number = int(token_hex(5), 16) + serial * 1_234_577
    while True:
        made = year + month + day + _in_base_36(number, 7)
        if made not in taken and not made.isalpha():
            return made
        number += 1


def _in_base_36(number: int, length: int) -> str:
    digits = ""
    for _ in range(length):
        number, digit = divmod(number, 36)
        digits = _BASE_36[digit] + digits
    return digits
