"""Refunds and payouts killed at random points of their commands, and what came of the money.

    python bench/kill_out.py [--kills 1000] [--seed N] [--of R|P|RP]

Each shop is a copy of one with an order or a reference for every way in which the simulator can play a refund (R) or
a payout (P). Commands die around commits, requests and callbacks, are run again and die again; the next day the
statement is read. Then, and after every order, the ledger is held against what the simulator did. Exits 1 where
anything is wrong.
"""

import argparse
import secrets
import sys
import tempfile
import time
from pathlib import Path

from timing import ROOT, machine

sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "crash")]

from forked import nursery
from out_battery import battery


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--kills", type=int, default=1_000)
    arguments.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    arguments.add_argument("--of", choices=("R", "P", "RP"), default="RP")
    wanted = arguments.parse_args()
    print(f"{machine()}; seed {wanted.seed}")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mpesa-kill-out-") as folder, nursery() as hand:
        figures = battery(hand, Path(folder), kills=wanted.kills, seed=wanted.seed, kinds=wanted.of)
    for name, value in (
        ("commands killed", figures.kills), *((f"{name} commands", n) for name, n in sorted(figures.commands.items())),
        ("receipts and references", figures.orders), ("reversals at M-PESA", figures.reversals),
        ("payouts at M-PESA", figures.payouts), ("still open after the statement", figures.left_in_doubt),
        ("wrong in any way", len(figures.wrong)),
        ("seconds", f"{time.monotonic() - began:.0f}"),
    ):
        print(f"{name:<44} {value:>8}")
    for words in figures.wrong[:20]:
        print(f"WRONG: {words}")
    return 1 if figures.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
