"""SIGKILL at random moments, thousands of times, and what came of the money.

    python bench/kill.py [--kills 2000] [--seed N]

Four tills run the real command, each in a process of its own, against the simulator over HTTP, which loses 5 % of
its answers and 15 % of its callbacks, sends 10 % of them twice and lets 10 % of the customers say no. A listener
takes the callbacks and is killed as well. Then every order is settled with ``status``, and the ledger is held
against the simulator's own record of what it charged. Exits 1 where anything is wrong.
"""

import argparse
import secrets
import sys
import tempfile
from pathlib import Path

from timing import ROOT, machine

sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "crash")]

from harness import Figures, storm


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--kills", type=int, default=2000)
    arguments.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    wanted = arguments.parse_args()
    print(f"{machine()}; seed {wanted.seed}")
    with tempfile.TemporaryDirectory(prefix="mpesa-kill-") as folder:
        figures = storm(Path(folder) / "home", kills=wanted.kills, seed=wanted.seed)
    print("\n".join(f"{name:<44} {value:>8}" for name, value in lines(figures)))
    for words in figures.wrong[:20]:
        print(f"WRONG: {words}")
    return 1 if figures.wrong else 0


def lines(figures: Figures) -> list[tuple[str, object]]:
    """The summary, as name and figure."""
    return [
        ("commands killed", figures.kills),
        ("listeners stopped (four of five by SIGKILL)", figures.listener_kills),
        *((f"{name} commands", count) for name, count in sorted(figures.commands.items())),
        ("orders", figures.orders),
        ("prompts that Daraja accepted", figures.prompts),
        ("prompts that were charged", figures.charged),
        ("  shown as paid", figures.paid),
        ("  nothing can tell: shown as unknown or pending", figures.charged - figures.paid),
        ("callbacks answered 200", figures.told),
        ("orders left unknown or pending", figures.open_left),
        ("orders charged twice", figures.about(" times")),
        ("charges called failed", figures.about("charged, and")),
        ("payments invented", figures.about("nobody was charged")),
        ("prompts the ledger does not know", figures.about("that the ledger does not know")),
        ("callbacks answered 200 and lost", figures.about("is not in the ledger")),
        ("broken chains or projections", figures.about("chain or projection")),
        ("wrong in any way", len(figures.wrong)),
        ("seconds", f"{figures.seconds:.0f}"),
    ]


if __name__ == "__main__":
    sys.exit(main())
