"""``order.unpaid``: told once, of an order whose every prompt has a sure no; a payment after it is told as ever."""

import json
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mpesa_cli.cli.listener.each_profile import unpaid_teller
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.bodies import BodyWrites
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.outbox import Outbox
from mpesa_cli.ledger.values import NewCallback
from mpesa_cli.payments.unpaid import tell_unpaid
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.state import Flag
from mpesa_cli.runtime import Runtime

Run = Callable[..., Any]
AFTER_30 = {"MPESA_UNPAID_AFTER_MINUTES": "30"}
PAYS, CANCELS, OTHER = "254708374149", "254700001032", "254711111111"
# One number for each way in which a prompt of the simulator ends.
NUMBERS = ["254708374149", "254700001032", "254700001037", "254722200001", "254722200002", "254722200003",
           "254722200004", "254722200005", "254722200006", "254722200010", "254722200012"]
HALF_HOUR_S = 30 * 60


class Desk:
    """A shop in the simulator that wants to hear of unpaid orders."""

    def __init__(self, mpesa: Run, home: Path) -> None:
        self.mpesa, self.path = mpesa, home / "data" / "simulator-simulator.db"

    def push(self, msisdn: str = CANCELS, order: str = "demo-1") -> Any:
        return self.mpesa("push", msisdn, "100", "--order", order)

    def reconcile(self, **env: str) -> Any:
        return self.mpesa("reconcile", env={**AFTER_30, **env})

    def runtime(self, clock: Any) -> Runtime:
        environ = {"MPESA_HOME": str(self.path.parent.parent), **AFTER_30}
        return Runtime(environ=environ, world=World(clock.now_us, clock.sleep))

    def tell(self, clock: Any) -> int:
        """One timed pass alone, which asks nobody and reads no callback."""
        runtime = self.runtime(clock)
        with closing(runtime):
            return tell_unpaid(runtime.ledger(runtime.profile()), runtime.profile(), runtime.world)

    def ledger(self) -> Ledger:
        return Ledger(self.path, environment="simulator", token_hex=lambda count: "0" * 2 * count)

    def told(self, kind: str = "order.unpaid") -> list[dict[str, Any]]:
        """The events of a kind that wait to be posted."""
        with closing(self.ledger()) as ledger:
            rows = Outbox(ledger).listed("webhook", ["waiting", "sending", "done", "given_up"])
        return [json.loads(row.body)["data"] for row in rows if row.event_type == kind]


@pytest.fixture
def desk(mpesa: Run, home: Path) -> Desk:
    return Desk(mpesa, home)


def test_an_order_that_nobody_paid_is_told_once_when_its_time_is_over(desk: Desk, clock: Any) -> None:
    assert desk.push().status == 3
    clock.advance(HALF_HOUR_S - 120)
    desk.reconcile()
    assert desk.told() == []
    clock.advance(180)
    for _ in range(3):
        desk.reconcile()
        clock.advance(3600)
    (told,) = desk.told()
    assert (told["order_id"], told["status"], told["may_still_be_paid"]) == ("demo-1", "failed", True)
    assert told["may_still_be_paid_until"].startswith("2026-11-25T10:30")


def test_it_is_told_where_the_shop_asked_for_it_and_nowhere_else(desk: Desk, clock: Any) -> None:
    desk.push()
    clock.advance(2 * HALF_HOUR_S)
    desk.reconcile(MPESA_UNPAID_AFTER_MINUTES="")
    assert desk.told() == []


@pytest.mark.parametrize("msisdn", NUMBERS)
def test_only_what_is_surely_unpaid_is_told(desk: Desk, clock: Any, msisdn: str) -> None:
    desk.push(msisdn)
    clock.advance(2 * HALF_HOUR_S)
    desk.reconcile()
    with closing(desk.ledger()) as ledger:
        payment = ledger.payment_by_order("demo-1")
        assert payment is not None
        (attempt,) = payment.attempts
    sure = attempt.state in {"not_sent", "rejected"} or (
        attempt.state == "failed" and Flag.UNCONFIRMED not in attempt.view.flags
    )
    assert len(desk.told()) == sure
    if sure:
        assert desk.told()[0]["may_still_be_paid"] is (attempt.state == "failed")


def test_a_prompt_that_one_query_alone_calls_failed_is_not_told(desk: Desk, clock: Any) -> None:
    desk.mpesa("push", PAYS, "100", "--order", "demo-1", "--no-wait")
    with closing(desk.ledger()) as ledger, ledger.write() as tx:
        payment = tx.payment_by_order("demo-1")
        assert payment is not None
        failed = ev.QueryAnswered(clock.now, "1032", "Request cancelled by user")
        assert tx.append(payment.last.ref, failed).last.view.flags == {Flag.UNCONFIRMED}
    clock.advance(2 * HALF_HOUR_S)
    assert desk.tell(clock) == 0


def test_the_time_runs_from_the_last_prompt(desk: Desk, clock: Any) -> None:
    desk.push()
    clock.advance(HALF_HOUR_S - 60)
    assert desk.mpesa("retry", "demo-1").status == 3
    clock.advance(120)
    desk.reconcile()
    assert desk.told() == []
    clock.advance(HALF_HOUR_S)
    desk.reconcile()
    assert len(desk.told()) == 1


def test_what_was_found_is_decided_once_more_where_it_is_told(
    desk: Desk, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.push()
    clock.advance(2 * HALF_HOUR_S)
    desk.mpesa("retry", "demo-1")  # between the look and the transaction
    with closing(desk.ledger()) as ledger:
        payment = ledger.payment_by_order("demo-1")
    assert payment is not None
    monkeypatch.setattr(Outbox, "untold_unpaid", lambda *_: [payment.payment_id])
    assert desk.tell(clock) == 0
    clock.advance(HALF_HOUR_S)
    assert desk.tell(clock) == 1


def test_a_prompt_after_it_that_fails_too_is_not_told_again(desk: Desk, clock: Any) -> None:
    desk.push()
    for _ in range(2):
        clock.advance(2 * HALF_HOUR_S)
        desk.reconcile()
        desk.mpesa("retry", "demo-1")
    clock.advance(2 * HALF_HOUR_S)
    desk.reconcile()
    assert len(desk.told()) == 1


def test_a_payment_after_it_is_told_all_the_same(desk: Desk, clock: Any) -> None:
    desk.push()
    clock.advance(2 * HALF_HOUR_S)
    desk.reconcile()
    assert desk.mpesa("retry", "demo-1", "--phone", PAYS).status == 0
    assert [data["status"] for data in desk.told("order.paid")] == ["paid"]
    clock.advance(2 * HALF_HOUR_S)
    desk.reconcile()
    assert (len(desk.told()), len(desk.told("order.paid"))) == (1, 1)


def test_a_callback_that_is_stored_and_not_read_yet_holds_it_back(desk: Desk, clock: Any) -> None:
    desk.push()
    clock.advance(2 * HALF_HOUR_S)
    with closing(desk.ledger()) as ledger, ledger.write() as tx:
        payment = tx.payment_by_order("demo-1")
        assert payment is not None
        BodyWrites(tx).store_callbacks([NewCallback(payment.last.ref, b"{}", "simulator")], clock.now)
    assert desk.tell(clock) == 0
    desk.reconcile()  # it can't be read, and is held for a person
    assert (desk.tell(clock), desk.told()) == (0, [])


def test_an_order_of_another_profile_is_not_told(desk: Desk, clock: Any) -> None:
    desk.push()
    clock.advance(2 * HALF_HOUR_S)
    with closing(desk.ledger()) as ledger:
        assert Outbox(ledger).untold_unpaid("somebody-else", 0, clock.now) == []
        assert len(Outbox(ledger).untold_unpaid("simulator", 0, clock.now)) == 1


def test_what_is_older_than_an_event_is_tried_is_not_told(desk: Desk, clock: Any) -> None:
    desk.push()
    clock.advance(4 * 86_400)
    desk.reconcile()
    assert desk.told() == []


def test_an_order_in_the_time_that_a_restored_ledger_lacks_is_not_told(desk: Desk, clock: Any, home: Path) -> None:
    desk.push()
    copy = home / "copy.db"
    assert desk.mpesa("backup", str(copy)).status == 0
    clock.advance(3600)
    desk.path.unlink()
    assert desk.mpesa("restore", str(copy)).status == 0
    clock.advance(3600)
    desk.reconcile()
    assert desk.told() == []


def test_a_listener_tells_by_the_clock_alone(desk: Desk, clock: Any) -> None:
    desk.push()
    clock.advance(2 * HALF_HOUR_S)
    with closing(desk.runtime(clock)) as runtime:
        courier = unpaid_teller(runtime, runtime.profile())
        assert courier is not None
        courier.start()
        until = time.monotonic() + 10
        while not desk.told() and time.monotonic() < until:
            time.sleep(0.02)
        courier.stop()
    assert len(desk.told()) == 1
