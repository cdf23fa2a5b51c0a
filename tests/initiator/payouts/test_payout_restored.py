"""A ledger that was put back from a copy pays nobody twice whom the lost part had paid."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from initiator_parts import ledger_of

from mpesa_cli.ledger.restoring import RestoreWrites

SECOND_US = 1_000_000
ON = {"MPESA_PAYOUTS_ENABLED": "true"}
Run = Callable[..., Any]


def pay(mpesa: Run, *more: str, ref: str = "wages", phone: str = "254708374149", **env: str) -> tuple[int, Any]:
    reason = ("--reason", "wages of November", "--by", "Asha")
    done = mpesa("pay", phone, "150", "--for", ref, *reason, "--json", *more, env={**ON, **env})
    return done.status, json.loads(done.stdout)


@pytest.fixture
def lost_part(mpesa: Run, clock: Any, home: Path, tmp_path: Path) -> Callable[..., None]:
    """A way to pay in a part of the ledger that is lost: then the copy from before it is there, as a restore leaves
    it."""
    path = home / "data" / "simulator-simulator.db"

    def lose(*asked: dict[str, str]) -> None:
        pay(mpesa, ref="before", phone="254711111111")
        known_until_us = clock.now
        shutil.copy(path, tmp_path / "copy.db")
        clock.advance(1_800)
        for each in asked:
            pay(mpesa, **each)  # type: ignore[arg-type]
        clock.advance(1_800)
        for beside in path.parent.glob(f"{path.name}*"):
            beside.unlink()
        shutil.copy(tmp_path / "copy.db", path)
        with ledger_of(home) as ledger, ledger.write() as tx:
            RestoreWrites(tx).note_restored(known_until_us, clock.now)

    return lose


def paid_at(home: Path) -> int:
    state = json.loads((home / "state" / "simulator.json").read_text())
    return sum(row["kind"] == "payout" and row["msisdn"] == "254708374149" for row in state["booked"])


def test_what_was_paid_in_the_gap_is_refused_until_it_is_told_and_for_good_once_it_is(
    mpesa: Run, clock: Any, home: Path, lost_part: Callable[..., None], tmp_path: Path
) -> None:
    lost_part({"ref": "wages"})
    status, error = pay(mpesa)
    assert (status, error["error"]["code"], error["error"]["money_moved"]) == (9, "restored-gap", "no")
    clock.advance(3_600)
    mpesa("c2b-simulate", "254711111111", "10", "--account", "later")  # a record tells up to its last row
    clock.advance(60)
    statement = tmp_path / "statement.csv"
    statement.write_text(mpesa("simulator", "statement").stdout)
    mpesa("reconcile", "--statement", str(statement))
    for more in ((), ("--not-paid-since-backup",)):
        status, error = pay(mpesa, *more)
        assert (status, error["error"]["code"]) == (9, "may-be-paid")
    receipt = error["error"]["message"].split("receipt ")[1][:10]
    other = pay(mpesa, phone="254711111111", ref="other")
    assert other[0] == 0, f"another phone's money is not in the way: {other}"
    assert mpesa("verify", receipt, "--no-order", "--reason", "it was the rent", "--by", "Asha").status == 0
    assert pay(mpesa, ref="bonus")[0] == 0
    assert paid_at(home) == 2


@pytest.mark.parametrize("lost", [
    [{"ref": "wages"}],
    [{"ref": "WAGES", "MPESA_INITIATOR_NAME": "no-role"}, {"ref": "wages"}],
    [{"ref": "wages", "MPESA_INITIATOR_NAME": "not-entitled"}, {"ref": "wages"}],
])
def test_even_where_a_person_is_wrong_m_pesa_knows_the_request_again(
    mpesa: Run, clock: Any, home: Path, lost_part: Callable[..., None], lost: list[dict[str, str]]
) -> None:
    lost_part(*lost)
    assert paid_at(home) == 1
    for _ in range(2 * len(lost)):
        status, _ = pay(mpesa, "--not-paid-since-backup", "--timeout", "5")
        assert status in {3, 4, 6, 8, 9}
        clock.advance(120)
        mpesa("payouts", "wages")
        clock.advance(600)
    assert paid_at(home) == 1, "paid a second time"
    assert json.loads(mpesa("payouts", "wages", "--json").stdout)["state"] in {"paid", "unknown"}


def test_the_answer_of_a_person_is_kept_and_no_flag_that_says_yes_gives_it(
    mpesa: Run, clock: Any, home: Path, lost_part: Callable[..., None]
) -> None:
    lost_part()
    assert pay(mpesa, "--yes", MPESA_YES="1")[1]["error"]["code"] == "restored-gap"
    assert pay(mpesa, "--not-paid-since-backup")[0] == 0
    with ledger_of(home) as ledger:
        (facts,) = ledger.rows("SELECT facts FROM journal WHERE kind='payout_asked' ORDER BY seq DESC LIMIT 1")
    asked = json.loads(str(facts[0]))
    assert (asked["reference"], asked["not_paid"], asked["by"]) == ("wages", True, "Asha")
