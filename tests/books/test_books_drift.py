"""A balance that M-PESA told, held against its own record and the payments: no charge or payout makes an alarm."""

import csv
import io
import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from books_shop import LOST, Books
from hypothesis import example, given
from hypothesis import strategies as st

from mpesa_cli.books.drift import EDGE_US, NEAR_US, MayHaveCome, between_cents, differs_cents, unknown_cents
from mpesa_cli.daraja.questions.account_balance import Account, Balance
from mpesa_cli.rules.statement_row import StatementRow

START_US = 1_795_505_400_000_000
DAY_S = 86_400
PAYS = "254708374149"


def drifts(books: Books, *options: str) -> tuple[int, list[dict[str, Any]]]:
    """A run's exit status, and what it says of balances."""
    done = books.mpesa("reconcile", "--json", *options)
    return done.status, [each for each in json.loads(done.stdout)["breaks"] if each["kind"] == "balance_drift"]


def ask(books: Books) -> None:
    assert books.mpesa("balance").status == 0


def pays(books: Books, order: str, amount: int = 5_000) -> None:
    assert books.mpesa("push", PAYS, str(amount), "--order", order).status == 0
    books.clock.advance(600)


def pays_unheard(books: Books, amount: int) -> None:
    """Money by hand while no address for C2B is registered: the ledger hears nothing of it."""
    assert books.mpesa("c2b-simulate", PAYS, str(amount), "--account", "none").status == 0
    books.clock.advance(3_600)


def statement(books: Books, **more: Any) -> str:
    """The simulator's statement of all that was, with every balance moved by ``by`` shillings."""
    text = books.mpesa("simulator", "statement").stdout
    rows = list(csv.reader(io.StringIO(text)))
    at = next(row for row in rows if row and row[0] == "Receipt No.").index("Balance")
    for row in rows[rows.index(next(r for r in rows if r and r[0] == "Receipt No.")) + 1:]:
        row[at] = f"{float(row[at].replace(',', '')) + more.get('by', 0):.2f}"
    books.folder.mkdir(exist_ok=True)
    with books.file.open("w", newline="") as out:
        csv.writer(out).writerows(rows)
    return str(books.file)


def test_a_day_whose_balances_follow_from_it_is_silent_with_a_statement_and_without(books: Books) -> None:
    for day in range(2):
        ask(books)
        pays(books, f"{day}-1")
        ask(books)
        pays(books, f"{day}-2", 150)
        assert books.mpesa("refund", f"{day}-2", "--reason", "brought it back", "--by", "Asha").status == 0
        books.clock.advance(DAY_S)
        assert drifts(books) == (0, [])
    ask(books)
    pays(books, "last")
    assert drifts(books) == (0, [])
    assert drifts(books, "--statement", statement(books)) == (0, [])


def test_more_than_any_payment_explains_is_named_until_the_statement_tells_of_it(books: Books) -> None:
    ask(books)
    books.clock.advance(DAY_S)
    pays(books, "1001")
    pays_unheard(books, 300)
    ask(books)
    for _ in range(2):
        status, (found,) = drifts(books)
        assert (status, found["amount"], "300 more than what came" in found["detail"]) == (7, 300, True)
    assert "ANOTHER BALANCE" in books.mpesa("reconcile").stdout
    books.clock.advance(3_600)
    pays(books, "1002")
    done = json.loads(books.mpesa("reconcile", "--statement", statement(books), "--json").stdout)
    assert [each["kind"] for each in done["breaks"]] == ["missing_in_ledger"], "named as what it is, and only so"


def test_less_than_came_says_nothing_before_a_statement_tells_what_left(books: Books) -> None:
    ask(books)
    pays(books, "1001")
    books.clock.advance(DAY_S)
    assert books.mpesa("simulator", "reverse", receipt_of(books, "1001")).status == 0
    ask(books)
    assert drifts(books) == (0, [])


def receipt_of(books: Books, order: str) -> str:
    return str(json.loads(books.mpesa("status", order, "--json").stdout)["receipt"])


@pytest.mark.parametrize("by", [-1, 1, 400])
def test_a_statement_that_does_not_lead_to_what_was_told_is_named(books: Books, by: int) -> None:
    pays(books, "1001", 150)
    ask(books)
    books.clock.advance(600)
    pays(books, "1002", 150)
    status, (found,) = drifts(books, "--statement", statement(books, by=by))
    assert (status, found["amount"]) == (7, -by)
    accept = ("--by", "Asha", "--reason", "moved at the portal")
    books.mpesa("reconcile", "--accept", "all", *accept)
    assert drifts(books)[0] == 7, "never with all others"
    assert books.mpesa("reconcile", "--accept", found["id"], *accept).status == 0
    assert drifts(books) == (0, [])


def test_a_prompt_whose_end_is_not_known_may_be_what_came(books: Books) -> None:
    ask(books)
    books.clock.advance(DAY_S)
    books.mpesa("push", LOST, "300", "--order", "1001", "--no-wait")
    books.clock.advance(3_600)
    ask(books)
    assert drifts(books) == (7, []), "the order is named, as unknown, and the money is not named once more"


def test_a_till_of_a_store_is_not_compared_since_the_stores_account_may_be_other_tills_too(books: Books) -> None:
    till = {"MPESA_ENVIRONMENT": "simulator", "MPESA_KIND": "till", "MPESA_TILL": "300584", "MPESA_SHORTCODE": "174379"}
    for amount in ("300", "400"):
        assert books.mpesa("balance", env=till).status == 0
        books.clock.advance(DAY_S)
        assert books.mpesa("c2b-simulate", PAYS, amount, env=till).status == 0
        books.clock.advance(3_600)
    assert books.mpesa("balance", env=till).status == 0
    assert books.mpesa("reconcile", env=till).status == 0


# --- The rule itself


def told(at_us: int, cents: int, working: int = 0) -> Balance:
    amounts = {"Working Account": working, "Utility Account": cents, "Charges Paid Account": -5}
    return Balance("174379", tuple(Account(name, "KES", each, each, 0, 0) for name, each in amounts.items()), at_us)


def row(kind: Any, cents: int, at_us: int, balance: int | None) -> StatementRow:
    return StatementRow(f"R{at_us}", kind, cents, at_us, balance, "", "", "", 0)


MOVES = st.lists(
    st.tuples(st.sampled_from(["received", "reversal", "other"]), st.integers(1, 9_999), st.integers(0, 900),
              st.integers(0, 300)),
    min_size=1, max_size=25,
)


@given(
    moves=MOVES, apart=st.booleans(), asked=st.floats(0.01, 0.99), jitter_s=st.integers(-100, 100),
    shift=st.integers(-1_000, 1_000),
)
def test_whatever_moved_a_true_balance_fits_and_one_that_lies_by_more_does_not(
    moves: list[tuple[Any, int, int, int]], apart: bool, asked: float, jitter_s: int, shift: int
) -> None:
    """Charges are of the shop's account or of another; a balance may be told some seconds beside its moment."""
    cents, at_us, rows, states, extent = 1_000_000, START_US, [row("received", 1, START_US, 1_000_000)], [], 0
    states.append((START_US, cents))
    for kind, amount, after_s, charge in moves:
        at_us += after_s * 1_000_000
        signed = amount if kind == "received" else -amount
        cents += signed
        rows.append(row(kind, signed, at_us, cents))
        if charge:
            cents -= 0 if apart else charge
            rows.append(row("charge", -charge, at_us, -charge if apart else cents))
        extent += amount + charge
        states.append((at_us, cents))
    rows.append(row("received", 1, at_us + 4 * NEAR_US, cents + 1))
    moment = START_US + NEAR_US + int((at_us + 2 * NEAR_US - START_US) * asked)
    true = [balance for since, balance in states if since <= moment][-1]
    near = told(moment + jitter_s * 1_000_000, true, working=7)
    seen = [each for each in rows if each.completed_us <= near.at_us + NEAR_US]
    last = [e for e in seen if e.kind != "other" and e.kind != "charge" and e.completed_us <= near.at_us - NEAR_US]
    seen = [each for each in seen if last and each.completed_us >= last[-1].completed_us]
    assert differs_cents(near, seen) in ({0} if seen else {None})
    wrong = shift + (3 * extent if shift >= 0 else -3 * extent) + (1 if shift >= 0 else -1)
    if seen and true + wrong > 10:
        assert (differs_cents(told(near.at_us, true + wrong, working=-1), seen) or 0) * wrong > 0


def test_what_the_rows_do_not_tell_is_not_judged() -> None:
    at_us = START_US + NEAR_US
    led = row("received", 5, START_US, 100)
    assert differs_cents(told(at_us, 100), [led]) == 0
    assert differs_cents(told(at_us - 1, 100), [led]) is None, "too near"
    assert differs_cents(told(at_us, 100), [replace(led, balance_cents=None)]) is None
    assert differs_cents(told(at_us, 100), [replace(led, kind="other")]) is None
    assert differs_cents(told(at_us, 100), []) is None
    nameless = Balance("174379", (Account("Another Account", "KES", 1, 1, 0, 0),), at_us)
    assert differs_cents(nameless, [led]) is None
    reserved = replace(told(at_us, 0), accounts=(Account("Merchant Account", "KES", 90, 100, 10, 0),))
    assert differs_cents(reserved, [led]) == 0
    assert differs_cents(told(at_us, 90), [led]) == -10
    assert differs_cents(told(at_us, 90), [led, replace(led, receipt="R2", balance_cents=95)]) == 0, "in any order"


def test_only_what_nothing_explains_is_more() -> None:
    before, after = told(START_US, 1_000), told(START_US + 1, 1_500)
    assert [unknown_cents(before, after, each) for each in (0, 499, 500, 501)] == [500, 1, 0, 0]
    assert unknown_cents(after, before, 0) == 0
    till = replace(after, accounts=(Account("Merchant Account", "KES", 9_000, 9_000, 0, 0),))
    assert unknown_cents(before, till, 0) == 0, "another account"


@example([0, 60], -600)
@example([0, 60], 660)
@given(st.lists(st.integers(0, 5_000), min_size=2, max_size=6, unique=True), st.integers(-2_000, 7_000))
def test_money_counts_wherever_it_may_have_come(moments_s: list[int], at_s: int) -> None:
    moments = sorted(START_US + each * 1_000_000 for each in moments_s)
    at_us = START_US + at_s * 1_000_000
    found = between_cents(moments, [MayHaveCome((at_us, at_us), 7)])
    expected = [7 * (first - EDGE_US <= at_us <= last + EDGE_US)
                for first, last in pairwise(moments)]
    assert all(got >= want for got, want in zip(found, expected, strict=True))
    assert sum(found) <= 7 * len(found)
    far = [MayHaveCome((moments[0] - 2 * EDGE_US, moments[-1] + 2 * EDGE_US), 7)]
    assert between_cents(moments, far) == [0] * (len(moments) - 1)
