"""A shop that loses its ledger: what was open at the backup was paid before the restore. Not a test."""

import atexit
import hashlib
import json
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import Any

from mpesa_cli.books.store.book_writes import BookWrites
from mpesa_cli.books.store.values import StoredStatement
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.restoring import Restores
from mpesa_cli.rules.evidence import Accepted, CallbackFailed, Sending
from mpesa_cli.rules.payment import Intent
from mpesa_cli.rules.push_rules import Start
from mpesa_cli.rules.statement_row import StatementRow
from mpesa_cli.simulator.embedded import EmbeddedDaraja

SECOND_US = 1_000_000
PHONES = ("254708374149", "254700000000", "254708374149")
AMOUNTS = (110, 120, 130)
HOUR_S = 3600


class LostDay:
    """The day, told in steps. ``shop`` is the fixture of this folder."""

    def __init__(self, shop: Any, folder: Path) -> None:
        self.shop, self.folder = shop, folder
        self.backup = folder / "backup.db"

    def failed(self, order: str, phone: str, amount: int) -> None:
        """A prompt that failed in a way that ``retry --failed`` mends by itself; its phone pays the next one."""
        at_us = self.shop.clock.now - 300 * SECOND_US
        token_hash = hashlib.sha256(order.encode()).hexdigest()
        intent = Intent(f"PAY-{order}", order, "simulator", "174379", amount * 100, phone, order, "Payment", token_hash)
        with self.shop.ledger() as ledger, ledger.write() as tx:
            ref = tx.open_payment(Start(intent), at_us).last.ref
            tx.append(ref, Sending(at_us, 1))
            tx.append(ref, Accepted(at_us, 1, f"m-{order}", f"ws_CO_{order}"))
            tx.append(ref, CallbackFailed(at_us + SECOND_US, "1001", "line busy", f"m-{order}"))

    def back_up(self) -> None:
        """The backup of the day."""
        assert self.shop.run("backup", str(self.backup)).status == 0

    def lose(self) -> None:
        """The disk is gone, with everything on it."""
        for path in self.shop.path.parent.iterdir():
            path.unlink()

    def restore(self) -> None:
        """The backup takes the ledger's place."""
        done = self.shop.run("restore", str(self.backup))
        assert done.status == 0, done

    def prompts(self) -> int:
        """How many prompts the simulator was ever asked for: the truth."""
        clock = self.shop.clock
        daraja = EmbeddedDaraja(self.shop.home / "state" / "simulator.json", World(clock.now_us, clock.sleep))
        return len(daraja.prompts())

    def statement(self, since: str, until: str, *, without: str = "") -> Any:
        """Read the simulator's statement of some days, as far as somebody exported it, into the ledger."""
        file = self.folder / f"statement-{secrets.token_hex(4)}.csv"
        made = self.shop.run("simulator", "statement", "--since", since, "--until", until, "--output", str(file))
        assert made.status == 0, made
        if without:
            file.write_text(file.read_text().replace(without, ""))
        return self.shop.run("reconcile", "--statement", str(file))

    def free_money(self, receipt: str, shillings: int) -> None:
        """A statement row of the lost time that names no order."""
        with self.shop.ledger() as ledger:
            gap = Restores(ledger).restored().last
            row = StatementRow(receipt, "received", shillings * 100, gap.known_until_us + 1, None, "", "", "", 1)
            read = StoredStatement("S", "statement", "x", "x", 0, 0, self.shop.clock.now, "174379")
            with ledger.write() as tx:
                BookWrites(tx).add_rows(read, [row])

    def refused(self, *argv: str) -> str:
        """The code with which a command refuses, status 9; no phone rang."""
        before = self.prompts()
        done = self.shop.run(*argv, "--json")
        assert done.status == 9, done
        assert self.prompts() == before
        return str(json.loads(done.stdout)["error"]["code"])


_made: dict[str, tuple[Path, int]] = {}


def three_orders(day: LostDay) -> None:
    """Three orders fail, the backup is made, all three are paid, the disk is lost: made once, then copied."""
    if "day" not in _made:
        kept = Path(tempfile.mkdtemp(prefix="lost-day-"))
        atexit.register(shutil.rmtree, kept, ignore_errors=True)
        _as_it_happened(day)
        shutil.copytree(day.shop.home, kept / "home")
        shutil.copy(day.backup, kept / "backup.db")
        _made["day"] = (kept, day.shop.clock.now)
        return
    kept, now_us = _made["day"]
    shutil.copytree(kept / "home", day.shop.home)
    shutil.copy(kept / "backup.db", day.backup)
    day.shop.clock.now = now_us


def _as_it_happened(day: LostDay) -> None:
    for order, phone, amount in zip("ABC", PHONES, AMOUNTS, strict=True):
        day.failed(order, phone, amount)
    day.back_up()
    day.shop.clock.advance(HOUR_S)
    for order in "ABC":
        day.shop.clock.advance(130)
        assert day.shop.run("retry", order, "-q").status == 0
    day.lose()
    day.shop.clock.advance(HOUR_S)
    day.restore()
