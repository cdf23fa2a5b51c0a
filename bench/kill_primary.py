"""Kill the primary of a PostgreSQL ledger under a shop's load, promote its standby, and count what was lost.

Usage: python bench/kill_primary.py [--kills 20] [--shops 4] [--patroni 0] [--async]

``--kills`` rounds: writers append to a journal while the server and everything under it is killed with SIGKILL at a
random moment; the standby, which has every transaction before it counts, is promoted. Counted are transactions that
were told as kept, those of them that the successor lacks, those told as not kept that it has, and those of which
nobody could say. ``--shops`` rounds do the same to whole commands: ``mpesa push`` in processes of their own, from two
homes, against the simulator; each order that was not answered is pushed again with the same command. Counted are orders
with more than one prompt at the simulator, and paid orders that the ledger does not know as paid. ``--async`` lets the
primary not wait for its standby, to see that the count is not always 0. ``--patroni`` rounds of writers are played on
three servers that Patroni watches, with the file that the documentation shows: the machine of the primary loses its
power, Patroni promotes its standby by itself, and the first comes back as a standby before the next round.
"""

import argparse
import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "ledger"))

from patroni_servers import missing, three_watched
from primary_kills import a_pair, kill_under_writers

from mpesa_cli.floor.errors import MpesaError


def kill_writers(*, waits: bool) -> Counter[str]:
    """One round of writers on a pair of its own: what became of their transactions."""
    with a_pair(waits=waits) as pair:
        return kill_under_writers(pair.url, pair.fail_over)


def kill_watched(watched) -> Counter[str]:
    """One round on the servers that Patroni watches."""
    primary = watched.wait_until_safe(240)
    found = kill_under_writers(watched.url, primary.cut_power, back_within_s=60)
    primary.start()
    return found


def kill_shop(*, waits: bool) -> Counter[str]:
    """One round of commands: two homes, four tills, orders pushed until each is answered."""
    outcome: Counter[str] = Counter()
    over = threading.Event()
    paid: list[str] = []
    with a_pair(waits=waits) as pair, tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"

        def mpesa(home: int, *argv: str) -> subprocess.CompletedProcess[str]:
            own = Path(folder) / f"home{home}"
            own.mkdir(mode=0o700, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                (own / "state").symlink_to(state)
            environ = {**os.environ, "MPESA_HOME": str(own), "MPESA_LEDGER": pair.url}
            return subprocess.run(
                [sys.executable, "-m", "mpesa_cli", *argv], env=environ, capture_output=True, text=True, check=False
            )

        state.mkdir(mode=0o700)
        mpesa(0, "status", "none")

        def till(who: int) -> None:
            nth = 0
            while not over.is_set():
                order, phone = f"{who}-{nth}", f"07{who + 1}{nth:02d}{random.randrange(10**5):05d}"
                for _ in range(8):
                    done = mpesa(who % 2, "push", phone, "150", "--order", order, "--json", "--timeout", "20")
                    outcome[f"exit {done.returncode}"] += 1
                    if done.returncode in {0, 9}:
                        paid.append(order)
                        break
                nth += 1

        tills = [threading.Thread(target=till, args=(who,)) for who in range(4)]
        for each in tills:
            each.start()
        time.sleep(5 + random.random() * 6)
        pair.fail_over()
        time.sleep(12)
        over.set()
        for each in tills:
            each.join()
        mpesa(0, "reconcile")
        prompts = json.loads((state / "simulator.json").read_text())["prompts"]
        asked = Counter(each["account_reference"] for each in prompts)
        outcome["orders"] = len(asked)
        outcome["asked twice"] = sum(count > 1 for count in asked.values())
        for order in paid:
            said = json.loads(mpesa(1, "status", order, "--json").stdout)
            outcome["paid and not known as paid"] += said.get("status") != "paid"
        outcome["chain not whole"] = int(mpesa(1, "audit", "verify").returncode != 0)
    return outcome


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--shops", type=int, default=4)
    parser.add_argument("--patroni", type=int, default=0)
    parser.add_argument("--async", dest="waits", action="store_false")
    asked = parser.parse_args()
    play_rounds("writers", asked.kills, partial(kill_writers, waits=asked.waits))
    play_rounds("shop", asked.shops, partial(kill_shop, waits=asked.waits))
    if asked.patroni:
        if lacking := missing():
            sys.exit(f"not installed here: {', '.join(lacking)}")
        with three_watched() as watched:
            play_rounds("patroni", asked.patroni, partial(kill_watched, watched))


def play_rounds(name: str, rounds: int, play) -> None:
    """Play so many, and print what became of each and of all."""
    total: Counter[str] = Counter()
    for nth in range(rounds):
        try:
            found = play()
        except MpesaError as error:
            sys.exit(f"round {nth}: {error}")
        total.update(found)
        print(name, nth + 1, dict(found), flush=True)
    print(name, "all", dict(total), flush=True)


if __name__ == "__main__":
    main()
