"""Every way in which a network and Daraja can fail, through the public command, with the POSTs counted at the server.

The table is reliability.md 1.4: only what proves that nothing was delivered is sent again, and where the outcome is
unknown the same command again sends nothing.
"""

import contextlib
import json
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from daraja_servers import (
    TOKEN_ANSWER,
    Behaviour,
    Loopback,
    Seen,
    answer,
    loopback,
    payload,
    reset,
    says,
)
from shopkeeper import ACCEPTED, ORDER, QUICK, Shopkeeper, error_of

ACCEPTANCE = payload("stkpush.response.ok.json")


@pytest.fixture(autouse=True)
def _short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mpesa_cli.daraja.client.Limits", lambda: QUICK)


def closes(connection: socket.socket, _: Seen) -> None:
    connection.close()


def resets(connection: socket.socket, _: Seen) -> None:
    reset(connection)


def never_answers(connection: socket.socket, _: Seen) -> None:
    with contextlib.suppress(OSError):
        connection.recv(1)  # until the client goes away


def drips(connection: socket.socket, _: Seen) -> None:
    connection.sendall(answer(200, b" " * 1000)[:-1000])
    with contextlib.suppress(OSError):
        while True:
            connection.sendall(b" ")
            threading.Event().wait(0.05)


def page(status: int, name: str) -> Behaviour:
    return says(answer(status, payload(name), kind="text/html"))


def error(status: int, name: str) -> Behaviour:
    return says(answer(status, payload(name)))


# What the server does with the POST of a push, and what nobody can know after it.
IN_DOUBT: dict[str, Behaviour] = {
    "closes after reading": closes,
    "resets after reading": resets,
    "never answers": never_answers,
    "drips for ever": drips,
    "half a status line": says(b"HTTP/1.1 2"),
    "not HTTP": says(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    "half a head": says(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n"),
    "half a body": says(answer(200, ACCEPTANCE)[:-10]),
    "half a chunk": says(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n40\r\n{"),
    "two megabytes": says(answer(200, b" " * 2_000_000)),
    "a web page": says(answer(200, b"<html></html>", kind="text/html")),
    "half a document": says(answer(200, ACCEPTANCE[:-30])),
    "an array": says(answer(200, b"[]")),
    "empty 200": says(answer(200, b"")),
    "not UTF-8": says(answer(200, b'{"ResponseCode": "0\xff"}')),
    "accepted without an id": says(answer(200, b'{"ResponseCode": "0"}')),
    "empty 400": says(answer(400, b"")),
    "502": says(answer(502, b"")),
    "504": says(answer(504, b"")),
    "a redirect": says(answer(307, b"", more="location: /stkpush/elsewhere\r\n")),
    "HTML 503": page(503, "gateway.error.503.unavailable.html"),
    "HTML 403": page(403, "gateway.error.403.imperva.html"),
    "a SOAP fault": error(500, "gateway.error.soap-fault-as-json.json"),
    "internal error": error(500, "stkpush.error.500.internal.json"),
}
# What Daraja says to a push: POSTs, exit status, state of the attempt.
SAYS: dict[str, tuple[int, int, int, str]] = {
    "stkpush.error.400.invalid-amount.json": (400, 1, 3, "rejected"),
    "stkpush.error.400.invalid-callbackurl.json": (400, 1, 3, "rejected"),
    "stkpush.error.400.invalid-phone.json": (400, 1, 3, "rejected"),
    "stkpush.error.400.invalid-shortcode.json": (400, 1, 3, "rejected"),
    "stkpush.error.400.invalid-timestamp.json": (400, 1, 3, "rejected"),
    "stkpush.error.400.missing-transactiondesc.json": (400, 1, 3, "rejected"),
    "stkpush.error.401.no-apiproduct.json": (401, 2, 4, "rejected"),
    "stkpush.error.404.invalid-token.json": (404, 2, 4, "not_sent"),
    "stkpush.error.404.resource.json": (404, 1, 3, "rejected"),
    "stkpush.error.405.json": (405, 1, 3, "rejected"),
    "stkpush.error.500.busy.json": (500, 2, 5, "not_sent"),
    "stkpush.error.500.lock-subscriber.json": (500, 1, 3, "rejected"),
    "stkpush.error.500.merchant.json": (500, 1, 3, "rejected"),
    "stkpush.error.500.quota.json": (500, 2, 5, "not_sent"),
    "stkpush.error.500.spike-arrest.json": (500, 2, 5, "not_sent"),
    "stkpush.error.500.wrong-credentials.json": (500, 1, 4, "rejected"),
    "gateway.error.429.apigee-fault.json": (429, 2, 5, "not_sent"),
}


@pytest.mark.parametrize("what", IN_DOUBT)
def test_in_doubt_there_is_one_post_and_the_same_push_again_sends_nothing(shopkeeper: Shopkeeper, what: str) -> None:
    with loopback(IN_DOUBT[what]) as server:
        clerk = shopkeeper.at(server.url)
        for _ in range(2):
            pushed = clerk.push()
            assert pushed.status == 6, pushed
            assert json.loads(pushed.stdout)["status"] == "unknown"
            assert (len(server.posts), clerk.announced(), clerk.state()) == (1, 1, "unknown")
        clerk.clock.advance(3600)
        assert clerk.run("retry", ORDER, "--no-wait", "--json").status == 9
        assert clerk.push().status == 6
        assert len(server.posts) == 1


@pytest.mark.parametrize("name", SAYS)
def test_what_daraja_says_decides_how_often_it_is_asked(shopkeeper: Shopkeeper, name: str) -> None:
    http_status, posts, exit_status, state = SAYS[name]
    with loopback(error(http_status, name)) as server:
        clerk = shopkeeper.at(server.url)
        pushed = clerk.push()
        assert pushed.status == exit_status, pushed
        assert json.loads(pushed.stdout)["status"] == "failed"
        assert (len(server.posts), clerk.announced(), clerk.state()) == (posts, posts, state)
        assert ("Nothing was charged; trying again in" in pushed.stderr) is (exit_status == 5)
        if state == "rejected":
            again = clerk.push()
            assert (again.status, error_of(again)["code"]) == (9, "already-tried")
            assert len(server.posts) == posts


def test_no_error_body_is_left_out() -> None:
    known = {path.name for path in (Path(__file__).parents[1] / "payloads").glob("stkpush.error.*")}
    assert known - {*SAYS} == {"stkpush.error.500.internal.json"}  # which is among those in doubt


@pytest.mark.parametrize("said", ["stkpush.error.500.spike-arrest.json", "stkpush.error.404.invalid-token.json"])
def test_what_was_refused_at_the_gate_and_then_taken_is_pending_once(shopkeeper: Shopkeeper, said: str) -> None:
    http_status = SAYS[said][0]
    with loopback(says(answer(http_status, payload(said)), ACCEPTED)) as server:
        clerk = shopkeeper.at(server.url)
        assert clerk.push().status == 0
        assert (len(server.posts), clerk.announced(), clerk.state()) == (2, 2, "pending")
        assert clerk.push().status == 0  # picked up
        assert len(server.posts) == 2


def test_after_a_delivery_in_doubt_no_earlier_refusal_makes_it_safe_again(shopkeeper: Shopkeeper) -> None:
    spike = answer(500, payload("stkpush.error.500.spike-arrest.json"))
    with loopback(says(spike, answer(504, b""))) as server:
        clerk = shopkeeper.at(server.url)
        assert [clerk.push().status, clerk.push().status] == [6, 6]
        assert (len(server.posts), clerk.state()) == (2, "unknown")


@contextlib.contextmanager
def _refused(_: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def _never_taken(_: Path) -> Iterator[str]:
    with socket.socket() as full, contextlib.ExitStack() as stack:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        yield f"http://127.0.0.1:{full.getsockname()[1]}"


@contextlib.contextmanager
def _not_tls(_: Path) -> Iterator[str]:
    def plain(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 You spoke TLS to me\r\n\r\n")

    with loopback() as server:
        server.on_accept = plain
        yield server.url.replace("http://", "https://")


@contextlib.contextmanager
def _stranger(folder: Path) -> Iterator[str]:
    """A server with a certificate that nobody vouches for."""
    if shutil.which("openssl") is None:
        pytest.skip("makes its certificate with openssl")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def shake_hands(connection: socket.socket) -> None:
        with contextlib.suppress(ssl.SSLError, OSError), context.wrap_socket(connection, server_side=True) as secure:
            got.append(secure.recv(65536))

    got: list[bytes] = []
    with loopback() as server:
        server.on_accept = shake_hands
        yield server.url.replace("http://", "https://")
    assert b"".join(got) == b"", "a request was sent to somebody who had not proven who he is"


@contextlib.contextmanager
def _unknown_name(_: Path) -> Iterator[str]:
    def look_up(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(socket, "getaddrinfo", look_up)
        yield "https://daraja.invalid"


@contextlib.contextmanager
def _no_network(_: Path) -> Iterator[str]:
    """As with the cable out: there is no way to anywhere."""

    def connect(*_: object, **__: object) -> None:
        raise OSError(101, "Network is unreachable")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(socket, "create_connection", connect)
        yield "https://203.0.113.1"


UNREACHABLE = {
    "refused": (_refused, "connect-refused"),
    "never taken": (_never_taken, "connect-timeout"),
    "TLS that is none": (_not_tls, "tls"),
    "a certificate of a stranger": (_stranger, "tls"),
    "no such name": (_unknown_name, "dns"),
    "no network": (_no_network, "connect-failed"),
}


@pytest.mark.parametrize("how", UNREACHABLE)
def test_without_a_token_an_unreachable_daraja_leaves_nothing_behind(
    shopkeeper: Shopkeeper, tmp_path: Path, how: str
) -> None:
    unreachable, _ = UNREACHABLE[how]
    with unreachable(tmp_path) as url:
        clerk = shopkeeper.at(url)
        pushed = clerk.push()
    assert pushed.status == 5, pushed
    told = error_of(pushed)
    assert (told["code"], told["money_moved"], told["retry_safe"]) == ("not-delivered", "no", True)
    assert clerk.state() is None


@pytest.mark.parametrize("how", UNREACHABLE)
def test_with_a_token_an_unreachable_daraja_is_tried_five_times_and_then_not_sent(
    shopkeeper: Shopkeeper, tmp_path: Path, how: str
) -> None:
    unreachable, code = UNREACHABLE[how]
    with unreachable(tmp_path) as url:
        clerk = shopkeeper.at(url).with_token()
        pushed = clerk.push()
    assert pushed.status == 5, pushed
    attempt = json.loads(pushed.stdout)["attempts"][0]
    assert (attempt["state"], attempt["result_code"]) == ("not_sent", code)
    assert (clerk.state(), clerk.announced()) == ("not_sent", 5)


def test_what_was_never_sent_goes_out_when_the_network_is_back(shopkeeper: Shopkeeper, daraja: Loopback) -> None:
    with _refused(Path()) as nobody:
        assert shopkeeper.at(nobody).with_token().push().status == 5
    assert shopkeeper.at(daraja.url).push().status == 0
    assert len(daraja.posts) == 1
    assert shopkeeper.at(daraja.url).state() == "pending"


OAUTH_SAYS: dict[str, tuple[Behaviour, int, int]] = {
    "wrong credentials": (says(answer(400, b"")), 4, 1),
    "invalid authentication": (error(400, "oauth.error.400.008.01.json"), 4, 1),
    "invalid grant type": (error(400, "oauth.error.400.008.02.json"), 3, 1),
    "closes": (closes, 5, 5),
    "resets": (resets, 5, 5),
    "never answers": (never_answers, 5, 5),
    "half a document": (says(TOKEN_ANSWER[:-5]), 5, 5),
    "a web page": (says(answer(200, b"<html></html>", kind="text/html")), 5, 5),
    "no token in it": (says(answer(200, b"{}")), 5, 5),
    "not HTTP": (says(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), 5, 5),
    "HTML 503": (page(503, "gateway.error.503.unavailable.html"), 5, 5),
    "HTML 403": (page(403, "gateway.error.403.imperva.html"), 5, 5),
    "429": (error(429, "gateway.error.429.apigee-fault.json"), 5, 5),
    "502": (says(answer(502, b"")), 5, 5),
}


@pytest.mark.parametrize("what", OAUTH_SAYS)
def test_without_a_token_no_push_leaves_and_nothing_is_recorded(shopkeeper: Shopkeeper, what: str) -> None:
    behave, exit_status, requests = OAUTH_SAYS[what]
    with loopback(says(ACCEPTED), oauth=behave) as server:
        clerk = shopkeeper.at(server.url)
        pushed = clerk.push()
        assert pushed.status == exit_status, pushed
        assert error_of(pushed)["money_moved"] == "no"
        assert (server.count("/oauth/"), len(server.posts), clerk.state()) == (requests, 0, None)


def test_a_token_that_comes_at_the_third_try_makes_one_push(shopkeeper: Shopkeeper) -> None:
    with loopback(says(ACCEPTED), oauth=says(answer(502, b""), answer(503, b""), TOKEN_ANSWER)) as server:
        assert shopkeeper.at(server.url).push().status == 0
        assert (server.count("/oauth/"), len(server.posts)) == (3, 1)


# What the server does with a query: how often it is asked then. The payment stays as it was: a question moves nothing.
QUERY_SAYS: dict[str, tuple[Behaviour, int]] = {
    **{what: (behave, 1) for what, behave in IN_DOUBT.items() if "accepted" not in what},
    "still processing": (error(500, "stkquery.error.500.pending.json"), 1),
    "does not exist": (error(500, "stkquery.error.500.unknown.json"), 1),
    "4999": (error(200, "stkquery.response.pending-4999.json"), 1),
    "invalid id": (error(400, "stkquery.error.400.invalid-checkoutrequestid.json"), 1),
    "another's answer": (
        says(answer(200, payload("stkquery.response.success.json").replace(b"ws_CO_2411", b"ws_CO_2511"))), 1,
    ),
    **{name: (error(row[0], name), 2 if "token" in name or "apiproduct" in name else 1) for name, row in SAYS.items()},
}


@pytest.mark.parametrize("what", QUERY_SAYS)
def test_a_question_that_is_not_answered_changes_nothing(shopkeeper: Shopkeeper, what: str) -> None:
    behave, asked = QUERY_SAYS[what]
    with loopback(says(ACCEPTED), stkpushquery=behave) as server:
        clerk = shopkeeper.at(server.url)
        assert clerk.push().status == 0
        for _ in range(2):
            clerk.clock.advance(400)
            found = clerk.status()
            assert found.status == 8, found
            assert json.loads(found.stdout)["status"] == "pending"
        assert server.count("/stkpushquery/") == asked * 2
        assert server.count("/processrequest") == 1
        assert clerk.state() == "pending"


def test_a_question_that_is_answered_settles_it_without_another_post(shopkeeper: Shopkeeper) -> None:
    with loopback(says(ACCEPTED), stkpushquery=error(200, "stkquery.response.success.json")) as server:
        clerk = shopkeeper.at(server.url)
        clerk.push()
        clerk.clock.advance(30)
        assert clerk.status().status == 0
        assert clerk.push().status == 9
        assert server.count("/processrequest") == 1


def test_a_question_without_a_token_leaves_the_payment_as_it_was(shopkeeper: Shopkeeper) -> None:
    with loopback(says(ACCEPTED), oauth=says(TOKEN_ANSWER, answer(400, b""))) as server:
        clerk = shopkeeper.at(server.url)
        assert clerk.push().status == 0
        clerk.clock.advance(4000)  # the token is too old by now
        assert clerk.status().status == 8
        assert (server.count("/oauth/"), server.count("/stkpushquery/"), clerk.state()) == (2, 0, "pending")
