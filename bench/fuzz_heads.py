"""Requests composed and damaged at random: what the listener recognises by itself is what h11 reads in them.

    python bench/fuzz_heads.py [--requests 2000000] [--seed 1]

Exits 1 at the first one that the two read differently, and prints it.
"""

import argparse
import random
import sys
import time
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[1] / "tests")  # in the place of this folder, whose listener.py is another

from listener.heads import by_h11, composed

from mpesa_cli.listener.server.ordinary import ordinary


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--requests", type=int, default=2_000_000)
    arguments.add_argument("--seed", type=int, default=1)
    wanted = arguments.parse_args()
    rng, recognised, start = random.Random(wanted.seed), 0, time.perf_counter()
    for _ in range(wanted.requests):
        data = composed(rng)
        read = ordinary(data)
        if read is not None:
            recognised += 1
            if read != (judged := by_h11(data)):
                raise SystemExit(f"{data!r}\nwas read as {read}\nand by h11 as {judged}")
    print(
        f"{wanted.requests:,} requests in {time.perf_counter() - start:.0f} s, {recognised:,} of them recognised, "
        "each as h11 reads it"
    )


if __name__ == "__main__":
    main()
