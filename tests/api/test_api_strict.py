"""What is not right is refused by name, in one form, whoever finds it; and browsers get no more than they need."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_bench import PAYS, initiate, served, told

GOOD = {"orderId": "1", "paymentMethod": "MPESA", "phoneNumber": PAYS, "amount": 150}


@pytest.mark.parametrize(
    ("changed", "code", "word"),
    [
        ({"orderid": "1"}, "unknown-field", "orderid"),
        ({"callbackUrl": "https://evil.example"}, "unknown-field", "callbackUrl"),
        ({"orderId": None}, "invalid-field", "orderId"),
        ({"orderId": "a;b"}, "invalid-field", "orderId"),
        ({"orderId": " 1"}, "invalid-field", "orderId"),
        ({"orderId": "1\n"}, "invalid-field", "orderId"),
        ({"orderId": "x" * 65}, "invalid-field", "orderId"),
        ({"orderId": -1}, "invalid-field", "orderId"),
        ({"orderId": 1.5}, "invalid-field", "orderId"),
        ({"orderId": True}, "invalid-field", "orderId"),
        ({"paymentMethod": "CARD"}, "invalid-field", "paymentMethod"),
        ({"phoneNumber": 708374149}, "invalid-field", "phoneNumber"),
        ({"phoneNumber": "0208374149"}, "invalid-field", "phoneNumber"),
        ({"amount": "150"}, "invalid-field", "amount"),
        ({"amount": 0}, "invalid-field", "amount"),
        ({"amount": 150.5}, "invalid-field", "amount"),
        ({"amount": 250_001}, "invalid-field", "amount"),
        ({"amount": True}, "invalid-field", "amount"),
    ],
)
def test_a_wrong_field_is_named(quiet_client: httpx.Client, changed: dict[str, Any], code: str, word: str) -> None:
    refused = quiet_client.post("/payments/initiate", json={**GOOD, **changed})
    assert told(refused) == (422, code)
    assert repr(word) in refused.json()["detail"]
    assert refused.json()["hint"].startswith("Nothing was sent. ")


@pytest.mark.parametrize("missing", ["orderId", "phoneNumber"])
def test_a_missing_field_is_named(quiet_client: httpx.Client, missing: str) -> None:
    refused = quiet_client.post("/payments/initiate", json={k: v for k, v in GOOD.items() if k != missing})
    assert told(refused) == (422, "missing-field")
    assert repr(missing) in refused.json()["detail"]


@pytest.mark.parametrize(
    "written",
    ["0708374149", "+254 708 374 149", "254708374149", "708-374-149", "+254 (0)708-374-149", "254 0708 374 149",
     "\u202a0708374149\u202c", "'0708374149", "708374149.0"],
)
def test_phones_come_in_any_form_and_whole_numbers_with_a_point(quiet_client: httpx.Client, written: str) -> None:
    body = json.dumps({**GOOD, "phoneNumber": written}).replace("150", "150.0")
    answer = quiet_client.post("/payments/initiate", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in {200, 202}
    assert answer.json()["msisdn"] == "254708374149"


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"", b"nothing", b'{"orderId":"1","orderId":"2"}', b'{"amount":NaN}', b"\xff", b"[" * 50,
        b'{"a":"\\ud800"}',
    ],
)
def test_what_has_no_one_meaning_is_no_json(quiet_client: httpx.Client, body: bytes) -> None:
    refused = quiet_client.post("/payments/initiate", content=body, headers={"content-type": "application/json"})
    assert told(refused) == (400, "invalid-json")


def test_a_body_must_be_called_json_and_be_small(quiet_client: httpx.Client) -> None:
    raw = json.dumps(GOOD).encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        assert told(quiet_client.post("/payments/initiate", content=raw, headers={"content-type": kind})) == (
            415, "unsupported-media-type",
        )
    kind = {"content-type": "application/json; charset=utf-8"}
    assert quiet_client.post("/payments/initiate", content=raw, headers=kind).status_code in {200, 202}
    large = raw + b" " * 70_000
    assert told(quiet_client.post("/payments/initiate", content=large, headers=kind)) == (413, "too-large")


def test_paths_methods_and_forms_that_are_not_there_are_told_in_the_same_form(quiet_client: httpx.Client) -> None:
    assert told(quiet_client.get("/payments/nothing")) == (404, "not-found")
    assert told(quiet_client.get("/payments/status/nobody")) == (404, "not-found")
    assert told(quiet_client.get("/orders/nobody")) == (404, "order-not-found")
    wrong = quiet_client.get("/payments/initiate")
    assert (told(wrong), wrong.headers["allow"]) == ((405, "method-not-allowed"), "POST")
    assert told(quiet_client.get("/payments/history", headers={"accept": "text/html"})) == (406, "not-acceptable")
    assert quiet_client.get("/payments/history", headers={"accept": "text/html, */*;q=0.1"}).status_code == 200


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=0", "invalid-field"), ("limit=501", "invalid-field"), ("limit=x", "invalid-field"),
        ("status=lost", "invalid-field"), ("since=tomorrow", "invalid-field"), ("cursor=x", "invalid-field"),
        ("phoneNumber=1", "invalid-field"), ("page=2", "unknown-field"), ("limit=1&limit=2", "repeated-field"),
    ],
)
def test_a_wrong_parameter_is_named(quiet_client: httpx.Client, query: str, code: str) -> None:
    assert told(quiet_client.get(f"/payments/history?{query}")) == (422, code)


def test_every_answer_keeps_browsers_to_good_manners(quiet_client: httpx.Client) -> None:
    for path in ("/payments/history", "/payments/nothing", "/docs", "/openapi.json"):
        headers = quiet_client.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert not [name for name in headers if name.startswith("access-control-")]


def test_a_browsers_page_may_call_only_where_its_origin_is_named(home: Path) -> None:
    named, other = "https://shop.example.co.ke", "https://other.example.co.ke"
    with served(home, {"MPESA_API_ORIGINS": named}) as shop, shop.client() as client:
        asks = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
        allowed = client.options("/payments/initiate", headers={"origin": named, **asks})
        assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (204, named)
        assert "authorization" in allowed.headers["access-control-allow-headers"]
        refused = client.options("/payments/initiate", headers={"origin": other, **asks})
        assert told(refused) == (405, "method-not-allowed")
        assert "access-control-allow-origin" not in refused.headers
        seen = client.get("/payments/history", headers={"origin": named})
        assert seen.headers["access-control-allow-origin"] == named
        assert "origin" in seen.headers["vary"].lower()
        assert "access-control-allow-origin" not in client.get("/payments/history", headers={"origin": other}).headers


def test_an_answer_carries_the_members_of_jsons_errors(quiet_client: httpx.Client) -> None:
    initiate(quiet_client, "1")
    said = initiate(quiet_client, "1", amount=151).json()
    assert set(said) == {"type", "title", "status", "detail", "code", "hint", "money_moved", "retry_safe"}
    assert said["type"] == "urn:mpesa-cli:problem:order-differs"


def test_every_wrong_field_is_named_at_once(quiet_client: httpx.Client) -> None:
    refused = quiet_client.post("/payments/initiate", json={"phoneNumber": "12", "amount": 0, "colour": "red"})
    assert told(refused) == (422, "unknown-field")
    for words in ("'colour'", "'orderId' is missing", "'phoneNumber'", "'amount'"):
        assert words in refused.json()["detail"]
    hint = refused.json()["hint"]
    assert hint.count("Nothing was sent.") == hint.count("All fields:") == 1


def test_the_bare_address_leads_to_the_documentation(quiet_client: httpx.Client) -> None:
    assert quiet_client.get("/").headers["location"] == "/docs"
    assert quiet_client.get("/docs").status_code == 200
