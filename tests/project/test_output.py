"""What every command promises about its streams: one JSON document, results on stdout, words on stderr, a status."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mpesa_cli.floor.errors import ExitStatus

Run = Callable[..., Any]

PAID = ("push", "254708374149", "100", "--order", "demo-1")
ERROR_FIELDS = {"code", "message", "hint", "money_moved", "retry_safe"}
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def demo(mpesa: Run) -> None:
    """One paid order in the ledger."""
    assert mpesa(*PAID).status == 0


def nobody_listens() -> dict[str, str]:
    """A profile made of the environment whose Daraja refuses every connection."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    return {
        "MPESA_ENVIRONMENT": "sandbox", "MPESA_BASE_URL": f"http://127.0.0.1:{port}", "MPESA_CONSUMER_KEY": "k",
        "MPESA_CONSUMER_SECRET": "s", "APP_URL": "https://pay.example.co.ke",
    }


@pytest.mark.parametrize(
    "argv",
    [
        ("push", "254708374149", "100", "--order", "demo-2"),
        ("push", "254708374149", "100", "--order", "demo-3", "--no-wait"),
        ("push", "254708374149", "100", "--dry-run"),
        ("status", "demo-1"),
        ("log", "demo-1"),
        ("explain", "1032"),
        ("config", "show"),
        ("secrets", "list"),
        ("simulator", "scenarios"),
    ],
)
def test_json_is_exactly_one_document_on_stdout(demo: None, mpesa: Run, clock: Any, argv: tuple[str, ...]) -> None:
    clock.advance(300)  # the phone has rested from its last prompt
    result = mpesa(*argv, "--json")
    assert result.status == 0
    assert json.loads(result.stdout)
    assert not COLOUR.search(result.stdout)


FAILURES = [
    (("push", "254708374149"), {}, "usage", ExitStatus.USAGE),
    (("push", "254708374149", "100", "--nosuch"), {}, "usage", ExitStatus.USAGE),
    (("push", "254708374149", "1.5"), {}, None, ExitStatus.USAGE),
    (("push", "1500", "254708374149"), {}, "swapped", ExitStatus.USAGE),
    (("nosuch",), {}, "usage", ExitStatus.USAGE),
    (("status", "nosuch"), {}, "not-found", ExitStatus.USAGE),
    (("push", "254708374149", "150", "--order", "demo-1"), {}, None, ExitStatus.CONFLICT),
    (("status", "demo-1", "-P", "nosuch"), {}, None, ExitStatus.CONFIGURATION),
    (("push", "254708374149", "1", "--order", "x"), nobody_listens, "not-delivered", ExitStatus.TEMPORARY),
]


@pytest.mark.parametrize(("argv", "env", "code", "status"), FAILURES)
def test_a_failure_with_json_is_one_document_too(
    demo: None, mpesa: Run, argv: tuple[str, ...], env: Any, code: str | None, status: ExitStatus
) -> None:
    result = mpesa(*argv, "--json", env=env() if env else {})
    document = json.loads(result.stdout)
    assert set(document) == {"error"}
    assert set(document["error"]) == ERROR_FIELDS
    assert document["error"]["money_moved"] in {"no", "yes", "unknown"}
    assert re.fullmatch(r"[a-z0-9-]+", document["error"]["code"])
    assert document["error"]["code"] == (code or document["error"]["code"])
    assert document["error"]["hint"]
    assert result.status == status


@pytest.mark.parametrize(("argv", "env", "code", "status"), FAILURES)
def test_a_failure_without_json_is_words_on_stderr_and_nothing_on_stdout(
    demo: None, mpesa: Run, argv: tuple[str, ...], env: Any, code: str | None, status: ExitStatus
) -> None:
    result = mpesa(*argv, env=env() if env else {})
    assert (result.status, result.stdout) == (status, "")
    assert result.stderr.count("mpesa: ") == 1
    assert "Traceback" not in result.stderr


def test_our_own_mistake_is_one_document_that_does_not_claim_to_know(
    mpesa: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a canary 254708374149 that no message may carry")

    monkeypatch.setattr("mpesa_cli.runtime.Runtime.profile", broken)
    result = mpesa("status", "demo-1", "--json")
    error = json.loads(result.stdout)["error"]
    assert (result.status, error["code"], error["money_moved"]) == (1, "bug", "unknown")
    assert "ZeroDivisionError" in error["message"]
    assert "canary" not in result.stdout + result.stderr
    in_words = mpesa("status", "demo-1")
    assert (in_words.status, in_words.stdout) == (1, "")
    assert "Traceback" not in in_words.stderr


def test_the_result_is_on_stdout_and_the_words_about_the_work_are_not(mpesa: Run) -> None:
    result = mpesa(*PAID)
    assert "status\tpaid" in result.stdout.splitlines()
    assert "SIMULATOR" in result.stderr
    assert "Asking" in result.stderr
    assert "Asking" not in result.stdout
    quiet = mpesa("status", "demo-1", "-q")
    assert quiet.stdout == result.stdout
    assert quiet.stderr == ""


def test_quiet_silences_no_error(mpesa: Run) -> None:
    assert "nosuch" in mpesa("status", "nosuch", "-q").stderr


def test_options_may_stand_anywhere_after_the_command(demo: None, mpesa: Run) -> None:
    assert mpesa("status", "--json", "demo-1").stdout == mpesa("status", "demo-1", "--json").stdout


def test_a_reader_that_goes_away_is_no_error(cli: Run, home: Path) -> None:
    for argv in (["help", "result-codes"], ["simulator", "scenarios"], ["--help"], ["explain", "1032", "--json"]):
        reading, writing = os.pipe()
        os.close(reading)
        try:
            done = subprocess.run(
                [sys.executable, "-m", "mpesa_cli", *argv], stdout=writing, stderr=subprocess.PIPE, text=True,
                check=False, env={**os.environ, "MPESA_HOME": str(home)}, timeout=60,
            )
        finally:
            os.close(writing)
        assert done.returncode == 0, argv
        assert "Traceback" not in done.stderr
        assert "Broken pipe" not in done.stderr
        assert "BrokenPipe" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's disk that is always full")
@pytest.mark.parametrize("argv", [["history"], ["audit", "head", "--json"], ["status", "nosuch", "--json"]])
def test_a_result_that_can_not_be_written_is_said_in_words(cli: Run, home: Path, argv: list[str]) -> None:
    assert cli(*PAID).status == 0
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "mpesa_cli", *argv], stdout=full, stderr=subprocess.PIPE, text=True, check=False,
            env={**os.environ, "MPESA_HOME": str(home)}, timeout=60,
        )
    expected = (2, "No payment 'nosuch'") if "nosuch" in argv else (1, "could not be written to standard output")
    assert (done.returncode, expected[1] in done.stderr) == (expected[0], True), done.stderr
    assert "Traceback" not in done.stderr
    assert "does not know" not in done.stderr


def test_a_stdout_that_was_never_open_is_no_error(home: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", 'exec "$0" -m mpesa_cli explain 1032 >&-', sys.executable],
        capture_output=True, text=True, check=False, env={**os.environ, "MPESA_HOME": str(home)}, timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert "Traceback" not in done.stderr


def test_colour_follows_no_color_then_force_color_then_the_terminal(demo: None, mpesa: Run) -> None:
    look = ("status", "demo-1", "--no-refresh")
    on_terminal = mpesa(*look, tty=True)
    assert COLOUR.search(on_terminal.stdout)
    assert "PAID" in on_terminal.stdout
    for env in ({"NO_COLOR": "1"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, {"TERM": "dumb"}):
        plain = mpesa(*look, tty=True, env=env).stdout
        assert not COLOUR.search(plain), env
        assert plain == COLOUR.sub("", on_terminal.stdout)
    assert not COLOUR.search(mpesa(*look).stdout)
    assert COLOUR.search(mpesa(*look, tty=True, env={"NO_COLOR": ""}).stdout)


def test_a_pipe_gets_no_escapes_whatever_the_environment_says(demo: None, mpesa: Run) -> None:
    for argv in (("status", "demo-1"), ("simulator", "scenarios"), ("config", "show"), ("explain", "1032")):
        result = mpesa(*argv, env={"NO_COLOR": "1", "FORCE_COLOR": "1"})
        assert "\x1b" not in result.stdout + result.stderr, argv


def test_a_terminal_can_be_forced_for_screenshots(demo: None, mpesa: Run) -> None:
    plain = mpesa("status", "demo-1", env={"NO_COLOR": "1"})
    forced = mpesa("status", "demo-1", env={"NO_COLOR": "1", "MPESA_FORCE_TTY": "1"})
    assert plain.stdout.startswith("status\t")
    assert forced.stdout.startswith("PAID KES 100")
    assert "SIMULATOR" in forced.stdout


def test_a_pipe_gets_whole_values(mpesa: Run) -> None:
    """Never cut to the width of a terminal that is not there."""
    rows = mpesa("simulator", "scenarios", columns="20").stdout.splitlines()
    assert rows == mpesa("simulator", "scenarios", columns="400").stdout.splitlines()
    assert not [row for row in rows if row.endswith("…")]


@pytest.mark.parametrize(("typed", "meant"), [("pusj", "push"), ("statu", "status"), ("explian", "explain")])
def test_a_mistyped_command_is_answered_with_the_likely_one(mpesa: Run, typed: str, meant: str) -> None:
    result = mpesa(typed)
    assert (result.status, result.stdout) == (2, "")
    assert f"'{meant}'" in result.stderr


def test_mpesa_alone_helps(cli: Run) -> None:
    alone, help_ = cli(), cli("--help")
    assert (alone.status, alone.stderr) == (0, "")
    assert "Examples:" in help_.stdout
    assert "mpesa push 254708374149 100 --order demo-1" in alone.stdout


def test_mpesa_alone_fits_a_screen_with_a_line_a_command_and_names_every_other(cli: Run) -> None:
    from mpesa_cli.cli.tree import DAILY, ENTRIES

    lines = cli().stdout.splitlines()
    assert len(lines) < 24
    assert max(map(len, lines)) <= 80
    named = [line.split()[0] for line in lines if line.startswith("  ")]
    assert [name for name in named if name in DAILY] == list(DAILY)
    more = " ".join(lines).partition("More: ")[2].split()
    assert set(ENTRIES) <= {*DAILY, *more}


def test_the_version_is_the_packages(cli: Run) -> None:
    result = cli("--version")
    assert (result.status, result.stderr) == (0, "")
    assert re.fullmatch(r"mpesa \d+\.\d+\.\d+\S*\n", result.stdout)


def test_the_status_says_how_it_went(mpesa: Run, clock: Any) -> None:
    ends = {
        "254708374149": ExitStatus.DONE,
        "254700001032": ExitStatus.FINAL_NO,
        "254711111111": ExitStatus.FINAL_NO,
    }
    for number, (msisdn, status) in enumerate(ends.items()):
        order = f"order-{number}"
        assert mpesa("push", msisdn, "100", "--order", order).status == status
        assert mpesa("status", order).status == status
        clock.advance(300)
    assert mpesa("push", "254700001037", "100", "--order", "open", "--no-wait").status == ExitStatus.DONE
    assert mpesa("status", "open", "--no-refresh").status == ExitStatus.PENDING
