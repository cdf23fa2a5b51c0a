"""What becomes of a prompt, in HTTP's words: sent, refused, not delivered, unknown; and never one for another."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from api_bench import Shop, initiate, posts, served, told
from daraja_servers import OK, answer, loopback, payload, says

SANDBOX = {
    "MPESA_ENVIRONMENT": "sandbox", "MPESA_CONSUMER_KEY": "any", "MPESA_CONSUMER_SECRET": "any",
    "APP_URL": "https://pay.example.co.ke",
}


def over(home: Path, server: Any) -> Any:
    return served(home, {**SANDBOX, "MPESA_BASE_URL": server.url})


@pytest.mark.parametrize(
    ("phone", "status"),
    [
        ("254722200001", "unknown"),  # the answer is lost, the callback comes later
        ("254722200022", "unknown"),  # "Internal Server Error", and the customer pays
        ("254722200023", "unknown"),  # half an answer
        ("254722200028", "unknown"),  # a page with HTTP 200
    ],
)
def test_what_may_have_gone_through_is_202_and_called_unknown(
    shop: Shop, client: httpx.Client, phone: str, status: str
) -> None:
    sent = initiate(client, "1", phone)
    assert (sent.status_code, sent.json()["status"]) == (202, status)
    again = initiate(client, "1", phone)
    assert again.status_code == 200
    assert posts(shop, "1") == 1


def test_a_refused_prompt_is_422_with_the_payment_and_nothing_to_repeat(shop: Shop, client: httpx.Client) -> None:
    refused = initiate(client, "1", "254722200030")
    assert told(refused) == (422, "request-refused")
    said = refused.json()
    assert (said["money_moved"], said["retry_safe"], said["payment"]["status"]) == ("no", False, "failed")
    assert initiate(client, "1", "254722200030").status_code == 200
    assert posts(shop, "1") == 1


def test_what_did_not_reach_daraja_is_503_and_may_be_repeated(shop: Shop, client: httpx.Client) -> None:
    failed = initiate(client, "1", "254722200020")
    assert told(failed) == (503, "not-delivered")
    said = failed.json()
    assert (said["money_moved"], said["retry_safe"], said["payment"]["status"]) == ("no", True, "failed")
    assert int(failed.headers["retry-after"]) > 0
    first = posts(shop, "1")
    assert told(initiate(client, "1", "254722200020")) == (503, "not-delivered")
    assert posts(shop, "1") > first


def test_credentials_that_daraja_refuses_are_the_servers_trouble(home: Path) -> None:
    no = says(answer(400, payload("oauth.error.400.008.01.json")))
    with loopback(oauth=no) as server, over(home, server) as shop, shop.client() as client:
        assert told(initiate(client, "1")) == (502, "credentials-refused")
        assert (posts(shop, "1"), shop.ledger.payment_by_order("1")) == (0, None)


def test_a_dead_daraja_is_503_before_anything_is_recorded(home: Path) -> None:
    with served(home, {**SANDBOX, "MPESA_BASE_URL": "http://127.0.0.1:9"}) as shop, shop.client() as client:
        assert told(initiate(client, "1")) == (503, "not-delivered")
        assert shop.ledger.payment_by_order("1") is None


def test_a_profile_that_is_not_set_up_is_500_with_what_to_do(home: Path) -> None:
    with served(home, {**SANDBOX, "APP_URL": ""}) as shop, shop.client() as client:
        failed = initiate(client, "1")
        assert told(failed) == (500, "callback-url-missing")
        assert "callback_base_url" in failed.json()["hint"]


def test_one_call_is_one_request_to_daraja(home: Path) -> None:
    with loopback(says(OK)) as server, over(home, server) as shop, shop.client() as client:
        for number in range(3):
            assert initiate(client, number, f"25471200000{number}").status_code == 202
        assert server.count("/mpesa/stkpush") == 3
        assert server.count("/oauth") == 1


def test_a_fault_of_ours_is_told_without_its_data(
    shop: Shop, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("254708374149")

    monkeypatch.setattr("mpesa_cli.api.payments.push", broken)
    failed = initiate(client, "1")
    assert told(failed) == (500, "bug")
    assert failed.json()["money_moved"] == "unknown"
    assert "254708374149" not in failed.text
    assert "254708374149" not in shop.runtime.streams.stderr.getvalue()  # type: ignore[attr-defined]
