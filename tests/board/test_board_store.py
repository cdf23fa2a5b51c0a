"""The board read from a real ledger: the same after it is opened anew, and it returns what has changed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from mpesa_cli.board.acknowledge import acknowledge
from mpesa_cli.board.cards import Kind, mark
from mpesa_cli.board.store import Boards
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.rules.evidence import Received

Run = Callable[..., Any]


def opened(home: Path) -> Ledger:
    return Ledger(next((home / "data").glob("*.db")), environment="simulator", token_hex=lambda n: "ab" * n)


def test_a_board_is_the_same_once_the_ledger_is_opened_anew_and_keeps_what_was_acknowledged(
    mpesa: Run, home: Path, clock: Any
) -> None:
    assert mpesa("push", "254708374149", "100", "--order", "A1", "-q").status == 0
    assert mpesa("push", "254700001032", "200", "--order", "A2", "-q").status == 3
    mpesa("push", "254700001037", "300", "--order", "A3", "-q", "--no-wait")
    ledger = opened(home)
    cards = Boards(ledger).board(0, clock.now)
    assert [(c.payment.order_id, c.kind) for c in cards] == [
        ("A3", Kind.WAITING), ("A2", Kind.NOT_PAID), ("A1", Kind.PAID),
    ]
    waiting, _, paid = cards
    assert acknowledge(ledger, paid.payment.payment_id, mark(paid.payment), by="Amina", at_us=clock.now)
    assert acknowledge(ledger, paid.payment.payment_id, mark(paid.payment), by="Amina", at_us=clock.now)
    assert not acknowledge(ledger, waiting.payment.payment_id, mark(waiting.payment), by="Amina", at_us=clock.now)
    assert not acknowledge(ledger, cards[1].payment.payment_id, "as it stood before", by="Amina", at_us=clock.now)
    kept = Boards(ledger).board(0, clock.now)
    assert [c.payment.order_id for c in kept] == ["A3", "A2"]
    ledger.close()
    ledger = opened(home)
    assert Boards(ledger).board(0, clock.now) == kept
    # A second receipt for what was acknowledged: too much came, so its card is back.
    with ledger.write() as tx:
        tx.append(cards[2].payment.last.ref, Received(clock.now, "statement", "UKO4Q7WX2C", 10_000))
    assert [c.kind for c in Boards(ledger).board(0, clock.now)] == [Kind.WAITING, Kind.NOT_PAID, Kind.LOOK]
    ledger.close()
    assert mpesa("audit", "verify").status == 0
    assert "Amina acknowledged it at the counter." in mpesa("log", "A1").stdout


def test_money_by_hand_is_listed_until_an_order_has_it_or_somebody_names_it_nobodys(
    mpesa: Run, home: Path, clock: Any
) -> None:
    assert mpesa("c2b-register", "-y").status == 0
    for amount in ("500", "700"):
        assert mpesa("c2b-simulate", "254708374149", amount).status == 0
    for _ in range(3):  # takes in what the simulator brings: it asks first whether the money is wanted
        clock.advance(30)
        mpesa("reconcile")
    ledger = opened(home)
    first, second = Boards(ledger).unclaimed(0)
    assert {first.amount_cents, second.amount_cents} == {50_000, 70_000}
    assert Boards(ledger).takings(0) == (2, 120_000)
    assert Boards(ledger).last_callback_us() is not None
    receipts = [first.telling.view.receipt, second.telling.view.receipt]
    by, costs = ("--by", "Amina"), str(first.amount_cents // 100)
    assert mpesa("verify", receipts[0], "--attach", "A1", "--amount", costs, "-y", *by).status == 0
    assert mpesa("verify", receipts[1], "--no-order", *by, "--reason", "sold on Tuesday already").status == 0
    assert Boards(ledger).unclaimed(0) == ()
    assert [c.payment.order_id for c in Boards(ledger).board(0, clock.now)] == ["A1"]
    ledger.close()


def test_a_board_of_few_cards_has_the_newest_and_reads_no_more_than_it_shows(
    mpesa: Run, home: Path, clock: Any
) -> None:
    for number in range(4):
        mpesa("push", "254700001037", "300", "--order", f"W{number}", "-q", "--no-wait")
        clock.advance(130)
    ledger = opened(home)
    whole = Boards(ledger).board(0, clock.now)
    assert [card.payment.order_id for card in whole] == ["W3", "W2", "W1", "W0"]
    asked = ledger.payment
    loaded = []
    ledger.payment = lambda payment_id: loaded.append(payment_id) or asked(payment_id)  # type: ignore[method-assign,func-returns-value]
    assert Boards(ledger).board(0, clock.now, 2) == whole[:2]
    assert len(set(loaded)) == 2
    ledger.close()
