"""A gateway's pages, changed secrets and missing products, as a shop meets them: through its commands."""

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

SANDBOX = {
    "MPESA_ENVIRONMENT": "sandbox", "MPESA_CONSUMER_KEY": "canary-key", "MPESA_CONSUMER_SECRET": "right",
    "APP_URL": "https://pay.example.co.ke",
}
TOKEN = {"access_token": "canary-access-token-0001", "expires_in": "3599"}
ERROR = {"requestId": "1", "errorCode": "400.002.02"}
PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>\n Access  denied &amp; logged\x1b[2J</title><style>b{color:red}</style>"
    b"</head><body><p>Request unsuccessful. Incapsula incident ID: 9</p><script>alert(1)</script></body></html>"
)
PAGES = {
    "a page": (503, PAGE),
    "a page behind a mark": (403, b"\xef\xbb\xbf\r\n" + PAGE),
    "a page behind a word": (502, b"upstream: " + PAGE),
    "a page in an envelope": (400, json.dumps({**ERROR, "errorMessage": PAGE.decode()}).encode()),
    "a piece of a page": (500, b"<h1>Internal Server Error</h1><p>incident 90000</p>"),
    "a page that is called fine": (200, PAGE),
    "SOAP": (500, b'<?xml version="1.0"?><soapenv:Envelope><soapenv:Body>incident 9</soapenv:Body></soapenv:Envelope>'),
}
Answers = Callable[[httpx.Request], httpx.Response]


def with_token(then: Answers) -> httpx.MockTransport:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth/v1/generate":
            return httpx.Response(200, json=TOKEN)
        return then(request)

    return httpx.MockTransport(answer)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    "command",
    [
        ("push", "0708374149", "5", "--order", "1", "--no-wait"), ("push", "0708374149", "5", "--order", "1", "--json"),
        ("c2b-register",), ("c2b-simulate", "0708374149", "5"), ("reconcile", "--pull"),
        ("pull-register", "--nominated", "0708374149"),
    ],
    ids=lambda command: " ".join(command[:1]),
)
def test_of_a_web_page_only_status_and_title_are_shown(
    mpesa: Callable[..., Any], command: tuple[str, ...], page: str
) -> None:
    status, body = PAGES[page]
    transport = with_token(lambda _: httpx.Response(status, content=body, headers={"content-type": "text/html"}))
    said = mpesa(*command, env=SANDBOX, transport=transport)
    assert said.status != 0
    everything = said.stdout + said.stderr + mpesa("status", "1", "--no-refresh", env=SANDBOX).stdout
    assert not [word for word in ("<", "incident", "Incapsula", "color", "alert", "\x1b") if word in everything]
    if PAGE in body and status != 200 and command[0] != "push":
        assert "Access denied & logged" in everything


def test_a_token_for_a_page_is_no_token(mpesa: Callable[..., Any]) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(503, content=PAGE))
    said = mpesa("push", "0708374149", "5", "--order", "1", env=SANDBOX, transport=transport)
    assert said.status == 5
    assert 'HTTP 503 with a web page titled "Access denied & logged[2J" in it' in said.stderr
    assert "Incapsula" not in said.stderr


def test_a_changed_secret_is_tried_at_once(mpesa: Callable[..., Any]) -> None:
    """The consumer key stays the same. A token that the old secret got is still good, and proves nothing of the new."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path != "/oauth/v1/generate":
            wrong = {"requestId": "1", "errorCode": "500.001.1001", "errorMessage": "Wrong credentials"}
            return httpx.Response(500, json=wrong)
        asked.append(base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode())
        return httpx.Response(200, json=TOKEN) if asked[-1] == "canary-key:right" else httpx.Response(400)

    def push(order: str, secret: str) -> str:
        env = {**SANDBOX, "MPESA_CONSUMER_SECRET": secret}
        said = mpesa("push", "0708374149", "5", "--order", order, env=env, transport=httpx.MockTransport(answer))
        assert said.status == 4
        return str(said.stderr)

    push("1", "right")
    assert "consumer key and secret were not accepted" in push("2", "wrong")
    push("3", "right")
    assert asked == ["canary-key:right", "canary-key:wrong"], "and the right secret's token is still at hand"


def c2b(*there: str, missing: httpx.Response) -> tuple[httpx.MockTransport, list[str]]:
    """A Daraja that has only these paths, and what it was asked."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path.removeprefix("/mpesa/c2b/"))
        if asked[-1] in there:
            return httpx.Response(200, json={"ResponseCode": "0", "ResponseDescription": "Success"})
        return missing

    return with_token(answer), asked


NO_PRODUCT = httpx.Response(401, json={"requestId": "1", "errorCode": "401.003.01", "errorMessage":
                                       "Error Occurred - Invalid Access Token - No apiproduct match"})
NO_PATH = httpx.Response(404, json={**ERROR, "errorCode": "404.001.01", "errorMessage": "Resource not found"})
NO_PAGE = httpx.Response(404, content=b"<html><title>404</title></html>")


@pytest.mark.parametrize("missing", [NO_PRODUCT, NO_PATH, NO_PAGE], ids=["no product", "no path", "a page"])
def test_a_version_that_is_not_there_falls_back_to_the_other(
    mpesa: Callable[..., Any], missing: httpx.Response
) -> None:
    transport, asked = c2b("v1/registerurl", "v1/simulate", missing=missing)
    assert json.loads(mpesa("c2b-register", "--json", env=SANDBOX, transport=transport).stdout)["api"] == "v1"
    paid = mpesa("c2b-simulate", "254708374149", "5", "--json", env=SANDBOX, transport=transport)
    assert json.loads(paid.stdout)["api"] == "v1"
    assert list(dict.fromkeys(asked)) == ["v2/registerurl", "v1/registerurl", "v1/simulate"]


def test_a_simulated_payment_follows_the_version_that_was_registered_last(mpesa: Callable[..., Any]) -> None:
    transport, asked = c2b("v1/registerurl", "v2/registerurl", "v1/simulate", "v2/simulate", missing=NO_PATH)
    for version in ("v1", "v2"):
        mpesa("c2b-register", "--api", version, env=SANDBOX, transport=transport)
        assert mpesa("c2b-simulate", "254708374149", "5", env=SANDBOX, transport=transport).status == 0
    assert asked == ["v1/registerurl", "v1/simulate", "v2/registerurl", "v2/simulate"]


def test_another_404_is_no_missing_version(mpesa: Callable[..., Any]) -> None:
    refused = httpx.Response(404, json={"requestId": "1", "errorCode": "404.001.04", "errorMessage":
                                        "Invalid Authentication Header"})
    transport, asked = c2b("v1/simulate", missing=refused)
    assert mpesa("c2b-simulate", "254708374149", "5", env=SANDBOX, transport=transport).status == 3
    assert asked == ["v2/simulate"]
