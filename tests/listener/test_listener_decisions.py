"""What the intake decides, one decision at a time, over a real ledger: no server, no threads."""

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from daraja.callbacks.callback_bodies import encode, failed, paid
from listener.listening import now_us, open_ledger, prompt, prompts

from mpesa_cli.floor.errors import LedgerBusy
from mpesa_cli.floor.wire.addresses import read_hook
from mpesa_cli.floor.world import World
from mpesa_cli.initiator.api_request import ApiRequest, RequestState
from mpesa_cli.initiator.store import RequestWrites
from mpesa_cli.ledger.audit.ledger import flaws
from mpesa_cli.ledger.bodies import Bodies
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.values import BODIES_OF_ATTEMPT_MAX
from mpesa_cli.listener.events import Event
from mpesa_cli.listener.intake.deliveries import ACCEPTED, TOO_MANY, UNAVAILABLE, UNKNOWN, ResultDelivery, StkDelivery
from mpesa_cli.listener.intake.intake import Intake
from mpesa_cli.listener.intake.settling import TOGETHER
from mpesa_cli.rules.payment import AttemptRef


class Desk:
    """An intake over a ledger whose next transactions may fail, and what it told."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.events: list[Event] = []
        self.failing: list[Exception] = []
        self.begun = 0
        self.intake = Intake(self, World(), self.events.append)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ledger, name)

    @contextlib.contextmanager
    def write(self) -> Iterator[Any]:
        self.begun += 1
        if self.failing:
            raise self.failing.pop(0)
        with self.ledger.write() as tx:
            yield tx

    def store(self, count: int) -> list[AttemptRef]:
        """So many callbacks on so many prompts, in one batch."""
        wanted = prompts(self.ledger, count)
        batch = [self.delivery(token, number) for number, (token, _) in enumerate(wanted)]
        assert self.intake.receive(batch) == [ACCEPTED] * count
        return [ref for _, ref in wanted]

    def delivery(self, token: str, number: int = 0) -> StkDelivery:
        return StkDelivery(hashlib.sha256(token.encode()).hexdigest(), encode(paid(receipt=f"UKD{number:07d}")), "peer")

    def told(self, kind: str) -> list[Event]:
        return [event for event in self.events if event.kind == kind]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with contextlib.closing(open_ledger(tmp_path / "ledger.db")) as ledger:
        yield Desk(ledger)


def busy() -> Exception:
    return LedgerBusy("The ledger is locked.", hint="Try again.", code="ledger-locked")


@pytest.mark.parametrize("text", ["", "0" * 31, "0" * 33, "G" * 32, "A" * 32, "０" * 32, "0" * 31 + "\n"])
def test_only_32_small_hexadecimal_digits_are_a_secret(text: str) -> None:
    assert read_hook(f"/hooks/stk/{text}") is None
    assert read_hook("/hooks/stk/" + "0123456789abcdef" * 2) is not None


def test_each_delivery_of_a_batch_gets_its_own_verdict(desk: Desk) -> None:
    known = [prompt(desk.ledger, answered=False)[0] for _ in range(2)]
    batch = [desk.delivery("nobody's"), desk.delivery(known[0], 1), desk.delivery("x"), desk.delivery(known[1], 2)]
    assert desk.intake.receive(batch) == [UNKNOWN, ACCEPTED, UNKNOWN, ACCEPTED]


def test_who_had_their_share_are_told_so_and_nobody_in_their_place(desk: Desk) -> None:
    full, other = (prompt(desk.ledger, answered=False)[0] for _ in range(2))
    for number in range(BODIES_OF_ATTEMPT_MAX):
        desk.intake.receive([StkDelivery(desk.delivery(full).token_hash, b"%d" % number, "peer")])
    one_more = StkDelivery(desk.delivery(full).token_hash, b"one more", "peer")
    assert desk.intake.receive([one_more, desk.delivery(other)]) == [TOO_MANY, ACCEPTED]


def test_what_is_stored_is_told_once_it_is_on_disk_and_not_where_that_failed(desk: Desk) -> None:
    token, ref = prompt(desk.ledger, answered=False)
    desk.failing = [busy()]
    assert desk.intake.receive([desk.delivery(token)]) == [UNAVAILABLE]
    assert (desk.told("stored"), len(desk.intake.settling), desk.intake.healthy) == ([], 0, False)
    assert [(event.count, event.detail) for event in desk.told("unstored")] == [(1, "The ledger is locked.")]
    assert desk.intake.receive([desk.delivery(token)]) == [ACCEPTED]
    assert (len(desk.told("stored")), len(desk.intake.settling), desk.intake.healthy) == (1, 1, True)
    kept = Bodies(desk.ledger).callbacks(ref.payment_id)
    assert [event.callback_id for event in desk.told("stored")] == [each.callback_id for each in kept]


@pytest.mark.parametrize(("failure", "begun"), [(busy(), 1), (RuntimeError("one bad row"), 4)])
def test_a_batch_is_tried_one_by_one_but_where_the_ledger_is_busy_for_all(
    desk: Desk, failure: Exception, begun: int
) -> None:
    batch = [desk.delivery(token, number) for number, (token, _) in enumerate(prompts(desk.ledger, 3))]
    desk.failing = [failure]
    verdicts = desk.intake.receive(batch)
    assert desk.begun == begun
    assert verdicts == ([UNAVAILABLE] * 3 if begun == 1 else [ACCEPTED] * 3)
    assert [event.count for event in desk.told("unstored")] == ([3] if begun == 1 else [])


def test_settling_goes_on_for_at_least_and_at_most_so_many_in_the_order_in_which_they_came(desk: Desk) -> None:
    refs = desk.store(TOGETHER + 14)
    desk.intake.settling.settle(4)
    assert [event.attempt for event in desk.told("settled")] == refs[:4]
    desk.intake.settling.settle(hurry=lambda: True)
    assert [event.attempt for event in desk.told("settled")] == refs[: 4 + TOGETHER]
    assert len(desk.intake.settling) == 10
    desk.intake.settling.settle(hurry=lambda: False)
    assert [event.attempt for event in desk.told("settled")] == refs
    assert len(desk.intake.settling) == 0


@pytest.mark.parametrize("seed", range(6))
def test_callbacks_that_are_settled_together_stand_as_if_each_had_come_alone(seed: int, tmp_path: Path) -> None:
    """Also where two orders are told of one receipt, and an order twice, in one batch."""
    chance = Random(seed)
    bodies = [(chance.randrange(7), odd(chance)) for _ in range(24)]
    stands = []
    for name, most in (("together", 1000), ("alone", 1)):
        with contextlib.closing(open_ledger(tmp_path / name)) as ledger:
            desk, wanted = Desk(ledger), prompts(ledger, 7)
            for each, body in bodies:
                desk.intake.receive([StkDelivery(desk.delivery(wanted[each][0]).token_hash, body, "peer")])
            while len(desk.intake.settling):
                desk.intake.settling.settle(most)
            assert list(flaws(ledger)) == []
            payments = [ledger.payment(ref.payment_id) for _, ref in wanted]
            seen = [(p, p.last.view) for p in payments if p]
            stands.append([(p.status, p.received_cents, view.receipts, view.flags) for p, view in seen])
    assert stands[0] == stands[1]
    assert any(status == "paid" for status, *_ in stands[0])


def odd(chance: Random) -> bytes:
    """A callback of few receipts, so that several orders are told of the same one."""
    receipt, checkout = f"UKD000000{chance.randrange(5)}", {"CheckoutRequestID": f"ws_CO_{chance.randrange(2)}"}
    return encode(chance.choice([
        paid(receipt, **checkout), paid(receipt), paid(receipt, amount=chance.choice([1, 151])), failed(**checkout),
        paid(receipt, phone=254711111111), paid("not one"), {"Body": {}}, failed(1037),
    ]))


def test_a_ledger_that_is_busy_is_asked_once_for_all_and_they_wait_for_another_time(desk: Desk) -> None:
    refs, desk.begun = desk.store(5), 0
    desk.failing = [busy()]
    desk.intake.settling.settle()
    assert desk.begun == 1
    assert [(event.count, event.detail) for event in desk.told("unsettled")] == [(5, "The ledger is locked.")]
    assert len(desk.intake.settling) == 0
    assert desk.intake.settling.try_again()
    assert not desk.intake.settling.try_again()
    desk.intake.settling.settle()
    assert [event.attempt for event in desk.told("settled")] == refs


def test_a_result_is_told_with_what_it_came_to_and_the_same_again_as_a_repeat(desk: Desk) -> None:
    request = ApiRequest("REQ-1", "TransactionStatusQuery", "UKD0000001", now_us(), RequestState.ACCEPTED)
    with desk.ledger.write() as tx:
        RequestWrites(tx).open(request, "a hash")
    result = ResultDelivery("result", "a hash", b'{"Result":{"ResultCode":2001,"ResultDesc":"wrong"}}', "peer")
    desk.failing = [busy()]
    assert desk.intake.receive([result]) == [UNAVAILABLE]
    assert [(event.kind, event.detail) for event in desk.events] == [("unstored", "The ledger is locked.")]
    desk.events.clear()
    for _ in range(2):
        assert desk.intake.receive([result]) == [ACCEPTED]
    assert [event.kind for event in desk.events] == ["result", "repeat"]
    assert desk.events[0].detail.startswith("Transaction Status of UKD0000001: ")


def test_one_failure_of_many_is_the_others_of_none(desk: Desk) -> None:
    refs = desk.store(3)
    desk.failing = [RuntimeError("all of them"), busy()]  # together, then the first by itself
    desk.intake.settling.settle()
    assert [event.attempt for event in desk.told("unsettled")] == refs[:1]
    assert [event.attempt for event in desk.told("settled")] == refs[1:]


def test_what_another_process_applied_meanwhile_is_told_and_not_applied_again(desk: Desk) -> None:
    from mpesa_cli.payments.settle import apply_unread

    refs = desk.store(2)
    assert apply_unread(desk.ledger, None) == 2
    before = [desk.ledger.evidence(ref) for ref in refs]
    desk.intake.settling.settle()
    assert [event.attempt for event in desk.told("settled")] == refs
    assert ([desk.ledger.evidence(ref) for ref in refs], len(desk.intake.settling)) == (before, 0)


def test_a_listener_that_begins_takes_up_what_was_left_unread(desk: Desk) -> None:
    refs = desk.store(3)
    later = Desk(desk.ledger)
    recover: Callable[[], None] = later.intake.settling.recover
    recover()
    assert len(later.intake.settling) == 3
    later.intake.settling.settle()
    assert {event.attempt for event in later.told("settled")} == set(refs)


def test_a_repeat_is_answered_as_the_first_was_and_settles_nothing(desk: Desk) -> None:
    token, _ = prompt(desk.ledger, answered=False)
    assert desk.intake.receive([desk.delivery(token)] * 2) == [ACCEPTED] * 2
    desk.intake.settling.settle()
    assert desk.intake.receive([desk.delivery(token)]) == [ACCEPTED]
    assert (len(desk.told("stored")), len(desk.told("repeat")), len(desk.intake.settling)) == (1, 2, 0)
