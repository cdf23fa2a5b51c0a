"""`doctor` looks at the newest rows, and fails where nothing has proven the whole ledger for a week."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from raw_ledger import unguarded

Run = Callable[..., Any]
DAY_S = 86_400
PUSH = ("push", "254708374149", "100", "-q")


def check(mpesa: Run, name: str, *argv: str) -> str:
    """What `doctor` says of one check."""
    told = json.loads(mpesa("doctor", "--json", *argv).stdout)["checks"]
    return next((str(each["verdict"]) for each in told if each["check"] == name), "")


def break_first_row(home: Path) -> None:
    """Change the oldest row of the journal, past the trigger that guards it."""
    with unguarded(home / "data" / "simulator-simulator.db") as raw:
        raw.execute("UPDATE journal SET facts = replace(facts, '100', '900') WHERE seq = 1")


@pytest.mark.parametrize("proof", [("audit", "verify"), ("doctor", "--whole"), ("backup", "FILE")])
def test_a_ledger_that_nothing_proved_for_a_week_fails_until_something_does(
    mpesa: Run, clock: Any, tmp_path: Path, proof: tuple[str, ...]
) -> None:
    assert mpesa(*PUSH, "--order", "1").status == 0
    clock.advance(6 * DAY_S)
    assert check(mpesa, "whole-check") == "ok"
    clock.advance(1 * DAY_S)
    assert check(mpesa, "whole-check") == "fail"
    assert mpesa("doctor", "-q").status == 7
    assert mpesa(*[str(tmp_path / "copy.db") if word == "FILE" else word for word in proof]).status == 0
    assert check(mpesa, "whole-check") == "ok"
    clock.advance(7 * DAY_S)
    assert check(mpesa, "whole-check") == "fail"


def test_a_ledger_that_is_empty_or_new_needs_no_proof(mpesa: Run) -> None:
    mpesa("history")
    assert check(mpesa, "whole-check") == "ok"
    mpesa(*PUSH, "--order", "1")
    assert check(mpesa, "whole-check") == "ok"


def test_a_proof_that_fails_is_not_noted(mpesa: Run, clock: Any, home: Path, tmp_path: Path) -> None:
    assert mpesa(*PUSH, "--order", "1").status == 0
    break_first_row(home)
    clock.advance(8 * DAY_S)
    assert check(mpesa, "ledger", "--whole") == "fail"
    assert mpesa("audit", "verify").status == 7
    assert mpesa("backup", str(tmp_path / "copy.db")).status == 7
    assert check(mpesa, "whole-check") == "fail"


def test_damage_in_an_old_row_is_found_by_whole_alone(mpesa: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert mpesa(*PUSH, "--order", "1").status == 0
    break_first_row(home)
    monkeypatch.setattr("mpesa_cli.upkeep.doctor.ledger.ROWS_LOOKED_AT", 3)
    assert check(mpesa, "ledger") == "ok"
    assert check(mpesa, "ledger", "--whole") == "fail"
