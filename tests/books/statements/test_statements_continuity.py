"""A row that was taken out of a statement shows in its balances; what only looks odd cries no wolf."""

import itertools
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpesa_cli.books.statements.continuity import BLOCK_AT_MOST, Continuity
from mpesa_cli.books.statements.values import Gap
from mpesa_cli.rules.statement_row import RowKind, StatementRow

SECOND_US = 1_000_000
OPENING = 100_000


def row(second: int, amount: int, balance: int | None, kind: RowKind = "received", line: int = 0) -> StatementRow:
    return StatementRow("UKO1AB23CD", kind, amount, second * SECOND_US, balance, "", "", "", line)


def day(amounts: list[tuple[int, int, RowKind]], *, charges_apart: bool) -> list[StatementRow]:
    """Rows of (second, amount, kind), oldest first, with the balances that a bank would write."""
    shop, charges, rows = OPENING, 0, []
    for line, (second, amount, kind) in enumerate(amounts, 2):
        if kind == "charge" and charges_apart:
            charges += amount
            rows.append(row(second, amount, charges, kind, line))
        else:
            shop += amount
            rows.append(row(second, amount, shop, kind, line))
    return rows


def checked(rows: list[StatementRow]) -> Continuity:
    continuity = Continuity()
    for each in rows:
        continuity.add(each)
    continuity.finish()
    return continuity


kinds = st.sampled_from(["received", "received", "received", "charge", "reversal"])
movements = st.lists(
    st.tuples(st.integers(0, 12), st.integers(1, 50_000), kinds), min_size=1, max_size=25
).map(lambda rows: sorted((s, a if k == "received" else -a, k) for s, a, k in rows))


@given(movements, st.booleans(), st.booleans(), st.randoms(use_true_random=False))
def test_a_whole_statement_has_no_gap_in_either_order_and_whatever_stands_first_in_a_second(
    amounts: list[tuple[int, int, RowKind]], charges_apart: bool, newest_first: bool, chance: random.Random
) -> None:
    rows = day(amounts, charges_apart=charges_apart)
    closing = next((r.balance_cents for r in reversed(rows) if not (charges_apart and r.kind == "charge")), None)
    mixed = []
    for _, block in itertools.groupby(rows, key=lambda each: each.completed_us):
        together = list(block)
        chance.shuffle(together)
        mixed += together
    continuity = checked(mixed[::-1] if newest_first else mixed)
    assert (continuity.gaps, continuity.unchecked) == ([], "")
    if len({each.completed_us for each in rows}) > 1 and closing is not None and not charges_apart:
        assert continuity.opening_cents in {OPENING, None}
        assert continuity.closing_cents in {closing, None}


@given(st.lists(st.integers(1, 50_000), min_size=3, max_size=20), st.data(), st.booleans())
def test_a_row_taken_out_is_a_gap_of_its_amount_where_it_stood(
    amounts: list[int], data: st.DataObject, newest_first: bool
) -> None:
    rows = day([(second, amount, "received") for second, amount in enumerate(amounts)], charges_apart=True)
    gone = data.draw(st.integers(1, len(rows) - 2))
    left = rows[:gone] + rows[gone + 1 :]
    ordered = left[::-1] if newest_first else left
    second_of_two = rows[gone - 1] if newest_first else rows[gone + 1]
    expected = [Gap(second_of_two.line, amounts[gone])] if len(left) > 1 else []
    assert checked(ordered).gaps == expected


def test_a_changed_balance_is_a_gap_and_the_next_rows_are_not() -> None:
    rows = day([(second, 1_000, "received") for second in range(9)], charges_apart=True)
    rows[4] = replace(rows[4], balance_cents=(rows[4].balance_cents or 0) + 7)
    continuity = checked(rows)
    assert [gap.missing_cents for gap in continuity.gaps] == [7, -7]


def test_a_movement_on_another_account_is_no_gap() -> None:
    rows = day([(second, 1_000, "received") for second in range(5)], charges_apart=True)
    rows.insert(3, row(2, -500_000, 77, "other"))
    assert checked(rows).gaps == []


def test_a_customers_money_out_of_line_is_a_gap_even_beside_another_account() -> None:
    rows = day([(second, 1_000, "received") for second in range(5)], charges_apart=True)
    rows[2:4] = [row(2, -500_000, 77, "other"), rows[3]]
    assert [gap.missing_cents for gap in checked(rows).gaps] == [1_000]


def test_rows_without_a_balance_are_passed_over() -> None:
    rows = day([(second, 1_000, "received") for second in range(6)], charges_apart=True)
    rows[2] = replace(rows[2], balance_cents=None)
    assert checked(rows).gaps == []


def test_after_a_row_that_could_not_be_read_the_balances_begin_anew() -> None:
    rows = day([(second, 1_000, "received") for second in range(6)], charges_apart=True)
    continuity = Continuity()
    for number, each in enumerate(rows):
        if number == 3:
            continuity.lost()
        else:
            continuity.add(each)
    continuity.finish()
    assert continuity.gaps == []


def test_rows_in_no_order_of_time_are_not_checked_and_said_to_be_so() -> None:
    rows = day([(second, 1_000, "received") for second in (1, 2, 3, 4)], charges_apart=True)
    continuity = checked([rows[0], rows[2], rows[1], rows[3]])
    assert continuity.gaps == []
    assert "order of time" in continuity.unchecked
    assert (continuity.opening_cents, continuity.closing_cents) == (None, None)


def test_a_second_with_more_rows_than_any_shop_has_is_not_held_in_memory() -> None:
    continuity = checked([row(1, 100, None) for _ in range(BLOCK_AT_MOST + 1)])
    assert "same time" in continuity.unchecked


@pytest.mark.parametrize("newest_first", [True, False])
def test_money_that_went_round_within_one_second_is_no_gap(newest_first: bool) -> None:
    rows = [row(1, 5_000, 105_000), row(2, 5_000, 110_000), row(2, -5_000, 105_000, "reversal"),
            row(2, 300, 105_300), row(3, 50, 105_350)]
    for order in itertools.permutations(rows[1:4]):
        mixed = [rows[0], *order, rows[4]]
        assert checked(mixed[::-1] if newest_first else mixed).gaps == []


@pytest.mark.parametrize("newest_first", [True, False])
def test_a_charge_beside_money_that_went_round_is_not_taken_for_its_continuation(newest_first: bool) -> None:
    rows = [row(1, 1_000, 101_000), row(2, 50, 101_050), row(2, -50, 101_000, "reversal"),
            row(2, -1, -1, "charge"), row(3, 2_000, 103_000)]
    assert checked(rows[::-1] if newest_first else rows).gaps == []
    assert checked(rows[3:0:-1] + rows[:1] if newest_first else rows[1:]).gaps == []
