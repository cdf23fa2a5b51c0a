"""The state function over every sequence of evidence up to length 5, and every pair of attempts.

A fact carries its own time and the function takes a set, so all sequences of the same facts, with or
without repeats, are one set. `test_every_set…` decides each set of up to five of the 27 facts once
(101,584 sets, standing for the 14,900,788 sequences of up to five facts) and checks the laws on it; order and
repeats are then proven not to matter: every order and repeat of up to three facts, which holds every pair of
kinds both ways round, and a sample of the longer ones. `test_every_sequence_in_time…` lets the position in
the sequence be the time: all 271,453 sequences of up to five of 12 kinds. Without being asked for (`-m long`, as
.ci/run does) it goes up to length 4: 20,854 sets and 22,621 sequences.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import combinations, permutations, product
from math import comb

import pytest

from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.codes.lookup import Outcome, stk_result
from mpesa_cli.rules.state import (
    AttemptState,
    AttemptView,
    Flag,
    PaymentStatus,
    Terms,
    attempt_view,
    is_open,
    payment_status,
    with_clock,
)

S = 1_000_000
PHONE = "254708374149"
TERMS = Terms(amount_cents=150_000, msisdn=PHONE)
LONGEST = 5
UP_TO = pytest.mark.parametrize("longest", [4, pytest.param(LONGEST, marks=pytest.mark.long)])
NEVER_SENT = {AttemptState.CREATED, AttemptState.NOT_SENT, AttemptState.REJECTED}


def money(at_s: int, receipt: str, *, cents: int = 150_000, phone: str = PHONE, **more: object) -> ev.Received:
    source: ev.Source = "callback"
    return ev.Received(at_s * S, source, receipt, cents, msisdn=phone, **more)  # type: ignore[arg-type]


FACTS: tuple[ev.Evidence, ...] = (
    ev.Sending(1 * S, 1),
    ev.Accepted(2 * S, 1, "M1", "ws_CO_A"),
    ev.Refused(2 * S, 1, "400.002.02", "Bad Request - Invalid Amount"),
    ev.Undelivered(2 * S, 1, "dns", "not found"),
    ev.Ambiguous(3 * S, 1, "read-timeout", "no answer"),
    ev.SenderLost(4 * S, 1),
    ev.Sending(5 * S, 2),
    ev.Accepted(6 * S, 2, "M2", "ws_CO_B"),
    ev.Withdrawn(7 * S, "given up"),
    money(20, "UKO4Q7WX2B", checkout_request_id="ws_CO_A"),
    money(25, "UKO4Q7WX2C"),  # a second clean receipt, as a statement or C2B row would bring
    money(21, "UKO4Q7WX2D", cents=100),
    money(22, "UKO4Q7WX2E", phone="254700001032"),
    money(23, "UKO4Q7WX2F", claimed_elsewhere=True),
    ev.CallbackFailed(30 * S, "1032", "cancelled", checkout_request_id="ws_CO_A"),
    ev.CallbackFailed(31 * S, "1032", "cancelled", checkout_request_id="ws_CO_C"),
    ev.CallbackFailed(32 * S, "9999", "error"),  # listed, but it proves nothing
    ev.CallbackFailed(33 * S, "7777", "something new"),
    ev.QueryAnswered(40 * S, "0", "processed"),
    ev.QueryAnswered(41 * S, "1032", "cancelled"),
    ev.QueryAnswered(111 * S, "1032", "cancelled"),
    ev.QueryAnswered(42 * S, "9999", "error"),
    ev.Decided(130 * S, "failed", "asha", "not on the statement"),
    ev.Decided(131 * S, "paid", "asha", "seen on the statement", "UKO4Q7WX2G"),
    ev.GivenUp(135 * S),
    ev.Reversed(140 * S, "statement", "UKO4Q7WX2B", "UKO5Q7WX2R", 150_000),
    ev.ClaimedPaid(24 * S, "processed", "short", 150_000, checkout_request_id="ws_CO_A", msisdn=PHONE),
)
FAILING = tuple(f for f in FACTS if isinstance(f, ev.CallbackFailed | ev.QueryAnswered)
                and stk_result(f.result_code).outcome is not Outcome.PAID)


def sets_up_to(longest: int) -> Iterator[tuple[ev.Evidence, ...]]:
    for size in range(longest + 1):
        yield from combinations(FACTS, size)


def is_clean(fact: ev.Evidence) -> bool:
    return (
        isinstance(fact, ev.Received) and fact.amount_cents == TERMS.amount_cents
        and fact.msisdn == PHONE and not fact.claimed_elsewhere
    )


def may_have_left(facts: Iterable[ev.Evidence]) -> bool:
    """Said a second time, in other words than the code's: some POST is not proven undelivered or refused."""
    posts: dict[int, set[type]] = {}
    for fact in facts:
        if isinstance(fact, ev.Sending | ev.Accepted | ev.Refused | ev.Undelivered | ev.Ambiguous | ev.SenderLost):
            posts.setdefault(fact.post, set()).add(type(fact))
    return any(
        said & {ev.Accepted, ev.Ambiguous} or not said & {ev.Refused, ev.Undelivered} for said in posts.values()
    )


def check_the_laws(facts: tuple[ev.Evidence, ...], view: AttemptView) -> None:
    decisions = [f for f in facts if isinstance(f, ev.Decided)]
    last = max(decisions, key=lambda d: d.at_us, default=None)
    clean = [f for f in facts if is_clean(f)]
    received = [f for f in facts if isinstance(f, ev.Received)]
    codes = {f.result_code for f in facts if isinstance(f, ev.CallbackFailed | ev.QueryAnswered)}
    outcomes = {stk_result(code).outcome for code in codes}
    by_person = last is not None and last.verdict == "paid"
    if view.state is AttemptState.PAID:
        assert by_person or clean or "0" in codes
        assert by_person or may_have_left(facts)
        assert Flag.UNCONFIRMED not in view.flags or view.receipt is None
        assert by_person or Outcome.FAILED not in outcomes or Flag.CONFLICT in view.flags
        assert {f.receipt for f in clean} <= view.receipts, "a receipt was lost"
    if received and not clean and not decisions:
        assert view.state is AttemptState.REVIEW, "what does not match is for a person"
    if (received or "0" in codes) and not decisions:
        assert view.state in {AttemptState.PAID, AttemptState.REVIEW}, "a success was taken away"
    if any(isinstance(f, ev.ClaimedPaid) for f in facts) and not decisions:
        assert view.state in {AttemptState.PAID, AttemptState.REVIEW, AttemptState.UNKNOWN}, "a claim was forgotten"
    if received and last is not None and last.verdict == "failed" and max(r.at_us for r in received) > last.at_us:
        assert view.state in {AttemptState.PAID, AttemptState.REVIEW}, "money after the decision was hidden"
    if view.state is AttemptState.FAILED:
        agreed = {f.result_code for f in facts if isinstance(f, ev.CallbackFailed)} & {
            f.result_code for f in facts if isinstance(f, ev.QueryAnswered)
        }
        assert last or Outcome.FAILED in outcomes or any(stk_result(c).listed for c in agreed)
        called = [f for f in facts if isinstance(f, ev.CallbackFailed)]
        asked = [f for f in facts if isinstance(f, ev.QueryAnswered)]
        if not last and not called and len(asked) == 1:
            assert Flag.UNCONFIRMED in view.flags
    if view.state in {AttemptState.NOT_SENT, AttemptState.REJECTED, AttemptState.CREATED}:
        assert not may_have_left(facts)
    if view.state in {AttemptState.NOT_SENT, AttemptState.REJECTED, AttemptState.FAILED}:
        assert not is_open(view.state)


@UP_TO
def test_every_set_of_up_to_five_facts_keeps_the_laws(longest: int) -> None:
    seen = 0
    for facts in sets_up_to(longest):
        check_the_laws(facts, attempt_view(TERMS, facts))
        seen += 1
    assert seen == sum(comb(len(FACTS), size) for size in range(longest + 1)) == {4: 20_854, 5: 101_584}[longest]


@UP_TO
def test_order_and_repeats_never_matter(longest: int) -> None:
    covered = 0
    for facts in sets_up_to(3):  # every order, and every fact twice
        wanted = attempt_view(TERMS, facts)
        for order in permutations(facts):
            assert attempt_view(TERMS, order) == wanted
            assert attempt_view(TERMS, order + order) == wanted
            covered += 2
    for number, facts in enumerate(sets_up_to(longest)):  # of the longer ones every seventh, three orders
        if len(facts) > 3 and number % 7 == 0:
            wanted = attempt_view(TERMS, facts)
            for order in (facts[::-1], facts[2:] + facts[:2], facts[1:] + facts[:1] + facts[::2]):
                assert attempt_view(TERMS, order) == wanted
                covered += 1
    assert covered > {4: 44_000, 5: 78_000}[longest]


@UP_TO
def test_no_failing_evidence_ever_takes_a_success_away(longest: int) -> None:
    checked = 0
    for facts in sets_up_to(longest - 1):
        view = attempt_view(TERMS, facts)
        if view.state not in {AttemptState.PAID, AttemptState.REVIEW}:
            continue
        for failing in FAILING:
            if failing in facts:
                continue
            after = attempt_view(TERMS, (*facts, failing))
            checked += 1
            if view.state is AttemptState.REVIEW:
                assert after.state is AttemptState.REVIEW
                continue
            assert after.state is AttemptState.PAID
            assert (after.receipt, after.receipts) == (view.receipt, view.receipts)
            assert view.flags <= after.flags
    assert checked > 10_000


TIMED: tuple[ev.Evidence, ...] = tuple(FACTS[i] for i in (0, 1, 4, 9, 11, 13, 14, 16, 17, 18, 19, 22))
TIMED_AT = [[replace(fact, at_us=(position + 1) * 40 * S) for fact in TIMED] for position in range(LONGEST)]


@UP_TO
def test_every_sequence_in_time_keeps_the_laws(longest: int) -> None:
    seen = 0
    for size in range(longest + 1):
        for sequence in product(range(len(TIMED)), repeat=size):
            facts = tuple(TIMED_AT[position][kind] for position, kind in enumerate(sequence))
            check_the_laws(facts, attempt_view(TERMS, facts))
            seen += 1
    assert seen == sum(12**size for size in range(longest + 1)) == {4: 22_621, 5: 271_453}[longest]


def test_money_paid_by_hand_needs_no_prompt_and_is_never_lost() -> None:
    by_hand = replace(TERMS, prompted=False)
    nothing_sent = [f for f in FACTS if isinstance(f, ev.Received | ev.CallbackFailed | ev.QueryAnswered | ev.Decided)]
    for size in range(1, 4):
        for facts in combinations(nothing_sent, size):
            view, prompted = attempt_view(by_hand, facts), attempt_view(TERMS, facts)
            if any(is_clean(f) for f in facts):
                assert view.state is AttemptState.PAID
                assert {f.receipt for f in facts if is_clean(f)} <= view.receipts
                assert prompted.state is not AttemptState.PAID or prompted.source == "person"
            elif any(isinstance(f, ev.Received) for f in facts) and not any(isinstance(f, ev.Decided) for f in facts):
                assert view.state is AttemptState.REVIEW


def test_time_alone_changes_nothing_but_the_overdue_flag() -> None:
    for facts in sets_up_to(3):
        view = attempt_view(TERMS, facts)
        for now_s in (0, 121, 1_000_000):
            aged = with_clock(view, now_s * S)
            assert replace(aged, flags=aged.flags - {Flag.OVERDUE}) == view
            assert Flag.OVERDUE not in aged.flags or view.state is AttemptState.PENDING


@pytest.fixture(scope="module")
def kinds_of_attempt() -> list[AttemptView]:
    """One view of every kind that a person can tell apart, and one of half the money paid by hand."""
    kinds: dict[object, AttemptView] = {}
    for facts in sets_up_to(4):
        view = attempt_view(TERMS, facts)
        kinds.setdefault((view.state, view.flags, view.receipts, view.result_code, view.source), view)
    assert {view.state for view in kinds.values()} == set(AttemptState)
    by_hand = Terms(TERMS.amount_cents // 2, PHONE, prompted=False)
    half = attempt_view(by_hand, [money(50, "UKO4Q7WX2H", cents=by_hand.amount_cents)])
    assert (half.state, half.paid_cents) == (AttemptState.PAID, by_hand.amount_cents)
    return [*kinds.values(), half]


def test_every_pair_of_attempts_gives_the_payment_its_status(kinds_of_attempt: list[AttemptView]) -> None:
    pairs = 0
    for one, other in product(kinds_of_attempt, repeat=2):
        status = payment_status([one, other], TERMS.amount_cents)
        assert status is payment_status([other, one], TERMS.amount_cents)
        paid = [a for a in (one, other) if a.state is AttemptState.PAID]
        back = sum(a.reversed_cents for a in paid)
        came = sum(a.paid_cents for a in paid) - back
        states = {one.state, other.state}
        if came > TERMS.amount_cents:
            assert status is PaymentStatus.OVERPAID
        elif came == TERMS.amount_cents:
            assert status is PaymentStatus.PAID
        elif AttemptState.REVIEW in states:
            assert status is PaymentStatus.REVIEW
        elif any(is_open(state) for state in states):
            assert status in {PaymentStatus.UNKNOWN, PaymentStatus.PENDING}
        elif came:
            assert status is PaymentStatus.PARTIAL
        else:
            assert status is (PaymentStatus.REFUNDED if back else PaymentStatus.FAILED)
        pairs += 1
    assert pairs == len(kinds_of_attempt) ** 2 > 900


def test_two_paid_prompts_are_always_named_overpaid(kinds_of_attempt: list[AttemptView]) -> None:
    prompted = [a for a in kinds_of_attempt if a.state is AttemptState.PAID
                and a.paid_cents - a.reversed_cents >= TERMS.amount_cents]
    assert len(prompted) >= 5
    for one, other in product(prompted, repeat=2):
        assert payment_status([one, other], TERMS.amount_cents) is PaymentStatus.OVERPAID


def test_a_further_attempt_never_unpays_a_payment(kinds_of_attempt: list[AttemptView]) -> None:
    came = {PaymentStatus.PAID, PaymentStatus.OVERPAID}
    for one, other in product(kinds_of_attempt, repeat=2):
        alone, both = (payment_status(attempts, TERMS.amount_cents) for attempts in ([one], [one, other]))
        if alone in came:
            assert both in came
        if alone is PaymentStatus.OVERPAID:
            assert both is PaymentStatus.OVERPAID


def test_two_receipts_on_one_prompt_are_two_payments() -> None:
    for facts in sets_up_to(4):
        view = attempt_view(TERMS, facts)
        if len({f.receipt for f in facts if is_clean(f)}) > 1 and view.state is AttemptState.PAID:
            status = payment_status([view], TERMS.amount_cents)
            gone = any(isinstance(f, ev.Reversed) for f in facts)
            assert status in ({PaymentStatus.OVERPAID, PaymentStatus.PAID} if gone else {PaymentStatus.OVERPAID})
            assert view.paid_cents >= 2 * TERMS.amount_cents


def test_money_that_went_back_changes_no_state_and_takes_no_receipt_away() -> None:
    back = next(f for f in FACTS if isinstance(f, ev.Reversed))
    again = replace(back, at_us=200 * S, source="pull")
    for facts in sets_up_to(4):
        if back in facts:
            continue
        before, after = attempt_view(TERMS, facts), attempt_view(TERMS, (*facts, back))
        assert replace(after, reversed_cents=0) == before
        assert attempt_view(TERMS, (*facts, back, again)) == after, "told twice, it went back once"
        counts = before.state is AttemptState.PAID and back.receipt in before.receipts
        assert after.reversed_cents == (TERMS.amount_cents if counts else 0)


def test_what_went_back_leaves_what_is_truly_here() -> None:
    sent, paid = (ev.Sending(1 * S, 1), ev.Accepted(2 * S, 1, "M1", "ws_CO_A")), money(20, "UKO4Q7WX2B")
    part = ev.Reversed(50 * S, "pull", "UKO4Q7WX2B", "UKO5Q7WX2R", 50_000)
    rest = ev.Reversed(60 * S, "pull", "UKO4Q7WX2B", "UKO5Q7WX2S", 100_000)
    second = money(25, "UKO4Q7WX2C")
    beyond = replace(rest, amount_cents=900_000)
    assert attempt_view(TERMS, [*sent, paid, beyond]).reversed_cents == TERMS.amount_cents, "no more than came"
    for facts, wanted in [
        ([paid, part], PaymentStatus.PARTIAL),
        ([paid, part, rest], PaymentStatus.REFUNDED),
        ([paid, second, part], PaymentStatus.OVERPAID),
        ([paid, second, part, rest], PaymentStatus.PAID),
        ([part, rest], PaymentStatus.PENDING),
    ]:
        assert payment_status([attempt_view(TERMS, [*sent, *facts])], TERMS.amount_cents) is wanted


def test_giving_up_makes_a_pending_prompt_unknown_and_nothing_else() -> None:
    gone = ev.GivenUp(135 * S)
    for facts in sets_up_to(4):
        if gone in facts:
            continue
        before, after = attempt_view(TERMS, facts), attempt_view(TERMS, (*facts, gone))
        assert after.state is (AttemptState.UNKNOWN if before.state is AttemptState.PENDING else before.state)
        assert replace(after, state=before.state) == before
