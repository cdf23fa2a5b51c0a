"""Makes a ledger with the program of an earlier commit: how the files beside this one came to be. Not a test.

    git worktree add --detach /tmp/earlier 80bb030
    PYTHONPATH=/tmp/earlier python tests/ledger/upgrade/make_ledger.py 80bb030 --said

It plays a shop on the embedded simulator, on a clock that only moves when somebody waits and with ids that come
from a counter, so that the same commit makes the same ledger. Commands that a commit does not have yet are left
out. With --said it also keeps what that program said of its ledger in JSON.
"""

import contextlib
import gzip
import hashlib
import inspect
import io
import json
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path
from typing import Any

from mpesa_cli.ledger.hooks import HookWrites

HERE = Path(__file__).resolve().parent
START_US = 1_795_505_400_000_000  # 24 November 2026, 10:30 in Nairobi
SECRET = "a1" * 16
API_SECRET = "Zk3vQ9xLw2Rt7Yb5Nc8Pd1Sf6Gh4Jm0Ka"
FIRST_DAY = {  # order → number of the simulator
    "paid": "254708374149", "cancelled": "254700001032", "by-row": "254722200017", "conflict": "254722200019",
    "busy": "254722200020", "no-merchant": "254722200030", "late": "254722200005", "erased": "254711111111",
}
SECOND_DAY = {
    "unknown": "254722200017", "review": "254722200019", "by-query": "254722200003", "odd-code": "254700007777",
    "decided": "254722200017",
}


class Shop:
    """One home folder, one clock, and the commands of the program on the path."""

    def __init__(self, home: Path) -> None:
        self.home, self.now, self.drawn = home, START_US, 0

    def token_hex(self, count: int) -> str:
        self.drawn += 1
        return hashlib.sha256(str(self.drawn).encode()).hexdigest()[: 2 * count]

    def sleep(self, seconds: float) -> None:
        self.now += int(seconds * 1_000_000)

    def runtime(self) -> Any:
        from mpesa_cli.runtime import Runtime
        from mpesa_cli.terminal.streams import Streams

        environ = {"MPESA_HOME": str(self.home), "TERM": "dumb", "MPESA_API_SECRET": API_SECRET}
        streams = Streams(stdin=io.StringIO(), stdout=io.StringIO(), stderr=io.StringIO(), environ=environ)
        outside: dict[str, Any] = {
            "now_us": lambda: self.now, "sleep": self.sleep, "random": lambda: 0.5, "token_hex": self.token_hex,
        }
        try:
            from mpesa_cli.floor.world import World
        except ImportError:  # a commit that took them one by one
            return Runtime(streams=streams, environ=environ, **outside)
        return Runtime(streams=streams, environ=environ, world=World(**outside))

    def __call__(self, *argv: str) -> tuple[int, str]:
        from mpesa_cli.cli.app import main

        runtime = self.runtime()
        with contextlib.redirect_stdout(runtime.streams.stdout), contextlib.redirect_stderr(runtime.streams.stderr):
            status = main(list(argv), runtime)
        print(status, *argv, "|", runtime.streams.stderr.getvalue().replace("\n", " / ")[:150], file=sys.stderr)
        self.sleep(130)
        return status, runtime.streams.stdout.getvalue()

    def ledger(self) -> Path:
        (path,) = [p for p in self.home.rglob("*.db") if "simulator" in p.name]
        return path


def ask(shop: Shop, orders: dict[str, str]) -> None:
    for order, phone in orders.items():
        shop("push", phone, "500", "--order", order, "--timeout", "60")


def retried(shop: Shop) -> None:
    shop("push", "254700002001", "650", "--order", "again", "--timeout", "60")
    shop("retry", "again", "--phone", "254708374149", "--timeout", "60")


def stopped(shop: Shop) -> None:
    """Prompts whose program was stopped: before it sent anything, and with its POST in the air."""
    from mpesa_cli.rules.evidence import Sending
    from mpesa_cli.rules.payment import Intent

    runtime = shop.runtime()
    with runtime.ledger(runtime.profile()).write() as tx:
        for order, phone in (("created", "254722200021"), ("sending", "254722200022")):
            token_hash = hashlib.sha256(order.encode()).hexdigest()
            name = f"PAY-{order.upper()}"
            intent = Intent(name, order, "simulator", "174379", 40_000, phone, order, order, token_hash)
            ref = tx.open_payment(intent, shop.now).last.ref
            if order == "sending":
                tx.append(ref, Sending(shop.now, 1))
    runtime.close()


def by_hand(shop: Shop, callbacks: list[tuple[str, bytes]]) -> None:
    """C2B confirmations and odd bodies, through the intake."""
    try:
        from mpesa_cli.listener.intake.deliveries import C2bDelivery, OpenDelivery, StkDelivery
        from mpesa_cli.listener.intake.intake import Intake
        from mpesa_cli.listener.ports import c2b_context
    except ImportError:
        return
    runtime = shop.runtime()
    ledger = runtime.ledger(runtime.profile())
    secret_hash = hashlib.sha256(SECRET.encode()).hexdigest()
    with ledger.write() as tx:
        HookWrites(tx).add(secret_hash, shop.now)
        token = tx.rows("SELECT token_hash FROM attempts JOIN payments USING (payment_id) WHERE order_id = 'unknown'")
    kinds = {
        "c2b": lambda body: C2bDelivery("confirmation", secret_hash, body, "simulator"),
        "open": lambda body: OpenDelivery("c2b-confirmation", body, "simulator"),
        "stk": lambda body: StkDelivery(str(token[0][0]), body, "simulator"),
    }
    world = runtime.world if "world" in inspect.signature(Intake).parameters else lambda: shop.now
    intake = Intake(ledger, world, lambda _: None, c2b=c2b_context(runtime, runtime.profile()))
    for kind, body in callbacks:
        intake.receive([kinds[kind](body)])
        intake.settling.settle()
        shop.sleep(5)
    runtime.close()


def confirmation(receipt: str, amount: str, account: str, phone: str = "254708374149", **other: str) -> bytes:
    return json.dumps({
        "TransactionType": "Pay Bill", "TransID": receipt, "TransTime": "20261125020000", "TransAmount": amount,
        "BusinessShortCode": "174379", "BillRefNumber": account, "MSISDN": phone, "FirstName": "WANJIKU", **other,
    }).encode()


BODIES = [
    ("c2b", confirmation("UKO0H00001", "300.00", "part")),
    ("c2b", confirmation("UKO0H00002", "500.00", "over")),
    ("c2b", confirmation("UKO0H00003", "50.00", "over")),
    ("c2b", confirmation("UKO0H00004", "120.00", "somebody")),
    ("c2b", confirmation("UKO0H00005", "120.00", "x", phone="2547••••149")),  # 0.1.0: unreadable
    ("c2b", confirmation("UKO0H00006", "11,720.00", "x")),  # 0.1.0: unreadable
    ("c2b", confirmation("UKO0H00007", "80.00", "x", BusinessShortCode="600000")),  # another shortcode
    ("c2b", b"not JSON"),
    ("stk", b'{"Body":{"stkCallback":{"ResultCode":0,"ResultDesc":"ok"}}}'),  # a success without a receipt
    ("open", confirmation("UKO0H00008", "90.00", "x")),
]


def keep_books(shop: Shop, folder: Path) -> None:
    """A day is reversed in part, compared, accepted and closed."""
    shop("push", "254708374149", "350", "--order", "given-back", "--timeout", "60")
    receipt = json.loads(shop("status", "given-back", "--json", "--no-refresh")[1])["receipt"]
    if shop("simulator", "reverse", receipt)[0]:
        return
    shop.sleep(14 * 3600)
    statement = folder / "statement.csv"
    shop("simulator", "statement", "--since", "yesterday", "--output", str(statement))
    said = shop("reconcile", "--statement", str(statement), "--json")[1]
    for each in json.loads(said)["breaks"][:2]:
        shop("reconcile", "--accept", each["id"], "--by", "Asha", "--reason", "known to the owner")
    shop("reconcile", "--statement", str(statement), "--close", "2026-11-24", "--by", "Asha")


def the_rest(shop: Shop, folder: Path) -> None:
    """An order that nobody was asked for, a token, a receipt shown, a decision, an erasure, a restore."""
    shop("order", "add", "waiting", "900")
    shop("token", "issue", "--scope", "payments:read", "--name", "reports")
    shop("verify", "UKO0H00004", "--order", "shown")
    shop("resolve", "decided", "failed", "--by", "Asha", "--reason", "the statement does not have it", "--yes")
    shop("erase", "254711111111", "--yes")
    if shop("backup", str(folder / "backup.db"))[0] == 0:
        for path in list(shop.ledger().parent.glob("simulator*")):
            path.unlink()
        shop("restore", str(folder / "backup.db"))


def documents(shop: Shop) -> dict[str, Any]:
    """What the program says of its own ledger in JSON, by command line."""
    with contextlib.closing(sqlite3.connect(shop.ledger())) as raw:
        orders = [row[0] for row in raw.execute("SELECT order_id FROM payments ORDER BY created_us")]
    lines = [("status", order, "--no-refresh", "--json") for order in orders]
    lines += [("log", order, "--json") for order in orders]
    lines += [("history", "--json"), ("history", "--summary", "--json"), ("audit", "verify", "--json")]
    said = {}
    for line in lines:
        status, text = shop(*line)
        with contextlib.suppress(ValueError):
            said[" ".join(line)] = {"status": status, "document": json.loads(text.replace(str(shop.home), "HOME"))}
    return said


def main(commit: str, *, keep_said: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shop = Shop(folder / "home")
        ask(shop, FIRST_DAY)
        retried(shop)
        keep_books(shop, folder)
        ask(shop, SECOND_DAY)
        shop("push", "254722200014", "700", "--order", "pending", "--no-wait")
        shop("order", "add", "part", "800")
        shop("order", "add", "over", "500")
        by_hand(shop, BODIES)
        the_rest(shop, folder)
        stopped(shop)
        said = {"asked_at_us": shop.now, "said": documents(shop)}
        with contextlib.closing(sqlite3.connect(shop.ledger())) as raw:
            raw.execute("VACUUM INTO ?", (str(folder / "copy.db"),))
        with (folder / "copy.db").open("rb") as source, gzip.GzipFile(HERE / f"{commit}.db.gz", "wb", mtime=0) as out:
            shutil.copyfileobj(source, out)
        if keep_said:
            text = json.dumps(said, indent=1, ensure_ascii=False) + "\n"
            (HERE / f"{commit}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], keep_said="--said" in sys.argv)
