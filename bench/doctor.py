"""How long a check-up takes at a million payments, beside the same at none.

    python bench/doctor.py [--payments 1000000] [--rounds 10] [--keep FOLDER]

The ledger is that of bench/history.py, with a whole journal of as many rows beside it: what doctor asks of it walks an
index or its last rows. ``audit verify`` is what reads all of it, and is not measured here.
"""

import argparse
import contextlib
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

from history import fill
from timing import YARDSTICK, compiled, machine, mpesa, print_ratios, seconds, yardstick

from mpesa_cli.ledger.journal import GENESIS, canonical, private_digest, row_hash
from mpesa_cli.runtime import Runtime

FULL, EMPTY = "mpesa doctor, full ledger", "mpesa doctor, empty ledger"
AT_MOST = 1.2


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--payments", type=int, default=1_000_000)
    arguments.add_argument("--rounds", type=int, default=10)
    arguments.add_argument("--keep", type=Path, help="where the ledger is made, or found from an earlier run")
    asked = arguments.parse_args()
    with compiled() as environ, tempfile.TemporaryDirectory() as scratch:
        full, empty = (asked.keep or Path(scratch)).absolute() / "full", Path(scratch) / "empty"
        began = time.perf_counter()
        written = fill(full, asked.payments)
        journal(full, asked.payments)
        fill(empty, 0)
        print(f"{machine()}; {asked.rounds} rounds; sqlite {sqlite3.sqlite_version}")
        print(f"{written:,} payments in {time.perf_counter() - began:.0f} s\n")
        commands = {
            YARDSTICK: yardstick(),
            EMPTY: mpesa("doctor", "-q", environ={"MPESA_HOME": str(empty)}),
            FULL: mpesa("doctor", "-q", environ={"MPESA_HOME": str(full)}),
        }
        taken = seconds(commands, asked.rounds, environ)
    print_ratios(taken, {})
    for name, of in (("least", min), ("median", statistics.median)):
        print(f"full / empty, {name}: {of(taken[FULL]) / of(taken[EMPTY]):.2f}  target ≤ {AT_MOST}")


def journal(home: Path, rows: int) -> None:
    """A chain of so many rows, each whole; nothing where there is one."""
    path = Runtime(environ={"MPESA_HOME": str(home)}).profile().ledger
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        if connection.execute("SELECT 1 FROM journal LIMIT 1").fetchone():
            return
        connection.execute("PRAGMA synchronous=OFF")  # only this bench loses anything
        connection.execute("BEGIN")
        previous, digest = GENESIS, private_digest("", {})
        for seq in range(1, rows + 1):
            facts = canonical({"receipt": f"R{seq}", "order_id": str(seq)})
            hashed = row_hash(
                seq=seq, at_us=seq, kind="receipt_shown", payment_id="", attempt=None, facts=facts, digest=digest,
                previous=previous,
            )
            connection.execute(
                "INSERT INTO journal VALUES (?,?,?,?,?,?,?,?,?)",
                (seq, seq, "receipt_shown", "", None, facts, digest, previous, hashed),
            )
            previous = hashed
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


if __name__ == "__main__":
    main()
