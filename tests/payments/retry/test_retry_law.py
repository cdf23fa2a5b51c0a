"""No way to a prompt opens an attempt against the advice: whatever a payment went through, whoever asks."""

import itertools
import secrets
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from went_through import SAYS, may_open, tell

from mpesa_cli.daraja.answers import Accepted, PushAnswer
from mpesa_cli.daraja.stk_push import PushRequest
from mpesa_cli.floor.errors import MpesaError
from mpesa_cli.floor.gate import Deadline
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.payments.push import Order, push
from mpesa_cli.payments.retry import new_attempt
from mpesa_cli.payments.sending import PushContext
from mpesa_cli.rules.asking_again import Asking, ByItself, ByPerson, ByProgram
from mpesa_cli.rules.payment import Payment

SECOND_US = 1_000_000
T0 = 1_795_505_400 * SECOND_US
PHONE, OTHER = "254722200050", "254722200051"
REASON = "customer showed that her phone has no prompt"
told = st.lists(st.tuples(st.sampled_from(sorted(SAYS)), st.integers(0, 500)), max_size=5)
wishes = st.sampled_from([ByPerson(), ByPerson(REASON), ByProgram(), ByItself()])
numbers = itertools.count(1)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    opened = Ledger(
        tmp_path_factory.mktemp("law") / "ledger.db", environment="simulator", token_hex=secrets.token_hex
    )
    yield opened
    opened.close()


class Clock:
    """Moves when somebody sleeps."""

    def __init__(self, at_us: int) -> None:
        self._at_us = at_us

    def now_us(self) -> int:
        return self._at_us

    def sleep(self, seconds: float) -> None:
        self._at_us += int(seconds * SECOND_US)


class Taking:
    """Takes every prompt."""

    def ready(self, by: object = None) -> None:
        """Always."""

    def push(self, request: PushRequest, by: object = None) -> PushAnswer:
        return Accepted("merchant", f"ws_CO_{secrets.token_hex(6)}")


def context_of(ledger: Ledger, now_us: int) -> PushContext:
    clock = Clock(now_us)
    request = PushRequest("174379", "174379", "paybill", 70, PHONE, "https://x.example/hooks", "1042", "Payment")
    return PushContext(
        ledger=ledger, daraja=Taking(), world=World(clock.now_us, clock.sleep, random=lambda: 0.5),
        say=lambda _: None,
        request_for=lambda *_: request, hold=nullcontext,
    )


def payment_told(ledger: Ledger, story: list[tuple[str, int]]) -> tuple[Payment, int]:
    """A payment of its own that went through this, and when it began: far from all others on its phone."""
    number = next(numbers)
    began_us = T0 + number * 100_000 * SECOND_US
    return tell(ledger, f"order-{number}", PHONE, began_us, story), began_us


@settings(max_examples=150)
@given(told, wishes, st.integers(0, 900), st.sampled_from([PHONE, OTHER]))
def test_an_attempt_is_opened_where_the_advice_allows_it_and_nowhere_else(
    ledger: Ledger, facts: list[tuple[str, int]], asking: Asking, later_s: int, msisdn: str
) -> None:
    payment, began_us = payment_told(ledger, facts)
    now_us = began_us + later_s * SECOND_US
    allowed = may_open(payment, asking, now_us, msisdn)
    refusal = ""
    try:
        new_attempt(context_of(ledger, now_us), payment, msisdn, asking)
    except MpesaError as error:
        refusal = error.code
    assert not allowed or refusal in {"", "phone-busy"}
    after = ledger.payment(payment.payment_id)
    assert after is not None
    opened = len(after.attempts) - len(payment.attempts)
    assert opened <= allowed
    assert all(a.ref in {b.ref for b in after.attempts} for a in payment.attempts)


@settings(max_examples=80)
@given(told, st.integers(0, 900))
def test_a_push_of_a_known_order_opens_an_attempt_only_where_nothing_of_it_ever_left(
    ledger: Ledger, facts: list[tuple[str, int]], later_s: int
) -> None:
    payment, began_us = payment_told(ledger, facts)
    order = Order(payment.order_id, "p", "174379", 70, PHONE, "1042", "Payment")
    nothing_left = payment.last.state.value in {"created", "not_sent"}
    with suppress(MpesaError):
        push(context_of(ledger, began_us + later_s * SECOND_US), order)
    after = ledger.payment(payment.payment_id)
    assert after is not None
    assert len(after.attempts) - len(payment.attempts) <= nothing_left


def test_a_reason_does_not_outweigh_money_that_came(ledger: Ledger) -> None:
    payment, began_us = payment_told(ledger, [("sending", 0), ("accepted", 1), ("paid", 9)])
    with pytest.raises(MpesaError) as refused:
        new_attempt(context_of(ledger, began_us + 500 * SECOND_US), payment, PHONE, ByPerson(REASON))
    assert (refused.value.code, refused.value.money_moved) == ("retry-refused", "yes")


def test_what_somebody_has_to_mend_is_asked_again_by_nobody_but_a_person(ledger: Ledger) -> None:
    payment, began_us = payment_told(ledger, [("sending", 0), ("accepted", 1), ("2028", 9)])
    with pytest.raises(MpesaError) as refused:
        new_attempt(context_of(ledger, began_us + 500 * SECOND_US), payment, PHONE, ByItself())
    assert refused.value.code == "needs-person"


def test_what_can_not_be_sent_in_time_is_not_recorded(ledger: Ledger) -> None:
    payment, began_us = payment_told(ledger, [("sending", 0), ("accepted", 1), ("1037", 9)])
    hands = replace(context_of(ledger, began_us + 500 * SECOND_US), until=Deadline(0.0))
    with pytest.raises(MpesaError) as refused:
        new_attempt(hands, payment, PHONE, ByPerson())
    assert refused.value.code == "not-in-time"
    assert ledger.payment(payment.payment_id) == payment


def test_a_reason_has_at_least_ten_letters() -> None:
    assert ByPerson("0123456789").forced_because
    for short in ("012345678", "  012345678  "):
        with pytest.raises(MpesaError):
            ByPerson(short)


@pytest.mark.parametrize("asking", [ByProgram(), ByItself()])
def test_no_machine_can_give_a_reason(asking: Any) -> None:
    with pytest.raises(TypeError):
        type(asking)(REASON)


def test_leave_is_given_in_one_place_for_each_way_and_used_inside_the_transactions_alone() -> None:
    """``Start`` and ``Again`` are made where it is decided; the ledger is told to open where that was asked."""
    package = Path(__file__).resolve().parents[3] / "mpesa_cli"
    found: dict[str, set[str]] = {}
    for path in package.rglob("*.py"):
        text = path.read_text()
        if "push_rules" not in str(path) + text and "asking_again" not in text:
            continue  # other things are called the same
        for word in ("return Start(", "return Again(", "tx.open_payment(", "tx.open_attempt(", "ByPerson("):
            if word in text:
                found.setdefault(word, set()).add(str(path.relative_to(package)))
    assert found == {
        "return Start(": {"rules/push_rules.py"},
        "return Again(": {"rules/push_rules.py", "rules/asking_again.py"},
        "tx.open_payment(": {"payments/push.py"},
        "tx.open_attempt(": {"payments/push.py", "payments/retry.py"},
        "ByPerson(": {"cli/payments/retry_one.py", "counter/desk.py"},
    }
