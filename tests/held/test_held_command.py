"""``mpesa held``: listed, shown, read again, marked as dealt with."""

import json
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from daraja.callbacks.callback_bodies import c2b as c2b_body
from daraja.callbacks.callback_bodies import encode, paid
from held.held_shop import RECEIPT, HeldShop

from mpesa_cli.api.events import Events
from mpesa_cli.floor.errors import Conflict
from mpesa_cli.floor.wire.strict_json import Unreadable
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.held import Held, HeldWrites
from mpesa_cli.ledger.outbox import Outbox
from mpesa_cli.payments import c2b, settle
from mpesa_cli.terminal.json_words_held import HELD_FIELDS

DONE = ("--by", "Asha", "--reason", "money of the other till, told its owner")
DAY_S = 86_400


def held_id(shop: HeldShop) -> str:
    (message,) = Held(shop.ledger).waiting()
    return message.held_id


def unreadable(monkeypatch: pytest.MonkeyPatch, module: Any, reader: str) -> Any:
    """As if an older version could not read what comes; returns what takes that back."""
    patch = pytest.MonkeyPatch()
    patch.setattr(module, reader, lambda _body: Unreadable("bad-phone", "a phone that is none"))
    return patch.undo


def test_a_held_message_is_listed_shown_with_its_body_and_gone_once_dealt_with(shop: HeldShop) -> None:
    assert shop.mpesa("held").stdout == ""
    shop.confirm(TransAmount="x")
    name = held_id(shop)
    assert name in shop.mpesa("held").stdout
    assert shop.mpesa("held").stdout == shop.mpesa("held", "list").stdout
    shown = json.loads(shop.mpesa("held", "show", RECEIPT.lower(), "--json").stdout)
    assert (shown["id"], json.loads(shown["body"])["TransAmount"]) == (name, "x")
    done = shop.mpesa("held", "done", name, *DONE)
    assert (done.status, name in done.stdout) == (0, True)
    assert shop.mpesa("held").stdout == ""
    assert json.loads(shop.mpesa("held", "--all", "--json").stdout)[0]["by"] == "Asha"
    assert shop.mpesa("reconcile").status == 0


def test_of_two_people_one_wins_and_the_other_is_told_who(shop: HeldShop) -> None:
    shop.confirm(TransAmount="x")
    name = held_id(shop)
    assert shop.mpesa("held", "done", name, *DONE).status == 0
    second = shop.mpesa("held", "done", name, "--by", "Brian", "--reason", "I gave the money back")
    assert second.status == 9
    assert "Asha dealt with it" in second.stderr


def test_what_was_applied_is_dealt_with_by_nobody(shop: HeldShop, monkeypatch: pytest.MonkeyPatch) -> None:
    readable = unreadable(monkeypatch, c2b, "read_c2b")
    shop.confirm()
    readable()
    name = held_id(shop)
    shop.mpesa("held", "read-again", "--apply")
    late = shop.mpesa("held", "done", name, *DONE)
    assert (late.status, f"{name} is not open any more: it was applied." in late.stderr) == (9, True)


def test_at_the_same_instant_one_of_many_wins(shop: HeldShop) -> None:
    shop.confirm(TransAmount="x")
    name = held_id(shop)
    won: list[str] = []
    lost: list[str] = []
    start = threading.Barrier(4)

    def deal(who: str) -> None:
        ledger = shop.runtime.new_ledger(shop.profile)
        try:
            start.wait()
            with ledger.write() as tx:
                HeldWrites(tx).done(name, by=who, reason="x", at_us=1)
            won.append(who)
        except Conflict as error:
            lost.append(error.code)
        finally:
            ledger.close()

    threads = [threading.Thread(target=deal, args=(str(n),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [Held(shop.ledger).message(name).done_by] == won
    assert lost == ["held-done"] * 3


@pytest.mark.parametrize("missing", [("--by", "Asha"), ("--reason", "money of the other till")])
def test_nobody_deals_with_one_without_a_name_and_a_reason(shop: HeldShop, missing: tuple[str, str]) -> None:
    shop.confirm(TransAmount="x")
    assert shop.mpesa("held", "done", held_id(shop), *missing).status == 2
    assert len(Held(shop.ledger).waiting()) == 1


def test_reading_again_shows_what_would_change_and_changes_nothing(
    shop: HeldShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    readable = unreadable(monkeypatch, c2b, "read_c2b")
    shop.confirm()
    readable()
    before = shop.ledger.rows("SELECT seq FROM journal")
    said = shop.mpesa("held", "read-again")
    assert (said.status, "would be" in said.stdout) == (7, True)
    assert shop.ledger.rows("SELECT seq FROM journal") == before
    assert shop.ledger.find(RECEIPT) is None
    assert shop.ledger.rows("SELECT verdict FROM callbacks") == [("unreadable: bad-phone",)]


def test_what_is_read_again_counts_from_the_time_it_came_and_says_that_it_is_late(
    shop: HeldShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    readable = unreadable(monkeypatch, settle, "read_stk_callback")
    shop.prompt("A1")
    shop.callback(encode(paid(receipt=RECEIPT)))
    readable()
    came_us = shop.clock.now_us()
    shop.clock.advance(3 * DAY_S)
    assert shop.mpesa("held", "read-again", "--apply").status == 0
    payment = shop.ledger.payment_by_order("A1")
    assert (payment.status, payment.telling.view.receipt) == ("paid", RECEIPT)
    (event,) = [row for row in Outbox(shop.ledger).listed("webhook", ["waiting"]) if row.event_type == "order.paid"]
    said = json.loads(event.body)
    assert said["data"]["late"] is True
    assert said["data"]["paid_at"] == "2026-11-24T10:30:18+03:00"
    assert shop.ledger.journal(payment.payment_id)[-1].at_us == came_us
    _, blocks = Events(SimpleNamespace(ledger=shop.ledger, world=World(shop.clock.now_us)), None)._behind(0, None)  # type: ignore[arg-type]
    streamed = [json.loads(each.split(b"data: ")[1]) for each in blocks if b"event: order.paid" in each]
    assert [(each["late"], each["paid_at"]) for each in streamed] == [(True, "2026-11-24T10:30:18+03:00")]
    assert Held(shop.ledger).listed()[0].state == "applied"
    assert shop.mpesa("held").stdout == ""


@pytest.mark.parametrize(("waited_s", "texts"), [(3_600, 1), (2 * DAY_S, 0)])
def test_no_text_message_goes_out_for_money_older_than_a_day(
    shop: HeldShop, monkeypatch: pytest.MonkeyPatch, waited_s: int, texts: int
) -> None:
    readable = unreadable(monkeypatch, settle, "read_stk_callback")
    shop.prompt("A1")
    shop.callback(encode(paid(receipt=RECEIPT)))
    readable()
    shop.clock.advance(waited_s)
    env = {"MPESA_SMS_SEND_RECEIPTS": "true", "MPESA_SMS_PROVIDER": "file"}
    assert shop.mpesa("held", "read-again", "--apply", env=env).status == 0
    assert len(Outbox(shop.ledger).listed("sms", ["waiting", "done"])) == texts


def test_reading_again_never_crosses_to_another_shortcode(shop: HeldShop) -> None:
    shop.confirm(BusinessShortCode="0174379")
    said = shop.mpesa("held", "read-again", "--apply")
    assert (said.status, "stays held" in said.stdout) == (7, True)
    assert shop.ledger.find(RECEIPT) is None


def test_a_prompt_that_was_sent_afterwards_is_not_paid_by_what_came_before(
    shop: HeldShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    readable = unreadable(monkeypatch, c2b, "read_c2b")
    shop.confirm(encode(c2b_body(
        BusinessShortCode=shop.profile.shortcode, TransAmount="150", MSISDN="254708374149", BillRefNumber="",
        TransTime="20261124103030",
    )))
    readable()
    shop.clock.advance(20)
    shop.prompt("A1")
    assert shop.mpesa("held", "read-again", "--apply").status == 0
    assert shop.ledger.payment_by_order("A1").status == "pending"
    assert shop.ledger.find(RECEIPT).order_id == f"C2B-{RECEIPT}"


def test_dealt_with_and_then_its_money_appears_it_is_open_again(shop: HeldShop) -> None:
    shop.confirm(TransAmount="x")
    assert shop.mpesa("held", "done", held_id(shop), *DONE).status == 0
    shop.clock.advance(60)
    shop.confirm()
    done = shop.mpesa("reconcile")
    assert done.status == 7
    assert "dealt with by Asha, but its receipt pays an order now" in done.stdout
    assert shop.mpesa("held", "done", held_id(shop), *DONE).status == 0
    assert shop.mpesa("reconcile").status == 0


def test_a_message_whose_money_became_a_payment_by_another_way_is_closed(shop: HeldShop) -> None:
    shop.confirm(BusinessShortCode="")
    assert shop.mpesa("reconcile").status == 7
    shop.confirm()
    assert shop.mpesa("reconcile").status == 0
    (message,) = Held(shop.ledger).listed()
    assert (message.state, message.payment_id) == ("applied", shop.ledger.find(RECEIPT).payment_id)


def test_a_held_message_has_the_fields_that_are_written_down(shop: HeldShop) -> None:
    shop.confirm(TransAmount="x")
    (listed,) = json.loads(shop.mpesa("held", "--json").stdout)
    assert list(listed) == list(HELD_FIELDS)
    shown = json.loads(shop.mpesa("held", "show", listed["id"], "--json").stdout)
    assert list(shown) == [*HELD_FIELDS, "from", "body"]
    (again,) = json.loads(shop.mpesa("held", "read-again", "--json").stdout)
    assert list(again) == [*HELD_FIELDS, "readable", "order_id", "status", "still", "changed"]
    done = json.loads(shop.mpesa("held", "done", listed["id"], *DONE, "--json").stdout)
    assert (list(done), done["state"], done["done_at"]) == (list(HELD_FIELDS), "done", "2026-11-24T10:30:00+03:00")


def test_money_of_another_shortcode_stays_open_whatever_its_receipt_pays(shop: HeldShop) -> None:
    shop.confirm()
    shop.confirm(BusinessShortCode="0174379")
    assert shop.mpesa("reconcile").status == 7
    assert [each.code for each in Held(shop.ledger).waiting()] == ["foreign-shortcode"]


@pytest.mark.parametrize("column", ["shortcode", "profile"])
def test_an_answer_to_a_prompt_of_another_profile_is_not_read_here(
    shop: HeldShop, monkeypatch: pytest.MonkeyPatch, column: str
) -> None:
    readable = unreadable(monkeypatch, settle, "read_stk_callback")
    shop.prompt("A1")
    shop.callback(encode(paid(receipt=RECEIPT)))
    readable()
    shop.ledger._connection().execute(f"UPDATE payments SET {column} = '600000'")
    said = shop.mpesa("held", "read-again", "--apply")
    assert (said.status, "stays held" in said.stdout) == (7, True)
    assert shop.ledger.payment_by_order("A1").status == "pending"
    shop.ledger._connection().execute(
        f"UPDATE payments SET {column} = ?", (getattr(shop.profile, {"profile": "name"}.get(column, column)),)
    )


@pytest.mark.parametrize(("order", "open_again"), [(("statement", "done"), 0), (("done", "statement"), 1)])
def test_only_a_record_that_comes_after_it_was_dealt_with_opens_a_message_again(
    shop: HeldShop, tmp_path: Path, order: tuple[str, str], open_again: int
) -> None:
    shop.confirm(TransAmount="x")
    path = tmp_path / "s.csv"
    path.write_text(
        "Short Code,174379\n\nReceipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,A/C No.\n"
        f"{RECEIPT},24-11-2026 10:29:00,Pay Bill,Completed,500.00,,none\n"
    )
    for step in order:
        shop.clock.advance(60)
        if step == "statement":
            shop.mpesa("reconcile", "--statement", str(path))
        else:
            assert shop.mpesa("held", "done", Held(shop.ledger).listed()[0].held_id, *DONE).status == 0
    shop.mpesa("reconcile")
    assert [each.seen for each in Held(shop.ledger).waiting()] == ["record"] * open_again
