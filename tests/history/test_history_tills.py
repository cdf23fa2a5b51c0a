"""The summary per till: each profile's own ledger counted, and the total of them all."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PAYS, CANCELS = "254708374149", "254700001032"
BOTH = ("-P", "westlands", "-P", "outering")


@pytest.fixture
def named(mpesa: Callable[..., Any], home: Path) -> Callable[..., Any]:
    """Three tills that have sold nothing."""
    (home / "config").mkdir(parents=True)
    (home / "config" / "config.toml").write_text("".join(
        f'[profile.{name}]\nenvironment = "simulator"\nkind = "till"\nshortcode = "{code}"\ntill = "{till}"\n'
        for name, code, till in (
            ("outering", "600100", "5012345"), ("westlands", "600101", "5012346"), ("karen", "600102", "5012347")
        )
    ))
    return mpesa


@pytest.fixture
def tills(named: Callable[..., Any], clock: Any) -> Callable[..., Any]:
    """500 and a failure at one till, 200 at the second; nobody asks for the third."""
    sales = [("outering", PAYS, 500), ("outering", CANCELS, 90), ("westlands", PAYS, 200), ("karen", PAYS, 7_000)]
    for number, (name, phone, amount) in enumerate(sales):
        done = named("push", phone, str(amount), "--order", f"o-{number}", "-P", name, "--wait", "--yes", "--json")
        assert done.status in {0, 3}, done
        clock.advance(130)
    return named


def test_each_till_is_a_row_of_its_own_ledger_and_the_total_is_of_all_that_are_named(tills: Callable[..., Any]) -> None:
    summary = json.loads(tills("history", "--summary", "--by", "till", *BOTH, "--json").stdout)
    assert (summary["by"], summary["environment"]) == ("till", "simulator")
    assert [(each["till"], each["gross"], each["paid"], each["failed"]) for each in summary["tills"]] == [
        ("westlands", 200, 1, 0), ("outering", 500, 1, 1)]
    total = summary["total"]
    assert (total["till"], total["gross"], total["count"], total["success_rate"]) == ("total", 700, 3, 0.6667)
    for name in ("westlands", "outering"):
        alone = json.loads(tills("history", "--summary", "-P", name, "--json").stdout)["total"]
        (same,) = [each for each in summary["tills"] if each["till"] == name]
        assert {**same, "till": "total"} == {"till": alone.pop("day"), **alone}


def test_every_form_has_the_same_rows_and_their_total(tills: Callable[..., Any]) -> None:
    argv = ("history", "--summary", "--by", "till", *BOTH)
    rows = list(csv.DictReader(io.StringIO(tills(*argv, "--format", "csv").stdout)))
    assert [(each["till"], each["gross"]) for each in rows] == [
        ("westlands", "200"), ("outering", "500"), ("total", "700")]
    lines = [json.loads(line) for line in tills(*argv, "--format", "ndjson").stdout.splitlines()]
    assert [each["till"] for each in lines] == ["westlands", "outering", "total"]
    screen = tills(*argv, tty=True).stdout.splitlines()
    assert [first for line in screen[:6] if (first := line.split()[0])[0].isalpha()] == [
        "till", "westlands", "outering", "total"]
    nothing = json.loads(tills(*argv, "--until", "yesterday", "--json").stdout)
    assert [each["count"] for each in (*nothing["tills"], nothing["total"])] == [0, 0, 0]


@pytest.mark.parametrize("argv", [
    (*BOTH,), (*BOTH, "--summary"), (*BOTH, "--summary", "--by", "day"), ("--by", "till"),
    (*BOTH, "--summary", "--by", "till", "--limit", "3"), (*BOTH, "--summary", "--by", "till", "o-1"),
])
def test_several_profiles_are_counted_per_till_and_never_listed_as_one(
    named: Callable[..., Any], argv: tuple[str, ...]
) -> None:
    done = named("history", *argv)
    assert (done.status, done.stdout) == (2, ""), done
