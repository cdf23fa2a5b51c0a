"""The OpenAPI document held against the server for longer than the tests can: bench/api_schema.py --examples 300."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "api")]

from api_bench import served
from test_api_schema import FREELY, explore, with_payments


def main() -> int:
    """Explore, print what was found, and return 1 where the document is wrong."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--examples", type=int, default=300, help="how many for each operation")
    wanted.add_argument("--seed", type=int, default=1)
    asked = wanted.parse_args()
    with tempfile.TemporaryDirectory(prefix="mpesa-bench-") as folder, served(Path(folder) / "home", FREELY) as shop:
        with_payments(shop)
        began = time.monotonic()
        done = explore(shop, Path(folder), asked.examples, asked.seed)
    print(done.stdout)
    print(f"{asked.examples} examples an operation, seed {asked.seed}: {time.monotonic() - began:.0f} s")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
