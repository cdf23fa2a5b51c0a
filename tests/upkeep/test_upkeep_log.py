"""`log` tells everything that is known of a payment, in the order of time, and finds what was merged away."""

import json
from typing import Any

from mpesa_cli.ledger.bodies import BodyWrites
from mpesa_cli.ledger.outbox import OutboxWrites
from mpesa_cli.ledger.values import NewCallback
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.payment import Intent
from mpesa_cli.rules.push_rules import Start
from mpesa_cli.rules.staging import Staged

PAYS = "254708374149"


def test_messages_events_and_bodies_are_part_of_the_story(busy: Any) -> None:
    with busy.ledger() as ledger:
        payment = ledger.payment_by_order("1")
        with ledger.write() as tx:
            OutboxWrites(tx).put([Staged("sms", "receipt", "once", b"")], payment.payment_id, busy.clock.now)
    said = busy.json("log", "1", "--raw")
    assert [each["queue"] for each in said["sent"]] == ["sms", "webhook"]
    assert json.loads(said["callbacks"][0]["body"])["Body"]
    text = busy.run("log", "1").stdout
    assert "SMS receipt\treceipt waits to be sent" in text
    assert "event for your app\torder.paid" in text
    assert "\tapplied: " in text
    times = [line.split("\t")[0] for line in text.splitlines()]
    assert times == sorted(times)
    assert all(time.endswith("+03:00") for time in times)


def test_a_payment_that_was_merged_away_is_found_in_the_one_it_is(busy: Any) -> None:
    with busy.ledger() as ledger, ledger.write() as tx:
        mine = tx.open_payment(Start(intent("PAY-MINE", "11")), 1).last.ref
        tx.append(mine, ev.Sending(2, 1))
        tx.append(mine, ev.Accepted(3, 1, "m", "ws_CO_1"))
        theirs = tx.open_received(intent("PAY-THEIRS", "C2B-UKO4Q7WX2B", token=""), 4)
        tx.append(theirs, ev.Received(5, "c2b", "UKO4Q7WX2B", 10_000, msisdn=PAYS))
        tx.append(mine, ev.Received(6, "callback", "UKO4Q7WX2B", 10_000, msisdn=PAYS))

    result = busy.run("log", "PAY-THEIRS")
    assert result.status == 0
    assert "turned out to be the same money as PAY-MINE" in result.stderr
    said = busy.json("log", "11")
    assert said["merged"] == ["PAY-THEIRS"]
    assert "payment_merged" in {each["kind"] for each in said["journal"]}
    assert "PAY-THEIRS attempt 1\tC2B reported" in busy.run("log", "11").stdout


def test_a_body_that_can_not_be_read_is_in_the_story(busy: Any) -> None:
    with busy.ledger() as ledger:
        ref = ledger.payment_by_order("2").last.ref
        with ledger.write() as tx:
            callback = BodyWrites(tx).store_callbacks([NewCallback(ref, b"\xff\xfe", "127.0.0.1")], busy.clock.now)[0]
            tx.mark_callback(callback, "unreadable: not UTF-8")
    assert "unreadable: not UTF-8: 2 bytes" in busy.run("log", "2").stdout


def intent(payment_id: str, order: str, token: str = "a" * 64) -> Intent:
    return Intent(payment_id, order, "simulator", "174379", 10_000, PAYS, order, "x", token)
