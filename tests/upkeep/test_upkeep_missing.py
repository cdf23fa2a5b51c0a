"""A production ledger that is gone, another's, or an old copy of itself: no prompt goes out of it unnoticed."""

import contextlib
import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpcore
import pytest

from mpesa_cli.floor.errors import LedgerUnusable
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.restoring import Restores
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.payment import Intent
from mpesa_cli.rules.push_rules import Start
from mpesa_cli.runtime import Runtime
from mpesa_cli.settings.paths import ledger_note

KEYS = {
    "MPESA_CONSUMER_KEY": "key-of-a-test", "MPESA_CONSUMER_SECRET": "secret-of-a-test",
    "MPESA_PASSKEY": "passkey-of-a-test",
}
REAL = {
    "MPESA_ENVIRONMENT": "production", "MPESA_SHORTCODE": "600100", "APP_URL": "https://pay.example.co.ke",
    "USER": "Wanjiku", **KEYS,
}
PHONE = "254708374149"
REASON = ("--reason", "the old machine was stolen, no backup")


class Nobody:
    """A transport to which every request is one too many."""

    def __init__(self) -> None:
        self.seen = 0

    def handle_request(self, request: Any) -> Any:
        self.seen += 1
        raise httpcore.ConnectError("nobody is there")

    def close(self) -> None:
        """Nothing is held."""


class RealShop:
    """A shop with a production profile; nothing answers for Daraja."""

    def __init__(self, mpesa: Any, home: Path, clock: Any) -> None:
        self.mpesa, self.home, self.clock, self.daraja = mpesa, home, clock, Nobody()

    @property
    def path(self) -> Path:
        return Runtime(environ={"MPESA_HOME": str(self.home), **REAL}).profile().ledger

    def run(self, *argv: str, env: dict[str, str] | None = None) -> Any:
        return self.mpesa(*argv, env={**REAL, **(env or {})}, transport=self.daraja)

    def push(self, order: str = "1042", **more: Any) -> Any:
        return self.run("push", PHONE, "100", "--order", order, "--yes", "--json", **more)

    @contextlib.contextmanager
    def ledger(self) -> Iterator[Any]:
        runtime = Runtime(environ={"MPESA_HOME": str(self.home), **REAL}, world=World(self.clock.now_us))
        ledger = runtime.new_ledger(runtime.profile())
        with contextlib.closing(ledger):
            yield ledger

    def paid(self, order: str) -> None:
        """A payment, as an earlier day left it."""
        with self.ledger() as ledger, ledger.write() as tx:
            at_us = self.clock.now_us()
            intent = Intent(f"PAY-{order}", order, "default", "600100", 10_000, PHONE, order, "x", order * 8)
            ref = tx.open_payment(Start(intent), at_us).last.ref
            tx.append(ref, ev.Sending(at_us, 1))
            tx.append(ref, ev.Accepted(at_us, 1, f"m{order}", f"ws_CO_{order}"))
            tx.append(ref, ev.Received(at_us, "callback", f"UKO4Q7{order}", 10_000, msisdn=PHONE))


@pytest.fixture
def real(mpesa: Any, home: Path, clock: Any) -> RealShop:
    shop = RealShop(mpesa, home, clock)
    shop.paid("1042")
    return shop


def code_of(result: Any) -> str:
    return str(json.loads(result.stdout)["error"]["code"])


def note() -> dict[str, Any]:
    """What stands in the user's own folder, whatever MPESA_HOME is."""
    said: dict[str, Any] = json.loads(ledger_note("600100", None).read_text())
    return said


def test_with_the_ledger_gone_a_paid_order_is_not_asked_for_again(real: RealShop) -> None:
    ledger = real.path
    assert (real.push().status, code_of(real.push())) == (9, "already-paid")
    shutil.move(ledger.parent, real.home / "unmounted")
    for argv in (("push", PHONE, "100", "--order", "1042", "--yes"), ("retry", "1042", "--yes"),
                 ("retry", "--failed", "--yes"), ("status", "1042")):
        refused = real.run(*argv, "--json")
        assert (refused.status, code_of(refused)) == (10, "ledger-missing"), argv
        assert not ledger.exists(), "none is made in its place"
    assert real.daraja.seen == 0
    shutil.move(real.home / "unmounted", ledger.parent)
    assert code_of(real.push()) == "already-paid"


def test_with_a_wrong_home_no_other_ledger_is_begun(real: RealShop, tmp_path: Path) -> None:
    refused = real.push(env={"MPESA_HOME": str(tmp_path / "another")})
    assert (refused.status, code_of(refused)) == (10, "ledger-missing")
    assert str(real.path) in json.loads(refused.stdout)["error"]["message"], "where it was last"


def test_out_of_another_ledger_no_prompt_goes_and_one_can_look(real: RealShop, tmp_path: Path) -> None:
    ledger = real.path
    ledger.rename(tmp_path / "aside.db")
    runtime = Runtime(environ={"MPESA_HOME": str(real.home), **REAL}, world=World(real.clock.now_us))
    runtime.unguarded_ledger(runtime.profile()).close()
    assert (real.push().status, code_of(real.push())) == (10, "ledger-missing")
    assert real.run("history").status == 0
    with real.ledger() as other, other.write() as tx, pytest.raises(Exception, match="another ledger"):
        tx.open_payment(Start(Intent("PAY-9", "9", "default", "600100", 100, PHONE, "9", "x", "token")), 1)
    (failed,) = [c for c in json.loads(real.run("doctor", "--json").stdout)["checks"] if c["check"] == "ledger-known"]
    assert failed["verdict"] == "fail"


def test_a_process_that_still_has_the_lost_file_open_asks_for_nothing(real: RealShop) -> None:
    """As a listener has that ran when somebody took the file away."""
    with real.ledger() as held_open:
        for each in real.path.parent.glob(f"{real.path.name}*"):
            each.unlink()
        with pytest.raises(LedgerUnusable) as refused:
            held_open.check_space()
        assert refused.value.code == "ledger-missing"
        with held_open.write() as tx, pytest.raises(LedgerUnusable):
            tx.open_payment(Start(Intent("PAY-9", "9", "default", "600100", 100, PHONE, "9", "x", "token")), 1)


def test_a_ledger_is_begun_anew_only_with_a_reason(real: RealShop) -> None:
    assert code_of(real.run("ledger", "begin", *REASON, "--json")) == "ledger-known"
    before = note()["ledger_id"]
    shutil.rmtree(real.path.parent)
    assert real.run("ledger", "begin", "--reason", "x").status == 2
    begun = real.run("ledger", "begin", *REASON, "--json")
    assert begun.status == 0, begun
    said = json.loads(begun.stdout)
    assert (said["before"], said["ledger_id"]) == (before, note()["ledger_id"])
    assert code_of(real.push()) == "not-delivered", "it gets as far as the network"
    with real.ledger() as ledger:
        (facts,) = ledger.rows("SELECT facts FROM journal WHERE kind = 'ledger_begun'")[0]
    assert json.loads(str(facts)) == {"before": before, "by": "Wanjiku", "reason": REASON[1]}
    assert real.run("audit", "verify").status == 0


def test_a_copy_that_was_put_back_counts_as_restored_when_it_is_noticed(real: RealShop, tmp_path: Path) -> None:
    """With cp, as people do: the program hears nothing of it but that rows are gone."""
    ledger = real.path
    shutil.copy(ledger, tmp_path / "copy.db")
    known_until_us = real.clock.now_us()
    real.clock.advance(3600)
    real.paid("1043")
    for each in ledger.parent.glob(f"{ledger.name}*"):
        each.unlink()
    shutil.copy(tmp_path / "copy.db", ledger)
    real.clock.advance(3600)
    assert (real.push("1043").status, code_of(real.push("1043"))) == (9, "restored-gap")
    with real.ledger() as opened:
        (gap,) = Restores(opened).restored().gaps
        assert (gap.known_until_us, gap.restored_us) == (known_until_us, real.clock.now_us())
        assert note()["hash"] == opened.rows("SELECT hash FROM journal ORDER BY seq DESC LIMIT 1")[0][0]
    with real.ledger() as opened:
        assert len(Restores(opened).restored().gaps) == 1, "noticed once"
    assert real.daraja.seen == 0


def test_a_copy_that_was_written_on_before_it_was_noticed_counts_too(real: RealShop, tmp_path: Path) -> None:
    ledger = real.path
    shutil.copy(ledger, tmp_path / "copy.db")
    real.paid("1043")
    for each in ledger.parent.glob(f"{ledger.name}*"):
        each.unlink()
    shutil.copy(tmp_path / "copy.db", ledger)
    kept = ledger_note("600100", None).read_bytes()
    ledger_note("600100", None).unlink()  # an older program knows of no note
    for order in ("1044", "1045"):
        real.paid(order)
    ledger_note("600100", None).write_bytes(kept)
    real.clock.advance(300)
    assert code_of(real.push("1043")) == "restored-gap"


def test_a_restore_leaves_the_restored_ledger_known(real: RealShop, tmp_path: Path) -> None:
    assert real.run("backup", str(tmp_path / "shop.db")).status == 0
    real.paid("1043")
    shutil.rmtree(real.path.parent)
    assert real.run("restore", str(tmp_path / "shop.db")).status == 0
    with real.ledger() as ledger:
        assert len(Restores(ledger).restored().gaps) == 1
        assert note()["ledger_id"] == ledger.ledger_id
    real.clock.advance(300)
    assert code_of(real.push("1043")) == "restored-gap"


def test_where_the_note_cannot_be_written_payments_go_on_and_doctor_says_so(
    real: RealShop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.rmtree(ledger_note("600100", None).parent)
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file" / "state"))
    monkeypatch.setattr("os.access", lambda *_: False)
    (said,) = [c for c in json.loads(real.run("doctor", "--json").stdout)["checks"] if c["check"] == "ledger-known"]
    assert (said["verdict"], "not guarded" in said["words"]) == ("warn", True)
    real.clock.advance(300)
    assert code_of(real.push("1050")) == "not-delivered"


def test_the_simulators_ledger_leaves_no_note(busy: Any) -> None:
    assert busy.run("push", PHONE, "5", "--order", "9").status in {0, 5}
    assert not ledger_note("174379", None).parent.exists()
    (said,) = [c for c in busy.json("doctor")["checks"] if c["check"] == "ledger-known"]
    assert said["verdict"] == "ok"
    assert "simulator" in said["words"]


def test_a_copy_of_the_old_format_is_the_same_ledger_once_it_is_upgraded(real: RealShop, tmp_path: Path) -> None:
    """Ids of ledgers from before there were ids follow from the first row, which every copy has."""
    with contextlib.closing(sqlite3.connect(real.path)) as raw:
        raw.execute("DELETE FROM meta WHERE key = 'ledger_id'")
        raw.execute("PRAGMA user_version = 4")
        raw.commit()
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    copy = tmp_path / "copy.db"
    shutil.copy(real.path, copy)
    ledger_note("600100", None).unlink()
    with real.ledger() as ledger:
        first = ledger.ledger_id
    copy.replace(real.path)
    with real.ledger() as ledger:
        assert ledger.ledger_id == first
