"""When a new attempt is safe: row by row, second by second, and never while money may still come."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mpesa_cli.floor.world import World
from mpesa_cli.payments.retry_loop import GaveUp, RetryContext, persist
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.codes.lookup import ALL_CODES, Actor, Api, NewAttempt, Outcome
from mpesa_cli.rules.payment import Attempt, AttemptRef, Payment
from mpesa_cli.rules.retry_advice import CheckFirst, FixFirst, Refuse, RetryAfter, RetryNow, advise
from mpesa_cli.rules.state import AttemptState, PaymentStatus, Terms, attempt_view, is_open

S = 1_000_000
T0 = 1_795_505_400 * S
PHONE, OTHER_PHONE = "254708374149", "254711111111"
STK = {row.code: row for row in ALL_CODES if row.api is Api.STK}


def attempt(evidence: Sequence[ev.Evidence], number: int = 1, msisdn: str = PHONE) -> Attempt:
    view = attempt_view(Terms(150_000, msisdn), evidence)
    return Attempt(AttemptRef("PAY-1", number), msisdn, 150_000, T0, withdrawn=False, view=view)


def payment(*attempts: Attempt, order: str = "1042") -> Payment:
    return Payment(
        "PAY-1", order, "simulator", "shop", "174379", 150_000, PHONE, "1042", "Order 1042", T0, attempts
    )


def prompted(at_s: int = 0, *more: ev.Evidence) -> list[ev.Evidence]:
    return [ev.Sending(T0 + at_s * S, 1), ev.Accepted(T0 + (at_s + 1) * S, 1, "M", "ws_CO_A"), *more]


def called_back(code: str, at_s: int = 10) -> Payment:
    return payment(attempt(prompted(0, ev.CallbackFailed(T0 + at_s * S, code, "no"))))


def at(seconds: float) -> int:
    return T0 + int(seconds * S)


LONG_AFTER = 10 * 86_400


@pytest.mark.parametrize("code", [c for c, row in STK.items() if row.outcome is Outcome.FAILED])
def test_after_a_callback_the_row_decides(code: str) -> None:
    row, advice = STK[code], advise(called_back(code), at(LONG_AFTER))
    match row.new_attempt:
        case NewAttempt.NEVER:
            assert isinstance(advice, Refuse)
            assert advice.next_command == f"mpesa explain {code}"
        case NewAttempt.AFTER_FIX:
            assert advice == FixFirst(row.actor, row.staff, 0)
        case _:
            assert advice == RetryNow(row.staff, row.automatic)


@pytest.mark.parametrize(
    ("code", "first_safe_s"),
    [("17", 130), ("1001", 120), ("1037", 120), ("1019", 120), ("1025", 120), ("4", 10 + 86_400)],
)
def test_no_prompt_before_both_the_rows_wait_and_the_spacing_are_over(code: str, first_safe_s: int) -> None:
    early = advise(called_back(code), at(first_safe_s - 0.001))
    assert early == RetryAfter(1, STK[code].staff, STK[code].automatic)
    assert isinstance(advise(called_back(code), at(first_safe_s)), RetryNow)


def test_the_wait_counts_down_in_whole_seconds_and_is_never_told_too_short() -> None:
    for now_s in (10, 10.5, 60, 119.2):
        advice = advise(called_back("1001"), at(now_s))
        assert isinstance(advice, RetryAfter)
        assert 120 <= now_s + advice.wait_s < 121


@pytest.mark.parametrize("code", ["1032", "1037", "17", "1"])
def test_a_no_that_only_one_query_told_must_be_confirmed_first(code: str) -> None:
    asked = payment(attempt(prompted(0, ev.QueryAnswered(at(15), code, "no"))))
    assert isinstance(advise(asked, at(LONG_AFTER)), CheckFirst)
    assert advise(asked, at(15)) == CheckFirst(advise(asked, at(15)).reason, 60)
    assert advise(asked, at(75)) == CheckFirst(advise(asked, at(75)).reason, 0)
    agreed = payment(attempt(prompted(
        0, ev.QueryAnswered(at(15), code, "no"), ev.QueryAnswered(at(75), code, "no"))))
    assert not isinstance(advise(agreed, at(LONG_AFTER)), CheckFirst | Refuse)


def test_an_unconfirmed_no_of_an_earlier_attempt_counts_too() -> None:
    first = attempt(prompted(0, ev.QueryAnswered(at(15), "1032", "no")))
    second = attempt([ev.Sending(at(300), 1), ev.Refused(at(301), 1, "400.002.02", "Invalid Amount")], 2)
    assert isinstance(advise(payment(first, second), at(LONG_AFTER)), CheckFirst)


@pytest.mark.parametrize(
    ("error_code", "message"),
    [("connect-failed", ""), ("dns", ""), ("connect-timeout", ""), ("read-timeout", "while fetching a token"),
     ("http-503", "while fetching a token"), ("something-new", "")],
)
def test_what_was_not_sent_may_be_sent_at_once(error_code: str, message: str) -> None:
    not_sent = attempt([ev.Sending(T0, 1), ev.Undelivered(at(1), 1, error_code, message)])
    assert isinstance(advise(payment(not_sent), at(1)), RetryNow)


def test_a_withdrawn_attempt_stands_in_nobodys_way() -> None:
    assert isinstance(advise(payment(attempt([ev.Withdrawn(T0, "stopped")])), at(0)), RetryNow)


@pytest.mark.parametrize(
    ("error_code", "message", "actor"),
    [("400.002.02", "Bad Request - Invalid CallBackURL", Actor.OWNER),
     ("400.002.02", "Bad Request - Invalid PhoneNumber", Actor.STAFF),
     ("500.001.1001", "Wrong credentials", Actor.OWNER), ("400.009.99", "Something new", Actor.OWNER),
     ("http-400", "The element AccountReference is invalid.", Actor.OWNER), ("1", "Rejected", Actor.OWNER)],
)
def test_what_was_refused_needs_its_cause_put_right(error_code: str, message: str, actor: Actor) -> None:
    refused = attempt([ev.Sending(T0, 1), ev.Refused(at(1), 1, error_code, message)])
    advice = advise(payment(refused), at(LONG_AFTER))
    assert isinstance(advice, FixFirst)
    assert advice.actor is actor
    assert "may" not in advice.reason.split()


def test_a_line_that_was_locked_when_asked_is_free_after_a_minute() -> None:
    locked = [ev.Sending(T0, 1), ev.Refused(at(1), 1, "500.001.1001", "Unable to lock subscriber")]
    assert advise(payment(attempt(locked)), at(1)) == RetryAfter(60, STK_LOCKED, automatic=True)
    assert advise(payment(attempt(locked)), at(61)) == RetryNow(STK_LOCKED, automatic=True)


STK_LOCKED = next(row.staff for row in ALL_CODES if row.text == "Unable to lock subscriber")


@pytest.mark.parametrize(
    ("attempts", "status", "command"),
    [
        ([attempt(prompted())], PaymentStatus.PENDING, "mpesa status 1042"),
        ([attempt([])], PaymentStatus.PENDING, "mpesa status 1042"),
        ([attempt([ev.Sending(T0, 1), ev.Ambiguous(at(1), 1, "read-timeout", "")])], PaymentStatus.UNKNOWN,
         "mpesa status 1042"),
        ([attempt(prompted(0, ev.CallbackFailed(at(9), "9999", "error")))], PaymentStatus.UNKNOWN, "mpesa status 1042"),
        ([attempt(prompted(0, ev.CallbackFailed(at(9), "7777", "new")))], PaymentStatus.UNKNOWN, "mpesa status 1042"),
        ([attempt(prompted(0, ev.Received(at(9), "callback", "UKO4Q7WX2B", 150_000)))], PaymentStatus.PAID,
         "mpesa status 1042"),
        ([attempt(prompted(0, ev.QueryAnswered(at(9), "0", "ok")))], PaymentStatus.PAID, "mpesa status 1042"),
        ([attempt(prompted(0, ev.Received(at(9), "callback", "UKO4Q7WX2B", 100)))], PaymentStatus.REVIEW,
         "mpesa resolve 1042 paid --reason WHY"),
        ([attempt(prompted(0, ev.Received(at(9), "callback", "UKO4Q7WX2B", 150_000))),
          attempt(prompted(300, ev.Received(at(310), "callback", "UKO4Q7WX2C", 150_000)), 2)],
         PaymentStatus.OVERPAID, "mpesa log 1042"),
    ],
)
def test_where_money_came_or_may_come_a_new_attempt_is_refused(
    attempts: list[Attempt], status: PaymentStatus, command: str
) -> None:
    asked = payment(*attempts)
    assert asked.status is status
    advice = advise(asked, at(LONG_AFTER))
    assert isinstance(advice, Refuse)
    assert advice.next_command == command


def test_the_command_offered_survives_a_shell() -> None:
    advice = advise(payment(attempt(prompted()), order="till 3 #17"), at(1))
    assert isinstance(advice, Refuse)
    assert advice.next_command == "mpesa status 'till 3 #17'"


def test_another_line_is_the_remedy_for_what_was_wrong_with_the_customers() -> None:
    for code in ("8006", "1", "2006", "1037"):
        assert isinstance(advise(called_back(code), at(11), OTHER_PHONE), RetryNow)
    assert isinstance(advise(called_back("2028"), at(11), OTHER_PHONE), FixFirst)


def test_every_earlier_prompt_on_the_line_keeps_its_distance() -> None:
    first = attempt(prompted(0, ev.CallbackFailed(at(5), "1032", "no")))
    second = attempt([ev.Sending(at(20), 1), ev.Undelivered(at(21), 1, "dns", "")], 2)
    assert isinstance(advise(payment(first, second), at(22)), RetryAfter)
    assert isinstance(advise(payment(first, second), at(22), OTHER_PHONE), RetryNow)
    assert isinstance(advise(payment(first, second), at(120)), RetryNow)


def test_a_persons_no_needs_no_code() -> None:
    decided = attempt(prompted(0, ev.Ambiguous(at(2), 1, "html", ""), ev.Decided(at(500), "failed", "asha", "checked")))
    assert isinstance(advise(payment(decided), at(600)), RetryNow)


def test_a_persons_no_is_followed_by_no_prompt_that_nobody_asked_for() -> None:
    decided = attempt(prompted(0, ev.Ambiguous(at(2), 1, "html", ""), ev.Decided(at(500), "failed", "asha", "checked")))
    for now_s in (60, LONG_AFTER):
        advice = advise(payment(decided), at(now_s))
        assert isinstance(advice, RetryNow | RetryAfter)
        assert not advice.automatic


def test_no_run_goes_on_by_itself_where_a_person_is_needed_however_late_the_no_came() -> None:
    no = payment(attempt(prompted(0, ev.Decided(at(5), "failed", "asha", "looked"))))
    asked: list[Payment] = []
    now = iter(range(10**6))  # a clock that goes on whenever it is read
    context = RetryContext(
        settle=lambda p: p, attempt=lambda p: asked.append(p) or no, look=lambda p: p,
        world=World(lambda: at(LONG_AFTER + next(now)), lambda _: None, random=lambda: 0.5),
    )
    *_, last = persist(context, no, PHONE, 3, at_once=True)
    assert isinstance(last, GaveUp)
    assert len(asked) == 1


def test_of_two_prompts_in_doubt_the_later_one_is_waited_for() -> None:
    doubts = [attempt(prompted(s, ev.QueryAnswered(at(s + 15), "1032", "no")), n) for n, s in ((1, 0), (2, 200))]
    for asked in (payment(*doubts), payment(*reversed(doubts))):
        advice = advise(asked, at(215))
        assert isinstance(advice, CheckFirst)
        assert advice.wait_s == 60


@pytest.mark.parametrize("code", ["1032", "1037", "2028"])
def test_an_attempt_that_was_given_up_before_it_left_says_nothing_and_the_no_before_it_counts(code: str) -> None:
    no = attempt(prompted(0, ev.CallbackFailed(at(10), code, "no")))
    given_up = replace(attempt([ev.Withdrawn(at(300), "stopped")], 2), withdrawn=True)
    assert advise(payment(no, given_up), at(LONG_AFTER)) == advise(payment(no), at(LONG_AFTER))


def test_a_refusal_counts_though_its_attempt_was_withdrawn_later() -> None:
    refused = [ev.Sending(at(1), 1), ev.Refused(at(2), 1, "400.002.02", "Bad Request - Invalid PhoneNumber")]
    withdrawn = replace(attempt([*refused, ev.Withdrawn(at(300), "stopped")]), withdrawn=True)
    before = attempt(prompted(-900, ev.CallbackFailed(at(-800), "1037", "no")))
    advice = advise(payment(before, replace(withdrawn, ref=AttemptRef("PAY-1", 2))), at(LONG_AFTER))
    assert isinstance(advice, FixFirst)


def test_a_clock_set_back_a_day_does_not_lock_the_order() -> None:
    assert isinstance(advise(called_back("1037"), T0 - 86_400 * S), RetryNow)


codes = st.sampled_from([*STK, "7777", "SFC_X"])
moments = st.integers(0, 400).map(at)
facts = st.one_of(
    st.builds(ev.Sending, moments, st.integers(1, 2)),
    st.builds(ev.Accepted, moments, st.integers(1, 2), st.just("M"), st.sampled_from(["ws_CO_A", "ws_CO_B"])),
    st.builds(ev.Undelivered, moments, st.integers(1, 2), st.sampled_from(["dns", "http-503"]), st.just("")),
    st.builds(ev.Refused, moments, st.integers(1, 2), st.just("400.002.02"), st.just("Invalid Amount")),
    st.builds(ev.Ambiguous, moments, st.integers(1, 2), st.just("read-timeout"), st.just("")),
    st.builds(ev.SenderLost, moments, st.integers(1, 2)),
    st.builds(ev.Received, moments, st.just("callback"), st.sampled_from(["UKO4Q7WX2B", "UKO4Q7WX2C"]),
              st.sampled_from([150_000, 100])),
    st.builds(ev.CallbackFailed, moments, codes, st.just("")),
    st.builds(ev.QueryAnswered, moments, codes, st.just("")),
    st.builds(ev.Decided, moments, st.sampled_from(["paid", "failed"]), st.just("asha"), st.just("checked")),
)
drawn_attempts = st.tuples(st.lists(facts, max_size=5), st.sampled_from([PHONE, OTHER_PHONE]))
payments = st.lists(drawn_attempts, min_size=1, max_size=3).map(
    lambda drawn: payment(*(attempt(e, n, msisdn) for n, (e, msisdn) in enumerate(drawn, 1)))
)


@given(payments, st.integers(0, 2000), st.sampled_from([None, PHONE, OTHER_PHONE]))
def test_a_new_attempt_is_never_allowed_while_money_came_or_may_come(
    asked: Payment, now_s: int, msisdn: str | None
) -> None:
    advice = advise(asked, at(now_s), msisdn)
    if isinstance(advice, Refuse):
        return
    assert asked.status is PaymentStatus.FAILED
    assert not any(is_open(a.state) or a.state is AttemptState.PAID for a in asked.attempts)
    line = msisdn or asked.last.msisdn
    rung = [a.view.requested_us for a in asked.attempts if a.state is AttemptState.FAILED and a.msisdn == line]
    if isinstance(advice, RetryNow):
        assert all(at(now_s) - since >= 120 * S or since - at(now_s) > 120 * S for since in rung if since)
    else:
        assert advice.wait_s >= 0
    if isinstance(advice, RetryAfter):
        assert advice.wait_s >= 1


@given(payments, st.integers(0, 2000))
def test_waiting_as_long_as_told_is_enough(asked: Payment, now_s: int) -> None:
    """On a clock that was not set back: what lies in its future says nothing of how long ago it was."""
    known_us = [us for a in asked.attempts for us in (a.view.requested_us, a.view.settled_us) if us is not None]
    assume(max(known_us, default=0) <= at(now_s))
    advice = advise(asked, at(now_s))
    if isinstance(advice, RetryAfter):
        later = advise(asked, at(now_s + advice.wait_s))
        assert isinstance(later, RetryNow), (advice, later)


@given(payments, st.integers(0, 2000))
def test_nothing_is_automatic_that_a_row_did_not_allow(asked: Payment, now_s: int) -> None:
    advice = advise(asked, at(now_s))
    if isinstance(advice, RetryNow | RetryAfter) and advice.automatic:
        code, desc = asked.last.view.result_code or "", asked.last.view.result_desc or ""
        assert any(
            row.automatic and code == row.code and row.text.casefold() in desc.casefold() for row in ALL_CODES
        )


def test_what_is_partly_paid_is_not_asked_again_under_the_same_order() -> None:
    by_hand = attempt_view(Terms(50_000, PHONE, prompted=False), [ev.Received(at(9), "c2b", "UKO4Q7X81C", 50_000)])
    came = Attempt(AttemptRef("PAY-1", 2), PHONE, 50_000, T0, withdrawn=False, view=by_hand, channel="c2b")
    partly = payment(attempt(prompted(0, ev.CallbackFailed(at(5), "1032", "no"))), came)
    assert partly.status is PaymentStatus.PARTIAL
    advice = advise(partly, at(9_000))
    assert isinstance(advice, Refuse)
    assert "ask for the rest under an order id of its own" in advice.reason
