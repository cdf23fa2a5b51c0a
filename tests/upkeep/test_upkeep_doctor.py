"""`doctor` sees what is wrong with machine, configuration, ledger and network, and names what mends it."""

import contextlib
import json
import os
import socket
import sqlite3
import sys
import threading
from collections.abc import Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from mpesa_cli.daraja.answers import Final, Limited, Pending, Refused, Unanswered, Undelivered
from mpesa_cli.floor.errors import CredentialsRefused
from mpesa_cli.ledger.outbox import Outbox, OutboxWrites
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.payment import Intent
from mpesa_cli.rules.push_rules import Start
from mpesa_cli.settings.sources import load_profile
from mpesa_cli.upkeep.doctor import machine, network
from mpesa_cli.upkeep.doctor.live import UNKNOWN_ID, live
from mpesa_cli.upkeep.doctor.report import tried
from mpesa_cli.upkeep.findings import Finding, exit_status

KEYS = {"MPESA_CONSUMER_KEY": "key", "MPESA_CONSUMER_SECRET": "doctor-secret", "MPESA_PASSKEY": "doctor-passkey"}


class Answers(BaseHTTPRequestHandler):
    """Answers every GET with what the server was given."""

    def do_GET(self) -> None:
        status, body, date = self.server.answer  # type: ignore[attr-defined]
        self.send_response_only(status)
        if date:
            self.send_header("Date", date)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def answering(status: int = 200, body: bytes = b'{"status":"ok"}', at_s: float | None = None) -> Iterator[str]:
    """A server of ours on this machine; its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.answer = (status, body, formatdate(at_s, usegmt=True) if at_s else "")  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def nobody() -> str:
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def checks(result: Any) -> dict[str, dict[str, Any]]:
    """The checks of a JSON report by their name; the worst of each."""
    found: dict[str, dict[str, Any]] = {}
    order = ["ok", "warn", "fail"]
    for each in json.loads(result.stdout)["checks"]:
        known = found.get(each["check"])
        if known is None or order.index(each["verdict"]) > order.index(known["verdict"]):
            found[each["check"]] = each
    return found


@pytest.fixture
def sandbox(shop: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Runs doctor with a sandbox profile at servers that are well; ``environ`` may be changed."""
    with answering(404, b"{}", at_s=shop.clock.now / 1e6) as daraja, answering() as listener:
        monkeypatch.setattr(network, "LISTENER_BASE", listener)
        shop.environ = {"MPESA_ENVIRONMENT": "sandbox", "MPESA_BASE_URL": daraja, "APP_URL": listener, **KEYS}
        yield shop


def examined(shop: Any, **changed: str) -> Any:
    return shop.run("doctor", "--json", env={**shop.environ, **changed})


def test_where_nothing_is_configured_all_is_well_without_a_network(busy: Any) -> None:
    result = busy.run("doctor")
    assert result.status == 0, result.stdout
    assert "FAIL" not in result.stdout
    assert "no network is needed" in result.stdout
    assert busy.run("doctor", "--quiet").stdout.count("ok  ") == 0


def test_a_sandbox_that_is_well_is_found_well_and_no_secret_is_shown(sandbox: Any) -> None:
    result = examined(sandbox)
    found = checks(result)
    assert result.status == 0, result.stdout
    assert {name: found[name]["verdict"] for name in ("clock", "callback-address", "listener")} == {
        "clock": "ok", "callback-address": "ok", "listener": "ok",
    }
    assert "MPESA_CONSUMER_SECRET" in result.stdout
    for secret in ("doctor-secret", "doctor-passkey"):
        assert secret not in result.stdout + result.stderr


def test_a_clock_that_is_wrong_is_seen_by_the_servers(sandbox: Any) -> None:
    for ahead_s, verdict in ((60, "warn"), (3_600, "fail")):
        with answering(404, b"", at_s=sandbox.clock.now / 1e6 - ahead_s) as daraja:
            assert checks(examined(sandbox, MPESA_BASE_URL=daraja))["clock"]["verdict"] == verdict
    with answering(404, b"") as daraja:
        assert checks(examined(sandbox, MPESA_BASE_URL=daraja))["clock"]["verdict"] == "warn"


def test_a_daraja_that_is_not_reached_is_told(sandbox: Any) -> None:
    result = examined(sandbox, MPESA_BASE_URL=nobody())
    assert result.status == 7
    assert checks(result)["daraja"]["verdict"] == "fail"


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [(503, b'{"status":"failing"}', "can't store"), (200, b"<html>", "not as a listener does"), (404, b"[]", "404")],
)
def test_a_callback_address_that_leads_elsewhere_is_told(sandbox: Any, status: int, body: bytes, words: str) -> None:
    with answering(status, body) as elsewhere:
        result = examined(sandbox, APP_URL=elsewhere)
    assert (result.status, words in checks(result)["callback-address"]["words"]) == (7, True)


def test_a_callback_address_that_does_not_answer_is_told(sandbox: Any) -> None:
    assert "Callbacks would be lost" in checks(examined(sandbox, APP_URL=nobody()))["callback-address"]["words"]


def test_a_server_that_never_answers_is_not_waited_for(sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "LIMIT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        result = examined(sandbox, MPESA_BASE_URL=f"http://127.0.0.1:{silent.getsockname()[1]}")
    assert "no answer within 3 s" in checks(result)["daraja"]["words"]


def test_a_configuration_that_is_wrong_ends_with_its_own_status(sandbox: Any) -> None:
    for changed in ({"MPESA_SHORTCODE": "x"}, {"MPESA_CONSUMER_SECRET": ""}, {"APP_URL": ""}):
        result = examined(sandbox, **changed)
        assert result.status == 10, changed
        assert json.loads(result.stdout)["ok"] is False


def test_banned_words_and_a_sandbox_sms_account_are_warned_of(sandbox: Any) -> None:
    result = examined(sandbox, APP_URL="http://127.0.0.1:1/mpesa")
    words = " ".join(each["words"] for each in json.loads(result.stdout)["checks"])
    assert "Daraja refuses such addresses" in words


def test_secrets_that_the_profile_calls_for_are_told(sandbox: Any) -> None:
    more = {"MPESA_SMS_PROVIDER": "partner_id", "MPESA_SMS_PARTNER_ID": "1", "MPESA_INITIATOR_NAME": "testapi"}
    said = [each["words"] for each in json.loads(examined(sandbox, **more).stdout)["checks"]]
    assert any(words.startswith("There is no sms-api-key, so no SMS goes out.") for words in said)
    assert any(words.startswith("There is no initiator-password, so `mpesa verify`") for words in said)
    checked = sandbox.run("config", "check", env={**sandbox.environ, **more})
    assert "There is no sms-api-key" in checked.stdout + checked.stderr


def test_files_that_others_may_read_are_told_with_the_command(busy: Any) -> None:
    busy.path.chmod(0o644)
    result = busy.run("doctor", "--json")
    found = checks(result)["permissions"]
    assert (result.status, found["verdict"], found["mend"]) == (7, "fail", f"chmod 600 {busy.path}")


def test_a_ledger_that_was_changed_is_told(busy: Any) -> None:
    busy.tamper("UPDATE journal SET at_us = 1 WHERE seq = 7")
    result = busy.run("doctor")
    assert result.status == 7
    assert "FAIL  The ledger is not whole: row 7 was changed." in result.stdout
    assert "mpesa audit verify -v" in result.stdout


def test_a_ledger_that_is_no_ledger_is_told(busy: Any) -> None:
    busy.path.write_bytes(b"not a ledger any more" * 500)
    result = busy.run("doctor", "--json")
    assert (result.status, checks(result)["ledger"]["verdict"]) == (7, "fail")


def test_what_waits_is_told_by_its_age(busy: Any) -> None:
    with busy.ledger() as ledger, ledger.write() as tx:
        for order, ago_s in (("new", 10), ("late", 600), ("old", 200_000)):
            at_us = busy.clock.now - ago_s * 1_000_000
            intent = Intent(f"PAY-{order}", order, "x", "174379", 100, "254708374149", order, "x", order.ljust(64, "0"))
            tx.append(tx.open_payment(Start(intent), at_us).last.ref, ev.Sending(at_us, 1))
    words = [each["words"] for each in busy.json("doctor")["checks"] if each["check"] == "open-payments"]
    assert words == [
        "1 payment has been open for more than a day: nobody knows whether money came.",
        "1 payment has been open for more than 2 minutes.",
    ]


def test_messages_that_were_given_up_are_told(busy: Any) -> None:
    from mpesa_cli.rules.staging import Staged

    with busy.ledger() as ledger:
        owner = ledger.payment_by_order("1").payment_id
        with ledger.write() as tx:
            OutboxWrites(tx).put([Staged("sms", "receipt", f"once-{n}", b"") for n in range(3)], owner, busy.clock.now)
        waiting = Outbox(ledger).listed("sms", ["waiting"])
        with ledger.write() as tx:
            OutboxWrites(tx).finish(waiting[0].event_id, "given_up", "{}", 1)
    busy.clock.advance(700)
    words = [each["words"] for each in busy.json("doctor")["checks"] if each["check"] == "unsent-sms"]
    assert words == [
        "2 SMS receipts have waited for more than ten minutes.", "1 SMS receipt of the last seven days was given up.",
    ]


@pytest.mark.parametrize(
    ("version", "verdict"), [((3, 36, 0), "fail"), ((3, 40, 1), "ok"), ((3, 51, 3), "ok")]
)
def test_the_sqlite_that_is_there_is_judged(version: tuple[int, ...], verdict: str) -> None:
    found = machine._sqlite(version)
    assert found.verdict == verdict
    assert ("Two checkpoints" in found.words) == (version == (3, 40, 1))


@pytest.mark.parametrize(
    ("kind", "verdict"), [("nfs4", "fail"), ("cifs", "fail"), ("fuse.sshfs", "fail"), ("tmpfs", "warn"), ("ext4", "ok"),
                          ("", "ok")],
)
def test_the_file_system_is_judged(kind: str, verdict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "file_system_of", lambda _: kind)
    assert machine._file_system(tmp_path).verdict == verdict


@pytest.mark.parametrize(("free_mb", "verdict"), [(10, "fail"), (500, "warn"), (5_000, "ok")])
def test_free_space_is_judged(free_mb: int, verdict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "free_bytes", lambda _: free_mb << 20)
    assert machine._space(tmp_path).verdict == verdict


def test_a_file_of_another_user_is_told(busy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 12_345)
    assert "another user" in checks(busy.run("doctor", "--json"))["permissions"]["words"]


def test_the_worst_decides_the_status() -> None:
    wrong, broken = Finding("a", "fail", "", configuration=True), Finding("b", "fail", "")
    assert exit_status([Finding("c", "warn", "")]) == 0
    assert exit_status([broken]) == 7
    assert exit_status([broken, wrong]) == 10


def test_doctor_changes_nothing(busy: Any) -> None:
    before = {path: path.read_bytes() for path in busy.path.parent.iterdir() if path.is_file()}
    busy.run("doctor")
    assert {path: path.read_bytes() for path in busy.path.parent.iterdir() if path.is_file()} == before


def test_live_checks_are_for_the_sandbox_alone(busy: Any) -> None:
    result = busy.run("doctor", "--live-checks", "--json")
    assert json.loads(result.stdout)["error"]["code"] == "not-the-sandbox"
    real = {"MPESA_ENVIRONMENT": "production", "MPESA_BASE_URL": nobody(), "MPESA_SHORTCODE": "247247", **KEYS}
    assert "not-the-sandbox" in busy.run("doctor", "--live-checks", "--json", env=real).stdout


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [(Pending("not known there"), "ok"), (Final("1032", "cancelled"), "warn"), (Limited(30, "rationed"), "warn"),
     (Refused("400.002.02", "bad"), "warn"), (Unanswered("timeout", "none"), "warn"),
     (Undelivered("connect", "refused", "connect"), "warn")],
)
def test_what_the_sandbox_says_of_an_unknown_prompt_is_judged(shop: Any, answer: Any, verdict: str) -> None:
    class Daraja:
        """Says it to every query."""

        def query(self, checkout_request_id: str, shortcode: str) -> Any:
            assert (checkout_request_id, shortcode) == (UNKNOWN_ID, "174379")
            return answer

    environ = {"MPESA_HOME": str(shop.home), "MPESA_ENVIRONMENT": "sandbox", **KEYS}
    profile = load_profile(environ, profile_flag=None, config_flag=None)
    found = list(live(profile, lambda: None, Daraja))
    assert [each.verdict for each in found] == ["ok", verdict]
    assert "mpesa" in found[1].mend or verdict == "ok"


def test_live_checks_end_where_the_key_is_refused(shop: Any) -> None:
    environ = {"MPESA_HOME": str(shop.home), "MPESA_ENVIRONMENT": "sandbox", **KEYS}
    profile = load_profile(environ, profile_flag=None, config_flag=None)

    def refused() -> None:
        raise CredentialsRefused("No.", hint="See: mpesa config check --live")

    def never() -> Any:
        raise AssertionError("nothing is asked without a token")

    (only,) = live(profile, refused, never)
    assert (only.verdict, only.mend) == ("fail", "See: mpesa config check --live")


def test_a_report_says_what_the_system_does_and_names_neither_secret_nor_user(busy: Any, tmp_path: Path) -> None:
    target = tmp_path / "doctor.txt"
    who = {"USER": "wanjiku-the-clerk", "MPESA_PASSKEY": "CANARY-passkey"}
    reported = busy.run("doctor", "--report", str(target), env=who)
    assert (reported.status, target.stat().st_mode & 0o077) == (0, 0)
    text = target.read_text(encoding="utf-8")
    assert {"ok   a lock is held once", "ok   a new file is for its owner only"} <= set(text.splitlines())
    assert "FAIL" not in text
    assert f"Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}" in text
    assert not any(secret in text for secret in ("CANARY", "wanjiku", "0712", "254712", "254708"))
    assert [each.name for each in busy.path.parent.glob(".mpesa-report*")] == []
    again = busy.run("doctor", "--report", str(target))
    assert (again.status, target.read_text(encoding="utf-8")) == (9, text)


def test_a_report_tells_what_does_not_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mpesa_cli.floor.machine.give_name", lambda scratch, target: scratch.replace(target))
    monkeypatch.setattr("mpesa_cli.floor.machine.try_lock", lambda *_, **__: True)
    held = dict(tried(tmp_path))
    assert [what for what, holds in held.items() if not holds] == [
        "a lock is held once", "a finished file never takes another's place",
    ]
