"""SIGKILL a thousand batches and retries at random points, and hold the ledgers against the simulator's record.

    python bench/kill_batch.py [--kills 1000] [--seed 1]

Half of the kills hit `push --from`, half `retry --failed` and `retry REF --max-attempts`. After each round of
kills the same command runs to its end; then no order may have been prompted or charged twice, and none may be
missing. The first breach ends the run with a traceback.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "batch"))

from killing import killer, round_of_batch, round_of_retries

KILLS_A_ROUND = 8


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--kills", type=int, default=1000)
    arguments.add_argument("--seed", type=int, default=1)
    wanted = arguments.parse_args()
    statuses: Counter[str] = Counter()
    began, rounds = time.perf_counter(), 0
    with tempfile.TemporaryDirectory() as folder, killer(Path(folder), wanted.seed) as kills:
        while kills.killed < wanted.kills:
            one_round = round_of_retries if rounds % 2 else round_of_batch
            statuses += one_round(kills, Path(folder) / str(rounds), KILLS_A_ROUND)
            rounds += 1
        took_s = time.perf_counter() - began
        print(f"{kills.killed} kills ({dict(kills.kinds)}) in {rounds} rounds, {took_s:.0f} s")
    print(f"{statuses.total()} orders: {dict(statuses)}; prompted twice: 0, charged twice: 0, lost: 0")


if __name__ == "__main__":
    main()
