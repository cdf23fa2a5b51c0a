"""What M-PESA tells of a payout that was asked about, and what came in and nobody has read yet."""

import contextlib
import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from initiator_parts import result
from payout_shop import ACK, RECEIPT, PayoutShop, paid, refused

from mpesa_cli.floor.errors import Conflict, LedgerUnusable, Temporary
from mpesa_cli.initiator.store import Requests, RequestWrites
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.writes import Write

LOST = Temporary("no whole answer", hint="again", code="no-answer")
TOLD: list[tuple[dict[str, Any], str]] = [
    ({}, "paid"), ({"credit": "2547****4149"}, "paid"), ({"debit": ""}, "paid"),
    ({"cents": 14_900}, "review"), ({"credit": "254711111111"}, "review"), ({"debit": "600000"}, "review"),
    ({"credit": ""}, "unknown"), ({"status": "Authorized"}, "unknown"), ({"conversation": "another"}, "unknown"),
    ({"status": "Declined"}, "failed"), ({"status": "Expired"}, "failed"),
]


def status(conversation: str, *, debit: str = "174379", credit: str = "254708374149", **other: Any) -> bytes:
    """A successful result of a Transaction Status about the request with this id."""
    return result(
        RECEIPT, credit=credit, DebitPartyName=f"{debit} - Duka" if debit else None,
        OriginatorConversationID=conversation, **other,
    )


def test_a_status_settles_a_payout_only_with_its_amount_and_both_its_parties(shop: PayoutShop) -> None:
    for number, (other, expected) in enumerate(TOLD):
        shop.reference, shop.answers = f"R-{number}", [LOST, LOST, LOST, *[ACK] * len(TOLD)]
        shop.pay()
        shop.sleep(61)
        shop.settle()
        ours = shop.payouts[-1]["OriginatorConversationID"]
        (asked,) = (n for n, post in enumerate(shop.posts) if post.get("OriginalConversationID") == ours)
        told = {"conversation": ours, **other}
        shop.receive(status(told.pop("conversation"), **told), nth=asked)
        assert (other, shop.stands) == (other, expected)
        shop.sleep(60)


def store_unread(shop: PayoutShop, raw: bytes) -> None:
    token = shop.payouts[-1]["ResultURL"].rsplit("/", 1)[1]
    request_id = Requests(shop.ledger).by_token(hashlib.sha256(token.encode()).hexdigest())
    assert request_id
    with shop.ledger.write() as tx:
        RequestWrites(tx).store_result(request_id, "result", raw, "", shop.now_us)


def test_nothing_is_sent_while_a_result_waits_to_be_read(shop: PayoutShop) -> None:
    shop.pay()
    shop.receive(refused("1"))
    store_unread(shop, paid())
    for ask in (shop.pay, shop.repeat):
        with pytest.raises(Conflict) as told:
            ask()
        assert (told.value.code, len(shop.payouts)) == ("changed-meanwhile", 1)


def test_a_ledger_that_is_not_the_known_one_pays_nothing(shop: PayoutShop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.answers = [LOST, LOST, LOST]
    shop.pay()
    write = Ledger.write

    def refuse() -> None:
        raise LedgerUnusable("another ledger", hint="look", code="ledger-missing")

    @contextlib.contextmanager
    def guarded(self: Ledger, *within: float) -> Iterator[Write]:
        with write(self, *within) as tx:
            tx.check_known = refuse
            yield tx

    monkeypatch.setattr(Ledger, "write", guarded)
    sent = len(shop.payouts)
    with pytest.raises(LedgerUnusable):
        shop.repeat()
    shop.reference = "rent"
    with pytest.raises(LedgerUnusable):
        shop.pay()
    assert len(shop.payouts) == sent
