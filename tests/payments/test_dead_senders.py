"""A sender that died between its POST and the answer is known to be gone at once, which proves nothing but that."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from daraja_servers import Seen, loopback, says
from shopkeeper import ACCEPTED, ORDER, PHONE, Shopkeeper

from mpesa_cli.daraja.client import DarajaClient
from mpesa_cli.floor.errors import ExitStatus
from mpesa_cli.floor.interrupts import Interrupted
from mpesa_cli.payments.settle import forget_dead_senders, give_up_on_lost_senders
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.payment import AttemptRef, Intent
from mpesa_cli.rules.push_rules import INTENT_LIFE_S, Start, may_send

WAIT_S = 30


@dataclass
class Hanging:
    """A server's behaviour that says when the POST is there, and answers it when a test is over."""

    reached: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    def __call__(self, connection: socket.socket, _: Seen) -> None:
        self.reached.set()
        self.over.wait(WAIT_S)


@contextlib.contextmanager
def sending(shopkeeper: Shopkeeper) -> Iterator[tuple[Shopkeeper, "subprocess.Popen[bytes]"]]:
    """Who runs the commands, and a push of theirs whose POST is in the air."""
    hanging = Hanging()
    with loopback(hanging) as server:
        clerk = shopkeeper.at(server.url)
        process = subprocess.Popen(
            [sys.executable, "-m", "mpesa_cli", "push", PHONE, "100", "--order", ORDER],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, **clerk.environ, "MPESA_HOME": str(clerk.home)},
        )
        try:
            assert hanging.reached.wait(WAIT_S)
            with clerk.ledger() as ledger:  # so that the clock of the tests is not behind the process's
                payment = ledger.payment_by_order(ORDER)
                assert payment is not None
                clerk.clock.now = payment.last.view.requested_us or 0
            yield clerk, process
        finally:
            process.kill()
            process.wait()
            hanging.over.set()


def looked_at(clerk: Shopkeeper) -> tuple[int, str]:
    found = clerk.status()
    return found.status, json.loads(found.stdout)["attempts"][0]["state"]


def files(clerk: Shopkeeper) -> list[str]:
    return sorted(path.name for path in clerk.ledger_path.parent.glob("*.lock") if ".sending-" in path.name)


def test_a_sender_that_was_killed_is_gone_at_once_and_its_prompt_unknown(shopkeeper: Shopkeeper) -> None:
    with sending(shopkeeper) as (clerk, process):
        assert looked_at(clerk) == (8, "sending")
        process.send_signal(signal.SIGSTOP)
        assert looked_at(clerk) == (8, "sending"), "frozen is not gone"
        process.kill()
        process.wait()
        assert looked_at(clerk) == (6, "unknown")
        assert files(clerk) == []
        assert "was stopped before it could store Daraja's answer" in clerk.run("status", ORDER, tty=True).stdout
        assert clerk.run("retry", ORDER, "--no-wait").status == 9
        assert clerk.push().status == 6


def test_what_is_stopped_in_the_middle_of_a_post_leaves_an_unknown_prompt(
    shopkeeper: Shopkeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise Interrupted(ExitStatus.INTERRUPTED)

    monkeypatch.setattr(DarajaClient, "push", stop)
    with loopback(says(ACCEPTED)) as server:
        clerk = shopkeeper.at(server.url)
        assert clerk.push().status == 130
        assert clerk.state() == "unknown"


def test_of_two_posts_the_second_is_the_one_that_a_dead_sender_leaves_unknown(
    left: tuple[Shopkeeper, AttemptRef],
) -> None:
    clerk, ref = left
    at_us = clerk.clock.now
    with clerk.ledger() as ledger:
        with ledger.write() as tx:
            tx.append(ref, ev.Undelivered(at_us, 1, "connect-refused", "no connection"))
            payment = tx.append(ref, ev.Sending(at_us, 2))
        assert give_up_on_lost_senders(ledger, payment, at_us).last.state.value == "unknown"


def test_looking_at_a_prompt_that_was_answered_writes_nothing(
    left: tuple[Shopkeeper, AttemptRef], monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk, ref = left
    at_us = clerk.clock.now
    with clerk.ledger() as ledger:
        with ledger.write() as tx:
            payment = tx.append(ref, ev.Accepted(at_us, 1, "m-1", "ws_CO_1"))
        monkeypatch.setattr(ledger, "write", lambda: pytest.fail("it writes"))
        assert give_up_on_lost_senders(ledger, payment, at_us + 3_600_000_000) is payment


def test_tidying_up_leaves_what_tells_that_a_sender_died(left: tuple[Shopkeeper, AttemptRef]) -> None:
    clerk, ref = left
    with clerk.ledger() as ledger:
        forget_dead_senders(ledger)
        assert len(files(clerk)) == 1
        assert ledger.senders.is_gone(ref)


@pytest.mark.parametrize(("after_us", "state"), [(0, "created"), (1, "not_sent")])
def test_an_intent_is_withdrawn_only_once_it_may_not_be_sent_any_more(
    shopkeeper: Shopkeeper, after_us: int, state: str
) -> None:
    with loopback(says(ACCEPTED)) as server:
        clerk = shopkeeper.at(server.url)
    at_us = clerk.clock.now
    with clerk.ledger() as ledger:
        with ledger.write() as tx:
            intent = Intent("PAY-1", ORDER, "env", "174379", 10_000, PHONE, ORDER, "Payment", "ab" * 32)
            payment = tx.open_payment(Start(intent), at_us)
        now_us = at_us + INTENT_LIFE_S * 1_000_000 + after_us
        assert may_send(payment, payment.last, [], now_us) is (after_us == 0)
        assert give_up_on_lost_senders(ledger, payment, now_us).last.state == state


def test_what_was_sent_to_the_end_leaves_no_file_behind(shopkeeper: Shopkeeper) -> None:
    with loopback(says(ACCEPTED)) as server:
        clerk = shopkeeper.at(server.url)
        assert clerk.push().status == 0
        assert files(clerk) == []


@pytest.fixture
def left(shopkeeper: Shopkeeper) -> tuple[Shopkeeper, AttemptRef]:
    """An attempt that is being sent, as its process left it, with its lock's file."""
    with loopback(says(ACCEPTED)) as server:
        clerk = shopkeeper.at(server.url)
    with clerk.ledger() as ledger, contextlib.suppress(ZeroDivisionError):
        at_us = clerk.clock.now
        intent = Intent("PAY-1", ORDER, "env", "174379", 10_000, PHONE, ORDER, "Payment", "ab" * 32)
        with ledger.write() as tx:
            ref = tx.open_payment(Start(intent), at_us).last.ref
            tx.append(ref, ev.Sending(at_us, 1))
        with ledger.senders.held(ref):
            1 / 0  # noqa: B018 - it dies
    return clerk, ref


def file_of(clerk: Shopkeeper) -> Path:
    return clerk.ledger_path.with_name(files(clerk)[0])


def test_a_file_of_another_machine_or_none_leaves_it_to_the_time(left: tuple[Shopkeeper, AttemptRef]) -> None:
    clerk, _ = left
    file_of(clerk).write_text("another-machine")
    assert looked_at(clerk) == (8, "sending")
    file_of(clerk).unlink()
    assert looked_at(clerk) == (8, "sending")
    clerk.clock.advance(61)
    assert looked_at(clerk) == (6, "unknown")


def test_a_retry_counts_the_dead_sender_in(left: tuple[Shopkeeper, AttemptRef]) -> None:
    clerk, _ = left
    refused = clerk.run("retry", ORDER, "--no-wait", "--json")
    assert (refused.status, json.loads(refused.stdout)["error"]["code"]) == (9, "retry-refused")
    assert clerk.state() == "unknown"


def test_a_dead_senders_file_goes_with_the_next_reconcile_where_the_customer_paid_meanwhile(
    left: tuple[Shopkeeper, AttemptRef],
) -> None:
    clerk, ref = left
    with clerk.ledger() as ledger, ledger.write() as tx:
        tx.append(ref, ev.Received(clerk.clock.now, "callback", "UKO4Q7WX2B", 10_000))
    assert len(files(clerk)) == 1
    clerk.run("reconcile")
    assert (files(clerk), clerk.state()) == ([], "paid")


def test_two_senders_in_one_process_hold_a_lock_each(left: tuple[Shopkeeper, AttemptRef]) -> None:
    clerk, ref = left
    other: Any = AttemptRef("PAY-2", 1)
    with clerk.ledger() as ledger, clerk.ledger() as beside:
        with ledger.senders.held(ref):
            assert not beside.senders.is_gone(ref)
            with ledger.senders.held(other):
                assert not beside.senders.is_gone(other)
            assert not beside.senders.is_gone(ref)
        assert not beside.senders.is_gone(ref)
    assert files(clerk) == []
