"""A ledger with payments of every kind, written through the ledger's own interface."""

import os
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.payment import AttemptRef, Intent
from mpesa_cli.rules.push_rules import Start
from mpesa_cli.runtime import Runtime

SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US
START_US = 1_795_505_400_000_000  # 24 November 2026, 10:30 in Nairobi
PHONE = "254708374149"
OTHER_PHONE = "254711111111"


@dataclass(frozen=True)
class Sale:
    """One payment to be written. ``outcome`` is paid, a result code, pending, or lost."""

    order: str
    outcome: str = "paid"
    amount: int = 100
    msisdn: str = PHONE
    at_us: int = START_US
    took_s: float = 12
    account: str = ""
    description: str = "Payment"

    @property
    def receipt(self) -> str:
        return f"UK{zlib.crc32(self.order.encode()) % 10**8:08d}"


def open_ledger(home: Path) -> Ledger:
    """The ledger that commands on this home use: the simulator's."""
    profile = Runtime(environ={"MPESA_HOME": str(home)}).profile()
    return Ledger(profile.ledger, environment="simulator", token_hex=lambda n: os.urandom(n).hex())


def fill(ledger: Ledger, sales: Iterable[Sale]) -> None:
    """Write the sales in one transaction."""
    with ledger.write() as tx:
        for number, sale in enumerate(sales):
            intent = Intent(
                payment_id=f"PAY-{number:08d}", order_id=sale.order, profile="simulator", shortcode="174379",
                amount_cents=sale.amount * 100, msisdn=sale.msisdn, account_reference=sale.account or sale.order,
                description=sale.description, token_hash=f"{number:064x}",
            )
            tx.open_payment(Start(intent), sale.at_us)
            ref = AttemptRef(intent.payment_id, 1)
            for fact in facts(sale):
                tx.append(ref, fact)


def facts(sale: Sale) -> list[ev.Evidence]:
    """What is known of the one attempt of a sale."""
    sent: list[ev.Evidence] = [ev.Sending(sale.at_us, 1)]
    if sale.outcome == "lost":
        return [*sent, ev.SenderLost(sale.at_us + SECOND_US, 1)]
    sent.append(ev.Accepted(sale.at_us, 1, f"m-{sale.order}", f"ws_CO_{sale.order}"))
    ended_us = sale.at_us + int(sale.took_s * SECOND_US)
    if sale.outcome == "paid":
        paid = ev.Received(ended_us, "callback", sale.receipt, sale.amount * 100, ended_us, msisdn=sale.msisdn,
                           checkout_request_id=f"ws_CO_{sale.order}")
        return [*sent, paid]
    if sale.outcome == "pending":
        return sent
    return [*sent, ev.CallbackFailed(ended_us, sale.outcome, "No.", checkout_request_id=f"ws_CO_{sale.order}")]
