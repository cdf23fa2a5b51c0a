"""A month made by the simulator reconciles to exactly the breaks that were planted, twice."""

import json
import shlex
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from month import Month, make_month
from raw_ledger import asked

Command = Callable[..., Any]


def test_a_month_reconciles_to_exactly_what_was_planted_twice(
    mpesa: Command, clock: Any, home: Path, tmp_path: Path
) -> None:
    month = make_month(mpesa, clock, home, tmp_path / "statements", days=30, sales=1)
    everything = [part for file in month.files for part in ("--statement", str(file))]

    first = mpesa("reconcile", *everything, "--json")
    head = heads(home)
    second = mpesa("reconcile", *everything, "--json")

    assert (first.status, second.status) == (7, 7), first.stderr
    found, again = json.loads(first.stdout), json.loads(second.stdout)
    assert by_kind(found["breaks"]) == month.planted
    assert again["breaks"] == found["breaks"]
    assert again["settled_by_rows"] == 0
    assert heads(home) == head, "the second run wrote into the journal"
    check_the_payments(mpesa, month)


@pytest.mark.parametrize(
    ("days", "sales"), [(7, 1), pytest.param(30, 10, marks=pytest.mark.long)], ids=["a week", "a busy month"]
)
def test_the_readmes_line_for_the_night_finds_exactly_what_was_planted_twice(
    mpesa: Command, clock: Any, home: Path, tmp_path: Path, days: int, sales: int
) -> None:
    month = make_month(mpesa, clock, home, tmp_path / "statements", days=days, sales=sales)
    nights = [night_line(str(file)) for file in month.files]
    first = [mpesa(*line) for line in nights]
    head = heads(home)
    second = [mpesa(*line) for line in nights]

    listed = mpesa("reconcile", "--open").stdout
    found = {line.rsplit(" id ", 1)[1] for line in listed.splitlines() if " id " in line}
    assert found == {f"{kind}-{ref}" for kind, ref in planted_ids(home, month)}
    # What a night found is named by every later one, and by each of the second round.
    assert {night.stdout for night in second} == {first[-1].stdout}
    assert {night.status for night in second} == {7}
    assert heads(home) == head
    check_the_payments(mpesa, month)


def night_line(file: str) -> list[str]:
    """The README's cron line that names a statement, for the simulator and this file."""
    text = (Path(__file__).parents[2] / "README.md").read_text()
    (line,) = [each for each in text.splitlines() if each.startswith("15 1 * * *")]
    words = shlex.split(line.split("mpesa ", 1)[1])
    return [{"household-planet": "simulator"}.get(w, file if w.endswith(".csv") else w) for w in words]


def planted_ids(home: Path, month: Month) -> set[tuple[str, str]]:
    """Planted breaks by what their ids are made of: a reversal is named by its own receipt."""
    linked = dict(rows(home, "SELECT linked, receipt FROM statement_rows WHERE linked <> ''"))
    return {(kind, linked.get(ref, ref)) for kind, refs in month.planted.items() for ref in refs}


def check_the_payments(mpesa: Command, month: Month) -> None:
    status = {p["order_id"]: p for p in json.loads(mpesa("history", "--limit", "all", "--json").stdout)}
    assert {order: status[order]["status"] for order in month.paid} == dict.fromkeys(month.paid, "paid")
    assert all(status[order]["receipt"] for order in month.paid), "a payment that the statement has is without receipt"
    assert {status[order]["status"] for order in month.refunded} == {"refunded"}


def by_kind(breaks: Iterable[dict[str, Any]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for each in breaks:
        found.setdefault(each["kind"], set()).add(each["receipt"])
    return found


def heads(home: Path) -> list[tuple[Any, ...]]:
    return rows(home, "SELECT hash FROM journal ORDER BY seq DESC LIMIT 1")


def rows(home: Path, sql: str) -> list[tuple[Any, ...]]:
    (path,) = home.rglob("*.db")
    return asked(path, sql)
