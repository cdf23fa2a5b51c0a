"""Every wait says what it waits for, and long work how far it has come; in a pipe a bar is nothing at all."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from mpesa_cli.floor.files.lock import take_lock
from mpesa_cli.floor.files.shared_file import SharedFile
from mpesa_cli.floor.progress import passed_on
from mpesa_cli.floor.secret import Secret
from mpesa_cli.floor.world import World
from mpesa_cli.terminal.progress import bar_words

Run = Callable[..., Any]
OUTSIDE = {
    "MPESA_BASE_URL": "https://sandbox.safaricom.co.ke", "MPESA_CONSUMER_KEY": "k", "MPESA_CONSUMER_SECRET": "s",
    "MPESA_CALLBACK_BASE_URL": "https://shop.example/cb",
}


def no_network(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("Temporary failure in name resolution", request=request)


def no_push(request: httpx.Request) -> httpx.Response:
    if request.url.path.startswith("/oauth"):
        return httpx.Response(200, json={"access_token": "t" * 28, "expires_in": "3599"})
    return no_network(request)


@pytest.mark.parametrize("serve", [no_network, no_push])
def test_without_a_network_each_try_is_told_with_its_number(mpesa: Run, serve: Callable[..., Any]) -> None:
    pushed = mpesa(
        "push", "0712345678", "150", "--order", "A1", env=OUTSIDE, transport=httpx.MockTransport(serve)
    )
    assert pushed.status == 5
    assert re.findall(r"trying again in \d+ s, (\d of 5)", pushed.stderr) == ["2 of 5", "3 of 5", "4 of 5", "5 of 5"]
    assert "Nothing was sent to any phone" in pushed.stderr or "Nothing was charged" in pushed.stderr


def test_a_wait_for_another_process_that_fetches_the_token_is_told(tmp_path: Path, clock: Any) -> None:
    said: list[str] = []
    file = SharedFile(tmp_path, "token", Secret("k"), "host", World(clock.now_us, clock.sleep, tell=said.append))
    with file.locked(5, "Another mpesa is fetching the access token") as is_held:
        assert is_held
    assert said == []
    held = take_lock(next(tmp_path.glob("*.lock")))
    assert held is not None
    with file.locked(5, "Another mpesa is fetching the access token") as is_held:
        assert not is_held
    assert said == ["Another mpesa is fetching the access token: waiting for it, 5 s at most."]


@pytest.fixture
def lived(mpesa: Run) -> None:
    for order in ("A1", "A2"):
        assert mpesa("push", "254708374149", "150", "--order", order, "--wait-turn", "-q").status == 0


@pytest.mark.parametrize(("argv", "what"), [
    ("audit verify", ["Proving the journal", "Proving payments"]),
    ("doctor --whole", ["Proving the journal"]),
    ("backup {}/copy.db", ["Copying", "Proving the journal"]),
    ("export {}/all.csv", ["Adding up", "Writing"]),
    ("export {}/all.xlsx", ["Adding up", "Writing"]),
    ("reconcile --statement {}/s.csv", ["Reading s.csv", "Comparing with the ledger"]),
])
def test_long_work_shows_how_far_it_has_come_and_takes_the_line_away(
    lived: None, mpesa: Run, tmp_path: Path, argv: str, what: list[str]
) -> None:
    if "s.csv" in argv:
        assert mpesa("simulator", "statement", "--output", str(tmp_path / "s.csv")).status == 0
    drawn = mpesa(*argv.format(tmp_path).split(), tty=True)
    for words in what:
        assert words in drawn.stderr, drawn
    left = drawn.stderr.split("\r\x1b[K")[-1]
    assert not [words for words in what if words in left]
    (tmp_path / "again").mkdir()
    piped = mpesa(*(argv if "s.csv" in argv else argv.replace("{}", "{}/again")).format(tmp_path).split())
    assert piped.status == 0
    assert not [words for words in what if words in piped.stderr]


def test_a_restore_shows_how_far_it_has_come(lived: None, mpesa: Run, home: Path, tmp_path: Path) -> None:
    assert mpesa("backup", str(tmp_path / "copy.db")).status == 0
    for each in (home / "data").glob("*.db*"):
        each.unlink()
    shown = mpesa("restore", str(tmp_path / "copy.db"), tty=True)
    assert "Copying" in shown.stderr
    assert "Proving payments" in shown.stderr


@pytest.mark.parametrize(("language", "line"), [
    ("en", r"Waiting for M-PESA's result …  (\d+) s left"), ("sw", r"Tunasubiri jibu la M-PESA …  sek (\d+) zimebaki"),
])
def test_a_question_to_mpesa_counts_the_seconds_down(mpesa: Run, language: str, line: str) -> None:
    shown = mpesa("verify", "UKO4Q7WX2B", "--order", "A1", tty=True, env={"MPESA_LANGUAGE": language}).stderr
    seconds = [int(each) for each in re.findall(line, shown)]
    assert seconds
    assert seconds == sorted(seconds, reverse=True)


def test_a_bar_fills_and_counts() -> None:
    assert bar_words("Asking", 0, 10) == "Asking ──────────────────── 0/10"
    assert bar_words("Asking", 5, 10) == "Asking ━━━━━━━━━━────────── 5/10"
    assert bar_words("Reading", 12_000, 0) == "Reading 12,000"
    heard: list[tuple[str, int, int]] = []
    assert len(list(passed_on(range(2_001), lambda *each: heard.append(each), "rows", 2_001))) == 2_001
    assert heard == [("rows", 0, 2_001), ("rows", 1_000, 2_001), ("rows", 2_000, 2_001)]


def test_json_on_a_terminal_is_one_document_beside_its_bar(lived: None, mpesa: Run) -> None:
    assert json.loads(mpesa("audit", "verify", "--json", tty=True).stdout)["whole"] is True
