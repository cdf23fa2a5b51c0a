"""What has not gone out is named, whatever became of it: given up, in doubt, waiting, or with a sender that died."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_providers import API_KEY, SENDER_ID, USERNAME, AfricasTalkingHandler, Provider, serving
from raw_ledger import changed

Run = Callable[..., Any]
PAYS = "254708374149"


@pytest.fixture
def at() -> Iterator[Provider]:
    with serving(AfricasTalkingHandler) as provider:
        yield provider


def env_of(provider: Provider) -> dict[str, str]:
    return {
        "MPESA_SMS_PROVIDER": "africas_talking", "MPESA_SMS_USERNAME": USERNAME, "MPESA_SMS_SENDER_ID": SENDER_ID,
        "MPESA_SMS_BASE_URL": provider.url, "MPESA_SMS_API_KEY": API_KEY, "MPESA_SMS_SEND_RECEIPTS": "true",
    }


def killed_while_sending(home: Path, order: str, lease_us: float = 9e15) -> None:
    """As a SIGKILL in the POST leaves it: claimed, and nobody there any more."""
    (path,) = (home / "data").glob("*.db")
    assert changed(
        path, "UPDATE outbox SET state='sending', lease_us=? WHERE queue='sms' AND payment_id = "
        "(SELECT payment_id FROM payments WHERE order_id=?)", (int(lease_us), order),
    ) == 1


def test_senders_that_died_and_receipts_that_wait_are_counted_and_named(
    mpesa: Run, home: Path, at: Provider, clock: Any
) -> None:
    env = env_of(at)
    faults = {"ok": "", "no": "before-400", "doubt": "drop", "wait": "before-401", "dead": "before-401"}
    for order, at.fault in faults.items():
        mpesa("push", PAYS, "100", "--order", order, env=env)
        clock.advance(130)
    killed_while_sending(home, "dead")
    at.fault = "before-401"

    listed = mpesa("receipt", "--failed", env=env)
    assert listed.status == 0
    assert [line.split("\t")[:2] for line in listed.stdout.splitlines()] == [
        ["no", "given_up"], ["doubt", "ambiguous"], ["wait", "waiting"], ["dead", "sending"],
    ]
    assert (
        "SMS receipts: 1 was not sent; 1 may have been sent or not; 1 is being sent, or its program died in it; "
        "1 waits to be sent."
    ) in listed.stderr
    assert "Every SMS receipt went out." not in listed.stderr
    rows = {row["order_id"]: row for row in json.loads(mpesa("receipt", "--failed", "--json", env=env).stdout)}
    assert rows.keys() == {"no", "doubt", "wait", "dead"}
    assert all(row["reason"] for row in rows.values())


def test_a_receipt_whose_sender_died_may_have_gone_out_and_is_not_called_on_its_way(
    mpesa: Run, home: Path, at: Provider
) -> None:
    env = env_of(at)
    mpesa("push", PAYS, "100", "--order", "ok", env=env)
    killed_while_sending(home, "ok", lease_us=0)
    said = mpesa("receipt", "ok", "--sms", env=env)
    assert (said.status, "was sent, or was not: no answer came" in said.stderr) == (9, True), said


def test_only_where_nothing_is_left_every_receipt_went_out(mpesa: Run, at: Provider, home: Path) -> None:
    env = env_of(at)
    mpesa("push", PAYS, "100", "--order", "ok", env=env)
    assert "Every SMS receipt went out." in mpesa("receipt", "--failed", env=env).stderr
    killed_while_sending(home, "ok")
    said = mpesa("receipt", "--failed", env=env).stderr
    assert "Every SMS receipt went out." not in said
    assert "1 is being sent" in said
