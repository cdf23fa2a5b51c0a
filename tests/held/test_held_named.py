"""What came in and could not be applied is named by every run, until somebody has dealt with it."""

import json

import pytest
from daraja.callbacks.callback_bodies import encode, paid
from held.held_shop import RECEIPT, HeldShop

from mpesa_cli.ledger.audit.ledger import flaws


def test_a_confirmation_that_could_not_be_read_is_named_by_every_run(shop: HeldShop) -> None:
    assert shop.confirm(TransAmount="x").status == 200
    for _ in range(2):
        done = shop.mpesa("reconcile")
        assert done.status == 7
        assert RECEIPT in done.stdout
        assert "no TransAmount, or one that is no amount" in done.stdout
        assert "24 Nov 2026 10:30" in done.stdout


def test_money_for_a_foreign_shortcode_is_named_as_that(shop: HeldShop) -> None:
    shop.confirm(BusinessShortCode="0174379")
    status, said = shop.reconcile()
    assert status == 7
    (held,) = said["held"]
    assert (held["receipt"], held["amount"], held["shortcode"]) == (RECEIPT, 500, "0174379")
    assert held["why"] == "money for a shortcode that this profile does not have"


def test_a_callback_that_could_not_be_read_is_named_with_its_payment(shop: HeldShop) -> None:
    ref = shop.prompt("A1")
    body = json.loads(encode(paid(receipt=RECEIPT)))
    body["Body"]["stkCallback"]["CallbackMetadata"]["Item"][0]["Value"] = "a lot"
    shop.callback(json.dumps(body).encode())
    _, said = shop.reconcile()
    assert [(h["channel"], h["receipt"], h["about"]) for h in said["held"]] == [("stk", RECEIPT, ref.payment_id)]


def test_what_was_held_is_in_the_chain_and_nobody_changes_it_in_silence(shop: HeldShop) -> None:
    shop.confirm(TransAmount="x")
    with shop.behind_its_back() as connection:
        connection.execute("UPDATE held_messages SET state = 'done'")
        assert [f.words.split(" is ")[1] for f in flaws(shop.ledger)] == ["done, and the journal says open"]
        connection.execute("DELETE FROM held_messages")
        assert [f.words.endswith("is gone") for f in flaws(shop.ledger)] == [True]


def test_doctor_counts_held_messages_and_fails(shop: HeldShop) -> None:
    shop.confirm(TransAmount="x")
    shop.confirm(TransAmount="y")
    found = json.loads(shop.mpesa("doctor", "--json").stdout)
    (held,) = [each for each in found["checks"] if each["check"] == "held"]
    assert (held["verdict"], held["words"][:10]) == ("fail", "2 messages")
    assert found["ok"] is False


@pytest.mark.parametrize("command", ["status", "log"])
def test_of_a_receipt_that_a_held_message_shows_nobody_says_that_nothing_was_charged(
    shop: HeldShop, command: str
) -> None:
    shop.confirm(TransAmount="x")
    said = shop.mpesa(command, RECEIPT.lower())
    assert said.status == 7
    assert "A message about it is held" in said.stderr
    assert "Nothing was charged" not in said.stderr
    error = json.loads(shop.mpesa(command, RECEIPT, "--json").stdout)["error"]
    assert (error["code"], error["money_moved"]) == ("message-held", "unknown")


def test_verify_says_that_a_message_about_the_receipt_is_held(shop: HeldShop) -> None:
    shop.confirm(TransAmount="x")
    said = shop.mpesa("verify", RECEIPT)
    assert said.status == 3  # the simulator's M-PESA knows no such money
    assert "A message about it is held" in said.stdout
    (held,) = json.loads(shop.mpesa("verify", RECEIPT, "--json").stdout)["held"]
    assert (held["receipt"], held["code"]) == (RECEIPT, "bad-amount")
