"""Refunds under fire: commands die at random points, are run again, die again; then what came of the money. Not a test.

Daraja is the embedded simulator on a virtual clock, and every command the real one in a process of its own, which
dies with ``os._exit`` at a numbered point around a commit, a request or a callback (points.py).
"""

import hashlib
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from forked import Nursery
from points import CRASHED
from shop import Shop

from mpesa_cli.ledger.audit.ledger import flaws
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.money_out.refund_state import RefundState, is_open

PHONES = (
    "254708374149", "254722200051", "254722200052", "254722200053", "254722200054", "254722200055", "254722200056",
    "254722200057", "254722200058", "254722200059", "254722200060", "254722200061", "254722200063", "254722200066",
    "254722200067", "254722200070",
)
ORDERS = {f"R-{number}": phone for number, phone in enumerate(PHONES)}
ACTS = ("refund", "refund", "again", "status", "reconcile", "wait")
CRASHES, POINTS_MAX = 0.9, 14
DAY_S = 24 * 3600
REASON = ("--reason", "brought it back", "--by", "Asha")
# How commands may end besides dying: each of these says truthfully where the money stands.
EXPECTED = {0, 3, 4, 5, 6, 7, 8, 9, CRASHED}


@dataclass
class Figures:
    """The findings of a battery: how often something died, what was done, and everything that is wrong."""

    kills: int = 0
    orders: int = 0
    commands: Counter[str] = field(default_factory=Counter)
    reversals: int = 0
    left_in_doubt: int = 0
    wrong: list[str] = field(default_factory=list)


def battery(nursery: Nursery, folder: Path, *, kills: int, seed: int) -> Figures:
    """Shops with refunds until so many commands have died; deterministic by its seed."""
    chance, figures = random.Random(seed), Figures()
    base = _base(Shop(nursery, folder / "base"))
    while figures.kills < kills:
        _one_shop(base.copy(folder / f"shop-{figures.orders}"), chance, figures, kills)
    return figures


def _base(shop: Shop) -> Shop:
    """A shop with one paid order for each way in which a refund can go; copies of it are taken further."""
    shop.home.mkdir()
    for order, phone in ORDERS.items():
        shop.run("push", phone, "150", "--order", order, "--json")
    shop.wait(DAY_S)
    return shop


def _one_shop(shop: Shop, chance: random.Random, figures: Figures, kills: int) -> None:
    touched = []
    for order in chance.sample(sorted(ORDERS), len(ORDERS)):
        if figures.kills >= kills:
            break
        touched.append(order)
        for name in ("refund", *chance.choices(ACTS, k=chance.randint(1, 2))):
            _act(shop, order, name, chance, figures)
        _check(shop, figures)
    figures.orders += len(touched)
    _settle(shop, touched, figures)


def _act(shop: Shop, order: str, name: str, chance: random.Random, figures: Figures) -> None:
    argv = {
        "refund": ("refund", order, *REASON, "--timeout", "8", "--json"),
        "again": ("refund", order, "--again", *REASON, "--timeout", "8", "--json"),
        "status": ("status", order, "--json"),
        "reconcile": ("reconcile", "--json"),
    }
    if name == "wait":
        shop.wait(chance.choice([70, 700, DAY_S + 60]))
        return
    crash_at = chance.randint(1, POINTS_MAX) if chance.random() < CRASHES else 0
    ended = shop.run(*argv[name], crash_at=crash_at)
    figures.commands[name] += 1
    figures.kills += ended.status == CRASHED
    if ended.status not in EXPECTED:
        figures.wrong.append(f"{order}: {name} ended with {ended.status}: {ended.stderr[:200]}")


def _settle(shop: Shop, orders: list[str], figures: Figures) -> None:
    """The next day of a shop: look, then the statement. After it nothing that M-PESA did is unknown."""
    shop.wait(700)
    statement = shop.home / "statement.csv"
    shop.run("reconcile", "--json")
    statement.write_text(shop.run("simulator", "statement").stdout)
    shop.run("reconcile", "--statement", str(statement), "--json")
    _check(shop, figures)
    with shop.ledger() as ledger:
        back = {row["reverses"] for row in shop.record()["reversals"]}
        figures.reversals += len(back)
        for order in orders:
            payment = ledger.payment_by_order(order)
            assert payment
            if payment.refund is None:
                continue
            figures.left_in_doubt += is_open(payment.refund)
            if payment.refund.receipt in back and payment.refund.state is not RefundState.REFUNDED:
                figures.wrong.append(f"{order}: it went back, the statement was read, and it is {payment.refund.state}")


def _check(shop: Shop, figures: Figures) -> None:
    with shop.ledger() as ledger:
        figures.wrong += refund_broken(ledger, shop.record())


def refund_broken(ledger: Ledger, record: dict[str, Any]) -> list[str]:
    """Everything that is wrong with refunds, in words; it must be empty at every moment."""
    found = [f"chain or projection: {flaw.words}" for flaw in flaws(ledger)]
    back = {row["reverses"] for row in record["reversals"]}
    taken = [row for row in record["requests"] if row["api"] == "reversal"]
    known = {str(row[0]) for row in ledger.rows("SELECT token_hash FROM requests")}
    found += [f"a reversal of {r['asked']['TransactionID']} that the ledger does not know"
              for r in taken if _token_hash(r["asked"]["ResultURL"]) not in known]
    for payment_id, in ledger.rows("SELECT payment_id FROM payments"):
        payment = ledger.payment(str(payment_id))
        assert payment
        for receipt, attempt in payment.receipts.items():
            found += [f"{payment.order_id}: {words}" for words in _of_receipt(
                receipt, ledger.evidence(attempt.ref), attempt.view, receipt in back,
                [r for r in taken if r["asked"]["TransactionID"] == receipt],
            )]
    return found


def _of_receipt(
    receipt: str, evidence: list[ev.Evidence], view: Any, went_back: bool, taken: list[dict[str, Any]]
) -> list[str]:
    asked = [e for e in evidence if isinstance(e, ev.RefundAsked) and e.receipt == receipt]
    refused = {e.request_id for e in evidence if isinstance(e, ev.RefundRefused)}
    open_or_done = [e for e in asked if e.request_id not in refused]
    again = sum(e.again for e in open_or_done)
    found = []
    if len(open_or_done) > 1 + again or again > 1:
        found.append(f"{len(open_or_done)} reversals of {receipt} in doubt or done, {again} of them by a person")
    if len(taken) > len(asked):
        found.append(f"{len(taken)} requests taken for {len(asked)} that were recorded")
    if view.reversed_cents and not went_back:
        found.append(f"called given back, and {receipt} was not reversed")
    if sum(isinstance(e, ev.Reversed) and bool(e.reversal_receipt) for e in evidence) > 1:
        found.append(f"{receipt} was reversed twice, says the journal")
    return found


def _token_hash(address: str) -> str:
    return hashlib.sha256(address.rsplit("/", 1)[-1].encode()).hexdigest()
