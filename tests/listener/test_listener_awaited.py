"""A ledger that was away and is wrong once it is there: told once, what comes is kept, and no other till is stopped."""

import io
from types import SimpleNamespace
from typing import Any

import pytest

from mpesa_cli.cli.listener.each_profile import AwaitedLedger
from mpesa_cli.floor.errors import LedgerBusy, LedgerUnusable
from mpesa_cli.terminal.streams import Streams

WRONG = LedgerUnusable("The ledger is another till's.", hint="See: mpesa doctor", code="ledger-other-till")
AWAY = LedgerBusy("The database is away.", hint="Wait")


def opener(*ends: Any) -> tuple[AwaitedLedger, io.StringIO]:
    """A ledger whose openings end like this, one after the other; and what was said on stderr."""
    left, said = list(ends), io.StringIO()

    def new_ledger(_: object) -> Any:
        end = left.pop(0)
        if isinstance(end, Exception):
            raise end
        return end

    streams = Streams(stdin=io.StringIO(), stdout=io.StringIO(), stderr=said, environ={})
    runtime = SimpleNamespace(new_ledger=new_ledger, streams=streams)
    return AwaitedLedger(runtime, SimpleNamespace(name="ngong")), said  # type: ignore[arg-type]


def test_what_is_wrong_at_once_stops_the_listener_before_it_starts() -> None:
    opened, said = opener(WRONG)
    with pytest.raises(LedgerUnusable):
        opened()
    assert said.getvalue() == ""


def test_what_is_wrong_after_it_was_away_is_told_once_and_waited_for() -> None:
    opened, said = opener(AWAY, WRONG, WRONG, "the ledger")
    for _ in range(3):
        with pytest.raises(LedgerBusy):
            opened()
    assert opened() == "the ledger"
    assert said.getvalue().count("another till's") == said.getvalue().count("profile ngong is kept") == 1
    assert "mpesa doctor" in said.getvalue()
