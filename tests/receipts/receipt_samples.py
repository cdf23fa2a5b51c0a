"""Receipts that are laid out in every face and compared with what is stored in ``expected/``."""

import os
from dataclasses import replace
from pathlib import Path

from mpesa_cli.receipts.receipt import Receipt

EXPECTED = Path(__file__).with_name("expected")

PLAIN = Receipt(
    shop_name="Household Planet",
    kind="paybill",
    number="247247",
    receipts=("UKO4Q7WX2B",),
    amount_cents=150_000,
    owed_cents=0,
    payer="2547••••4149",
    account_reference="HouseholdPlanet",
    order_id="1042",
    payment_id="PAY-7KQ2M9XD",
    description="Household Planet Kenya Payment",
    paid_us=1_795_505_412_000_000,
    environment="production",
)
"""A payment of the shop that the example configuration has, in production."""

TILL_TRIAL = replace(
    PLAIN, kind="till", number="5012345", environment="simulator", copy=True, amount_cents=1_234_550, owed_cents=50_000,
    receipts=("UKO4Q7WX2B", "UKO4Q7WX9Z"),
)
"""Everything at once: a till, a trial, a copy, cents, two M-PESA receipts and money to give back."""


def same_as_stored(name: str, made: bytes) -> bool:
    """Whether ``expected/NAME`` holds exactly this. ``WRITE_EXPECTED=1`` writes it instead, to be looked at."""
    path = EXPECTED / name
    if os.environ.get("WRITE_EXPECTED"):
        path.write_bytes(made)
    return path.read_bytes() == made
