"""For one reference at most one payout is in doubt or done, and after a restore none that may have been made."""

import pytest

from mpesa_cli.floor.errors import Conflict, InvalidInput
from mpesa_cli.rules.money_out.payout_evidence import PayoutAsked, PayoutFact, PayoutInDoubt, PayoutPaid, PayoutRefused
from mpesa_cli.rules.money_out.payout_rows import told_by_rows
from mpesa_cli.rules.money_out.payout_rules import (
    REPEAT_WITHIN_S,
    PayoutAsking,
    PayoutWish,
    check_reference,
    decide_payout,
    decide_repeat,
    originator_id,
    reference_key,
)
from mpesa_cli.rules.money_out.payout_state import Payout, payout_view
from mpesa_cli.rules.restored import Gap, InTheGap, Restored, Told, Word
from mpesa_cli.rules.statement_row import StatementRow

PHONE = "254708374149"
WISH, ASKING = PayoutWish("wages", PHONE, 15_000), PayoutAsking("Asha", "wages of November")
DAY_US = 86_400_000_000
NOW_US = 20_000 * DAY_US
LOST = PayoutInDoubt(NOW_US, "REQ-1", "no-answer", "lost")
NO = PayoutRefused(NOW_US, "REQ-1", "result", "1", "too little")


def payout(*facts: PayoutFact, reference: str = "wages", asked_us: int = NOW_US) -> Payout:
    asked = PayoutAsked(asked_us, "REQ-1", reference, "174379", 15_000, "Asha", "wages of November", msisdn=PHONE)
    return Payout("OUT-1", reference, "174379", asked_us, payout_view([asked, *facts]))


def row(receipt: str = "UKO4Q7Y93D", party: str = "2547****4149", cents: int = -15_000) -> StatementRow:
    return StatementRow(receipt, "other", cents, NOW_US, None, "", party, "", 7)


def refusal(*args: object) -> str:
    with pytest.raises(Conflict) as told:
        decide_payout(*args)  # type: ignore[arg-type]
    return told.value.code


@pytest.mark.parametrize(("facts", "code"), [
    ([], "payout-pending"), ([LOST], "payout-unknown"),
    ([PayoutPaid(NOW_US, "REQ-1", "result", "UKO4Q7Y93D")], "paid-already"), ([NO], ""),
])
def test_what_may_have_gone_out_is_not_sent_again_and_what_is_proven_not_to_is(
    facts: list[PayoutFact], code: str
) -> None:
    known = payout(*facts)
    if code:
        for wish in (WISH, PayoutWish("WAGES ", "254711111111", 20_000)):
            assert refusal(known, wish, ASKING) == code
    else:
        leave = decide_payout(known, WISH, ASKING)
        assert (leave.number, originator_id("L", "wages", 0)) != (0, originator_id("L", "wages", leave.number))


@pytest.mark.parametrize(("one", "other", "same"), [
    ("Wages  Nov", "wages nov", True), ("INV-1", "INV 1", False), ("1-11", "11-1", False),
])
def test_case_and_blanks_make_no_other_reference(one: str, other: str, same: bool) -> None:
    assert (reference_key(one) == reference_key(other)) is same
    assert (originator_id("L", one, 0) == originator_id("L", other, 0)) is same
    assert originator_id("L", one, 0) != originator_id("M", one, 0)


def test_a_reference_is_a_short_line_that_says_something() -> None:
    assert check_reference("  wages   nov ") == "wages nov"
    for wrong in ("", "  ", "---", "x" * 65, "a\x1bb"):
        with pytest.raises(InvalidInput):
            check_reference(wrong)


@pytest.mark.parametrize(("age_s", "same_id", "wish", "may"), [
    (0, True, WISH, True), (REPEAT_WITHIN_S - 1, True, WISH, True), (REPEAT_WITHIN_S, True, WISH, False),
    (-1, True, WISH, False), (0, False, WISH, False), (0, True, PayoutWish("wages", PHONE, 15_100), False),
    (0, True, PayoutWish("wages", "254711111111", 15_000), False),
])
def test_in_doubt_the_same_request_may_go_out_for_a_day_where_m_pesa_knows_it_again(
    age_s: int, same_id: bool, wish: PayoutWish, may: bool
) -> None:
    known, now_us = payout(LOST), NOW_US + age_s * 1_000_000
    if may:
        assert decide_repeat(known, wish, same_id=same_id, now_us=now_us) is known
    else:
        with pytest.raises(Conflict, match="nobody knows"):
            decide_repeat(known, wish, same_id=same_id, now_us=now_us)
    for settled in (payout(), payout(NO), payout(LOST, PayoutInDoubt(NOW_US, "REQ-1", "misfit", "other amount"))):
        with pytest.raises(Conflict):
            decide_repeat(settled, WISH, same_id=True, now_us=NOW_US)


GAP = Gap(NOW_US - 2 * DAY_US, NOW_US - DAY_US, seq=5)
WHOLE = {"174379": [Told((0, NOW_US), 5)]}


@pytest.mark.parametrize(("told", "word", "free", "not_paid", "code"), [
    ({}, None, (), False, "restored-gap"), ({}, None, (), True, ""), (WHOLE, None, (), False, ""),
    (WHOLE, None, (row(),), False, "may-be-paid"), (WHOLE, None, (row(),), True, "may-be-paid"),
    ({"600000": WHOLE["174379"]}, None, (), False, "restored-gap"), ({}, Word(NOW_US, 9), (), False, ""),
    ({}, Word(NOW_US - 3 * DAY_US, 3), (), False, "restored-gap"),
])
def test_after_a_restore_nothing_goes_out_that_may_have_gone_out_meanwhile(
    told: dict[str, list[Told]], word: Word | None, free: tuple[StatementRow, ...], not_paid: bool, code: str
) -> None:
    gap = InTheGap(Restored((GAP,), told), ("174379",), word, free)
    asking = PayoutAsking("Asha", "wages of November", not_paid)
    if code:
        assert refusal(None, WISH, asking, gap) == code
    else:
        assert decide_payout(None, WISH, asking, gap).wish == WISH


def test_an_erased_phone_gets_nothing() -> None:
    assert refusal(None, PayoutWish("wages", "erased-0a1b2c", 15_000), ASKING) == "number-erased"


def test_a_row_tells_of_a_payout_only_where_neither_can_be_anothers() -> None:
    mine, other = payout(LOST), payout(LOST, reference="other")
    assert told_by_rows([(mine, [row()])]) == [(mine, row())]
    for hidden in ("", "2547*******", "254711111111"):
        assert told_by_rows([(mine, [row(party=hidden)])]) == []
    assert told_by_rows([(mine, [row(), row("UKO4Q7Y94E")])]) == []
    assert told_by_rows([(mine, [row()]), (other, [row()])]) == []
    assert told_by_rows([(mine, [row()]), (other, [row("UKO4Q7Y94E", party="2547*******")])]) == [(mine, row())]
