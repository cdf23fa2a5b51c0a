"""Who may call: a bearer token in the header, with the scope, within the rate; and nothing else opens anything."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_bench import PAYS, POOR, SECRET, Shop, initiate, served, told

CALLS = [
    ("POST", "/payments/initiate", "payments:write"), ("POST", "/payments/retry/1", "payments:write"),
    ("POST", "/orders", "payments:write"),
    ("POST", "/payments/refund/1", "refunds:write"), ("GET", "/balance", "balance:read"),
    ("GET", "/payments/status/1", "payments:read"),
    ("GET", "/payments/history", "payments:read"), ("GET", "/payments/receipt/1", "payments:read"),
    ("GET", "/payments/events", "payments:read"), ("GET", "/orders/1", "payments:read"),
]


@pytest.mark.parametrize(("method", "path", "scope"), CALLS)
def test_without_a_token_everything_is_401_and_with_the_other_scope_403(
    quiet_shop: Shop, method: str, path: str, scope: str
) -> None:
    bare = httpx.request(method, quiet_shop.url + path, trust_env=False)
    assert told(bare) == (401, "token-missing")
    assert bare.headers["www-authenticate"] == 'Bearer realm="mpesa"'
    other = next(s for s in ("payments:read", "payments:write") if s != scope)
    with quiet_shop.client(other) as client:
        refused = client.request(method, path)
        assert told(refused) == (403, "scope-missing")
        assert f'scope="{scope}"' in refused.headers["www-authenticate"]


def test_every_call_in_the_document_is_tried_above(quiet_shop: Shop) -> None:
    document = httpx.get(f"{quiet_shop.url}/openapi.json", trust_env=False).json()
    guarded = {
        (method.upper(), path) for path, methods in document["paths"].items()
        for method, what in methods.items() if what["security"]
    }
    assert guarded == {(method, path.replace("/1", "/{orderId}")) for method, path, _ in CALLS}


@pytest.mark.parametrize(
    "token", ["x", "a.b.c", SECRET, "0123456789abcdef" * 2], ids=["short", "dots", "the secret", "hex"]
)
def test_what_is_no_token_opens_nothing(quiet_shop: Shop, token: str) -> None:
    headers = {"authorization": f"Bearer {token}"}
    answer = httpx.get(f"{quiet_shop.url}/payments/history", headers=headers, trust_env=False)
    assert answer.status_code in {400, 401}
    assert answer.headers["www-authenticate"].startswith("Bearer ")


def test_a_token_counts_in_the_header_only(quiet_shop: Shop) -> None:
    token = quiet_shop.token()
    for query in ("access_token", "token"):
        assert told(httpx.get(f"{quiet_shop.url}/payments/history?{query}={token}", trust_env=False)) == (
            401, "token-missing",
        )


def test_a_revoked_token_opens_nothing_from_then_on(
    shop: Shop, client: httpx.Client, mpesa: Callable[..., Any]
) -> None:
    assert client.get("/payments/history").status_code == 200
    import json

    (row,) = json.loads(mpesa("token", "list", "--json", env=shop.environ).stdout)
    assert mpesa("token", "revoke", row["jti"], env=shop.environ).status == 0
    assert told(client.get("/payments/history")) == (401, "token-revoked")


def test_too_many_calls_of_one_token_wait_and_other_tokens_do_not(home: Path) -> None:
    with served(home, {"MPESA_API_RATE_PER_TOKEN": "3"}) as shop, shop.client() as client, shop.client() as other:
        answers = [client.get("/payments/history") for _ in range(5)]
        assert [a.status_code for a in answers] == [200, 200, 200, 429, 429]
        assert 0 < int(answers[-1].headers["retry-after"]) <= 21
        assert told(answers[-1]) == (429, "rate-limited")
        assert other.get("/payments/history").status_code == 200


def test_one_phone_is_asked_only_so_often_though_looking_is_free(home: Path) -> None:
    with served(home, {"MPESA_API_RATE_PER_PHONE": "2"}) as shop, shop.client() as client:
        assert initiate(client, "1", POOR).status_code == 202
        for _ in range(4):
            assert initiate(client, "1", POOR).status_code == 200
        assert told(initiate(client, "2", POOR)) == (429, "phone-busy")
        assert told(initiate(client, "3", POOR)) == (429, "rate-limited")
        assert initiate(client, "4", PAYS).status_code == 202


def test_no_token_and_no_secret_is_in_what_the_server_says(shop: Shop, client: httpx.Client) -> None:
    token = str(client.headers["authorization"]).split()[1]
    texts = [
        client.get(path).text
        for path in ("/payments/history", "/payments/status/nobody", "/openapi.json", "/docs", "/payments/nothing")
    ]
    said = shop.runtime.streams
    texts += [said.stdout.getvalue(), said.stderr.getvalue()]  # type: ignore[attr-defined]
    assert not [text for text in texts if token in text or SECRET in text or token.split(".")[2] in text]
