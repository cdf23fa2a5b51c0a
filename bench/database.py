"""Payments a second of one ledger: in SQLite, and in PostgreSQL on the same machine, by one process and by eight.

Usage: python bench/database.py [--payments 1600] [--rounds 4]

A payment is five transactions, as a push makes them: intent, sending, answer, the callback's body, and what it says.
Both are durable: SQLite flushes each commit, and so does the server (``fsync`` and ``synchronous_commit`` on, no
standby). The two take turns, so that a machine that is busy for a while is busy for both.
"""

import argparse
import multiprocessing
import secrets
import tempfile
import time
from functools import partial
from pathlib import Path

import kill_primary  # noqa: F401 - puts the tests' server on the path
from postgres_server import Cluster, a_folder
from primary_kills import open_ledger
from timing import machine

from mpesa_cli.ledger.bodies import BodyWrites
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.values import NewCallback
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.payment import Intent
from mpesa_cli.rules.push_rules import Start


def in_file(home: Path) -> Ledger:
    return Ledger(home / "ledger.db", environment="simulator", token_hex=secrets.token_hex)


def pay(opened: object, who: int, count: int) -> None:
    """Make so many payments, one after the other."""
    ledger = opened()  # type: ignore[operator]
    for nth in range(count):
        name = f"{who}-{nth}"
        intent = Intent(
            payment_id=f"PAY-{name}", order_id=name, profile="shop", shortcode="174379", amount_cents=15_000,
            msisdn="254708374149", account_reference=name, description="Order", token_hash=secrets.token_hex(32),
        )
        with ledger.write() as tx:
            ref = tx.open_payment(Start(intent), 1).last.ref
        with ledger.write() as tx:
            tx.append(ref, ev.Sending(2, 1))
        with ledger.write() as tx:
            tx.append(ref, ev.Accepted(3, 1, "m-1", f"ws_CO_{name}"))
        with ledger.write() as tx:
            BodyWrites(tx).store_callbacks([NewCallback(ref, name.encode(), "127.0.0.1")], 4)
        with ledger.write() as tx:
            tx.append(ref, ev.Received(
                at_us=5, source="callback", receipt=f"UK{who}{nth:07d}", amount_cents=15_000,
                checkout_request_id=f"ws_CO_{name}", msisdn="254708374149",
            ))  # fmt: skip
    ledger.close()


def seconds(opened: object, processes: int, payments: int, first: int) -> float:
    """How long so many processes take for so many payments. Numbers from ``first`` on are theirs."""
    workers = [
        multiprocessing.Process(target=pay, args=(opened, first + who, payments // processes))
        for who in range(processes)
    ]
    begun = time.monotonic()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return time.monotonic() - begun


def compare(processes: int, payments: int, rounds: int, url: str, home: Path) -> str:
    both = partial(in_file, home), partial(open_ledger, url, home)
    took = [[], []]  # type: list[list[float]]
    for opened in both:
        opened().close()
    for turn in range(rounds):
        for opened, times in zip(both, took, strict=True):
            times.append(seconds(opened, processes, payments // rounds, turn * processes))
    file, database = (payments / sum(times) for times in took)
    by_turn = " ".join(f"{one / other:.2f}" for one, other in zip(*took, strict=True))
    return (f"{processes} processes: SQLite {file:.0f} payments/s, PostgreSQL {database:.0f}, "
            f"ratio {database / file:.2f} (by turns {by_turn})")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--payments", type=int, default=1_600)
    parser.add_argument("--rounds", type=int, default=4)
    asked = parser.parse_args()
    print(machine())
    with a_folder() as folder:
        server = Cluster(folder / "server", full_page_writes="on").make()
        try:
            for processes in (1, 8):
                server.sql(f"CREATE DATABASE shop{processes}")
                url = server.url(database=f"shop{processes}")
                with tempfile.TemporaryDirectory() as home:
                    print(compare(processes, asked.payments, asked.rounds, url, Path(home)), flush=True)
        finally:
            server.kill()


if __name__ == "__main__":
    main()
