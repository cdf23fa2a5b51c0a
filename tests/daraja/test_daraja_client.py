"""The client against a loopback Daraja: tokens, pushes, queries, and what it must never say."""

import json
import socket
import traceback
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from daraja_servers import (
    CALLBACK_TOKEN,
    CONSUMER_SECRET,
    KEY,
    NOW_US,
    OK,
    PASSKEY,
    REQUEST,
    TOKEN,
    TOKEN_ANSWER,
    Clock,
    Seen,
    answer,
    client_of,
    loopback,
    payload,
    reset,
    says,
    with_token,
)

from mpesa_cli.daraja.answers import Accepted, Final, Limited, Pending, Refused, Unanswered, Undelivered
from mpesa_cli.daraja.stk_push import push_body
from mpesa_cli.floor.errors import CredentialsRefused, MpesaError, NotDelivered, RequestRefused, Temporary
from mpesa_cli.floor.wire.exchange import Limits

ASKED = "ws_CO_24112026103001482708374149"
NO_TOKEN = answer(404, payload("stkpush.error.404.invalid-token.json"))
NO_PRODUCT = answer(401, payload("stkpush.error.401.no-apiproduct.json"))
SUCCESS = answer(200, payload("stkquery.response.success.json"))
QUICK = Limits(connect_s=0.5, read_s=0.3, write_s=0.3, total_s=0.6)


def new_tokens() -> Callable[[socket.socket, Seen], None]:
    """Another token each time, as Daraja gives them."""
    given: list[int] = []

    def behave(connection: socket.socket, _: Seen) -> None:
        given.append(1)
        body = {"access_token": f"{TOKEN.reveal()}-{len(given)}", "expires_in": "3599"}
        connection.sendall(answer(200, json.dumps(body).encode()))

    return behave


def test_a_push_is_one_post_with_the_bearer_token_and_the_documented_body(tmp_path: Path) -> None:
    with loopback(says(OK)) as server:
        client = client_of(server.url, tmp_path)
        client.ready()
        assert client.push(REQUEST) == Accepted("6f2a-4d1b-a3c9-2b8e7d610f4412345678", ASKED)
        (post,) = server.posts
        assert post.path == "/mpesa/stkpush/v1/processrequest"
        assert f"authorization: bearer {TOKEN.reveal()}" in post.head.lower()
        assert json.loads(post.body) == push_body(REQUEST, PASSKEY, NOW_US)
        assert server.count("/oauth/v1/generate?grant_type=client_credentials") == 1


def test_a_warm_token_makes_a_push_one_request(tmp_path: Path) -> None:
    with loopback(says(OK)) as server:
        client = with_token(server.url, tmp_path)
        client.ready()
        client.push(REQUEST)
        assert server.accepted == 1


def test_a_refused_token_is_dropped_and_the_next_push_has_a_fresh_one(tmp_path: Path) -> None:
    with loopback(says(NO_TOKEN, OK), oauth=new_tokens()) as server:
        client = with_token(server.url, tmp_path)
        assert client.push(REQUEST) == Undelivered("404.001.03", "Invalid Access Token", "token")
        assert len(server.posts) == 1
        assert isinstance(client.push(REQUEST), Accepted)
        assert f"Bearer {TOKEN.reveal()}-1" in server.posts[1].head


def test_a_fresh_token_that_is_refused_too_is_not_to_be_repeated(tmp_path: Path) -> None:
    with loopback(says(NO_TOKEN), oauth=new_tokens()) as server:
        client = client_of(server.url, tmp_path)
        answers = [client.push(REQUEST) for _ in range(3)]
        assert [a.retry for a in answers] == ["token", "no", "token"]  # type: ignore[union-attr]
        assert len(server.posts) == 3


def test_a_missing_api_product_is_a_matter_of_credentials_once_the_token_is_fresh(tmp_path: Path) -> None:
    with loopback(says(NO_PRODUCT), oauth=new_tokens()) as server:
        client = with_token(server.url, tmp_path)
        first, second = client.push(REQUEST), client.push(REQUEST)
        assert isinstance(first, Undelivered)
        assert first.retry == "token"
        assert isinstance(second, Refused)
        assert (second.error_code, second.credentials) == ("401.003.01", True)
        assert "no API product matches" in second.description


@pytest.mark.parametrize(
    ("oauth", "kind", "requests"),
    [
        (answer(400, b""), CredentialsRefused, 1),
        (answer(400, payload("oauth.error.400.008.01.json")), CredentialsRefused, 1),
        (answer(400, payload("oauth.error.400.008.02.json")), RequestRefused, 1),
        (answer(503, payload("gateway.error.503.unavailable.html")), NotDelivered, 5),
        (answer(403, payload("gateway.error.403.imperva.html")), NotDelivered, 5),
        (answer(200, b"<html>"), NotDelivered, 5),
        (b"HTTP/1.1 2", NotDelivered, 5),
    ],
)
def test_no_token_no_push(tmp_path: Path, oauth: bytes, kind: type[MpesaError], requests: int) -> None:
    with loopback(says(OK), oauth=says(oauth)) as server:
        with pytest.raises(kind) as refused:
            client_of(server.url, tmp_path).ready()
        assert "Nothing was sent" in refused.value.hint
        assert "mpesa " in refused.value.hint
        assert server.count("/oauth/") == requests
        assert not server.posts
        answered = client_of(server.url, tmp_path).push(REQUEST)
        assert isinstance(answered, Refused if kind is CredentialsRefused else Undelivered)
        assert not server.posts


def test_oauth_is_tried_again_with_growing_waits_until_it_works(tmp_path: Path) -> None:
    clock, busy = Clock(), answer(503, b"")
    with loopback(oauth=says(busy, busy, busy, TOKEN_ANSWER)) as server:
        client_of(server.url, tmp_path, clock=clock).ready()
        assert server.count("/oauth/") == 4
        assert clock.slept_s == [0.75, 1.25, 2.25]


def test_oauth_waits_as_long_as_daraja_asks_but_not_past_a_minute(tmp_path: Path) -> None:
    clock, patience = Clock(), answer(503, b"", more="retry-after: 25\r\n")
    with loopback(oauth=says(patience)) as server:
        with pytest.raises(NotDelivered):
            client_of(server.url, tmp_path, clock=clock).ready()
        assert clock.slept_s == [25, 25]
        assert server.count("/oauth/") == 3


def test_checking_credentials_asks_daraja_even_with_a_warm_token(tmp_path: Path) -> None:
    with loopback(oauth=says(TOKEN_ANSWER, answer(400, b""))) as server:
        client = with_token(server.url, tmp_path)
        client.check_credentials()
        assert server.count("/oauth/") == 1
        with pytest.raises(CredentialsRefused):
            client.check_credentials()


def test_a_query_says_how_it_ended(tmp_path: Path) -> None:
    with loopback(stkpushquery=says(SUCCESS)) as server:
        client = client_of(server.url, tmp_path)
        assert client.query(ASKED, "174379") == Final("0", "The service request is processed successfully.")
        (post,) = server.posts
        assert post.path == "/mpesa/stkpushquery/v1/query"
        assert json.loads(post.body)["CheckoutRequestID"] == ASKED


def test_a_query_fetches_a_refused_token_once_more_and_not_twice(tmp_path: Path) -> None:
    with loopback(stkpushquery=says(NO_TOKEN, SUCCESS), oauth=new_tokens()) as server:
        assert isinstance(client_of(server.url, tmp_path / "a").query(ASKED, "174379"), Final)
        assert len(server.posts) == 2
    with loopback(stkpushquery=says(NO_TOKEN), oauth=new_tokens()) as server:
        assert isinstance(client_of(server.url, tmp_path / "b").query(ASKED, "174379"), Unanswered)
        assert len(server.posts) == 2
    with loopback(stkpushquery=says(NO_PRODUCT), oauth=new_tokens()) as server:
        refused = client_of(server.url, tmp_path / "c").query(ASKED, "174379")
        assert isinstance(refused, Refused)
        assert refused.credentials


def test_a_query_beyond_the_ration_is_not_sent(tmp_path: Path) -> None:
    clock, pending = Clock(), answer(500, payload("stkquery.error.500.pending.json"))
    with loopback(stkpushquery=says(pending)) as server:
        client = client_of(server.url, tmp_path, clock=clock)
        assert [type(client.query(ASKED, "174379")) for _ in range(6)] == [Pending] * 5 + [Limited]
        assert isinstance(client_of(server.url, tmp_path, clock=clock).query(ASKED, "174379"), Limited)
        assert len(server.posts) == 5
        clock.sleep(60)
        assert isinstance(client.query(ASKED, "174379"), Pending)


@pytest.mark.parametrize(
    ("wire", "pause_s"),
    [
        (answer(500, payload("stkpush.error.500.spike-arrest.json")), 60),
        (answer(500, payload("stkpush.error.500.quota.json")), 300),
        (answer(403, payload("gateway.error.403.imperva.html")), 60),
        (answer(429, payload("gateway.error.429.apigee-fault.json"), more="retry-after: 12\r\n"), 12),
    ],
)
def test_one_refusal_backs_every_process_off(tmp_path: Path, wire: bytes, pause_s: int) -> None:
    clock = Clock()
    with loopback(stkpushquery=says(wire, SUCCESS)) as server:
        limited = client_of(server.url, tmp_path, clock=clock).query(ASKED, "174379")
        assert isinstance(limited, Limited)
        assert limited.retry_after_s == pause_s
        another = client_of(server.url, tmp_path, clock=clock)
        clock.at_us += (pause_s - 1) * 1_000_000
        assert isinstance(another.query(ASKED, "174379"), Limited)
        assert len(server.posts) == 1
        clock.at_us += 1_000_000
        assert isinstance(another.query(ASKED, "174379"), Final)


def test_a_query_without_an_answer_is_unanswered(tmp_path: Path) -> None:
    with loopback(stkpushquery=lambda connection, _: reset(connection)) as server:
        answered = client_of(server.url, tmp_path).query(ASKED, "174379")
        assert isinstance(answered, Unanswered)
        assert answered.error_code == "connection-reset"


def test_a_query_does_not_wait_for_a_token_that_will_not_come(tmp_path: Path) -> None:
    clock = Clock()
    with loopback(oauth=says(answer(503, b""))) as server:
        assert isinstance(client_of(server.url, tmp_path, clock=clock).query(ASKED, "174379"), Unanswered)
        assert server.accepted == 1
        assert clock.slept_s == []
    with loopback(oauth=says(answer(400, b""))) as server:
        refused = client_of(server.url, tmp_path).query(ASKED, "174379")
        assert isinstance(refused, Refused)
        assert refused.credentials


def test_another_api_gets_status_and_body_and_one_fresh_token(tmp_path: Path) -> None:
    registered = answer(200, b'{"ResponseCode": "0"}')
    with loopback(c2b=says(NO_TOKEN, registered), oauth=new_tokens()) as server:
        client = client_of(server.url, tmp_path / "a")
        assert client.post("/mpesa/c2b/v2/registerurl", {"ShortCode": "600984"}) == (200, b'{"ResponseCode": "0"}')
        assert [json.loads(post.body) for post in server.posts] == [{"ShortCode": "600984"}] * 2
    with loopback(c2b=says(NO_PRODUCT), oauth=new_tokens()) as server:
        status, body = client_of(server.url, tmp_path / "b").post("/mpesa/c2b/v2/registerurl", {})
        assert (status, b"401.003.01" in body, len(server.posts)) == (401, True, 2)
    with loopback(c2b=says(NO_TOKEN), oauth=new_tokens()) as server, pytest.raises(CredentialsRefused):
        client_of(server.url, tmp_path / "c").post("/mpesa/c2b/v2/registerurl", {})
    with loopback(c2b=says(b"HTTP/1.1 2")) as server, pytest.raises(Temporary):
        client_of(server.url, tmp_path / "d").post("/mpesa/c2b/v2/registerurl", {})


def embedded(push: Callable[[httpx.Request], httpx.Response]) -> httpx.MockTransport:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/oauth/"):
            return httpx.Response(200, json={"access_token": "abc", "expires_in": 3599})
        return push(request)

    return httpx.MockTransport(handle)


def test_a_transport_inside_the_process_needs_no_port_and_no_thread(tmp_path: Path) -> None:
    def accept(request: httpx.Request) -> httpx.Response:
        assert json.loads(request.content)["Amount"] == "150"
        return httpx.Response(200, content=payload("stkpush.response.ok.json"))

    client = client_of("http://simulator", tmp_path, transport=embedded(accept))
    assert isinstance(client.push(REQUEST), Accepted)


@pytest.mark.parametrize(
    ("raised", "answered"),
    [
        (httpx.ConnectError("x"), "Undelivered connect-failed"),
        (httpx.ConnectTimeout("x"), "Undelivered connect-timeout"),
        (httpx.ReadTimeout("x"), "Ambiguous read-timeout"),
        (httpx.WriteTimeout("x"), "Ambiguous write-timeout"),
        (httpx.WriteError("x"), "Ambiguous connection-reset"),
        (httpx.RemoteProtocolError("Server disconnected without sending a response."), "Ambiguous connection-closed"),
    ],
)
def test_what_an_embedded_transport_raises_means_what_it_says(
    tmp_path: Path, raised: Exception, answered: str
) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise raised

    found = client_of("http://simulator", tmp_path, transport=embedded(fail)).push(REQUEST)
    assert f"{type(found).__name__} {found.error_code}" == answered  # type: ignore[union-attr]


def test_a_mistake_inside_an_embedded_transport_is_seen_as_one(tmp_path: Path) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise KeyError("a mistake")

    with pytest.raises(KeyError):
        client_of("http://simulator", tmp_path, transport=embedded(fail)).push(REQUEST)


def echo(connection: socket.socket, seen: Seen) -> None:
    """The nastiest answer: everything that was sent, in every field."""
    sent = json.loads(seen.body) if seen.body else {}
    everything = f"{seen.head} {' '.join(sent.values())} {PASSKEY.reveal()} {CONSUMER_SECRET.reveal()}"
    body = {
        "requestId": everything,
        "errorCode": TOKEN.reveal(),
        "errorMessage": f"Bad Request - {everything} Invalid Access Token - {TOKEN.reveal()}",
    }
    connection.sendall(answer(405, json.dumps(body).encode(), more=f"x-echo: {TOKEN.reveal()}\r\n"))


def echo_html(connection: socket.socket, seen: Seen) -> None:
    page = f"<html>{seen.head} {seen.body.decode()} {PASSKEY.reveal()}</html>"
    connection.sendall(answer(503, page.encode(), kind=f"text/html; x={TOKEN.reveal()}"))


def canaries() -> list[str]:
    password = push_body(REQUEST, PASSKEY, NOW_US)["Password"]
    basic = "Y2FuYXJ5LWNvbnN1bWVyLWtleTpjYW5hcnktY29uc3VtZXItc2VjcmV0"
    hidden = [KEY, CONSUMER_SECRET, PASSKEY, TOKEN]
    return [*(s.reveal() for s in hidden), password, basic, CALLBACK_TOKEN, REQUEST.msisdn, "708374149"]


@pytest.mark.parametrize("behave", [echo, echo_html, says(OK), says(b"garbage\r\n\r\n"), says(NO_TOKEN)])
def test_no_secret_and_no_number_is_in_any_answer_or_trace(
    tmp_path: Path, behave: Callable[[socket.socket, Seen], None]
) -> None:
    traced: list[str] = []
    with loopback(behave, stkpushquery=behave) as server:
        client = client_of(server.url, tmp_path, trace=traced.append, limits=QUICK)
        client.ready()
        answers = [client.push(REQUEST), client.query(ASKED, "174379")]
        said = "\n".join([*traced, *map(repr, answers), repr(client), repr(REQUEST)])
    assert len(traced) >= 6
    assert not [each for each in canaries() if each in said]
    assert all("\n" not in line and len(line) <= 1000 for line in traced)


@pytest.mark.parametrize("behave", [echo, echo_html, says(answer(400, b"")), says(b"x")])
def test_no_secret_is_in_any_exception_or_what_hangs_on_it(
    tmp_path: Path, behave: Callable[[socket.socket, Seen], None]
) -> None:
    with loopback(oauth=behave) as server:
        client = client_of(server.url, tmp_path, limits=QUICK)
        with pytest.raises(MpesaError) as raised:
            client.ready()
    error: BaseException | None = raised.value
    said = [raised.value.message, raised.value.hint]
    while error is not None:
        said += [repr(error), *traceback.format_exception_only(error)]
        assert not isinstance(error, httpx.HTTPError), "httpx's carry the request with its headers"
        error = error.__cause__ or error.__context__
    sent = [each for each in canaries() if each not in {PASSKEY.reveal(), TOKEN.reveal()}]
    assert not [each for each in sent if any(each in line for line in said)]


def test_the_trace_tells_what_travelled(tmp_path: Path) -> None:
    traced: list[str] = []
    with loopback(says(OK)) as server:
        client_of(server.url, tmp_path, trace=traced.append).push(REQUEST)
        url = server.url
    assert traced[0] == f"→ GET {url}/oauth/v1/generate?grant_type=client_credentials"
    assert traced[1].startswith("← 200 application/json (")
    assert traced[2].startswith(f"→ POST {url}/mpesa/stkpush/v1/processrequest {{")
    assert '"Password": "•••"' in traced[2]
    assert '"Amount": "150"' in traced[2]
    assert "ws_CO_24112026103001482•••" in traced[3]
