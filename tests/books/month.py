"""A month in a shop, made by the simulator: everything that goes wrong in one, planted where a test can name it.

Payments come through the public command, and what M-PESA knows of them from the simulator's own record: one
statement file a day. Nothing of the program under test decides what is expected.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mpesa_cli.floor.wire.addresses import secret_hash
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.listener.intake.deliveries import StkDelivery
from mpesa_cli.listener.intake.intake import Intake
from mpesa_cli.rules.evidence import Accepted, Sending
from mpesa_cli.rules.payment import AttemptRef, Intent
from mpesa_cli.rules.push_rules import Start
from mpesa_cli.runtime import Runtime

PAYS, CANCELS = "254708374149", "254700001032"
NO_CALLBACK, NOTHING_CAME_BACK = "254722200003", "254722200017"
FORGED = "UKOFORGED1"
SECOND_US = 1_000_000
EAT_US = 3 * 3_600 * SECOND_US
DAY_US = 86_400 * SECOND_US

Command = Callable[..., Any]


@dataclass
class Month:
    """What was planted: the receipts of each class of break, and what must simply be paid in the end."""

    files: list[Path] = field(default_factory=list)
    planted: dict[str, set[str]] = field(default_factory=dict)
    paid: list[str] = field(default_factory=list)
    refunded: list[str] = field(default_factory=list)

    def plant(self, kind: str, receipt: str) -> None:
        """Expect a break of this class about this receipt."""
        self.planted.setdefault(kind, set()).add(receipt)


class Shop:
    """The shop and its month: one method for each thing that can happen in it."""

    def __init__(self, mpesa: Command, clock: Any, home: Path, folder: Path) -> None:
        """``mpesa`` and ``clock`` are the fixtures; statement files go into ``folder``."""
        self.mpesa, self.clock, self.home, self.folder = mpesa, clock, home, folder
        self.month = Month()
        folder.mkdir(parents=True, exist_ok=True)

    def run(self, *argv: str, wanted: tuple[int, ...] = (0,)) -> str:
        """A command that must end so. Returns its stdout."""
        done = self.mpesa(*argv)
        assert done.status in wanted, (argv, done)
        return str(done.stdout)

    def sell(self, order: str, amount: int, phone: str = PAYS, *, wait: bool = True) -> str:
        """One sale by prompt. Returns the receipt, empty where none is known."""
        self.clock.advance(130)
        said = self.run(
            "push", phone, str(amount), "--order", order, "--json", "--yes", "--wait" if wait else "--no-wait",
            wanted=(0, 3, 6, 8),
        )
        return str(json.loads(said)["receipt"] or "")

    def pay_outside(self, account: str, amount: int) -> None:
        """A customer pays by hand, and nobody tells the shop."""
        self.clock.advance(130)
        self.run("c2b-simulate", PAYS, str(amount), "--account", account)
        self.clock.advance(30)

    def give_back(self, receipt: str) -> str:
        """M-PESA reverses a payment. Returns the receipt of the way back."""
        return str(json.loads(self.run("simulator", "reverse", receipt, "--json"))["receipt"])

    def forge(self, order: str, receipt: str = FORGED, amount: int = 900, says_us: int | None = None) -> None:
        """Somebody who holds a valid callback address says that a prompt was paid. M-PESA knows nothing of it."""
        runtime = Runtime(environ={"MPESA_HOME": str(self.home)})
        profile, now_us = runtime.profile(), self.clock.now_us()
        payment_id = "PAY-" + hashlib.sha256(order.encode()).hexdigest()[:10].upper()
        token = hashlib.sha256(order.encode()).hexdigest()[:32]
        ledger = runtime.new_ledger(profile)
        try:
            _open(ledger, payment_id, order, amount, token, now_us)
            body = _body(receipt, amount, says_us or now_us)
            intake = Intake(ledger, World(self.clock.now_us), lambda _: None)
            [verdict] = intake.receive([StkDelivery(secret_hash(token), body, "1.2.3.4")])
            intake.settling.settle()
            assert verdict.status == 200
        finally:
            ledger.close()

    def end_day(self) -> Path:
        """Wait for midnight and download the day's statement; the next day begins at nine."""
        day = self.clock.now_us() + EAT_US
        midnight_us = day // DAY_US * DAY_US + DAY_US - EAT_US
        self.clock.now = midnight_us + 3_600 * SECOND_US
        file = self.folder / f"day-{len(self.month.files) + 1:02d}.csv"
        self.run("simulator", "statement", "--since", "yesterday", "--until", "yesterday", "--output", str(file))
        self.month.files.append(file)
        self.clock.now = midnight_us + 9 * 3_600 * SECOND_US
        return file


def make_month(mpesa: Command, clock: Any, home: Path, folder: Path, *, days: int, sales: int) -> Month:
    """``days`` days with ``sales`` plain sales each and all that goes wrong, and a statement file for each."""
    shop = Shop(mpesa, clock, home, folder)
    month = shop.month
    for day in range(1, days + 1):
        receipts = [shop.sell(f"D{day}S{n}", 100 * (n + 1)) for n in range(sales)]
        month.paid += [f"D{day}S{n}" for n in range(sales)]
        shop.sell(f"D{day}NO", 350, CANCELS)
        shop.sell(f"D{day}LC", 450, NO_CALLBACK, wait=False)
        month.paid.append(f"D{day}LC")
        if day % 3 == 0:
            shop.sell(f"D{day}LA", 550, NOTHING_CAME_BACK, wait=False)
            month.paid.append(f"D{day}LA")
        if day % 5 == 0:
            shop.pay_outside("till by the door", 650)
        if day % 6 == 0:
            shop.pay_outside(f"order D{day}S0", 75)
        if day == days // 2:
            shop.forge(f"D{day}FORGED")
            month.plant("missing_at_provider", FORGED)
        clock.advance(1_200)
        shop.run("reconcile", wanted=(0, 7))
        if day % 7 == 0:
            month.plant("reversed", receipts[0])
            month.refunded.append(f"D{day}S0")
            month.paid.remove(f"D{day}S0")
            shop.give_back(receipts[0])
        file = shop.end_day()
        for receipt, account in _paid_outside(file):
            month.plant("unmatched_order" if account.startswith("order ") else "missing_in_ledger", receipt)
    return month


def _paid_outside(file: Path) -> list[tuple[str, str]]:
    """Receipt and account of what was paid by hand, as the file has it."""
    lines = [line.split(",") for line in file.read_text().splitlines()]
    found = [(cells[0], cells[-1]) for cells in lines if len(cells) > 12]
    return [(receipt, account) for receipt, account in found if account.startswith(("till by", "order "))]


def _open(ledger: Ledger, payment_id: str, order: str, amount: int, token: str, now_us: int) -> None:
    token_hash = hashlib.sha256(token.encode()).hexdigest()
    with ledger.write() as tx:
        tx.open_payment(
            Start(Intent(payment_id, order, "simulator", "174379", amount * 100, PAYS, order, "Payment", token_hash)),
            now_us,
        )
        tx.append(AttemptRef(payment_id, 1), Sending(now_us, 1))
        tx.append(AttemptRef(payment_id, 1), Accepted(now_us, 1, "M-1", f"ws_CO_{order}"))


def _body(receipt: str, amount: int, now_us: int) -> bytes:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=now_us + EAT_US)
    items = {"Amount": amount, "MpesaReceiptNumber": receipt, "TransactionDate": int(moment.strftime("%Y%m%d%H%M%S")),
             "PhoneNumber": int(PAYS)}
    callback = {"MerchantRequestID": "M-1", "ResultCode": 0, "ResultDesc": "ok",
                "CallbackMetadata": {"Item": [{"Name": k, "Value": v} for k, v in items.items()]}}
    return json.dumps({"Body": {"stkCallback": callback}}).encode()
