"""A ledger with payments that are paid, each with its receipt staged in the same transaction."""

import secrets
from pathlib import Path

from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.payment import AttemptRef, Intent
from mpesa_cli.rules.push_rules import Start
from mpesa_cli.rules.staging import stage

NOW_US = 1_795_505_400_000_000  # 24 November 2026, 10:30 in Nairobi
PHONE = "254708374149"
SECOND_US = 1_000_000


def open_ledger(path: Path, environment: str = "simulator") -> Ledger:
    return Ledger(
        path, environment=environment, token_hex=secrets.token_hex,
        stage=lambda before, payment, now_us: stage(before, payment, now_us, sms_receipt=True),
    )


def prompt(ledger: Ledger, order: str, msisdn: str = PHONE, *, profile: str = "shop") -> AttemptRef:
    """A payment of KES 1,500 whose prompt is on the phone."""
    intent = Intent(
        payment_id=f"PAY-{order}", order_id=order, profile=profile, shortcode="174379", amount_cents=150_000,
        msisdn=msisdn, account_reference=order, description="Order", token_hash=secrets.token_hex(32),
    )
    with ledger.write() as tx:
        ref = tx.open_payment(Start(intent), NOW_US).last.ref
        tx.append(ref, ev.Sending(NOW_US, 1))
        tx.append(ref, ev.Accepted(NOW_US, 1, f"m-{order}", f"ws_CO_{order}"))
    return ref


def receive(ledger: Ledger, ref: AttemptRef, receipt: str = "", at_us: int = NOW_US) -> None:
    """The callback of a prompt: paid, with a receipt number of its own."""
    with ledger.write() as tx:
        tx.append(ref, ev.Received(
            at_us=at_us, source="callback", receipt=receipt or "U" + secrets.token_hex(5)[:9].upper(),
            amount_cents=150_000, checkout_request_id=f"ws_CO_{ref.payment_id.removeprefix('PAY-')}",
        ))


def pay(ledger: Ledger, order: str, msisdn: str = PHONE, *, profile: str = "shop", receipt: str = "") -> str:
    """A payment of KES 1,500 that is paid. Returns its payment id."""
    ref = prompt(ledger, order, msisdn, profile=profile)
    receive(ledger, ref, receipt)
    return ref.payment_id
