"""Mutated callback bodies through the strict reader: nothing may escape, whatever comes.

    python bench/fuzz_callbacks.py [--bodies 1000000] [--seed 1] [--http]

With ``--http`` the bodies go through a whole listener on a valid token (fewer of them: a tenth), and
every body that was answered 200 must be on disk afterwards.
"""

import argparse
import contextlib
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from mpesa_cli.daraja.c2b_payment import read_c2b
from mpesa_cli.daraja.callbacks import read_stk_callback
from mpesa_cli.floor.wire.strict_json import Unreadable

TESTS = Path(__file__).parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "listener")]

from daraja.callbacks.callback_bodies import c2b, encode, failed, mutated, paid

SEEDS = [encode(b) for b in (paid(), failed(), failed("SFC_IC0003"), paid(phone="2547 ***** 149"), c2b())]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--bodies", type=int, default=1_000_000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--http", action="store_true")
    wanted = arguments.parse_args()
    rng = random.Random(wanted.seed)
    if wanted.http:
        through_a_listener(wanted.bodies // 10, rng)
    else:
        through_the_reader(wanted.bodies, rng)


def through_the_reader(bodies: int, rng: random.Random) -> None:
    seen: Counter[str] = Counter()
    reading_s = 0.0
    for _ in range(bodies):
        body = mutated(rng.choice(SEEDS), rng)
        start = time.perf_counter()
        for read in (read_stk_callback, read_c2b):
            said = read(body)
            seen[said.reason if isinstance(said, Unreadable) else type(said).__name__] += 1
        reading_s += time.perf_counter() - start
    print(f"{bodies:,} bodies, read twice each, at {2 * bodies / reading_s:,.0f}/s; 0 exceptions")
    for name, count in seen.most_common():
        print(f"  {count:9,}  {name}")


def through_a_listener(bodies: int, rng: random.Random) -> None:
    from listening import answer, listener, prompts, request

    with tempfile.TemporaryDirectory() as folder, listener(Path(folder) / "ledger.db") as bench:
        tokens = [token for token, _ in prompts(bench.ledger, 1 + bodies // 16)]
        accepted: set[tuple[str, bytes]] = set()
        answers: Counter[int] = Counter()
        with bench.connect() as sock:
            for number in range(bodies):
                token, body = tokens[number % len(tokens)], mutated(rng.choice(SEEDS), rng)  # room for each: 32
                sock.sendall(request(f"/hooks/stk/{token}", body))
                status, _said = answer(sock)
                answers[status] += 1
                accepted.add((token, body))
        with contextlib.closing(sqlite3.connect(bench.path)) as db:
            stored = db.execute("SELECT count(*) FROM callbacks").fetchone()[0]
    print(f"{bodies:,} bodies over HTTP: {dict(answers)}; {stored:,} on disk of {len(accepted):,} different ones")
    if set(answers) != {200} or stored != len(accepted):
        raise SystemExit("a body was answered otherwise than 200, or is missing")


if __name__ == "__main__":
    main()
