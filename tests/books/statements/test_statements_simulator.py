"""The simulator's statement: what a shop would download, with everything that it took, whoever heard of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from mpesa_cli.books.statements.statement import Statement, open_statement
from mpesa_cli.floor.world import World
from mpesa_cli.rules.statement_row import StatementRow
from mpesa_cli.simulator import state as simulator_state
from mpesa_cli.simulator.engine import Engine
from mpesa_cli.simulator.movement import Movement
from mpesa_cli.simulator.server.server import running
from mpesa_cli.simulator.state import Rules, State
from mpesa_cli.simulator.statement import Period, statement
from mpesa_cli.simulator.store import FileStore

PAYS, LOST, LOST_TWICE = "254708374149", "254722200003", "254722200017"
SHORTCODE = "174379"
DAY_US = 86_400_000_000


def read(path: Path) -> tuple[list[StatementRow], Statement]:
    """The rows of a statement that has nothing wrong in it."""
    with open_statement(path) as opened:
        rows = list(opened.rows())
    assert (opened.problems, opened.continuity, opened.unchecked) == ([], [], "")
    return rows, opened


@pytest.fixture
def shop(mpesa: Callable[..., Any], tmp_path: Path) -> Callable[..., list[StatementRow]]:
    """The rows of the statement that the command writes with these options."""

    def rows(*options: str) -> list[StatementRow]:
        path = tmp_path / "statement.csv"
        assert mpesa("simulator", "statement", "--output", str(path), "--force", *options).status == 0
        return read(path)[0]

    return rows


def test_everything_the_simulator_took_is_in_it_and_nothing_else(
    mpesa: Callable[..., Any], shop: Callable[..., list[StatementRow]]
) -> None:
    mpesa("push", PAYS, "1000", "--order", "heard")
    mpesa("push", LOST, "500", "--order", "lost", "--no-wait")
    mpesa("push", LOST_TWICE, "700", "--order", "unknown", "--no-wait")
    mpesa("push", "254711111111", "900", "--order", "poor")
    mpesa("c2b-simulate", "254700000000", "200", "--account", "by hand")
    mpesa("simulator", "clock", "--advance", "60")
    rows = shop()
    came = {row.account: row.amount_cents for row in rows if row.kind == "received"}
    assert came == {"heard": 100_000, "lost": 50_000, "unknown": 70_000, "by hand": 20_000}
    charges = {row.receipt: row.amount_cents for row in rows if row.kind == "charge"}
    assert sorted(charges.values()) == [-550, -385, -275]
    assert {row.receipt for row in rows} >= set(charges)


def test_a_reversal_is_told_by_the_statement_alone(
    mpesa: Callable[..., Any], shop: Callable[..., list[StatementRow]]
) -> None:
    mpesa("push", PAYS, "1000", "--order", "back")
    paid = shop()[0]
    done = mpesa("simulator", "reverse", paid.receipt.lower(), "--json")
    assert done.status == 0
    newest = shop()[0]
    assert (newest.kind, newest.amount_cents, newest.linked) == ("reversal", -100_000, paid.receipt)
    assert newest.receipt in done.stdout
    assert mpesa("status", "back").status == 0
    again, unknown = mpesa("simulator", "reverse", paid.receipt), mpesa("simulator", "reverse", "UKO4Q7X81C")
    assert (again.status, unknown.status) == (9, 2)
    assert len(shop()) == 3


def test_a_period_has_its_own_rows_and_balances(
    mpesa: Callable[..., Any], shop: Callable[..., list[StatementRow]], tmp_path: Path, clock: Any
) -> None:
    for day in range(3):
        mpesa("push", PAYS, str(1_000 + day), "--order", f"day-{day}")
        clock.advance(86_400)
    assert [row.account for row in shop() if row.kind == "received"] == ["day-2", "day-1", "day-0"]
    assert [row.account for row in shop("--since", "2026-11-25", "--until", "2026-11-25") if row.account] == ["day-1"]
    opened = read(tmp_path / "statement.csv")[1]
    assert (opened.opening_cents, opened.closing_cents) == (4_175_000 + 100_000, 4_175_000 + 100_000 + 100_100)
    assert (opened.heading.until_us or 0) - (opened.heading.from_us or 0) == DAY_US
    assert shop("--since", "2026-12-24") == []


def test_it_goes_to_stdout_and_over_no_file_by_mistake(mpesa: Callable[..., Any], tmp_path: Path) -> None:
    mpesa("push", PAYS, "10", "--order", "one")
    path = tmp_path / "statement.csv"
    assert mpesa("simulator", "statement", "-o", str(path)).stdout == f"{path}\n"
    assert mpesa("simulator", "statement").stdout.splitlines() == path.read_text("utf-8").splitlines()
    assert mpesa("simulator", "statement", "-o", str(path)).status == 9


@pytest.mark.parametrize("command", [["statement"], ["reverse", "UKO4Q7X81C"]])
def test_only_the_embedded_simulator_is_asked(mpesa: Callable[..., Any], command: list[str]) -> None:
    served = mpesa("simulator", *command, env={"MPESA_ENVIRONMENT": "simulator", "MPESA_BASE_URL": "http://127.0.0.1:9"})
    assert served.status == 2
    assert "mpesa simulator serve --help" in served.stderr
    sandbox = mpesa("simulator", *command, env={"MPESA_ENVIRONMENT": "sandbox"})
    assert sandbox.status == 2
    assert "-P simulator" in sandbox.stderr


def test_a_served_simulator_gives_it_over_http(tmp_path: Path, mpesa: Callable[..., Any], clock: Any) -> None:
    world = World(clock.now_us)
    with running(world=world) as server, httpx.Client(base_url=server.base_url, trust_env=False) as client:
        environ = {**server.environ, "MPESA_CALLBACK_BASE_URL": "http://127.0.0.1:9"}
        assert mpesa("c2b-simulate", PAYS, "300", "--account", "1042", env=environ).status == 0
        path = tmp_path / "statement.csv"
        answer = client.get("/simulator/statement", params={"shortcode": SHORTCODE, "since": "today"})
        assert answer.headers["content-type"].startswith("text/csv")
        path.write_bytes(answer.content)
        (charge, paid) = sorted(read(path)[0], key=lambda row: row.amount_cents)
        assert (charge.amount_cents, paid.amount_cents, paid.account) == (-165, 30_000, "1042")
        body = {"receipt": paid.receipt}
        assert client.post("/simulator/reverse", json=body).json()["reverses"] == paid.receipt
        refused = [client.post("/simulator/reverse", json=each).status_code for each in (body, {"receipt": "X"}, {}, 5)]
        assert refused == [409, 404, 400, 400]
        asked = ({}, {"shortcode": SHORTCODE, "since": "soon"})
        assert [client.get("/simulator/statement", params=each).status_code for each in asked] == [400, 400]


def test_what_is_forgotten_stays_in_the_balance(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clock: Any) -> None:
    monkeypatch.setattr(simulator_state, "BOOKED_AT_MOST", 2)
    store = FileStore(tmp_path / "simulator.json", Rules())
    with store.change() as state:
        for number in range(5):
            at_us = clock.now + number * 1_000_000
            state.booked.append(Movement(f"UKO{number:07d}", "payment", 100_000, at_us, SHORTCODE, PAYS, str(number)))
        state.forget_old(clock.now + DAY_US)
    path = tmp_path / "statement.csv"
    engine = Engine(store, World(lambda: clock.now + DAY_US, token_hex=lambda _: "00"))
    path.write_text(engine.statement(SHORTCODE, Period()), encoding="utf-8", newline="")
    rows, opened = read(path)
    assert [row.account for row in rows if row.kind == "received"] == ["4", "3"]
    assert (opened.opening_cents, opened.closing_cents) == (4_175_000 + 300_000, 4_175_000 + 500_000)


def test_a_statement_of_a_month_survives_the_forgetting_of_prompts(
    mpesa: Callable[..., Any], shop: Callable[..., list[StatementRow]], clock: Any
) -> None:
    for day in range(5):
        mpesa("push", PAYS, "10", "--order", f"day-{day}")
        clock.advance(7 * 86_400)
    assert len(shop()) == 5


def test_a_push_that_c2b_tells_of_too_is_one_movement(
    mpesa: Callable[..., Any], shop: Callable[..., list[StatementRow]]
) -> None:
    mpesa("c2b-register", "--yes")
    mpesa("push", "254722200031", "10", "--order", "both")
    assert [row.account for row in shop()] == ["both"]


def test_a_shop_without_payments_has_a_statement_without_rows() -> None:
    assert statement(State(), SHORTCODE, Period(), 10 * DAY_US).splitlines()[-1].startswith("Receipt No.")
