"""Rows that wait inside a transaction: nobody who asks misses one, and what is written is what was decided last."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from ledger.test_ledger_contract import intent, paid

from mpesa_cli.ledger.audit.ledger import flaws
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.writes import Write
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.payment import AttemptRef
from mpesa_cli.rules.push_rules import Start

Fact = tuple[str, ev.Evidence]
ORDERS = [f"10{number}" for number in range(12)]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[str], Ledger]]:
    ledgers: list[Ledger] = []

    def open_one(name: str) -> Ledger:
        ledgers.append(Ledger(tmp_path / name, environment="simulator", token_hex=secrets.token_hex))
        with ledgers[-1].write() as tx:
            for order in ORDERS:
                tx.open_payment(Start(intent(order)), 1)
        return ledgers[-1]

    yield open_one
    for each in ledgers:
        with closing(each):
            assert list(flaws(each)) == []


def facts_of(chance: Random) -> list[Fact]:
    """What a shop may be told, in any order: ids that change, receipts that pay twice, the same thing again."""
    return [(order, _fact(order, chance)) for order in chance.choices(ORDERS, k=40)]


def _fact(order: str, chance: Random) -> ev.Evidence:
    return chance.choice([
        ev.Sending(2, 1),
        ev.Accepted(3, 1, "m-1", f"ws_CO_{chance.randrange(3)}"),
        paid(f"UKO4Q7WX{chance.randrange(20)}", order=order),
        paid(f"UKO4Q7WX{chance.randrange(20)}", chance.choice([100, 150_000]), order=order),
        ev.CallbackFailed(4, "1032", "cancelled", "m-1", f"CB-{chance.random()}", f"ws_CO_{chance.randrange(3)}"),
        ev.QueryAnswered(chance.randrange(9), "1037", "no answer"),
    ])


def append(tx: Write, fact: Fact) -> None:
    order, evidence = fact
    tx.append(AttemptRef(f"PAY-{order}", 1), evidence)


def projections(ledger: Ledger) -> dict[str, list[tuple[object, ...]]]:
    return {
        table: sorted(ledger.rows(f"SELECT {columns} FROM {table}"), key=repr)
        for table, columns in {
            "attempts": "payment_id, state, flags, receipt, receipts, paid_cents, checkout_request_id, settled_us",
            "payments": "payment_id, status, receipt, received_cents, state, flags, attempt_count",
            "receipts": "receipt, payment_id, attempt",
            "journal": "seq, kind, payment_id, CASE kind WHEN 'attempt_created' THEN '' ELSE facts END",
        }.items()
    }


@pytest.mark.parametrize("seed", range(4))
def test_many_facts_in_one_transaction_stand_as_if_each_had_had_its_own(
    seed: int, opened: Callable[[str], Ledger]
) -> None:
    chance = Random(seed)
    facts = facts_of(chance)
    alone, together = opened("alone"), opened("together")
    for fact in facts:
        with alone.write() as tx:
            append(tx, fact)
    with together.write() as tx:
        tx.look_up_owners([f"UKO4Q7WX{number}" for number in range(20)])
        for fact in facts:
            append(tx, fact)
    assert projections(together) == projections(alone)


def test_who_asks_in_the_middle_of_a_transaction_sees_what_was_decided_so_far(opened: Callable[[str], Ledger]) -> None:
    with opened("asked").write() as tx:
        append(tx, ("101", ev.Sending(2, 1)))
        append(tx, ("101", ev.Accepted(3, 1, "m-1", "ws_CO_1")))
        append(tx, ("101", paid(order="x")))
        found = tx.payment("PAY-101")
        assert found is not None
        assert found.status.value == "review", "two CheckoutRequestIDs, and money"
        tx.look_up_owners(["UKO4Q7WX2B"])
        assert tx.receipt_owner("UKO4Q7WX2B") is None
        append(tx, ("102", ev.Sending(2, 1)))
        assert tx.posts(AttemptRef("PAY-102", 1)) == [1]
        append(tx, ("102", paid(order="102")))
        assert tx.receipt_owner("UKO4Q7WX2B") == AttemptRef("PAY-102", 1)
        assert tx.execute("SELECT payment_id FROM receipts").fetchall() == [("PAY-102",)]
        tx.execute("UPDATE receipts SET payment_id='PAY-103'")
        assert tx.receipt_owner("UKO4Q7WX2B") == AttemptRef("PAY-103", 1)
        tx.execute("UPDATE receipts SET payment_id='PAY-102'")


def test_of_two_decisions_on_one_attempt_the_later_one_is_written(opened: Callable[[str], Ledger]) -> None:
    with opened("twice").write() as tx:
        other, attempt = (tx.must(f"PAY-{order}").last for order in ORDERS[:2])
        named = replace(attempt, view=replace(attempt.view, checkout_request_id="ws_CO_1"))
        later = replace(named.view, result_desc="later")
        tx.save_view(other, other.view, withdrawn=False)  # of the two statements, the one without the id is first now
        tx.save_view(attempt, named.view, withdrawn=False)
        tx.save_view(named, later, withdrawn=False)
        assert tx.must(attempt.ref.payment_id).last.view == later
        tx.save_view(replace(attempt, view=later), attempt.view, withdrawn=False)
