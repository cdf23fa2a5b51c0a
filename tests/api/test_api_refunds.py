"""Giving money back over HTTP: with a scope of its own, once, all of a receipt, and never what needs two people."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_bench import BOTH, Shop, initiate, served, told

from mpesa_cli.floor.errors import LedgerBusy

BODY = {"amount": 150, "reason": "brought it back"}
ALL = (*BOTH, "refunds:write")


def until(shop: Shop, client: httpx.Client, order: str, is_there: Any) -> dict[str, Any]:
    for _ in range(100):
        said: dict[str, Any] = client.get(f"/payments/status/{order}").json()
        if is_there(said):
            return said
        shop.clock.advance(1)
        time.sleep(0.05)
    raise AssertionError(said)


@contextlib.contextmanager
def paid(home: Path, **more: str) -> Iterator[tuple[Shop, httpx.Client]]:
    with served(home, more) as shop, shop.client(*ALL) as client:
        assert initiate(client, "1042").status_code == 202
        until(shop, client, "1042", lambda said: said["status"] == "paid")
        yield shop, client


def test_money_goes_back_once_with_a_scope_of_its_own(home: Path) -> None:
    with paid(home) as (shop, client):
        with shop.client(*BOTH) as other:
            assert other.post("/payments/refund/1042", json=BODY).status_code == 403
        assert told(client.post("/payments/refund/1042", json={**BODY, "amount": 100})) == (409, "other-amount")
        assert client.post("/payments/refund/1042", json={"amount": 150}).status_code == 422
        sent = client.post("/payments/refund/1042", json=BODY)
        assert (sent.status_code, sent.json()["refund"]["state"]) == (202, "pending")
        assert told(client.post("/payments/refund/1042", json=BODY)) == (409, "refund-pending")
        back = until(shop, client, "1042", lambda said: said["refund"]["state"] != "pending")
        assert (back["refund"]["state"], back["status"], back["reversed"]) == ("refunded", "refunded", 150)
        assert told(client.post("/payments/refund/1042", json=BODY)) == (409, "already-refunded")


def moved(said: httpx.Response) -> tuple[int, str]:
    return said.status_code, str(said.json()["money_moved"])


@pytest.mark.parametrize(("env", "ref", "expected"), [
    ({}, "nobody", (404, "no")), ({"MPESA_INITIATOR_NAME": "identifier-4"}, "1042", (422, "no")),
    ({"MPESA_INITIATOR_NAME": "spike-arrest"}, "1042", (503, "no")),
    ({"MPESA_REFUNDS_MAX": "100"}, "1042", (409, "no")),
])
def test_a_refund_that_was_refused_says_that_no_money_moved(
    home: Path, env: dict[str, str], ref: str, expected: tuple[int, str]
) -> None:
    with paid(home, **env) as (_, client):
        assert moved(client.post(f"/payments/refund/{ref}", json=BODY)) == expected


def test_a_ledger_that_fails_while_money_goes_back_proves_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mpesa_cli.initiator.store import RequestWrites

    def full(*_: object) -> None:
        raise LedgerBusy("The disk is full.", hint="Make room: mpesa doctor")

    with paid(home) as (_, client):
        monkeypatch.setattr(RequestWrites, "note_answer", full)
        assert moved(client.post("/payments/refund/1042", json=BODY)) == (503, "unknown")


def test_what_needs_a_second_person_or_is_not_allowed_at_all_is_never_sent_over_http(home: Path) -> None:
    with paid(home, MPESA_REFUNDS_APPROVE_ABOVE="100") as (shop, client):
        assert told(client.post("/payments/refund/1042", json=BODY)) == (409, "needs-approval")
        assert shop.ledger.rows("SELECT count(*) FROM requests") == [(0,)]
    with served(home, {"MPESA_REFUNDS_ENABLED": "false"}) as shop, shop.client(*ALL) as client:
        assert told(client.post("/payments/refund/1042", json=BODY)) == (409, "refunds-off")
