"""What came in and could not be applied is named by every run, until somebody has dealt with it."""

import json

from daraja_callbacks.callback_bodies import encode, paid
from held.held_shop import RECEIPT, HeldShop

from mpesa_cli.ledger.verify import flaws


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
    assert held["why"] == "money for a shortcode that no profile here has"


def test_a_callback_that_could_not_be_read_is_named_with_its_payment(shop: HeldShop) -> None:
    ref = shop.prompt("A1")
    body = json.loads(encode(paid(receipt=RECEIPT)))
    body["Body"]["stkCallback"]["CallbackMetadata"]["Item"][0]["Value"] = "a lot"
    shop.callback(json.dumps(body).encode())
    _, said = shop.reconcile()
    assert [(h["channel"], h["receipt"], h["about"]) for h in said["held"]] == [("stk", RECEIPT, ref.payment_id)]


def test_what_was_held_is_in_the_chain_and_nobody_changes_it_in_silence(shop: HeldShop) -> None:
    shop.confirm(TransAmount="x")
    connection = shop.ledger._connection()
    connection.execute("BEGIN")
    connection.execute("UPDATE held_messages SET state = 'done'")
    assert [f.words.split(" is ")[1] for f in flaws(shop.ledger)] == ["done, and the journal says open"]
    connection.execute("DELETE FROM held_messages")
    assert [f.words.endswith("is gone") for f in flaws(shop.ledger)] == [True]
    connection.execute("ROLLBACK")
