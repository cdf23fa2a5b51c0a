"""A payment that somebody waits for is settled while others keep coming: told by the order of events."""

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from daraja.callbacks.callback_bodies import encode, paid
from listener.listening import Bench, listener, now_us, open_ledger, prompt, prompts
from listener.pressing import Callbacks, Pressed, pressing

from mpesa_cli.floor.wire.addresses import secret_hash
from mpesa_cli.floor.world import World
from mpesa_cli.listener.intake.deliveries import StkDelivery, Verdict
from mpesa_cli.listener.intake.intake import Intake
from mpesa_cli.listener.intake.writer import Writer
from mpesa_cli.payments import wait
from mpesa_cli.rules.state import PaymentStatus

if TYPE_CHECKING:
    from mpesa_cli.listener.events import Event


def order_of(bench: Bench, payment_id: str) -> list[str]:
    """The kinds of all events from when this payment's body was stored until it was settled, both included."""
    with bench.heard:
        events = list(bench.events)
    of_it = [n for n, e in enumerate(events) if e.attempt and e.attempt.payment_id == payment_id]
    return [e.kind for e in events[of_it[0] : of_it[-1] + 1]]


def test_under_moderate_load_few_come_between_a_body_and_its_settlement(tmp_path: Path) -> None:
    with listener(tmp_path / "ledger.db") as bench:
        callbacks = Callbacks([t for t, _ in prompts(bench.ledger, 200)])
        waited_for = [prompt(bench.ledger, answered=False) for _ in range(5)]
        pressed = Pressed()
        with pressing(bench.port, callbacks, pressed, clients=2, pause_s=0.01):
            for number, (token, ref) in enumerate(waited_for):
                pressed.until(len(pressed.answered) + 10)
                bench.callback(token, encode(paid(receipt=f"UKO4Q7W{number:03d}")))
                wait_for_settled(bench, ref.payment_id)
        between = [order_of(bench, ref.payment_id).count("stored") for _, ref in waited_for]

    assert max(between) < 60, between


def test_a_flood_does_not_keep_a_payment_from_being_settled(tmp_path: Path) -> None:
    """Each answer brings the next delivery before the writer looks again, so that there never is a lull."""
    with contextlib.closing(open_ledger(tmp_path / "ledger.db")) as ledger:
        (waited_for, ref), (other, _) = (prompt(ledger, answered=False) for _ in range(2))
        events: list[Event] = []

        def open_intake() -> tuple[Intake, Callable[[], None]]:
            own = open_ledger(tmp_path / "ledger.db")
            return Intake(own, World(), events.append), own.close

        writer = Writer(open_intake)
        over, came = threading.Event(), [0]

        def again(_: Verdict) -> None:
            came[0] += 1
            if came[0] >= 20_000 or any(e.kind == "settled" for e in events[-50:]):
                over.set()
            else:
                writer.submit(StkDelivery(secret_hash(other), b"{}", "127.0.0.1"), again)

        writer.start()
        writer.submit(StkDelivery(secret_hash(waited_for), encode(paid()), "127.0.0.1"), again)
        assert over.wait(60)
        during = came[0]
        writer.stop()
        payment = ledger.payment(ref.payment_id)

    assert during < 20_000
    assert payment is not None
    assert payment.status is PaymentStatus.PAID


def test_a_push_that_waits_beside_the_listener_sees_it_by_itself(tmp_path: Path) -> None:
    """Another process's ``push`` looks at the ledger: it need not wait for the listener to come to it."""
    seen: list[PaymentStatus] = []
    with listener(tmp_path / "ledger.db") as bench:
        callbacks = Callbacks([t for t, _ in prompts(bench.ledger, 1500)])
        token, ref = prompt(bench.ledger, answered=False)

        def watch() -> None:
            with contextlib.closing(open_ledger(tmp_path / "ledger.db")) as ledger:
                looks = wait.watch(
                    ledger, None, ref.payment_id, timeout_s=60,
                    world=World(now_us, lambda seconds: threading.Event().wait(seconds) and None, random=lambda: 0.5),
                    deliver=lambda: None,
                )
                seen.extend(look.payment.status for look in looks)

        thread = threading.Thread(target=watch)
        thread.start()
        pressed = Pressed()
        with pressing(bench.port, callbacks, pressed, clients=4):
            pressed.until(50)
            bench.callback(token, encode(paid(receipt="UKO4Q7WX2B")))
            thread.join()
            pressed.until(len(pressed.answered) + 10)  # the flood is on all the while

    assert seen[0] is PaymentStatus.PENDING
    assert seen[-1] is PaymentStatus.PAID
    assert len(seen) < 200


def wait_for_settled(bench: Bench, payment_id: str) -> None:
    def is_settled() -> bool:
        return any(e.kind == "settled" and e.payment and e.payment.payment_id == payment_id for e in bench.events)

    with bench.heard:
        assert bench.heard.wait_for(is_settled, timeout=60)
