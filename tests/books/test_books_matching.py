"""Matching, by property: no row and no attempt twice, the order of rows irrelevant, every shilling accounted for."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpesa_cli.books.matching import BY_HAND, NEAR_US, Candidate, Match, Matching, match
from mpesa_cli.rules.payment import AttemptRef
from mpesa_cli.rules.statement_row import StatementRow

PHONES = ("254700000101", "254700000102", "254700000203")
S = 1_000_000

rows = st.builds(
    StatementRow,
    receipt=st.integers(0, 30).map(lambda n: f"UKO4Q7X{n:03d}"),
    kind=st.just("received"),
    amount_cents=st.sampled_from([10_000, 20_000]),
    completed_us=st.integers(0, 3_000).map(lambda s: 10**12 + s * S),
    balance_cents=st.none(),
    account=st.sampled_from(["1001", "order 1002", "INV-1003", "ws_CO_A", "walk in", ""]),
    party=st.sampled_from(["2547****0101", "2547****0102", "2547****0203", "254700000101", ""]),
    linked=st.just(""),
    line=st.integers(1, 3),
)
candidates = st.builds(
    Candidate,
    ref=st.builds(AttemptRef, st.sampled_from(["PAY-A", "PAY-B", "PAY-C", "PAY-D"]), st.integers(0, 3)),
    keys=st.sampled_from([frozenset(), frozenset({"1001"}), frozenset({"1002"}), frozenset({"INV1003", "X"})]),
    amount_cents=st.sampled_from([10_000, 20_000]),
    msisdn=st.sampled_from([*PHONES, ""]),
    requested_us=st.integers(0, 3_000).map(lambda s: 10**12 + s * S),
    checkout_request_id=st.sampled_from(["", "ws_CO_A"]),
    receipt=st.sampled_from(["", "UKO4Q7X001"]),
    open=st.booleans(),
)


def everything(found: Matching) -> list[Match]:
    return [*found.settled, *found.suggested]


@given(st.lists(rows, max_size=12), st.lists(candidates, max_size=8), st.randoms())
def test_no_row_and_no_attempt_is_matched_twice_and_the_order_never_matters(
    some: list[StatementRow], known: list[Candidate], chance: random.Random
) -> None:
    known = list({c.ref: c for c in known}.values())
    found = match(some, known)

    matched = everything(found)
    assert len({m.row for m in matched}) == len(matched)
    assert len({m.ref for m in matched}) == len(matched)
    chance.shuffle(some)
    chance.shuffle(known)
    assert match([*some, *some], known) == found


@given(st.lists(rows, max_size=12), st.lists(candidates, max_size=8))
def test_amounts_are_conserved(some: list[StatementRow], known: list[Candidate]) -> None:
    by_ref = {c.ref: c for c in known}
    found = match(some, list(by_ref.values()))
    settled = {m.row for m in found.settled}
    assert settled <= set(some)
    assert all(m.row.amount_cents == by_ref[m.ref].amount_cents for m in everything(found))
    left = set(some) - settled
    assert sum(r.amount_cents for r in set(some)) == sum(r.amount_cents for r in settled | left)


@given(st.lists(rows, max_size=12), st.lists(candidates, max_size=8))
def test_what_contradicts_a_shown_number_or_the_time_is_never_matched(
    some: list[StatementRow], known: list[Candidate]
) -> None:
    by_ref = {c.ref: c for c in known}
    for each in everything(match(some, list(by_ref.values()))):
        candidate = by_ref[each.ref]
        if each.way == "likeness":
            assert candidate.open
            assert abs(each.row.completed_us - candidate.requested_us) <= NEAR_US
        if each.way in {"likeness", "reference"} and candidate.msisdn and candidate.ref.number != BY_HAND:
            assert not each.row.party or candidate.msisdn[-4:] == each.row.party[-4:]
        if each.way == "reference":
            assert candidate.requested_us <= each.row.completed_us + NEAR_US


ROW = StatementRow("UKO4Q7X81C", "received", 10_000, 10**12, None, "1001", "2547****0101", "", 1)
OPEN = Candidate(AttemptRef("PAY-A", 1), frozenset({"1001"}), 10_000, PHONES[0], 10**12 - 5 * S)


@pytest.mark.parametrize(
    ("row", "candidate", "way"),
    [
        (ROW, OPEN, "reference"),
        (replace(ROW, account="Order # 1001"), OPEN, "reference"),
        (replace(ROW, account="by the door"), OPEN, "likeness"),
        (replace(ROW, account="by the door", party=""), OPEN, None),  # nothing of the number is shown
        (replace(ROW, account="ws_CO_1"), replace(OPEN, checkout_request_id="ws_CO_1"), "checkout_request_id"),
        (replace(ROW, account="?"), replace(OPEN, receipt="UKO4Q7X81C"), "receipt"),
        (replace(ROW, amount_cents=9_999), OPEN, None),
        (replace(ROW, party="2547****0102"), OPEN, None),
        (replace(ROW, completed_us=OPEN.requested_us - NEAR_US - 1), OPEN, None),
        (replace(ROW, completed_us=ROW.completed_us + 86_400 * S), OPEN, "reference"),  # paid by hand a day later
        (replace(ROW, completed_us=ROW.completed_us + 86_400 * S), replace(OPEN, open=False), None),
        (replace(ROW, account="?"), replace(OPEN, open=False), None),
    ],
)
def test_one_row_and_one_attempt(row: StatementRow, candidate: Candidate, way: str | None) -> None:
    assert [m.way for m in everything(match([row], [candidate]))] == ([way] if way else [])


def test_two_rows_or_two_attempts_that_fit_alike_are_nobodys() -> None:
    twin_row, twin = replace(ROW, receipt="UKO4Q7X82D"), replace(OPEN, ref=AttemptRef("PAY-B", 1))
    assert everything(match([ROW, twin_row], [OPEN])) == []
    assert everything(match([replace(ROW, account="?")], [OPEN, twin])) == []


def test_each_of_two_prompts_gets_the_row_of_its_own_time() -> None:
    later = replace(OPEN, ref=AttemptRef("PAY-A", 2), requested_us=OPEN.requested_us + 200 * S)
    second = replace(ROW, receipt="UKO4Q7X82D", completed_us=ROW.completed_us + 200 * S)
    found = {m.row.receipt: m.ref.number for m in match([second, ROW], [later, OPEN]).settled}
    assert found == {"UKO4Q7X81C": 1, "UKO4Q7X82D": 2}


@pytest.mark.parametrize("fraction", [0, 250_000, 999_999])
def test_a_row_of_the_second_in_which_a_prompt_was_sent_is_that_prompts_and_no_earlier_ones(fraction: int) -> None:
    """The record cuts off what is less than a second; a prompt that was declined minutes before is near as well."""
    declined = replace(OPEN, open=False)
    paid = replace(OPEN, ref=AttemptRef("PAY-A", 2), requested_us=OPEN.requested_us + 190 * S + fraction)
    row = replace(ROW, completed_us=OPEN.requested_us + 190 * S)
    assert [m.ref.number for m in match([row], [declined, paid]).settled] == [2]


@pytest.mark.parametrize("ahead_s", [0, 120, 299])
def test_a_prompt_that_is_paid_gets_its_receipt_though_the_clock_was_ahead_when_it_was_sent(ahead_s: int) -> None:
    """A declined prompt of the order is nearer in time; both rows are there only where both were paid."""
    declined = replace(OPEN, open=False)
    paid = replace(OPEN, ref=AttemptRef("PAY-A", 2), requested_us=ROW.completed_us + ahead_s * S, lacks_receipt=True)
    assert [m.ref.number for m in match([ROW], [declined, paid]).settled] == [2]
    own = replace(ROW, receipt="UKO4Q7X82D", completed_us=ROW.completed_us + (ahead_s + 3) * S)
    found = {m.row.receipt: m.ref.number for m in match([ROW, own], [declined, replace(paid)]).settled}
    assert found in ({"UKO4Q7X81C": 1, "UKO4Q7X82D": 2}, {})


@pytest.mark.parametrize("second", [OPEN, replace(OPEN, open=False)])
@pytest.mark.parametrize("other_phone", [False, True])
def test_the_one_row_of_an_order_is_of_the_prompt_that_is_paid_and_not_of_a_newer_one(
    second: Candidate, other_phone: bool
) -> None:
    """Nobody knows what became of the newer one; were it paid too, there would be a second row."""
    paid = replace(OPEN, checkout_request_id="ws_CO_1", lacks_receipt=True)
    newer = replace(second, ref=AttemptRef("PAY-A", 2), requested_us=OPEN.requested_us + S)
    if other_phone:
        paid = replace(paid, msisdn=PHONES[1])
    assert [m.ref.number for m in match([ROW], [paid, newer]).settled] == [2 if other_phone else 1]


def test_of_two_rows_each_of_two_prompts_gets_one_where_one_is_known_to_be_paid() -> None:
    paid = replace(OPEN, checkout_request_id="ws_CO_1", lacks_receipt=True)
    newer = replace(OPEN, ref=AttemptRef("PAY-A", 2), requested_us=OPEN.requested_us + 30 * S)
    row = replace(ROW, receipt="UKO4Q7X82D", completed_us=ROW.completed_us + 40 * S)
    assert {m.row.receipt: m.ref.number for m in match([row, ROW], [newer, paid]).settled} == {
        "UKO4Q7X81C": 1, "UKO4Q7X82D": 2,
    }


@pytest.mark.parametrize("second", [OPEN, replace(OPEN, open=False, checkout_request_id="ws_CO_2")])
def test_the_one_row_of_an_order_is_of_the_open_prompt_that_can_still_be_asked_about(second: Candidate) -> None:
    """What is asked about it later must find its receipt there, and not count it once more."""
    asked = replace(OPEN, checkout_request_id="ws_CO_1")
    newer = replace(second, ref=AttemptRef("PAY-A", 2), requested_us=OPEN.requested_us + S)
    assert [m.ref.number for m in match([ROW], [asked, newer]).settled] == [1]
    too_late = replace(asked, requested_us=ROW.completed_us + S)
    assert [m.ref.number for m in match([ROW], [too_late, newer]).settled] == [2]


def test_an_order_is_paid_by_hand_once() -> None:
    order = replace(OPEN, ref=AttemptRef("PAY-A", BY_HAND), open=False)
    again = replace(ROW, receipt="UKO4Q7X82D")
    assert [m.ref.number for m in match([ROW], [order]).settled] == [BY_HAND]
    assert match([ROW, again], [order]).settled == ()


def test_where_a_prompt_takes_one_of_two_rows_the_other_does_not_pay_the_order_again() -> None:
    prompt, order = replace(OPEN, open=False), replace(OPEN, ref=AttemptRef("PAY-A", BY_HAND), open=False)
    hours_later = replace(ROW, receipt="UKO4Q7X82D", completed_us=ROW.completed_us + 7_200 * S)
    found = match([ROW, hours_later], [prompt, order])
    assert [(m.row.receipt, m.ref.number) for m in found.settled] == [("UKO4Q7X81C", 1)]
