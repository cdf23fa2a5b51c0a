"""Refunds and payouts under fire: commands die at random points, are run again, die again; then what came of the money.
Not a test.

Daraja is the embedded simulator on a virtual clock, and every command the real one in a process of its own, which
dies with ``os._exit`` at a numbered point around a commit, a request or a callback (points.py).
"""

import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from forked import Nursery
from out_invariants import out_broken, went_to
from points import CRASHED
from shop import Shop

from mpesa_cli.ledger.payouts import PayoutFilter, Payouts
from mpesa_cli.rules.money_out.payout_state import PayoutState
from mpesa_cli.rules.money_out.payout_state import is_open as is_open_payout
from mpesa_cli.rules.money_out.refund_state import RefundState, is_open

REFUNDED = (
    "254708374149", "254722200051", "254722200052", "254722200053", "254722200054", "254722200055", "254722200056",
    "254722200057", "254722200058", "254722200059", "254722200060", "254722200061", "254722200063", "254722200066",
    "254722200067", "254722200070",
)
# Without 254722200054, whose second result lies: a no that M-PESA says of a payout is the only proof that there is.
PAID_OUT = (
    "254708374149", "254722200051", "254722200052", "254722200053", "254722200055", "254722200056", "254722200057",
    "254722200058", "254722200059", "254722200060", "254722200061", "254722200063", "254722200064", "254722200065",
    "254722200066", "254722200067", "254722200068", "254722200069", "254722200074", "254722200078",
)
ORDERS = {f"R-{number}": phone for number, phone in enumerate(REFUNDED)}
PAYOUTS = {f"P-{number}": phone for number, phone in enumerate(PAID_OUT)}
ACTS = {"R": ("refund", "refund", "again", "status", "reconcile", "wait"),
        "P": ("pay", "pay", "pay", "payouts", "reconcile", "wait")}
FIRST = {"R": "refund", "P": "pay"}
CRASHES, POINTS_MAX = 0.9, 14
DAY_S = 24 * 3600
REASON = ("--reason", "brought it back", "--by", "Asha")
# How commands may end besides dying: each of these says truthfully where the money stands.
EXPECTED = {0, 3, 4, 5, 6, 7, 8, 9, CRASHED}


@dataclass
class Figures:
    """The findings of a battery: how often something died, what was done, and everything that is wrong."""

    kills: int = 0
    kills_of: Counter[str] = field(default_factory=Counter)
    orders: int = 0
    commands: Counter[str] = field(default_factory=Counter)
    reversals: int = 0
    payouts: int = 0
    left_in_doubt: int = 0
    wrong: list[str] = field(default_factory=list)


def battery(nursery: Nursery, folder: Path, *, kills: int, seed: int, kinds: str = "RP") -> Figures:
    """Shops with refunds and payouts until so many commands have died; deterministic by its seed.

    ``kinds``: ``R`` for refunds, ``P`` for payouts, or both.
    """
    chance, figures = random.Random(seed), Figures()
    base = _base(Shop(nursery, folder / "base", environ={"MPESA_PAYOUTS_ENABLED": "true"}), kinds)
    shops = 0
    while figures.kills < kills:
        _one_shop(base.copy(folder / f"shop-{shops}"), chance, figures, kills, kinds)
        shops += 1
    return figures


def _base(shop: Shop, kinds: str) -> Shop:
    """A shop with one paid order for each way in which a refund can go; copies of it are taken further."""
    shop.home.mkdir()
    for order, phone in ORDERS.items() if "R" in kinds else ():
        shop.run("push", phone, "150", "--order", order, "--json")
    shop.run("balance", "--json")  # so that the initiator's key is made, once for all copies
    shop.wait(DAY_S)
    return shop


def _one_shop(shop: Shop, chance: random.Random, figures: Figures, kills: int, kinds: str) -> None:
    touched = []
    everything = sorted(name for name in (*ORDERS, *PAYOUTS) if name[0] in kinds)
    for thing in chance.sample(everything, len(everything)):
        if figures.kills >= kills:
            break
        touched.append(thing)
        kind = thing[0]
        for name in (FIRST[kind], *chance.choices(ACTS[kind], k=chance.randint(1, 2))):
            _act(shop, thing, name, chance, figures)
        _check(shop, figures)
    figures.orders += len(touched)
    _settle(shop, touched, figures)


def _act(shop: Shop, thing: str, name: str, chance: random.Random, figures: Figures) -> None:
    argv = {
        "refund": ("refund", thing, *REASON, "--timeout", "8", "--json"),
        "again": ("refund", thing, "--again", *REASON, "--timeout", "8", "--json"),
        "status": ("status", thing, "--json"),
        "pay": ("pay", PAYOUTS.get(thing, ""), "150", "--for", thing, *REASON, "--timeout", "8", "--json"),
        "payouts": ("payouts", thing, "--json"),
        "reconcile": ("reconcile", "--json"),
    }
    if name == "wait":
        shop.wait(chance.choice([70, 700, DAY_S + 60]))
        return
    crash_at = chance.randint(1, POINTS_MAX) if chance.random() < CRASHES else 0
    # Every third reference is paid by the version that knows no request again.
    version = "v1" if thing[0] == "P" and int(thing[2:]) % 3 == 0 else "v3"
    ended = shop.run(*argv[name], crash_at=crash_at, MPESA_PAYOUTS_VERSION=version)
    figures.commands[name] += 1
    figures.kills += ended.status == CRASHED
    figures.kills_of[thing[0]] += ended.status == CRASHED
    missing = name == "payouts" and ended.status == 2  # it died before it was recorded
    if ended.status not in EXPECTED and not missing:
        figures.wrong.append(f"{thing}: {name} ended with {ended.status}: {ended.stderr[:200]}")


def _settle(shop: Shop, things: list[str], figures: Figures) -> None:
    """The next day of a shop: look, then the statement. After it nothing that M-PESA did is unknown."""
    shop.wait(700)
    statement = shop.home / "statement.csv"
    shop.run("reconcile", "--json")
    statement.write_text(shop.run("simulator", "statement").stdout)
    shop.run("reconcile", "--statement", str(statement), "--json")
    _check(shop, figures)
    with shop.ledger() as ledger:
        record = shop.record()
        back = {row["reverses"] for row in record["reversals"]}
        figures.reversals += len(back)
        figures.payouts += len(record["payouts"])
        for order in things:
            payment = ledger.payment_by_order(order)
            if payment is None or payment.refund is None:
                continue
            figures.left_in_doubt += is_open(payment.refund)
            if payment.refund.receipt in back and payment.refund.state is not RefundState.REFUNDED:
                figures.wrong.append(f"{order}: it went back, the statement was read, and it is {payment.refund.state}")
        for payout in Payouts(ledger).listed(PayoutFilter()):
            figures.left_in_doubt += is_open_payout(payout)
            if went_to(record, payout) and payout.state is not PayoutState.PAID:
                words = f"{payout.reference}: it was paid, the statement was read, and it is {payout.state}"
                figures.wrong.append(words)


def _check(shop: Shop, figures: Figures) -> None:
    with shop.ledger() as ledger:
        figures.wrong += out_broken(ledger, shop.record())
