"""After a restore a program asks in vain for what may be paid: 409, and nobody's phone rings."""

import httpx
from api_bench import POOR, Shop, initiate, posts, settled, told

from mpesa_cli.books.store.book_writes import BookWrites
from mpesa_cli.books.store.values import StoredStatement
from mpesa_cli.ledger.restoring import Restores, RestoreWrites
from mpesa_cli.rules.statement_row import StatementRow


def test_a_program_cannot_answer_for_an_order_that_may_be_paid(shop: Shop, client: httpx.Client) -> None:
    assert initiate(client, "failed", POOR).status_code == 202
    assert settled(shop, client, "failed")["status"] == "failed"
    now_us = shop.clock.now_us()
    with shop.ledger.write() as tx:
        RestoreWrites(tx).note_restored(now_us - 7_200_000_000, now_us)
    shop.clock.advance(130)

    assert told(initiate(client, "new", POOR)) == (409, "restored-gap")
    again = client.post("/payments/retry/failed")
    assert (again.status_code, again.json()["code"], again.json()["money_moved"]) == (409, "restored-gap", "unknown")
    assert (posts(shop, "new"), posts(shop, "failed")) == (0, 1)

    free = StatementRow("UKO4Q7WX2B", "received", 15_000, now_us, None, "", "", "", 1)
    read = StoredStatement("S", "statement", "x", "x", 0, 0, now_us, "174379")
    with shop.ledger.write() as tx:
        (gap,) = Restores(shop.ledger).restored().gaps
        RestoreWrites(tx).note_told("174379", *gap.span)
        BookWrites(tx).add_rows(read, [free])
    assert told(initiate(client, "new", POOR)) == (409, "may-be-paid")
    with shop.ledger.write() as tx:
        RestoreWrites(tx).name_receipt("UKO4Q7WX2B", by="Wanjiku", reason="sold over the counter", at_us=now_us)
    assert initiate(client, "new", POOR).status_code == 202
