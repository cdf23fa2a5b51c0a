"""What SQLite does for the questions of every hot command: nothing walks a table that grows with the payments.

Each command runs as a shop runs it, every statement that reached SQLite is asked for its plan, and a walk over a whole
table is a fault. Without statistics (no ANALYZE is ever run) SQLite plans the same on a small ledger as on a large one.
"""

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mpesa_cli.ledger.claiming import Claims
from mpesa_cli.ledger.rows import OPEN_ATTEMPT
from mpesa_cli.payments.unpaid import tell_unpaid
from mpesa_cli.rules.by_hand import HandMoney
from mpesa_cli.rules.state import AttemptState, is_open
from mpesa_cli.runtime import Runtime

Run = Callable[..., Any]

GROWING = {
    "journal", "journal_private", "payments", "attempts", "receipts", "callbacks", "outbox", "orders", "requests",
    "statement_rows", "held_messages", "shown_receipts", "stranger_reports", "idempotency_keys", "differences",
}
"""The tables that grow with a shop's days. Gaps, spans, files, tokens and the like stay few."""
PHONE = "254708374149"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every statement that reaches SQLite from now on."""
    heard: list[str] = []
    connect = sqlite3.connect

    def listening(*args: Any, **named: Any) -> sqlite3.Connection:
        connection = connect(*args, **named)
        connection.set_trace_callback(heard.append)
        return connection

    with monkeypatch.context() as patched:
        patched.setattr(sqlite3, "connect", listening)
        yield heard


def walks(ledger: Path, statements: list[str]) -> set[str]:
    """The walks over a growing table: without an index, or by an index that holds all of it and no end in sight."""
    found = set()
    with closing(sqlite3.connect(ledger)) as connection:
        partial = {
            str(name) for (name,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type='index' AND upper(sql) LIKE '%WHERE%'"
            )
        }
        for statement in set(statements):
            if not re.match(r"\s*(SELECT|WITH|UPDATE|DELETE|INSERT)", statement) or "sqlite_master" in statement:
                continue
            steps = [str(row[3]) for row in connection.execute("EXPLAIN QUERY PLAN " + statement)]
            sorts = any("USE TEMP B-TREE" in step for step in steps)
            for step in steps:
                walk = re.match(r"SCAN (?:TABLE )?(\w+)(?: USING (?:COVERING )?INDEX (\w+))?", step)
                if not walk or not _grows(walk[1], statement) or walk[2] in partial:
                    continue
                if "LIMIT" in statement and not sorts:  # a page in the order of an index ends where it is full
                    continue
                found.add(f"{step}: {statement}")
    return found


def _grows(name: str, statement: str) -> bool:
    """Whether a name in a plan is, or stands for, a growing table."""
    return name in GROWING or any(re.search(rf"\b{table} (?:AS )?{name}\b", statement) for table in GROWING)


@pytest.fixture
def shop(mpesa: Run, home: Path) -> dict[str, str]:
    """A ledger with a paid order, a refused one and a waiting one: the references to the first."""
    assert mpesa("push", PHONE, "100", "--order", "paid-1", "-q").status == 0
    assert mpesa("push", "254700000001", "100", "--order", "no-1", "-q").status != 0
    mpesa("push", "254700001019", "100", "--order", "waits-1", "--no-wait", "-q")
    told = json.loads(mpesa("status", "paid-1", "--no-refresh", "--json").stdout)
    with closing(sqlite3.connect(home / "data" / "simulator-simulator.db")) as raw:
        (checkout,) = raw.execute("SELECT checkout_request_id FROM attempts WHERE number = 1").fetchone()
    return {"ORDER": "paid-1", "PAYMENT": told["payment_id"], "RECEIPT": told["receipt"], "CHECKOUT": str(checkout)}


COMMANDS = [
    ["push", "254700055501", "100", "--order", "new-1", "--no-wait"],
    ["push", "254700055502", "100", "--order", "new-2"],
    ["status", "--no-refresh", "ORDER"], ["status", "--no-refresh", "PAYMENT"], ["status", "--no-refresh", "RECEIPT"],
    ["status", "--no-refresh", "CHECKOUT"], ["status", "--no-refresh", PHONE], ["status", "--no-refresh", "UKO4Q7WX2B"],
    ["status", "--no-refresh", "nobody"], ["status"], ["status", "waits-1"],
    ["history"], ["history", "ORDER"], ["history", "--status", "failed"], ["history", "--order", "ORDER"],
    ["history", "--phone", PHONE], ["history", "--since", "1h"], ["history", "--summary"],
    ["log", "ORDER"], ["log", "RECEIPT"], ["receipt", "ORDER"],
    ["retry", "no-1", "--no-wait"], ["retry", "--failed", "--since", "1h", "--yes"],
    ["resolve", "waits-1", "paid", "--receipt", "UKO4Q7WX2B", "--reason", "on the statement", "--by", "Asha", "--yes"],
    ["held"], ["doctor"], ["audit", "head"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_hot_command_walks_what_grows(
    mpesa: Run, home: Path, shop: dict[str, str], asked: list[str], command: list[str]
) -> None:
    done = mpesa(*[shop.get(word, word) for word in command])
    assert done.status != 1, done
    assert asked, "nothing was asked of the ledger"
    assert walks(home / "data" / "simulator-simulator.db", asked) == set()


@pytest.mark.usefixtures("shop")
def test_money_by_hand_that_names_no_order_walks_nothing_that_grows(home: Path, asked: list[str]) -> None:
    runtime = Runtime(environ={"MPESA_HOME": str(home)})
    claims = Claims(runtime.ledger(runtime.profile()))
    claims.orders_it_may_be(HandMoney(10_000, runtime.world.now_us(), PHONE), "simulator")
    claims.orders_it_was_reported_for("UKO4Q7WX2B")
    runtime.close()
    assert asked
    assert walks(home / "data" / "simulator-simulator.db", asked) == set()


@pytest.mark.usefixtures("shop")
def test_looking_for_unpaid_orders_walks_nothing_that_grows(home: Path, asked: list[str]) -> None:
    runtime = Runtime(environ={"MPESA_HOME": str(home), "MPESA_UNPAID_AFTER_MINUTES": "3"})
    tell_unpaid(runtime.ledger(runtime.profile()), runtime.profile(), runtime.world)
    runtime.close()
    assert walks(home / "data" / "simulator-simulator.db", asked) == set()
    assert any("order.unpaid" in statement for statement in asked)


def test_the_guard_sees_a_walk(home: Path, shop: dict[str, str]) -> None:
    """The test of the test: what the ledger asked before it had its indexes is found."""
    ledger = home / "data" / "simulator-simulator.db"
    with closing(sqlite3.connect(ledger)) as raw:
        raw.execute("DROP INDEX payments_receipt")
        raw.execute("DROP INDEX journal_merged")
    questions = [
        f"SELECT payment_id FROM payments WHERE receipt = '{shop['RECEIPT']}'",
        "SELECT payment_id FROM journal WHERE kind = 'payment_merged' AND json_extract(facts, '$.x') = '' ORDER BY seq",
        "SELECT payment_id FROM attempts WHERE created_us >= 5",
    ]
    assert len(walks(ledger, questions)) == len(questions)


@pytest.mark.usefixtures("shop")
def test_an_open_attempt_is_the_same_in_the_rules_in_sql_and_in_its_index(home: Path) -> None:
    with closing(sqlite3.connect(home / "data" / "simulator-simulator.db")) as raw:
        (index,) = raw.execute("SELECT sql FROM sqlite_master WHERE name = 'attempts_open'").fetchone()
        asked = f"SELECT 1 FROM (SELECT ? AS state) WHERE {OPEN_ATTEMPT}"
        found = {state for state in AttemptState if raw.execute(asked, (state.value,)).fetchall()}
    assert index.endswith(OPEN_ATTEMPT)
    assert found == {state for state in AttemptState if is_open(state)}
