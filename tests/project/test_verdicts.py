"""A command's exit status is its verdict, whatever becomes of what it prints; and what it says of money is known."""

import errno
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mpesa_cli.floor.errors import MpesaError

PAYS, CANCELS, LOST = "254708374149", "254700001032", "254722200017"


class ClosedPipe(io.StringIO):
    """A stdout whose reader has gone."""

    def write(self, _: str) -> int:
        raise BrokenPipeError


class FullDevice(io.StringIO):
    """A stdout that takes nothing more."""

    def write(self, _: str) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


VERDICTS = (
    (0, ("status", "paid")),
    (3, ("status", "cancelled")),
    (6, ("status", "lost", "--no-refresh", "--json")),
    (3, ("push", "254700002001", "100", "--order", "new", "--timeout", "60")),
    (0, ("push", "254722200003", "100", "--order", "newer", "--timeout", "60")),
    (9, ("push", PAYS, "100", "--order", "paid")),
    (3, ("retry", "cancelled", "--timeout", "60")),
    (9, ("retry", "paid", "--json")),
    (9, ("receipt", "cancelled")),
    (0, ("receipt", "paid")),
    (7, ("reconcile",)),
    (3, ("verify", "UKO0000000", "--json")),
    (2, ("status", "nobody")),
)


@pytest.fixture
def shop(mpesa: Callable[..., Any], clock: Any, home: Path) -> Callable[..., Any]:
    """A ledger with a payment of each kind, one row of whose journal was changed."""
    for order, phone in (("paid", PAYS), ("cancelled", CANCELS), ("lost", LOST)):
        mpesa("push", phone, "100", "--order", order, "--timeout", "30")
        clock.advance(130)
    return mpesa


def damaged(home: Path) -> None:
    """One row of the journal says something else than it did."""
    import sqlite3

    (path,) = home.rglob("*.db")
    with sqlite3.connect(path) as raw:
        raw.execute("DROP TRIGGER journal_is_append_only_u")
        raw.execute("UPDATE journal SET facts = replace(facts, '10000', '10001') WHERE seq = 1")
    raw.close()


def test_a_verdict_is_the_exit_status_also_where_nobody_reads_stdout(shop: Callable[..., Any], home: Path) -> None:
    assert [(shop(*argv, stdout=ClosedPipe()).status, argv) for _, argv in VERDICTS] == list(VERDICTS)
    damaged(home)
    assert [shop(*argv, stdout=ClosedPipe()).status for argv in (("audit", "verify"), ("doctor",))] == [7, 7]


def test_a_full_device_takes_no_verdict_away_and_makes_a_failure_of_what_it_swallowed(
    shop: Callable[..., Any], home: Path
) -> None:
    for verdict, argv in VERDICTS[:3]:
        done = shop(*argv, stdout=FullDevice())
        assert done.status == (verdict or 1)
        assert done.stderr.count("could not be written") == 1
    refused = shop("push", PAYS, "100", "--order", "paid", stdout=FullDevice())
    assert (refused.status, "already paid" in refused.stderr) == (9, True)
    assert "already paid" in shop("push", PAYS, "100", "--order", "paid", "--json", stdout=FullDevice()).stderr
    damaged(home)
    assert shop("audit", "verify", stdout=FullDevice()).status == 7


def test_a_list_ends_quietly_with_its_reader_and_fails_on_a_full_device(shop: Callable[..., Any]) -> None:
    for argv in (("history",), ("history", "--json"), ("log", "paid"), ("log", "paid", "--json")):
        gone = shop(*argv, stdout=ClosedPipe())
        assert (gone.status, gone.stderr) == (0, "")
        full = shop(*argv, stdout=FullDevice())
        assert full.status == 1
        assert full.stderr.count("could not be written") == 1
        assert "Money" not in full.stderr


def test_a_push_into_a_closed_pipe_tells_a_real_shell_that_it_was_not_paid(home: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "mpesa_cli", "push", "254722200030", "100", "--order", "1"],
        stdout=writing, stderr=subprocess.PIPE, text=True, check=False, env={**os.environ, "MPESA_HOME": str(home)},
    )
    os.close(writing)
    assert done.returncode == 3, done.stderr
    assert "BrokenPipe" not in done.stderr


NOT_LOOKED = (
    ("status", "nobody"), ("log",), ("receipt", "nobody"), ("log", "nobody"), ("history", "--since", "never"),
    ("verify", "?"), ("explain", "?"), ("backup", "/"), ("reconcile", "--statement", "/nowhere.csv"),
    ("resolve", "nobody", "paid", "--reason", "x"), ("status", "paid", "-P", "nobody"), ("restore", "/nowhere.db"),
)


def test_what_was_not_looked_at_is_unknown_to_a_program_and_not_spoken_of_to_a_person(
    shop: Callable[..., Any]
) -> None:
    for argv in NOT_LOOKED:
        told = shop(*argv, "--json")
        assert json.loads(told.stdout)["error"]["money_moved"] == "unknown", argv
        said = shop(*argv)
        assert said.status == told.status != 0
        assert "charged" not in said.stderr, argv
        assert "Money" not in said.stderr, argv


def test_a_command_that_asks_for_money_says_no_where_nothing_has_left(mpesa: Callable[..., Any]) -> None:
    for argv in (
        ("push",), ("push", "12", "100"), ("push", PAYS, "-5"), ("push", PAYS, "100", "-P", "nobody"),
        ("push", "--form"), ("retry", "nobody"), ("push", "--from", "/nowhere.csv"),
    ):
        assert json.loads(mpesa(*argv, "--json").stdout)["error"]["money_moved"] == "no", argv


def test_a_ledger_that_fails_once_a_prompt_is_out_makes_no_no_of_it(
    mpesa: Callable[..., Any], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mpesa_cli.floor.errors import LedgerBusy
    from mpesa_cli.payments import wait

    def busy(*_: object) -> None:
        raise LedgerBusy("The ledger is locked.", hint="Try again: mpesa status 1")

    monkeypatch.setattr(wait, "look", busy)
    told = mpesa("push", PAYS, "100", "--order", "1", "--json")
    assert (told.status, json.loads(told.stdout)["error"]["money_moved"]) == (5, "unknown")
    assert "Money may have moved." in mpesa("push", PAYS, "100", "--order", "1").stderr


def test_a_look_at_an_earlier_prompt_that_fails_says_nothing_of_what_became_of_it(
    mpesa: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from mpesa_cli.floor.errors import LedgerBusy
    from mpesa_cli.payments import wait

    mpesa("push", PAYS, "100", "--order", "1", "--no-wait")

    def busy(*_: object) -> None:
        raise LedgerBusy("The ledger is locked.", hint="Try again: mpesa status 1")

    monkeypatch.setattr(wait, "apply_unread", busy)
    for argv in (("push", PAYS, "100", "--order", "1"), ("retry", "1"), ("retry", "1", "--max-attempts", "2")):
        told = mpesa(*argv, "--json")
        assert (told.status, json.loads(told.stdout)["error"]["money_moved"]) == (5, "unknown"), argv
        said = mpesa(*argv).stderr
        assert "Money may have moved." in said, argv
        assert "Nothing was charged" not in said, argv


def errors(of: type[MpesaError] = MpesaError) -> set[type[MpesaError]]:
    """Every kind of error that there is."""
    return {of}.union(*(errors(each) for each in of.__subclasses__()))


def test_no_kind_of_error_says_by_itself_that_no_money_moved() -> None:
    """Only a command that asked for nothing yet can, or an error that was raised on what the ledger holds."""
    assert {each.__name__ for each in errors() if each.money_moved == "no"} == set()
