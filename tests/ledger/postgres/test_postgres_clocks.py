"""Machines whose clocks are wrong: the server's decides how long ago something was, and dates what all of them read."""

import io
import json
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from mpesa_cli.cli.app import main
from mpesa_cli.floor.world import SharedClock, World
from mpesa_cli.runtime import Runtime
from mpesa_cli.terminal.streams import Streams

HOUR_S = 3_600
DAY = """
push 0712345678 70 --order A1 --no-wait
resolve A1 failed --reason not-on-the-statement --by Wanjiku
push 0708374149 150 --order A2 --no-wait
push 0711111111 60 --order A3 --no-wait
retry A1 --no-wait
order add B1 100
verify UKO4Q7WX2B --order A1 --amount 70
refund A1 --reason goods-came-back --by Wanjiku --yes
pay 0712345678 100 --for wages --reason wages-of-november --by Wanjiku --yes
held read-again
token issue --scope payments:read --name shop
reconcile
reconcile --statement STATEMENT
reconcile --statement STATEMENT --close 2026-11-24 --by Wanjiku --reason the-day-is-over
history --json
status A1 --no-refresh
doctor --whole
audit verify
erase 0711111111 --yes
""".strip().splitlines()
Machine = Callable[..., tuple[int, str]]


@pytest.fixture
def machine(database: Callable[[], str], tmp_path: Path) -> Machine:
    """Give a command to a machine whose clock is so many seconds ahead: its exit status, and what it said."""
    url = database()

    def run(*argv: str, ahead_s: float = 0.0) -> tuple[int, str]:
        environ = {"MPESA_HOME": str(tmp_path / f"ahead{ahead_s}"), "MPESA_LEDGER": url, "TERM": "dumb"}
        streams = Streams(stdin=io.StringIO(), stdout=io.StringIO(), stderr=io.StringIO(), environ=environ)
        world = World(lambda: time.time_ns() // 1000 + int(ahead_s * 1e6), sleep=lambda _: None)
        status = main(list(argv), Runtime(streams=streams, environ=environ, world=world))
        return status, streams.stdout.getvalue() + streams.stderr.getvalue()  # type: ignore[attr-defined]

    run.url = url  # type: ignore[attr-defined]
    return run


def test_a_clock_that_is_ahead_does_not_make_a_prompt_old(machine: Machine) -> None:
    status, said = machine("push", "0712345678", "70", "--order", "A1", "--no-wait")
    assert status == 0, said

    status, said = machine("push", "0712345678", "80", "--order", "B1", "--no-wait", "--json", ahead_s=300)

    assert (status, json.loads(said.partition("\n}")[0] + "\n}")["error"]["code"]) == (5, "phone-busy"), said


@pytest.mark.postgres
@pytest.mark.parametrize("ahead_s", [5, HOUR_S, -HOUR_S])
def test_nothing_is_dated_by_a_machine_whose_clock_is_wrong(
    machine: Machine, ahead_s: int, tmp_path: Path
) -> None:
    statement = tmp_path / "statement.csv"
    begun_us = time.time_ns() // 1000
    for line in DAY:
        if "STATEMENT" in line and not statement.exists():
            statement.write_text(machine("simulator", "statement")[1].partition("SIMULATOR")[0])
        machine(*line.replace("STATEMENT", str(statement)).split(), ahead_s=ahead_s)
    over_us = time.time_ns() // 1000

    with psycopg.connect(machine.url) as raw:  # type: ignore[attr-defined]
        found = raw.execute("SELECT kind, at_us FROM mpesa_simulator_174379.journal ORDER BY seq").fetchall()
    assert len(found) > 15
    slack_us = 100_000  # the way to the server and back
    assert [row for row in found if not begun_us - slack_us <= row[1] <= over_us + slack_us] == []


@pytest.mark.postgres
def test_a_clock_that_is_five_seconds_off_is_a_failure_to_doctor(machine: Machine) -> None:
    machine("push", "0712345678", "70", "--order", "A1", "--no-wait")

    assert "are 5 s apart" in machine("doctor", ahead_s=5)[1]
    assert "is within 2 s of ours" in machine("doctor", ahead_s=1)[1]


def test_a_clock_follows_what_a_server_tells_as_far_as_that_is_certain() -> None:
    own = [1_000]
    clock = SharedClock(lambda: own[0])
    assert clock.now_us() == 1_000

    clock.told(1_000, 9_050, 1_100)  # the server read its own somewhere between
    assert clock.now_us() == 9_000

    own[0] = 80_000
    clock.told(2_000, 10_000, 80_000)  # we were frozen before we read the answer: that tells nothing
    assert clock.now_us() == 88_000

    own[0] = 500_000  # ours was set forward
    clock.told(500_000, 100_000, 500_010)
    assert 100_000 <= clock.now_us() <= 100_010
