"""Writers whose primary is killed under them, and what became of what they were told."""

import contextlib
import json
import random
import secrets
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from postgres_server import Cluster, a_folder

from mpesa_cli.floor.errors import LedgerBusy, LedgerUnknown
from mpesa_cli.ledger.engine.postgres.engine import PostgresEngine
from mpesa_cli.ledger.journal import GENESIS, row_hash
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.schema.current import CURRENT
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.values.database import database

WRITERS = 4
_ROWS = "SELECT seq, at_us, kind, payment_id, attempt, facts, private_digest, previous, hash FROM journal ORDER BY seq"


class Pair:
    """A primary and its standby, which has every transaction before it counts if the primary ``waits`` for it."""

    def __init__(self, folder: Path, *, waits: bool = True, **settings: str) -> None:
        self._folder, self._waits, self._settings, self._made = folder, waits, settings, 2
        self.primary = Cluster(folder / "1", **settings).make()
        self.primary.sql("CREATE DATABASE shop")
        self.standby = Cluster(folder / "2", **settings).make_standby(self.primary, "second")
        self._follow()
        self.url = self.primary.url(self.standby)

    def fail_over(self) -> None:
        """Cut the primary's power, and have the standby take its place."""
        self.primary.kill()
        self.standby.promote()

    def follow_again(self) -> None:
        """Put a new standby in the place of what was killed, under its address."""
        self._made += 1
        gone, self.primary = self.primary, self.standby
        self.standby = Cluster(self._folder / str(self._made), gone.port, **self._settings)
        self.standby.make_standby(self.primary, "second")
        self._follow()

    def _follow(self) -> None:
        if self._waits:
            self.primary.set({"synchronous_standby_names": "second"})
        wanted = "sync" if self._waits else "async"
        for _ in range(400):
            if self.primary.sql(f"SELECT 1 FROM pg_stat_replication WHERE sync_state = '{wanted}'"):
                return
            time.sleep(0.05)
        raise AssertionError("the standby does not follow")

    def close(self) -> None:
        """End both."""
        self.primary.kill()
        self.standby.kill()


@contextlib.contextmanager
def a_pair(*, waits: bool = True, **settings: str) -> Iterator[Pair]:
    """A pair in a folder of its own."""
    with a_folder() as folder:
        pair = Pair(folder, waits=waits, **settings)
        try:
            yield pair
        finally:
            pair.close()


def open_ledger(url: str, home: Path) -> Ledger:
    """The ledger at an address, by a machine whose files are in ``home``."""
    place = database(url, "mpesa_simulator_174379", "simulator/174379/-")
    engine = PostgresEngine(place, None, CURRENT, environment="simulator", timeline=home / "timeline")
    return Ledger(home / "x", environment="simulator", token_hex=secrets.token_hex, engine=engine)


def kill_under_writers(
    url: str, fail_over: Callable[[], None], *, first_s: float = 2.0, back_within_s: float = 45.0, go_on: int = 10
) -> Counter[str]:
    """Fail over at a random moment under four writers, and count what became of their transactions.

    ``go_on`` transactions must be kept by the successor within ``back_within_s``.
    """
    told: dict[str, list[str]] = {"kept": [], "absent": [], "unknown": []}
    over, label = threading.Event(), secrets.token_hex(4)
    with tempfile.TemporaryDirectory() as home:
        open_ledger(url, Path(home) / "first").close()

        def write(who: int) -> None:
            ledger, nth = open_ledger(url, Path(home) / str(who)), 0
            while not over.is_set():
                word, became = f"{label}-{who}-{nth}", "kept"
                try:
                    with ledger.write() as tx:
                        tx.chain(ev.Record("begun", 1, {"word": word}, {}), "", None)
                except LedgerUnknown:
                    became = "unknown"
                except LedgerBusy:
                    became = "absent"
                told[became].append(word)
                nth += 1
            ledger.close()

        writers = [threading.Thread(target=write, args=(who,)) for who in range(WRITERS)]
        for each in writers:
            each.start()
        time.sleep(first_s * (0.25 + 0.75 * random.random()))
        before = len(told["kept"])
        fail_over()
        until = time.monotonic() + back_within_s
        while len(told["kept"]) < before + go_on and time.monotonic() < until:
            time.sleep(0.05)
        over.set()
        for each in writers:
            each.join()
        ledger = open_ledger(url, Path(home) / "last")
        rows = ledger.rows(_ROWS)
        ledger.close()
    there = Counter(json.loads(str(row[5]))["word"] for row in rows)
    return Counter({
        "kept": len(told["kept"]), "lost": sum(word not in there for word in told["kept"]),
        "told as not kept": len(told["absent"]), "of these there": sum(word in there for word in told["absent"]),
        "not known": len(told["unknown"]), "twice": sum(count > 1 for count in there.values()),
        "nobody went on": int(len(told["kept"]) < before + go_on), "chain not whole": int(not is_whole(rows)),
    })


def check(found: Counter[str]) -> None:
    """Nothing that was acknowledged is lost; what was told as not kept is not there; somebody went on each time."""
    wrong = ("lost", "of these there", "not known", "twice", "nobody went on", "chain not whole")
    assert {name: found[name] for name in wrong} == dict.fromkeys(wrong, 0), found
    assert found["kept"] > 0


def is_whole(rows: list[tuple[object, ...]]) -> bool:
    """Whether each row of a journal follows the one before it, and is as it was written."""
    previous = GENESIS
    for nth, (seq, at_us, kind, payment_id, attempt, facts, digest, before, hashed) in enumerate(rows, start=1):
        made = row_hash(
            seq=nth, at_us=at_us, kind=kind, payment_id=payment_id, attempt=attempt, facts=facts, digest=digest,  # type: ignore[arg-type]
            previous=previous,
        )
        if (seq, before, hashed) != (nth, previous, made):
            return False
        previous = made
    return True
