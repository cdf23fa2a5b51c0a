"""``mpesa resolve``: a person's decision is journaled, and changes what only a person can change."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from initiator_parts import NO_MONEY, ledger_of, paid

from mpesa_cli.rules.evidence import Received
from mpesa_cli.rules.push_rules import Again

Mpesa = Callable[..., Any]
WHY = "on the statement of 24 November"


def resolve(mpesa: Mpesa, ref: str, ending: str, *more: str, **how: Any) -> Any:
    return mpesa("resolve", ref, ending, "--reason", WHY, "--by", "Wanjiku", "--json", *more, **how)


def in_review(mpesa: Mpesa, clock: Any, home: Path, order: str = "1042") -> None:
    """An order for which a callback told another amount than was asked."""
    pushed = mpesa("push", "254700004999", "150", "--order", order, "--no-wait")
    assert pushed.status == 0, pushed
    with ledger_of(home) as ledger, ledger.write() as tx:
        payment = tx.payment_by_order(order)
        assert payment
        tx.append(payment.last.ref, Received(clock.now, "callback", "UKO4Q7WX2B", 5_000))
    assert status(mpesa, order)["status"] == "review"


def status(mpesa: Mpesa, order: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(mpesa("status", order, "--json", "--no-refresh").stdout)
    return document


def error(done: Any) -> tuple[int, str]:
    return done.status, json.loads(done.stdout)["error"]["code"]


def test_a_payment_in_review_is_paid_or_failed_as_a_person_decides_and_the_log_says_who_and_why(
    mpesa: Mpesa, clock: Any, home: Path
) -> None:
    for order, ending, exits in (("1", "paid", 0), ("2", "failed", 3)):
        in_review(mpesa, clock, home, order)
        clock.advance(200)
        done = resolve(mpesa, order, ending)
        told = json.loads(done.stdout)
        assert (done.status, told["status"], told["attempts"][0]["source"]) == (exits, ending, "person")
        assert "150: review becomes " + ending in done.stderr
        assert f"Wanjiku decided that it is {ending}: {WHY}" in mpesa("log", order).stdout
    with ledger_of(home):
        pass


def test_what_a_person_decided_failed_has_one_advice(mpesa: Mpesa, clock: Any, home: Path) -> None:
    in_review(mpesa, clock, home)
    clock.advance(200)
    said = mpesa("resolve", "1042", "failed", "--reason", WHY, "--by", "Wanjiku", tty=True).stdout
    assert f"A person decided that no money came: {WHY}" in said
    assert "Ask again: mpesa retry 1042" in said
    for contrary in ("Tell the customer", "do not pay", "do not ask", "None"):
        assert contrary not in said


def test_the_receipt_that_a_person_saw_is_the_payments_and_nobody_elses(mpesa: Mpesa, clock: Any, home: Path) -> None:
    in_review(mpesa, clock, home)
    assert json.loads(resolve(mpesa, "1042", "paid", "--receipt", "uko4q7ab12").stdout)["receipt"] == "UKO4Q7AB12"
    assert json.loads(mpesa("verify", "UKO4Q7AB12", "--order", "7", "--json").stdout)["verdict"] == "used_already"


def test_a_receipt_that_pays_another_order_is_refused(mpesa: Mpesa, clock: Any, home: Path) -> None:
    receipt = paid(mpesa, "77")
    in_review(mpesa, clock, home)
    assert error(resolve(mpesa, "1042", "paid", "--receipt", receipt)) == (9, "receipt-used")
    assert status(mpesa, "1042")["status"] == "review"


def test_a_decision_that_changes_nothing_is_refused_and_not_journaled(mpesa: Mpesa, clock: Any, home: Path) -> None:
    paid(mpesa, "1042")
    before = mpesa("log", "1042", "--json").stdout
    for ending in ("paid", "failed"):
        assert error(resolve(mpesa, "1042", ending)) == (9, "nothing-to-decide")
    assert mpesa("log", "1042", "--json").stdout == before


def test_a_success_that_is_reported_later_is_not_hidden_by_a_decision(mpesa: Mpesa, clock: Any, home: Path) -> None:
    mpesa("push", "254722200017", "150", "--order", "1042", "--timeout", "5")
    clock.advance(200)
    assert json.loads(resolve(mpesa, "1042", "failed").stdout)["status"] == "failed"
    clock.advance(60)
    with ledger_of(home) as ledger, ledger.write() as tx:
        payment = tx.payment_by_order("1042")
        assert payment
        tx.append(payment.last.ref, Received(clock.now, "statement", "UKO4Q7WX2B", 15_000))
    told = status(mpesa, "1042")
    assert (told["status"], told["attempts"][0]["flags"]) == ("paid", ["conflict", "late"])


def test_what_has_not_been_sent_whole_takes_no_decision(mpesa: Mpesa, clock: Any, home: Path) -> None:
    from mpesa_cli.rules.evidence import Sending

    paid(mpesa, "7")
    with ledger_of(home) as ledger, ledger.write() as tx:
        payment = tx.payment_by_order("7")
        assert payment
        attempt = tx.open_attempt(Again(payment, NO_MONEY), "0" * 64, clock.now)
        tx.append(attempt.ref, Sending(clock.now, 1))
    assert error(resolve(mpesa, "7", "failed", "--attempt", "2")) == (9, "still-sending")


def test_of_several_attempts_in_doubt_one_must_be_named(mpesa: Mpesa, clock: Any, home: Path) -> None:
    in_review(mpesa, clock, home)
    with ledger_of(home) as ledger, ledger.write() as tx:
        payment = tx.payment_by_order("1042")
        assert payment
        ref = tx.add_received(payment.payment_id, "254708374149", 15_000, clock.now)
        tx.append(ref, Received(clock.now, "c2b", "UKO4Q7WX9Z", 100))
    assert error(resolve(mpesa, "1042", "failed")) == (9, "which-attempt")
    assert error(resolve(mpesa, "1042", "failed", "--attempt", "3")) == (2, "not-found")
    assert json.loads(resolve(mpesa, "1042", "failed", "--attempt", "2").stdout)["attempts"][1]["state"] == "failed"


@pytest.mark.parametrize("options", [["--reason", "short"], ["--reason", " " * 30], ["--reason", "x" * 201]])
def test_a_reason_that_tells_nothing_is_refused(mpesa: Mpesa, options: list[str]) -> None:
    assert error(mpesa("resolve", "1042", "paid", "--by", "W", "--json", *options)) == (2, "invalid-reason")


def test_somebody_must_be_named_who_decides(mpesa: Mpesa) -> None:
    assert error(mpesa("resolve", "1042", "paid", "--reason", WHY, "--json")) == (2, "nobody-named")
    done = mpesa("resolve", "1042", "paid", "--reason", WHY, "--json", env={"USER": "wanjiku"})
    assert error(done) == (2, "not-found")


def test_what_failed_has_no_receipt(mpesa: Mpesa) -> None:
    assert error(resolve(mpesa, "1042", "failed", "--receipt", "UKO4Q7WX2B")) == (2, "usage")


@pytest.mark.parametrize(("typed", "exits", "stands"), [
    ("1042\n", 0, "paid"), ("1043\n", 1, "review"), ("", 1, "review"),
])
def test_in_production_the_order_id_is_typed(
    mpesa: Mpesa, clock: Any, home: Path, typed: str, exits: int, stands: str
) -> None:
    environ = {"MPESA_ENVIRONMENT": "production", "MPESA_SHORTCODE": "247247", "APP_URL": "https://pay.example.co.ke",
               "MPESA_CONSUMER_KEY": "k"}
    from initiator_parts import open_order

    with ledger_of(home, "env-production") as ledger:
        open_order(ledger, "1042", clock.now, Received(clock.now, "callback", "UKO4Q7WX2B", 5_000))
    plain = resolve(mpesa, "1042", "paid", env=environ)
    assert error(plain) == (9, "needs-yes")
    done = mpesa("resolve", "1042", "paid", "--reason", WHY, "--by", "Wanjiku", env=environ, tty=True, stdin=typed)
    assert done.status == exits
    seen = mpesa("status", "1042", "--json", "--no-refresh", env=environ)
    assert json.loads(seen.stdout)["status"] == stands


def test_every_advice_on_a_payment_in_review_names_the_way_out(mpesa: Mpesa, clock: Any, home: Path) -> None:
    in_review(mpesa, clock, home)
    for argv in (["status", "1042", "--no-refresh"], ["push", "254700004999", "150", "--order", "1042"],
                 ["retry", "1042"], ["receipt", "1042"]):
        done = mpesa(*argv)
        assert "mpesa resolve 1042 paid" in done.stdout + done.stderr, argv
