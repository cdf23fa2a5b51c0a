"""What a command may import: a Tab, --help and a look at the ledger must feel instant."""

import ast
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import mpesa_cli
from mpesa_cli.floor import collection
from mpesa_cli.floor.errors import ExitStatus

Run = Callable[..., Any]

NETWORK = {"httpx", "httpcore", "starlette", "uvicorn", "h11", "ssl", "http.server", "http.client"}
HEAVY = NETWORK | {"keyring", "tenacity", "rich", "asyncio", "sqlite_utils", "pydantic", "markdown_it",
                   "jwt", "cryptography", "tomlkit", "textual"}
DATABASE = {"sqlite3", "sqlite_utils"}
# Our own rooms that help and a Tab have no business in: each costs milliseconds.
ROOMS = {
    f"mpesa_cli.{room}" for room in (
        "daraja", "ledger", "payments", "listener", "books", "sms", "receipts", "initiator", "batch", "held", "upkeep",
        "api", "simulator", "board", "counter", "floor.wire", "rules.state", "rules.evidence", "rules.codes",
        "settings.profile", "settings.model",
    )
}
# What only a write needs, a file of settings, or an erasure: OpenSSL alone is 3 ms.
WRITING = {
    "hashlib", "hmac", "tomllib", "mpesa_cli.rules.staging", "mpesa_cli.rules.restored", "mpesa_cli.rules.held_facts",
    *(f"mpesa_cli.ledger.{name}" for name in ("writes", "row_writes", "journal", "seen", "staged_rows")),
}
# What only a push needs that waits, a trace, or an answer with broken numbers.
WAITING = {
    "decimal", "mpesa_cli.daraja.callbacks", "mpesa_cli.daraja.tracing", "mpesa_cli.rules.held_facts",
    *(f"mpesa_cli.payments.{name}" for name in ("wait", "settle", "holding", "each_alone", "ask")),
}
NOBODY_ANSWERS = {
    "MPESA_ENVIRONMENT": "sandbox", "MPESA_BASE_URL": "http://127.0.0.1:9", "MPESA_CONSUMER_KEY": "k",
    "MPESA_CONSUMER_SECRET": "s", "MPESA_CALLBACK_BASE_URL": "https://pay.example.co.ke",
}
TAB = {"_MPESA_COMPLETE": "complete_bash", "COMP_WORDS": "mpesa pu", "COMP_CWORD": "1"}
TAB_OPTION = {"_MPESA_COMPLETE": "complete_bash", "COMP_WORDS": "mpesa push --no-w", "COMP_CWORD": "2"}

REPORT = """
import atexit, json, pathlib, sys
report = pathlib.Path(sys.argv.pop())
atexit.register(lambda: report.write_text(json.dumps(sorted(sys.modules))))
from mpesa_cli.start import entry_point
entry_point()
"""

COLLECTING = """
import atexit, gc, json, pathlib, sys
report = pathlib.Path(sys.argv.pop())
atexit.register(lambda: report.write_text(json.dumps([gc.get_threshold(), gc.get_freeze_count() > 0])))
from mpesa_cli.start import entry_point
entry_point()
"""
PACKAGE = Path(mpesa_cli.__file__).parent


@pytest.fixture
def imported_by(home: Path, tmp_path: Path) -> Callable[..., set[str]]:
    """Run the real entry point in a process of its own and say which modules it had when it ended."""

    def run(
        *argv: str, env: Mapping[str, str] | None = None, status: int = 0, stdout: str = "", stderr: str = ""
    ) -> set[str]:
        report = tmp_path / "modules.json"
        done = subprocess.run(
            [sys.executable, "-c", REPORT, *argv, str(report)],
            capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=60,
            env={**os.environ, "MPESA_HOME": str(home), **(env or {})},
        )
        assert (done.returncode, stderr in done.stderr if stderr else done.stderr == "") == (status, True), done.stderr
        assert stdout in done.stdout
        return set(json.loads(report.read_text(encoding="utf-8")))

    return run


def test_help_and_a_tab_import_nothing_heavy(imported_by: Callable[..., set[str]]) -> None:
    for argv, env, stdout in [
        (["--help"], {}, "Take payments"),
        ([], {}, "Try it:"),
        (["push", "--help"], {}, "mpesa push 0712345678 1500"),
        (["status", "-h"], {}, "--no-refresh"),
        ([], TAB, "push"),
        ([], TAB_OPTION, "--no-wait"),
    ]:
        modules = imported_by(*argv, env=env, stdout=stdout)
        assert modules & (HEAVY | DATABASE | ROOMS) == set(), (argv, env)


def test_a_code_is_explained_without_network_database_or_colour(imported_by: Callable[..., set[str]]) -> None:
    modules = imported_by("explain", "1032", stdout="cancel")
    assert modules & (HEAVY | DATABASE | {"mpesa_cli.ledger", "mpesa_cli.payments"}) == set()


def test_a_look_at_the_ledger_loads_no_network_and_no_sqlite_utils(
    imported_by: Callable[..., set[str]], mpesa: Run
) -> None:
    assert mpesa("push", "254708374149", "100", "--order", "demo-1", "-q").status == 0
    for look in (["status", "demo-1", "--no-refresh", "-q"], ["log", "demo-1", "-q"]):
        modules = imported_by(*look)
        assert "sqlite3" in modules
        assert modules & (HEAVY | {"socket"}) == set(), look


def test_a_look_at_the_ledger_loads_nothing_of_how_it_is_written(
    imported_by: Callable[..., set[str]], mpesa: Run
) -> None:
    assert mpesa("push", "254708374149", "100", "--order", "demo-1", "-q").status == 0
    for look in (["status", "demo-1", "--no-refresh", "-q"], ["history", "-q"]):
        modules = imported_by(*look)
        assert "mpesa_cli.ledger.reads" in modules
        assert modules & WRITING == set(), look


def test_the_guard_sees_what_it_forbids(imported_by: Callable[..., set[str]], home: Path) -> None:
    """The test of the test: a push does load the network, the database and their rooms."""
    modules = imported_by("push", "254708374149", "100", "--order", "demo-1", "--no-wait", "-q")
    assert {"httpcore", "sqlite3", "mpesa_cli.ledger", "mpesa_cli.payments"} <= modules
    assert WRITING - {"tomllib"} - modules <= {"mpesa_cli.rules.held_facts"}  # these a push does need
    assert (home / "data").is_dir()


def test_a_push_loads_nothing_of_how_its_answer_is_waited_for(imported_by: Callable[..., set[str]]) -> None:
    imported_by("order", "add", "demo-1", "100", "-q", env=NOBODY_ANSWERS)  # it makes the ledger, which needs more
    modules = imported_by("push", "254708374149", "100", "--order", "demo-1", "--no-wait", "-q",
                          env=NOBODY_ANSWERS, status=ExitStatus.TEMPORARY, stderr="refused the connection")
    assert {"mpesa_cli.floor.wire.http", "mpesa_cli.payments.sending"} <= modules
    assert modules & WAITING == set()


def test_every_dataclass_is_made_by_the_quick_decorator() -> None:
    """The standard library's takes 0.4 ms each; `from mpesa_cli.floor.records import dataclass` behaves the same."""
    slow = [
        str(path.relative_to(PACKAGE)) for path in sorted(PACKAGE.rglob("*.py")) if path.name != "records.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.ImportFrom) and node.module == "dataclasses"
            and "dataclass" in {name.name for name in node.names})
        or (isinstance(node, ast.Attribute) and ast.unparse(node) == "dataclasses.dataclass")
    ]
    assert slow == []


def test_garbage_is_collected_seldom_while_a_command_starts_and_not_at_its_end(home: Path, tmp_path: Path) -> None:
    report = tmp_path / "collecting.json"
    subprocess.run([sys.executable, "-c", COLLECTING, "history", "-q", str(report)], check=True, timeout=60,
                   capture_output=True, env={**os.environ, "MPESA_HOME": str(home)})
    (first, *_), spared = json.loads(report.read_text(encoding="utf-8"))
    assert (first, spared) == (collection.STARTING, True)


@pytest.mark.parametrize("argv", [["listen", "--port", "0"], ["simulator", "serve", "--port", "0"]])
def test_what_serves_for_hours_collects_garbage_as_usual(home: Path, tmp_path: Path, argv: list[str]) -> None:
    report = tmp_path / "collecting.json"
    serving = subprocess.Popen(
        [sys.executable, "-c", COLLECTING, *argv, str(report)], text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        env={**os.environ, "MPESA_HOME": str(home), "MPESA_WEBHOOK_SECRET": "whsec_" + "a" * 44},
    )
    with serving:
        assert serving.stderr is not None
        said = []
        while not said or ("Listening on " not in said[-1] and "http://127.0.0.1" not in said[-1]):
            said.append(serving.stderr.readline())
            assert said[-1], said
        serving.send_signal(signal.SIGTERM)
        serving.stderr.read()
    threshold, _ = json.loads(report.read_text(encoding="utf-8"))
    assert tuple(threshold) == collection.USUAL
