"""A shop without a public address: nobody else's gets its callbacks, and it hears by asking how a prompt ended."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from mpesa_cli.upkeep.doctor import network

Run = Callable[..., Any]
ENV = {
    "MPESA_ENVIRONMENT": "sandbox", "MPESA_CONSUMER_KEY": "k", "MPESA_CONSUMER_SECRET": "s", "MPESA_ANSWERS": "query",
}


class Daraja:
    """A Daraja that answers every query with this code, and remembers the addresses it was given."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.addresses: list[str] = []
        self.queries = 0
        self.transport = httpx.MockTransport(self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth/v1/generate":
            return httpx.Response(200, json={"access_token": "t" * 28, "expires_in": "3599"})
        body = json.loads(request.content)
        accepted = {"ResponseCode": "0", "MerchantRequestID": "1-2-3", "CheckoutRequestID": "ws_CO_0712345678"}
        if request.url.path.endswith("processrequest"):
            self.addresses.append(body["CallBackURL"])
            taken = {**accepted, "ResponseDescription": "Success", "CustomerMessage": "Success"}
            return httpx.Response(200, json=taken)
        self.queries += 1
        return httpx.Response(200, json={**accepted, "ResultCode": self.code, "ResultDesc": "as it is"})


def test_a_payment_is_found_by_asking_and_its_callback_address_is_nobodys(mpesa: Run) -> None:
    daraja = Daraja("0")
    paid = mpesa("push", "0712345678", "150", "--order", "A1", "--json", env=ENV, transport=daraja.transport)
    assert paid.status == 0, paid
    said = json.loads(paid.stdout)
    assert (said["status"], said["receipt"], said["attempts"][0]["flags"]) == ("paid", None, ["unconfirmed"])
    (address,) = daraja.addresses
    assert address.startswith("https://example.invalid/")
    assert "receipt number has not come yet" in mpesa(
        "status", "A1", "--no-refresh", env=ENV, tty=True, columns="200").stdout


def test_the_shops_own_address_is_sent_where_it_has_one(mpesa: Run) -> None:
    daraja = Daraja("0")
    own = {**ENV, "MPESA_CALLBACK_BASE_URL": "https://duka.example"}
    assert mpesa("push", "0712345678", "150", env=own, transport=daraja.transport).status == 0
    assert daraja.addresses[0].startswith("https://duka.example/")


def test_a_no_needs_two_questions_that_agree_a_minute_apart_before_the_order_is_asked_again(
    mpesa: Run, clock: Any
) -> None:
    daraja = Daraja("1032")
    how = {"env": ENV, "transport": daraja.transport}
    assert mpesa("push", "0712345678", "150", "--order", "A1", **how).status == 3
    clock.advance(5)
    refused = mpesa("retry", "A1", "--no-wait", **how)
    assert refused.status != 0
    assert len(daraja.addresses) == 1
    assert "another must agree" in refused.stderr
    clock.advance(180)
    assert mpesa("retry", "A1", "--no-wait", **how).status == 0
    assert len(daraja.addresses) == 2


def test_doctor_and_config_check_say_that_no_address_is_needed(mpesa: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "_get", lambda url: "no network in a test")
    checks = json.loads(mpesa("doctor", "--json", env=ENV).stdout)["checks"]
    (address,) = [each for each in checks if each["check"] == "callback-address"]
    assert address["verdict"] == "ok"
    assert "No public address is needed" in address["words"]
    assert not [each for each in checks if each["check"] == "listener"]
    assert mpesa("config", "check", env=ENV).status == 0
    without = {name: value for name, value in ENV.items() if name != "MPESA_ANSWERS"}
    refused = mpesa("push", "0712345678", "150", env=without, transport=Daraja("0").transport)
    assert 'answers = "query"' in refused.stderr
