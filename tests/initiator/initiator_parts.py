"""Bodies and ledgers for the tests of what is asked with an initiator. Not a test."""

import contextlib
import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mpesa_cli.ledger.audit.ledger import flaws
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.rules.evidence import Accepted, Evidence, Sending
from mpesa_cli.rules.payment import Intent
from mpesa_cli.rules.push_rules import Start

PAYLOADS = Path(__file__).parent.parent / "payloads"
PAYS, NO_MONEY, LOST = "254708374149", "254711111111", "254722200003"
RECEIPT = "UKO4Q7WX2B"


def body(name: str) -> bytes:
    """An example payload as it came over the wire."""
    return (PAYLOADS / f"{name}.json").read_bytes()


def result(
    receipt: str, *, cents: int = 15_000, status: str = "Completed", credit: str = "174379", **other: Any
) -> bytes:
    """A successful result of a Transaction Status about this receipt."""
    document = json.loads(body("transactionstatus.result.success"))
    values = {"ReceiptNo": receipt, "Amount": cents / 100, "TransactionStatus": status,
              "CreditPartyName": f"{credit} - Duka Test"} | other
    for entry in document["Result"]["ResultParameters"]["ResultParameter"]:
        if entry["Key"] in values:
            entry["Value"] = values[entry["Key"]]
    for name in ("ConversationID", "OriginatorConversationID"):
        document["Result"].pop(name)
    return json.dumps(document).encode()


@contextlib.contextmanager
def ledger_of(home: Path, name: str = "simulator-simulator") -> Iterator[Ledger]:
    """The ledger of a test's home, which must be whole when the block is left."""
    path = home / "data" / f"{name}.db"
    environment = name.rpartition("-")[2]
    with contextlib.closing(Ledger(path, environment=environment, token_hex=secrets.token_hex)) as ledger:
        yield ledger
        assert list(flaws(ledger)) == []


def paid(mpesa: Callable[..., Any], order: str, amount: int = 150, phone: str = PAYS) -> str:
    """Have an order paid by a prompt; its receipt."""
    pushed = mpesa("push", phone, str(amount), "--order", order, "--json")
    assert pushed.status == 0, pushed
    return str(json.loads(pushed.stdout)["receipt"])


def paid_elsewhere(mpesa: Callable[..., Any], clock: Any, home: Path, amount: int = 150, phone: str = PAYS) -> str:
    """Have a customer pay by hand where no address for C2B is registered: the ledger never hears of it."""
    assert mpesa("c2b-simulate", phone, str(amount), "--account", "1042").status == 0
    clock.advance(5)
    state = json.loads((home / "state" / "simulator.json").read_text())
    return str(state["c2b"][-1]["trans_id"])


def verdict(done: Any) -> tuple[int, str]:
    """Exit status and verdict of a ``verify --json``."""
    return done.status, str(json.loads(done.stdout)["verdict"])


def open_order(ledger: Ledger, order: str, at_us: int, *evidence: Evidence) -> None:
    """An order with one prompt that was accepted, and this evidence about it."""
    intent = Intent(
        payment_id=f"PAY-{order:>08}", order_id=order, profile="env", shortcode="247247", amount_cents=15_000,
        msisdn=PAYS, account_reference="TEST", description="Test", token_hash=secrets.token_hex(32),
    )
    with ledger.write() as tx:
        ref = tx.open_payment(Start(intent), at_us).last.ref
        accepted = Accepted(at_us, 1, "merchant-1", "ws_CO_24112026103001482708374149")
        for each in (Sending(at_us, 1), accepted, *evidence):
            tx.append(ref, each)
