"""Asking for money over HTTP: one prompt for an order, whatever is sent how often, and true words about it."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from api_bench import CANCELS, PAYS, POOR, Shop, initiate, posts, settled, told


def test_a_prompt_goes_out_and_the_payment_is_answered_as_push_shows_it(
    shop: Shop, client: httpx.Client, cli: Callable[..., Any]
) -> None:
    answer = initiate(client, 1042, amount=1500)
    assert answer.status_code == 202
    document = answer.json()
    assert (document["order_id"], document["amount"], document["status"]) == ("1042", 1500, "pending")
    assert document["attempts"][0]["state"] == "pending"
    assert settled(shop, client, "1042")["status"] == "paid"
    shown = cli("status", "1042", "--json", env=dict(shop.environ))
    assert json.loads(shown.stdout) == client.get("/payments/status/1042").json()


def test_the_same_order_again_is_shown_and_not_asked(shop: Shop, client: httpx.Client) -> None:
    first = initiate(client, "1042")
    again = initiate(client, 1042)
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json()["payment_id"] == first.json()["payment_id"]
    settled(shop, client, "1042")
    paid = initiate(client, "1042")
    assert (paid.status_code, paid.json()["status"]) == (200, "paid")
    assert posts(shop, "1042") == 1


def test_a_failed_order_is_shown_and_not_asked(shop: Shop, client: httpx.Client) -> None:
    initiate(client, "1043", CANCELS)
    assert settled(shop, client, "1043")["status"] == "failed"
    again = initiate(client, "1043", CANCELS)
    assert (again.status_code, again.json()["status"], posts(shop, "1043")) == (200, "failed", 1)


@pytest.mark.parametrize(("phone", "amount"), [(PAYS, 151), (POOR, 150)])
def test_other_terms_for_a_known_order_are_a_conflict(
    shop: Shop, client: httpx.Client, phone: str, amount: int
) -> None:
    initiate(client, "1042")
    assert told(initiate(client, "1042", phone, amount)) == (409, "order-differs")
    assert posts(shop, "1042") == 1


def test_a_busy_phone_says_when_to_come_back(shop: Shop, client: httpx.Client) -> None:
    initiate(client, "1")
    busy = initiate(client, "2")
    assert told(busy) == (429, "phone-busy")
    assert 0 < int(busy.headers["retry-after"]) <= 120
    assert busy.json()["retry_safe"] is True
    assert posts(shop, "2") == 0


def test_an_added_order_needs_no_amount_and_keeps_the_one_it_has(shop: Shop, client: httpx.Client) -> None:
    added = client.post("/orders", json={"orderId": "A-7", "amount": 700})
    assert (added.status_code, added.json()["status"], added.json()["payment"]) == (201, "not_asked", None)
    assert client.post("/orders", json={"orderId": "A-7", "amount": 700}).status_code == 200
    assert told(client.post("/orders", json={"orderId": "A-7", "amount": 701})) == (409, "order-differs")
    assert told(client.get("/payments/status/A-7")) == (404, "not-asked")
    assert told(initiate(client, "A-7", amount=701)) == (409, "order-differs")
    assert posts(shop, "A-7") == 0
    assert initiate(client, "A-7", amount=None).json()["amount"] == 700
    assert client.get("/orders/A-7").json()["status"] in {"pending", "paid"}


def test_an_amount_is_needed_where_the_order_is_not_known(client: httpx.Client) -> None:
    assert told(initiate(client, "nobody", amount=None)) == (422, "amount-missing")


def test_the_terminal_keeps_to_an_added_orders_amount(
    shop: Shop, client: httpx.Client, mpesa: Callable[..., Any]
) -> None:
    client.post("/orders", json={"orderId": "A-8", "amount": 700})
    wrong = mpesa("push", PAYS, "699", "--order", "A-8", env=shop.environ)
    assert wrong.status == 9
    assert "Right: mpesa push 254708374149 700 --order A-8" in wrong.stderr
    seen = mpesa("status", "A-8", env=shop.environ)
    assert (seen.status, "nobody was asked for it yet" in seen.stderr) == (2, True)


def test_a_retry_waits_until_it_is_safe(shop: Shop, client: httpx.Client) -> None:
    initiate(client, "1043", CANCELS)
    assert settled(shop, client, "1043")["status"] == "failed"
    soon = client.post("/payments/retry/1043")
    assert told(soon) == (429, "too-soon")
    assert int(soon.headers["retry-after"]) > 0
    shop.clock.advance(200)
    again = client.post("/payments/retry/1043", json={"phoneNumber": PAYS})
    assert again.status_code == 202
    assert [a["attempt"] for a in again.json()["attempts"]] == [1, 2]
    refused = client.post("/payments/retry/1043")
    assert (told(refused), refused.json()["money_moved"]) == ((409, "retry-refused"), "unknown")
    assert settled(shop, client, "1043")["status"] == "paid"
    assert client.post("/payments/retry/1043").json()["money_moved"] == "yes"


def test_a_receipt_comes_in_the_form_that_is_asked_for(shop: Shop, client: httpx.Client) -> None:
    initiate(client, "1042")
    assert told(client.get("/payments/receipt/1042")) == (409, "not-paid")
    settled(shop, client, "1042")
    as_json = client.get("/payments/receipt/1042")
    assert as_json.json()["msisdn"] == "0708•••149"
    page = client.get("/payments/receipt/1042", headers={"accept": "text/html"})
    assert (page.headers["content-type"], page.text[:15]) == ("text/html; charset=utf-8", "<!doctype html>")
    printed = client.get("/payments/receipt/1042", headers={"accept": "application/pdf, text/html;q=0.5"})
    assert printed.content[:5] == b"%PDF-"
    assert told(client.get("/payments/receipt/1042", headers={"accept": "image/png"})) == (406, "not-acceptable")


def test_refresh_asks_daraja_and_a_plain_look_does_not(shop: Shop, client: httpx.Client) -> None:
    initiate(client, "1042")
    for refresh in ("false", "true"):
        assert client.get("/payments/status/1042", params={"refresh": refresh}).status_code == 200
    assert told(client.get("/payments/status/1042", params={"refresh": "yes"})) == (422, "invalid-field")
