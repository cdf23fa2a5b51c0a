"""Refunds in processes of their own, over real sockets: two at once, and one that was frozen."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from daraja_servers import Loopback, answer, loopback, payload, says
from forked import Nursery, nursery
from initiator_parts import PAYS, RECEIPT, ledger_of, open_order

from mpesa_cli.rules.evidence import Received, RefundAsked
from mpesa_cli.simulator.initiator_key import FILE_NAME

START_US = 1_795_505_400_000_000
REASON = ("--reason", "brought it back", "--by", "Asha")
TAKEN = answer(200, payload("async.ack.ok.json"))
WAIT_S = 30


@pytest.fixture(scope="module")
def hands() -> Iterator[list[Nursery]]:
    """Two processes that fork commands, for what happens at the same moment."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(nursery()) for _ in range(2)]


@pytest.fixture
def daraja() -> Iterator[Loopback]:
    """A Daraja that takes every reversal, and tells no result."""
    with loopback(reversal=says(TAKEN)) as server:
        yield server


def environ_of(home: Path, server: Loopback) -> dict[str, str]:
    return {
        "MPESA_HOME": str(home), "MPESA_ENVIRONMENT": "sandbox", "MPESA_BASE_URL": server.url,
        "MPESA_CONSUMER_KEY": "k", "MPESA_CONSUMER_SECRET": "s", "APP_URL": "https://pay.example.co.ke",
        "MPESA_INITIATOR_NAME": "api", "MPESA_INITIATOR_PASSWORD": "Safaricom999#", "TERM": "dumb",
        "MPESA_INITIATOR_CERTIFICATE": str(home / "state" / FILE_NAME), "PATH": "/usr/bin:/bin",
    }


def paid(home: Path, *orders: tuple[str, str], at_us: int = START_US) -> None:
    with ledger_of(home, "env-sandbox") as ledger:
        for order, receipt in orders:
            open_order(ledger, order, at_us, Received(at_us, "callback", receipt, 15_000, msisdn=PAYS))


def test_two_processes_that_give_one_receipt_back_at_once_send_one_reversal(
    hands: list[Nursery], home: Path, daraja: Loopback
) -> None:
    orders = [(f"both-{number}", f"UKO4Q7WX{number}B") for number in range(3)]
    paid(home, *orders)
    environ, together = environ_of(home, daraja), threading.Barrier(2)

    def refund(hand: Nursery, order: str) -> Any:
        together.wait(WAIT_S)
        return hand.run(["refund", order, *REASON, "--timeout", "5", "--json"], environ, now_us=START_US)

    for number, (order, receipt) in enumerate(orders, 1):
        with ThreadPoolExecutor(2) as pool:
            ended = list(pool.map(refund, hands, [order, order]))
        assert sorted(each.status for each in ended) == [8, 9], ended
        refused = next(each for each in ended if each.status == 9).json["error"]
        assert (refused["code"], refused["money_moved"]) == ("refund-pending", "no")
        sent = [json.loads(each.body)["TransactionID"] for each in daraja.posts]
        assert (len(sent), sent.count(receipt)) == (number, 1)
    with ledger_of(home, "env-sandbox"):
        pass


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="this system can't stop a process")
@pytest.mark.parametrize("where", ["sending", pytest.param("recording", marks=pytest.mark.long)])
def test_a_refund_that_was_frozen_for_longer_than_its_time_sends_nothing_when_it_wakes(
    home: Path, daraja: Loopback, where: str
) -> None:
    paid(home, ("1042", RECEIPT), at_us=time.time_ns() // 1000)
    total_s = 0.5
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("frozen_refund.py")), where, str(total_s), "refund", "1042",
         *REASON, "--timeout", "1", "--json"],
        env={**os.environ, **environ_of(home, daraja)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    try:
        wait_until_stopped(process.pid)
        assert [each.path for each in daraja.seen if "reversal" in each.path] == []
        time.sleep(total_s + 0.3)
        process.send_signal(signal.SIGCONT)
        said, _ = process.communicate(timeout=WAIT_S)
    finally:
        process.kill()
        process.wait()
    told = json.loads(said)["error"]
    assert (process.returncode, told["money_moved"], told["retry_safe"]) == (5, "no", True)
    assert [each.path for each in daraja.seen if "reversal" in each.path] == []
    with ledger_of(home, "env-sandbox") as ledger:
        payment = ledger.payment_by_order("1042")
        assert payment
        assert payment.refund
        asked = [e for e in ledger.evidence(payment.last.ref) if isinstance(e, RefundAsked)]
        assert (len(asked), payment.refund.state.value) == (1, "refused")


def wait_until_stopped(pid: int) -> None:
    for _ in range(WAIT_S * 100):
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T":
            return
        time.sleep(0.01)
    raise AssertionError("it did not stop")
