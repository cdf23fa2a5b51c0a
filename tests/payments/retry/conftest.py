"""What the retry tests share: a failed payment on a phone that would pay, and the simulator's own record."""

import hashlib
import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mpesa_cli.floor.world import World
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.rules.evidence import Accepted, CallbackFailed, Sending, Undelivered
from mpesa_cli.rules.payment import Intent
from mpesa_cli.rules.push_rules import Start
from mpesa_cli.simulator.embedded import EmbeddedDaraja

sys.path.append(str(Path(__file__).parents[2] / "api"))  # the API served, and who calls it

SECOND_US = 1_000_000


@pytest.fixture
def ledger(home: Path) -> Iterator[Ledger]:
    """The ledger that the commands of this test use."""
    opened = Ledger(
        home / "data" / "simulator-simulator.db", environment="simulator", token_hex=secrets.token_hex
    )
    yield opened
    opened.close()


@pytest.fixture
def failed(ledger: Ledger, clock: Any) -> Callable[..., str]:
    """Record a payment whose first prompt failed ``ago_s`` ago with a result code; its phone pays the next one."""

    def record(order: str, msisdn: str, *, code: str = "1001", ago_s: float = 300, amount: int = 70) -> str:
        at_us = clock.now - int(ago_s * SECOND_US)
        intent = Intent(
            payment_id=f"PAY-{order}", order_id=order, profile="simulator", shortcode="174379",
            amount_cents=amount * 100, msisdn=msisdn, account_reference=order, description="Payment",
            token_hash=hashlib.sha256(order.encode()).hexdigest(),
        )
        with ledger.write() as tx:
            ref = tx.open_payment(Start(intent), at_us).last.ref
            tx.append(ref, Sending(at_us, 1))
            if code == "not-sent":
                tx.append(ref, Undelivered(at_us, 1, "connect-failed", "no connection"))
            else:
                tx.append(ref, Accepted(at_us, 1, f"m-{order}", f"ws_CO_{order}"))
                tx.append(ref, CallbackFailed(at_us + SECOND_US, code, "said by a test", f"m-{order}"))
        return order

    return record


@pytest.fixture
def prompts(home: Path, clock: Any) -> Callable[[], list[dict[str, Any]]]:
    """The simulator's record of every prompt that it accepted, oldest first."""

    def read() -> list[dict[str, Any]]:
        daraja = EmbeddedDaraja(home / "state" / "simulator.json", World(clock.now_us, clock.sleep))
        return daraja.prompts()

    return read
