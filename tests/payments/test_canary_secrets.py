"""No secret is ever in an output, a traceback, the ledger or any other file, whatever is run and whatever fails."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from canaries import ACCESS_TOKEN, SLOTS, Watch, echoes, token_answer
from daraja_servers import Behaviour, Loopback, answer, loopback, payload, reset, says
from shopkeeper import CALLBACK_BASE, ORDER, OTHER_PHONE, PHONE, QUICK, Shopkeeper, takes_every_prompt

from mpesa_cli.simulator.initiator_key import InitiatorKey

CERTIFICATE = InitiatorKey()
PLACES = ["environment", "files", "store"]
# Every command with what it needs to do something; -vv is added where it is known.
COMMANDS: dict[str, list[list[str]]] = {
    "push": [
        ["push", PHONE, "100", "--order", ORDER, "--timeout", "15"],
        ["push", PHONE, "100", "--order", ORDER, "--dry-run"],
        ["push", PHONE, "100", "--order", "other", "--no-wait"],
        ["push", "--from", "-"],
    ],
    "retry": [["retry", ORDER, "--no-wait"], ["retry", ORDER, "--force", "nobody saw any prompt", "--no-wait"],
              ["retry", "--failed"]],
    "status": [["status", ORDER], ["status", "nobody"]],
    "history": [["history"], ["history", "--summary"]],
    "receipt": [["receipt", ORDER]],
    "log": [["log", ORDER, "--raw"]],
    "explain": [["explain", "1032"]],
    "reconcile": [["reconcile"], ["reconcile", "--statement", "no-such-file", "--ping", "http://127.0.0.1:9/x"],
                  ["reconcile", "--pull"]],
    "audit verify": [["audit", "verify"]],
    "audit head": [["audit", "head"]],
    "backup": [["backup", "HOME/canary-backup.db"]],
    "restore": [["restore", "HOME/canary-backup.db"]],
    "erase": [["erase", PHONE, "--dry-run"], ["erase", OTHER_PHONE, "--yes"]],
    "doctor": [["doctor"], ["doctor", "--live-checks"]],
    "c2b-simulate": [["c2b-simulate", PHONE, "100"]],
    "trigger": [["trigger", "stk.paid"], ["trigger", "order.paid"], ["trigger", "--check", "http://127.0.0.1:9/hook"]],
    "init": [["init", "--no-check"]],
    "help": [["help", "exit-status"]],
    "config show": [["config", "show"]],
    "config check": [["config", "check", "--live"]],
    "config path": [["config", "path"]],
    "secrets list": [["secrets", "list"]],
    "secrets delete": [["secrets", "delete", "sms-api-key"]],
    "verify": [["verify", "UKO4Q7WX2B", "--order", ORDER, "--timeout", "5"]],
    "balance": [["balance", "--timeout", "5"]],
    "qr": [["qr", "150", "--order", ORDER, "--output", "code.png"]],
    "held list": [["held", "list"]],
    "held show": [["held", "show", "HLD-nobody"]],
    "held read-again": [["held", "read-again"]],
    "held done": [["held", "done", "HLD-nobody", "--by", "Wanjiku", "--reason", "seen on the statement"]],
    "ledger begin": [["ledger", "begin", "--reason", "nothing is missing"]],
    "ledger move": [["ledger", "move", "postgresql://mpesa@127.0.0.1:1/shop"]],
    "resolve": [["resolve", ORDER, "failed", "--reason", "not on the statement", "--by", "Wanjiku"]],
    "pull-register": [["pull-register", "--nominated", PHONE]],
    "order add": [["order", "add", "known-1", "100"]],
    "token issue": [["token", "issue", "--scope", "payments:read", "--name", "shop"]],
    "token list": [["token", "list"]],
    "token revoke": [["token", "revoke", "TOK-NOBODY"]],
    "owner pair": [["owner", "pair"]],
    "owner list": [["owner", "list"]],
    "owner revoke": [["owner", "revoke", "VWR-NOBODY"]],
    "export": [["export", "HOME/canary.csv"]],
    "refund": [["refund", ORDER, "--reason", "the goods came back"]],
    "pay": [["pay", PHONE, "100", "--for", "wages", "--reason", "wages of November"]],
    "payouts": [["payouts"], ["payouts", "wages"]],
    "approve": [["approve", "REQ-nobody"]],
    "operator list": [["operator", "list"]],
    "operator set": [["operator", "set", "Wanjiku"]],
    "operator remove": [["operator", "remove", "Wanjiku"]],
    "simulator scenarios": [["simulator", "scenarios"]],
    "simulator clock": [["simulator", "clock", "+1"]],
    "simulator certificate": [["simulator", "certificate"]],
    "simulator statement": [["simulator", "statement"]],
    "simulator reverse": [["simulator", "reverse", "UKO4Q7X81C"]],
}
# These are tested below: what they print or take is a secret on purpose, or they run until they are stopped.
APART = {"c2b-register", "counter", "secrets set", "listen", "simulator serve"}
WITHOUT_V = {"explain", "token issue", "token list", "token revoke", "owner pair",
             "owner list", "owner revoke", "trigger", "help", "secrets list",
             "secrets delete", "simulator scenarios", "simulator clock",
             "simulator certificate", "simulator statement", "simulator reverse"}


@pytest.fixture(autouse=True)
def _short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mpesa_cli.daraja.client.Limits", lambda: QUICK)
    # The shop's public address is an example: nobody is asked about it.
    monkeypatch.setattr("mpesa_cli.upkeep.doctor.network._get", lambda url: f"{url} was not asked")


@pytest.fixture
def watch() -> Watch:
    return Watch()


def placed(shopkeeper: Shopkeeper, url: str, place: str, tmp_path: Path) -> Shopkeeper:
    """A shopkeeper whose secrets are in one of the places for them."""
    certificate = tmp_path / "initiator.cer"
    certificate.write_bytes(CERTIFICATE.certificate())
    environ = {
        "MPESA_ENVIRONMENT": "sandbox", "MPESA_BASE_URL": url, "APP_URL": CALLBACK_BASE,
        "MPESA_INITIATOR_NAME": "testapi", "MPESA_INITIATOR_CERTIFICATE": str(certificate),
    }
    clerk = Shopkeeper(shopkeeper.mpesa, shopkeeper.home, shopkeeper.clock, environ)
    for name, value in SLOTS.items():
        variable = "MPESA_" + name.upper().replace("-", "_")
        if place == "environment":
            environ[variable] = value
        elif place == "files":
            path = tmp_path / f"{name}.secret"
            path.write_text(value)
            path.chmod(0o600)
            environ[variable + "_FILE"] = str(path)
        else:
            stored = clerk.run("secrets", "set", name, "--stdin", "--store", "file", "-P", "env", stdin=value)
            assert stored.status == 0, stored
            assert Watch().in_result(["secrets", "set", name], stored) == []
    return clerk


def every_command(clerk: Shopkeeper, watch: Watch, server: Loopback | None) -> int:
    """Run each command, for people in a pipe, on a terminal and as JSON; returns how many secrets had been sent."""
    for name, argvs in COMMANDS.items():
        for argv in [[word.replace("HOME", str(clerk.home)) for word in each] for each in argvs]:
            loud = [] if name in WITHOUT_V else ["-vv"]
            for more, tty in (([], False), ([], True), (["--json"], False)):
                stdin = f"phone,amount,order\n254712000003,100,batch-{clerk.clock.now}\n" if "--from" in argv else ""
                result = clerk.run(*argv, *loud, *(more if name != "help" else []), tty=tty, stdin=stdin)
                watch.learn(server.seen if server else [])
                assert watch.in_result(argv, result) == []
                assert "Traceback" not in result.stderr
            clerk.clock.advance(130)
    assert watch.in_files(clerk.home) == []
    return len(server.seen) if server else 0


def test_no_command_is_left_out() -> None:
    from mpesa_cli.cli.app import app

    def names(command: Any, prefix: str = "") -> Iterator[str]:
        for name, each in getattr(command, "commands", {}).items():
            if getattr(each, "commands", None):
                yield from names(each, f"{prefix}{name} ")
            else:
                yield prefix + name

    missing = set(names(typer.main.get_command(app))) - set(COMMANDS) - APART
    assert not missing, f"put these into COMMANDS, or say why not: {missing}"


@pytest.mark.parametrize("place", PLACES)
def test_where_all_is_well_no_secret_is_seen(
    shopkeeper: Shopkeeper, tmp_path: Path, watch: Watch, place: str
) -> None:
    query = says(answer(200, payload("stkquery.response.pending-4999.json")))
    with loopback(takes_every_prompt(), oauth=says(token_answer()), stkpushquery=query) as server:
        clerk = placed(shopkeeper, server.url, place, tmp_path)
        assert every_command(clerk, watch, server) > 3
        used = "".join(each.head for each in server.seen)
        assert ACCESS_TOKEN in used, "the canary token was never used, so this proves nothing"
        assert sum("callback token" in name for name in watch.needles) >= 2
        assert any("security credential" in name for name in watch.needles), "nothing was asked with an initiator"


FAULTS: dict[str, tuple[Behaviour, Behaviour]] = {
    "refused by echo": (echoes(400, "json"), says(token_answer())),
    "a gateway that echoes": (echoes(502, "fault"), says(token_answer())),
    "a page that echoes": (echoes(503, "html"), says(token_answer())),
    "a 200 page that echoes": (echoes(200, "html"), says(token_answer())),
    "a no that echoes": (echoes(200, "accepted"), says(token_answer())),
    "wrong credentials, echoed": (says(b"x"), echoes(401, "json")),
    "no token, echoed": (says(b"x"), echoes(500, "json")),
    "a token page that echoes": (says(b"x"), echoes(200, "html")),
    "not HTTP": (says(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), says(token_answer())),
    "reset": (lambda connection, _: reset(connection), says(token_answer())),
    "wrong keys": (says(b"x"), says(answer(400, b""))),
    "token refused": (says(answer(404, payload("stkpush.error.404.invalid-token.json"))), says(token_answer())),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_daraja_does_no_secret_is_seen(
    shopkeeper: Shopkeeper, tmp_path: Path, watch: Watch, fault: str
) -> None:
    behave, oauth = FAULTS[fault]
    others = dict.fromkeys(("stkpushquery", "c2b", "transactionstatus", "pulltransactions"), behave)
    with loopback(behave, oauth=oauth, **others) as server:
        clerk = placed(shopkeeper, server.url, "environment", tmp_path)
        assert every_command(clerk, watch, server) > 2


def test_where_nobody_listens_no_secret_is_seen(shopkeeper: Shopkeeper, tmp_path: Path, watch: Watch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    every_command(placed(shopkeeper, f"http://127.0.0.1:{port}", "environment", tmp_path), watch, None)


@pytest.mark.parametrize("damage", ["ledger", "configuration", "secret file", "base URL"])
def test_what_is_damaged_is_told_without_a_secret(
    shopkeeper: Shopkeeper, daraja: Loopback, tmp_path: Path, watch: Watch, damage: str
) -> None:
    clerk = placed(shopkeeper, daraja.url, "files" if damage == "secret file" else "environment", tmp_path)
    clerk.push()
    if damage == "ledger":
        clerk.ledger_path.write_bytes(b"not a ledger any more" * 500)
    elif damage == "configuration":
        config = clerk.home / "config" / "config.toml"
        config.parent.mkdir(parents=True, exist_ok=True)
        secret = SLOTS["consumer-secret"]
        config.write_text(f'[profile.shop]\nenvironment = "sandbox"\nconsumer_secret = "{secret}"\npasskey = {secret}')
    elif damage == "secret file":
        (tmp_path / "consumer-secret.secret").write_text(SLOTS["consumer-secret"] + "\nand a second line, é\n")
    else:
        host = clerk.environ["MPESA_BASE_URL"].removeprefix("http://")
        credentials = f"{SLOTS['consumer-key']}:{SLOTS['consumer-secret']}"
        clerk.environ = {**clerk.environ, "MPESA_BASE_URL": f"http://{credentials}@{host}"}
    config_file = clerk.home / "config" / "config.toml"
    for argv in (["push", PHONE, "100", "--order", "x", "-vv"], ["status", ORDER, "-vv"], ["config", "check", "-vv"],
                 ["config", "show", "-vv"], ["secrets", "list"]):
        for more in ([], ["--json"]):
            assert watch.in_result(argv, clerk.run(*argv, *more)) == []
    config_file.unlink(missing_ok=True)
    assert watch.in_files(clerk.home) == []


@pytest.mark.parametrize(
    "broken",
    ["mpesa_cli.daraja.client.push_body", "mpesa_cli.daraja.client.read_push_answer",
     "mpesa_cli.daraja.client.query_body", "mpesa_cli.daraja.sign_in.read_token_answer",
     "mpesa_cli.daraja.tracing.answer_line", "mpesa_cli.payments.sending._record_answer"],
)
@pytest.mark.parametrize("debug", ["", "1"])
def test_a_bug_of_ours_shows_no_secret_either(
    shopkeeper: Shopkeeper, daraja: Loopback, tmp_path: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch,
    broken: str, debug: str,
) -> None:
    def bug(*_: object, **__: object) -> None:
        raise RuntimeError("something nobody foresaw")

    clerk = placed(shopkeeper, daraja.url, "environment", tmp_path)
    if "query" in broken:
        clerk.push()
    monkeypatch.setattr(broken, bug)
    clerk.environ = {**clerk.environ, "MPESA_DEBUG": debug}
    argv = ["status", ORDER, "-vv"] if "query" in broken else ["push", PHONE, "100", "--order", ORDER, "-vv"]
    if debug:  # the interpreter prints what comes out
        with pytest.raises(RuntimeError) as raised:
            clerk.run(*argv)
        watch.learn(daraja.seen)
        assert watch.in_text("traceback", "".join(traceback.format_exception(raised.value))) == []
        hung = [str(each) + repr(each) for each in _chain(raised.value)]
        assert watch.in_text("exception", "".join(hung)) == []
    else:
        result = clerk.run(*argv)
        watch.learn(daraja.seen)
        assert result.status == 1
        assert watch.in_result(argv, result) == []
    monkeypatch.undo()
    assert watch.in_files(clerk.home) == []


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def test_registering_c2b_urls_shows_their_secret_only_as_the_result(
    shopkeeper: Shopkeeper, tmp_path: Path, watch: Watch
) -> None:
    done = says(answer(200, b'{"ResponseCode":"0","ResponseDescription":"Success"}'))
    with loopback(oauth=says(token_answer()), c2b=done) as server:
        clerk = placed(shopkeeper, server.url, "environment", tmp_path)
        result = clerk.run("c2b-register", "--json", "-vv")
        assert result.status == 0, result
        assert Watch().in_result(["c2b-register"], result) == []
        watch.learn(server.seen)
        assert watch.in_text("stderr of c2b-register", result.stderr) == []
        assert watch.in_files(clerk.home) == []


def test_a_listener_shows_no_secret_of_its_own_or_of_a_callback(
    shopkeeper: Shopkeeper, daraja: Loopback, tmp_path: Path, watch: Watch
) -> None:
    clerk = placed(shopkeeper, daraja.url, "environment", tmp_path)
    clerk.push()
    watch.learn(daraja.seen)
    token = next(needle for name, needle in watch.needles.items() if "callback token" in name)
    body = payload("stk-callback.success.json")
    with _process(clerk, "listen", "--port", "0", "-vv", "--json") as listening:
        assert listening.stderr
        first = listening.stderr.readline()
        told = [first]
        while "127.0.0.1:" not in told[-1]:
            told.append(listening.stderr.readline())
            assert told[-1], told
        port = int(told[-1].split("127.0.0.1:")[1].split("/")[0].split()[0].rstrip("."))
        for path in (f"/hooks/stk/{token}", f"/hooks/{SLOTS['c2b-secret']}/c2b/confirmation", "/hooks/stk/" + "0" * 32):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
                head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
                client.sendall(head.encode() + body)
                while client.recv(4096):
                    pass
        listening.terminate()
        out, err = listening.communicate(timeout=20)
    assert listening.returncode == 0, err
    assert watch.in_text("the listener's output", out + "".join(told) + err) == []
    assert watch.in_files(clerk.home) == []


def test_the_real_process_shows_no_secret_in_a_pipe(
    shopkeeper: Shopkeeper, daraja: Loopback, tmp_path: Path, watch: Watch
) -> None:
    clerk = placed(shopkeeper, daraja.url, "environment", tmp_path)
    for argv in (["push", PHONE, "100", "--order", ORDER, "--no-wait", "-vv", "--json"], ["status", ORDER, "-vv"]):
        with _process(clerk, *argv) as process:
            out, err = process.communicate(timeout=30)
        watch.learn(daraja.seen)
        assert "→ POST" in err, "no exchange was traced, so this proves nothing"
        assert watch.in_text(" ".join(argv), out + err) == []
    assert json.loads(clerk.status("--no-refresh").stdout)["status"] == "pending"
    assert watch.in_files(clerk.home) == []


@contextlib.contextmanager
def _process(clerk: Shopkeeper, *argv: str) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-m", "mpesa_cli", *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, **clerk.environ, "MPESA_HOME": str(clerk.home)},
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
