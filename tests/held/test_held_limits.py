"""Bounds of what is held: ten thousand, then by kind; bodies for ninety days; an erased number nowhere."""

import json

import pytest
from daraja.callbacks.callback_bodies import c2b, encode
from held.held_shop import RECEIPT, HeldShop

from mpesa_cli.ledger import held as store
from mpesa_cli.ledger.audit.ledger import flaws
from mpesa_cli.ledger.held import Held, HeldWrites
from mpesa_cli.rules import held
from mpesa_cli.rules.held_facts import amount_shown, receipt_shown, shown_in

DONE = ("--by", "Asha", "--reason", "money of the other till, told its owner")
DAY_S = 86_400


def test_beyond_the_bound_what_shows_no_receipt_is_counted_by_kind_and_what_shows_one_is_held(
    shop: HeldShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "HELD_MAX", 3)
    for number in range(6):
        shop.confirm(b"junk %d" % number)
    shop.confirm(TransAmount="x")
    shop.confirm(b"{}")
    said = shop.mpesa("reconcile", "--json")
    found = json.loads(said.stdout)["held"]
    assert said.status == 7
    assert sorted((each["receipt"] or "", each["code"], each["count"]) for each in found) == [
        ("", "no-c2b-payment", 1), *[("", "not-json", 1)] * 3, ("", "not-json", 3), (RECEIPT, "bad-amount", 1),
    ]
    assert Held(shop.ledger).waiting_count() == 8
    (more,) = [each["id"] for each in found if each["count"] == 3]
    assert shop.mpesa("held", "done", more, *DONE).status == 0
    shop.confirm(b"junk again")
    assert [each.count for each in Held(shop.ledger).waiting() if each.held_id == more] == [1]


def test_the_bound_is_ten_thousand() -> None:
    assert held.HELD_MAX == store.HELD_MAX == 10_000


def test_a_body_goes_ninety_days_after_it_was_dealt_with_and_the_removal_is_chained(shop: HeldShop) -> None:
    shop.confirm(TransAmount="x", FirstName="ODDNAME")
    (message,) = Held(shop.ledger).waiting()
    assert shop.mpesa("held", "done", message.held_id, *DONE).status == 0
    for days, kept in ((89, True), (2, False)):
        shop.clock.advance(days * DAY_S)
        shop.mpesa("reconcile")
        stored = shop.ledger.rows("SELECT body FROM callbacks UNION ALL SELECT body FROM held_messages")
        assert any(b"ODDNAME" in bytes(body) for (body,) in stored) is kept  # type: ignore[arg-type]
    (after,) = Held(shop.ledger).listed()
    assert (after.receipt, after.received_us, after.peer) == (RECEIPT, message.received_us, "")
    assert shop.mpesa("held", "show", RECEIPT).stdout.endswith("Its body is not here any more.\n")
    assert list(flaws(shop.ledger)) == []
    with shop.behind_its_back() as connection:
        connection.execute("UPDATE held_messages SET removal = 'RMV-none'")
        assert len(list(flaws(shop.ledger))) == 2


def test_a_body_that_was_taken_away_in_silence_is_found_by_the_audit(shop: HeldShop) -> None:
    shop.confirm(TransAmount="x")
    with shop.behind_its_back() as connection:
        connection.execute("DELETE FROM callbacks")
        assert [f.words.split(" of ")[0] for f in flaws(shop.ledger)] == ["the body"]


def test_open_messages_keep_their_bodies_however_old(shop: HeldShop) -> None:
    shop.confirm(TransAmount="x")
    shop.clock.advance(400 * DAY_S)
    shop.mpesa("reconcile")
    assert Held(shop.ledger).waiting()[0].removed_us is None


def test_an_erased_number_is_in_no_held_message_any_more_and_the_message_stays(shop: HeldShop) -> None:
    body = encode(c2b(MSISDN="254708374149", TransAmount="x"))
    shop.confirm(body)
    with shop.ledger.write() as tx:
        HeldWrites(tx).hold(held.Holding("outbox", 1, "x", "x", body=b"to 0708374149", source="evt_1"), 1)
    shop.runtime.close()
    assert shop.mpesa("erase", "0708374149", "--yes").status == 0
    shop.ledger = shop.runtime.ledger(shop.profile)
    assert {each.receipt for each in Held(shop.ledger).waiting()} == {RECEIPT, ""}
    for path in shop.home.rglob("*.db*"):
        assert b"708374149" not in path.read_bytes()


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (encode(c2b(TransAmount="11,720.00")), (RECEIPT, 1_172_000, "600984")),
        (b'{"TransID":"UKO4Q7X81C","TransID":"UKO4Q7X99C","TransAmount":"5"}', ("", 500, "")),
        (b'{"TransID":"UKO4Q7X81C","TransAmount":"5', (RECEIPT, None, "")),
        (
            b'{"Item":[{"Name":"MpesaReceiptNumber","Value":"UKO4Q7X81C"},{"Value":7,"Name":"Amount"}]}',
            (RECEIPT, 700, ""),
        ),
        (b'{"TransID":"254708374149"}', ("", None, "")),
        (b"\xff\xfe\x00", ("", None, "")),
        (b"[" * 60_000, ("", None, "")),
        (b'"a":' * 16_000, ("", None, "")),
    ],
)
def test_what_can_be_read_of_a_damaged_body_is_read(body: bytes, shown: tuple[str, int | None, str]) -> None:
    found = shown_in(body)
    assert (found.receipt, found.amount_cents, found.shortcode) == shown


@pytest.mark.parametrize(
    ("text", "cents"),
    [("KES 1,500.00", 150_000), ("1500/=", 150_000), ("402.5", 40_250), ("1.500,00", None), ("", None)],
)
def test_an_amount_is_shown_as_people_write_it(text: str, cents: int | None) -> None:
    assert amount_shown(text) == cents
    assert receipt_shown(text) == ""
