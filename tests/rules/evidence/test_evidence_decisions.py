"""A person's decision: the latest counts, whatever the clock says; what comes after it is never hidden by it."""

from typing import Any, Literal

import pytest
from books.portal import Row, wall, write
from daraja.callbacks.callback_bodies import encode, paid
from held.held_shop import RECEIPT, HeldShop
from hypothesis import given
from hypothesis import strategies as st

from mpesa_cli.floor.moments import daraja_stamp
from mpesa_cli.rules.codes.lookup import ALL_CODES, Api, Outcome
from mpesa_cli.rules.evidence import (
    Accepted,
    CallbackFailed,
    ClaimedPaid,
    Decided,
    Evidence,
    QueryAnswered,
    Received,
    Sending,
)
from mpesa_cli.rules.state import AttemptState, Flag, Terms, attempt_view

S = 1_000_000
CHECKOUT_ID = "ws_CO_24112026103001482708374149"
TERMS = Terms(15_000, "254708374149")
PROMPT: tuple[Evidence, ...] = (Sending(1 * S, 1), Accepted(2 * S, 1, "M1", CHECKOUT_ID))
verdicts = st.sampled_from(("paid", "failed"))


def decide(shop: HeldShop, verdict: Literal["paid", "failed"]) -> None:
    done = shop.mpesa("resolve", "A1", verdict, "--reason", "on the statement of today", "--by", "asha", "--yes")
    assert done.status == {"paid": 0, "failed": 3}[verdict], done


def state(shop: HeldShop) -> str:
    found = shop.ledger.payment_by_order("A1")
    assert found is not None
    return str(found.status)


@given(st.lists(st.tuples(st.integers(10, 10_000), verdicts), min_size=1, max_size=6, unique_by=lambda d: d[0]))
def test_of_several_decisions_the_latest_counts(made: list[tuple[int, Literal["paid", "failed"]]]) -> None:
    decisions = [Decided(at * S, verdict, "asha", "looked") for at, verdict in made]
    assert attempt_view(TERMS, [*PROMPT, *decisions]).state == max(made)[1]


@given(
    st.lists(
        st.tuples(st.integers(10, 400), st.sampled_from(["1032", "1037", "1", "9999", "7777"])), min_size=1, max_size=5
    )
)
def test_two_queries_agree_only_on_one_and_the_same_no(said: list[tuple[int, str]]) -> None:
    view = attempt_view(TERMS, [*PROMPT, *(QueryAnswered(at * S, code, "") for at, code in said)])
    finals = [(at, code) for at, code in said if code in {"1032", "1037", "1"}]
    agreed = any(one[1] == other[1] and other[0] - one[0] >= 60 for one in finals for other in finals)
    assert (view.state is AttemptState.FAILED) is bool(finals)
    assert (view.state is AttemptState.FAILED and Flag.UNCONFIRMED not in view.flags) is agreed


@pytest.mark.parametrize("back_s", [0, 40 * 86_400])
def test_the_later_decision_counts_though_the_clock_was_set_back_between(shop: HeldShop, back_s: int) -> None:
    shop.prompt("A1")
    shop.clock.advance(900)
    decide(shop, "failed")
    shop.clock.advance(-back_s)
    decide(shop, "paid")
    assert state(shop) == "paid"
    decide(shop, "failed")
    assert state(shop) == "failed"


@pytest.mark.parametrize("back_s", [0, 86_400])
@pytest.mark.parametrize("told", ["misfit", "claim", "query"])
def test_what_comes_after_a_decision_is_not_hidden_by_a_clock_that_was_set_back(
    shop: HeldShop, back_s: int, told: str
) -> None:
    ref = shop.prompt("A1")
    shop.clock.advance(900)
    decide(shop, "failed")
    shop.clock.advance(1 - back_s)
    if told == "query":
        with shop.ledger.write() as tx:
            tx.append(ref, QueryAnswered(shop.clock.now_us(), "0", "The service request is processed successfully."))
    else:
        changed = {"amount": 700} if told == "misfit" else {"receipt": "short"}
        shop.callback(encode(paid(**{"receipt": RECEIPT, "CheckoutRequestID": CHECKOUT_ID, **changed})))
    assert state(shop) == "review"


@pytest.mark.parametrize(
    "known", [CallbackFailed(90 * S, "1032", ""), ClaimedPaid(90 * S, ""), QueryAnswered(90 * S, "1032", "")]
)
def test_what_a_person_knew_stays_decided(known: Evidence) -> None:
    decision = Decided(100 * S, "failed", "asha", "looked")
    assert attempt_view(TERMS, [*PROMPT, known, decision]).state is AttemptState.FAILED


def test_a_row_of_the_statement_makes_paid_what_a_person_had_decided_failed(shop: HeldShop) -> None:
    shop.prompt("A1")
    at = wall(shop.clock.now_us())
    shop.clock.advance(900)
    decide(shop, "failed")
    shop.clock.advance(14 * 3_600)
    file = write(shop.home / "statement.csv", Row(RECEIPT, 150, "A1", at=at))
    assert shop.mpesa("reconcile", "--statement", str(file)).status in {0, 7}
    found = shop.ledger.payment_by_order("A1")
    assert found is not None
    assert (str(found.status), found.received_cents, found.telling.view.receipt) == ("paid", 15_000, RECEIPT)


def test_a_row_of_the_statement_leaves_the_prompt_that_a_person_decided_as_it_is(shop: HeldShop) -> None:
    shop.prompt("A1")
    at = wall(shop.clock.now_us())
    shop.clock.advance(900)
    decide(shop, "failed")
    shop.clock.advance(14 * 3_600)
    file = write(shop.home / "statement.csv", Row(RECEIPT, 150, "A1", at=at))
    shop.mpesa("reconcile", "--statement", str(file))
    found = shop.ledger.payment_by_order("A1")
    assert found is not None
    assert [(str(each.state), each.view.source, set(each.view.flags)) for each in found.attempts] == [
        ("failed", "person", set()), ("paid", "statement", set())
    ]


def test_a_persons_paid_takes_no_receipt_that_pays_another_order() -> None:
    others = Received(50 * S, "callback", RECEIPT, 15_000, claimed_elsewhere=True)
    view = attempt_view(TERMS, [*PROMPT, others, Decided(100 * S, "paid", "asha", "looked")])
    assert (view.state, view.receipt, set(view.receipts)) == (AttemptState.PAID, None, set())


UNSURE = [row.code for row in ALL_CODES if row.api is Api.STK and row.outcome is Outcome.UNSURE]


@pytest.mark.parametrize("called", UNSURE)
@pytest.mark.parametrize("asked", UNSURE)
def test_callback_and_query_agree_on_a_no_only_where_they_say_the_same(called: str, asked: str) -> None:
    view = attempt_view(TERMS, [*PROMPT, CallbackFailed(90 * S, called, ""), QueryAnswered(95 * S, asked, "")])
    assert view.state is (AttemptState.FAILED if called == asked else AttemptState.UNKNOWN)


def test_a_row_that_only_looks_like_what_was_decided_failed_is_named(shop: HeldShop) -> None:
    shop.prompt("A1")
    at = wall(shop.clock.now_us())
    shop.clock.advance(900)
    decide(shop, "failed")
    shop.clock.advance(14 * 3_600)
    file = write(shop.home / "statement.csv", Row(RECEIPT, 150, "", at=at))
    status, document = shop.reconcile("--statement", str(file))
    assert (status, [each["kind"] for each in document["breaks"]]) == (7, ["missing_in_ledger"])
    assert state(shop) == "failed"


@pytest.mark.parametrize("payer", ["", "0a1b2c3d4e5f60718293a4b5c6d7e8f90123456789abcdef0123456789abcdef", "2547****"])
def test_a_payer_who_is_not_known_is_never_called_another_phone(shop: HeldShop, payer: Any) -> None:
    shop.confirm(MSISDN=payer, TransTime=daraja_stamp(shop.clock.now_us()))
    for phone in ("254708374149", "254711111111"):
        shown = shop.mpesa("verify", RECEIPT, "--order", "9001", "--phone", phone)
        assert (shown.status, shown.stdout.startswith("REAL")) == (0, True), shown
