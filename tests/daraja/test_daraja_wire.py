"""Servers that misbehave in every way one can: one POST at most, and the right name for what happened."""

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from daraja_servers import (
    OK,
    REQUEST,
    Behaviour,
    Seen,
    answer,
    client_of,
    loopback,
    payload,
    reset,
    says,
    with_token,
)

from mpesa_cli.daraja.answers import Accepted, Ambiguous, Undelivered
from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.floor.wire.exchange import Limits

QUICK = Limits(connect_s=0.5, read_s=0.4, write_s=0.4, total_s=0.8)
BODY = payload("stkpush.response.ok.json")


def close(connection: socket.socket, _: Seen) -> None:
    connection.close()


def reset_after_reading(connection: socket.socket, _: Seen) -> None:
    reset(connection)


def drip(connection: socket.socket, _: Seen) -> None:
    connection.sendall(answer(200, b" " * 1000)[:-1000])
    with contextlib.suppress(OSError):
        while True:
            connection.sendall(b" ")
            time.sleep(0.05)


def hang(connection: socket.socket, _: Seen) -> None:
    with contextlib.suppress(OSError):
        connection.recv(1)  # until the client goes away


MISBEHAVING: dict[str, tuple[Behaviour, str]] = {
    "closes after reading": (close, "connection-closed"),
    "resets after reading": (reset_after_reading, "connection-reset"),
    "half a status line": (says(b"HTTP/1.1 2"), "connection-closed"),
    "not HTTP": (says(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "bad-http"),
    "half a head": (says(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n"), "connection-closed"),
    "half a body": (says(answer(200, BODY)[:-10]), "truncated"),
    "half a chunk": (says(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n40\r\n{"), "truncated"),
    "a drip for ever": (drip, "total-timeout"),
    "no answer": (hang, "read-timeout"),
    "two megabytes": (says(answer(200, b" " * 2_000_000)), "too-large"),
    "a web page": (says(answer(200, b"<html></html>", kind="text/html")), "html"),
    "HTML 503": (says(answer(503, payload("gateway.error.503.unavailable.html"), kind="text/html")), "http-503"),
    "HTML 403": (says(answer(403, payload("gateway.error.403.imperva.html"), kind="text/html")), "http-403"),
    "empty 400": (says(answer(400, b"")), "empty-400"),
    "502": (says(answer(502, b"")), "http-502"),
    "504": (says(answer(504, b"")), "http-504"),
    "a redirect": (says(answer(307, b"", more="location: /stkpush/elsewhere\r\n")), "http-307"),
    "half a document": (says(answer(200, BODY[:-30])), "bad-json"),
    "an array": (says(answer(200, b"[]")), "odd-answer"),
    "not UTF-8": (says(answer(200, b'{"ResponseCode": "0\xff"}')), "bad-json"),
}


@pytest.mark.parametrize("what", MISBEHAVING)
def test_one_post_and_no_second_when_nothing_is_proven(tmp_path: Path, what: str) -> None:
    behave, slug = MISBEHAVING[what]
    with loopback(behave) as server:
        answered = with_token(server.url, tmp_path, limits=QUICK).push(REQUEST)
        assert isinstance(answered, Ambiguous), answered
        assert answered.error_code == slug
        assert answered.description
        assert len(server.posts) == server.accepted == 1


@pytest.mark.parametrize("slam", [reset, socket.socket.close])
def test_a_connection_slammed_before_anything_was_read_proves_nothing_for_sure(tmp_path: Path, slam: object) -> None:
    with loopback() as server:
        server.on_accept = slam  # type: ignore[assignment]
        answered = with_token(server.url, tmp_path, limits=QUICK).push(REQUEST)
        # Where the reset is there before the body is asked for, it is certain that the body never left.
        certain = isinstance(answered, Undelivered) and answered.retry == "connect"
        unsure = isinstance(answered, Ambiguous) and answered.error_code in {"connection-closed", "connection-reset"}
        assert certain or unsure, answered
        assert server.accepted == 1


def test_a_good_answer_counts_whatever_it_calls_itself(tmp_path: Path) -> None:
    with loopback(says(answer(200, BODY, kind="text/html"))) as server:
        assert isinstance(with_token(server.url, tmp_path).push(REQUEST), Accepted)


def test_the_body_goes_out_whole_unchunked_and_on_a_connection_of_its_own(tmp_path: Path) -> None:
    with loopback(says(OK)) as server:
        client = with_token(server.url, tmp_path)
        client.push(REQUEST)
        client.push(REQUEST)
        assert server.accepted == len(server.posts) == 2
        seen = server.posts[0]
        assert json.loads(seen.body)["Amount"] == "150"
        head = seen.head.lower()
        assert f"content-length: {len(seen.body)}" in head
        assert "transfer-encoding" not in head
        assert "content-type: application/json" in head
        assert "accept-encoding: identity" in head


def refused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_a_refused_connection_is_not_delivered(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{refused_port()}"
    answered = with_token(url, tmp_path).push(REQUEST)
    assert answered == Undelivered("connect-refused", "127.0.0.1 refused the connection", "connect")


def test_a_connection_that_is_never_taken_is_not_delivered(tmp_path: Path) -> None:
    with socket.socket() as full, contextlib.ExitStack() as stack:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}"
        answered = with_token(url, tmp_path, limits=QUICK).push(REQUEST)
    assert isinstance(answered, Undelivered)
    assert (answered.error_code, answered.retry) == ("connect-timeout", "connect")


def shakes_hands_badly(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 400 You spoke TLS to me\r\n\r\n")


@pytest.mark.parametrize("behave", [shakes_hands_badly, lambda connection: connection.recv(65536)])
def test_a_failed_tls_handshake_is_not_delivered(tmp_path: Path, behave: object) -> None:
    with loopback() as server:
        server.on_accept = behave  # type: ignore[assignment]
        url = server.url.replace("http://", "https://")
        answered = with_token(url, tmp_path, limits=QUICK).push(REQUEST)
        assert isinstance(answered, Undelivered)
        assert (answered.error_code, answered.retry) == ("tls", "connect")
        assert not server.posts


def test_a_name_that_is_not_found_is_not_delivered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    answered = with_token("https://daraja.invalid", tmp_path).push(REQUEST)
    words = "the name daraja.invalid could not be looked up (DNS)"
    assert answered == Undelivered("dns", words, "connect")


def test_a_push_given_up_during_a_hung_look_up_never_leaves_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up, answered_at_last, ended = socket.getaddrinfo, threading.Event(), threading.Event()

    def hung(*args: object, **more: object) -> object:
        answered_at_last.wait(10)
        return look_up(*args, **more)  # type: ignore[arg-type]

    def until_the_end(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while part := connection.recv(65536):
                came.append(part)
        ended.set()

    came: list[bytes] = []
    with loopback() as server:
        server.on_accept = until_the_end
        client = with_token(server.url, tmp_path, limits=QUICK)
        monkeypatch.setattr(socket, "getaddrinfo", hung)
        answered = client.push(REQUEST)
        assert isinstance(answered, Undelivered)
        assert (answered.error_code, answered.retry) == ("connect-timeout", "connect")
        answered_at_last.set()
        assert ended.wait(10)
        assert b"BusinessShortCode" not in b"".join(came)


def test_an_interrupted_push_never_leaves_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted(BaseException):
        pass

    look_up, go_on, ended = socket.getaddrinfo, threading.Event(), threading.Event()
    came: list[bytes] = []

    def hung(*args: object, **more: object) -> object:
        go_on.wait(10)
        return look_up(*args, **more)  # type: ignore[arg-type]

    def until_the_end(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while part := connection.recv(65536):
                came.append(part)
        ended.set()

    with loopback() as server:
        server.on_accept = until_the_end
        client = with_token(server.url, tmp_path)
        client.ready()
        monkeypatch.setattr(socket, "getaddrinfo", hung)
        from mpesa_cli.floor.wire import http

        def interrupt() -> float:
            raise Interrupted

        monkeypatch.setattr(http.time, "monotonic", iter_then(time.monotonic, interrupt))
        with pytest.raises(Interrupted):
            client.push(REQUEST)
        monkeypatch.undo()
        go_on.set()
        assert ended.wait(10)
        assert b"BusinessShortCode" not in b"".join(came)


def iter_then(first: object, then: object) -> object:
    """The waiting thread's clock: works twice, then a signal's exception comes out of it."""
    calls = {"main": 0}
    waiting = threading.get_ident()

    def clock() -> object:
        if threading.get_ident() != waiting:
            return first()  # type: ignore[operator]
        calls["main"] += 1
        return first() if calls["main"] <= 2 else then()  # type: ignore[operator]

    return clock


@pytest.mark.parametrize(
    "url",
    [
        "http://sandbox.safaricom.co.ke",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "ftp://127.0.0.1",
        "sandbox.safaricom.co.ke",
        "https://",
        "https://user:canary-password@sandbox.safaricom.co.ke",
        "https://sandbox.safaricom.co.ke?x=1",
        "https://sandbox.safaricom.co.ke:99999",
        "https://sand box.safaricom.co.ke",
        "http://[::1",
        "",
    ],
)
def test_a_base_url_that_would_give_secrets_away_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError) as refused:
        client_of(url, tmp_path)
    assert "canary" not in refused.value.message + refused.value.hint


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://localhost:9/", "http://[::1]:9", "http://127.8.8.8"])
def test_plain_http_is_allowed_to_this_machine(tmp_path: Path, url: str) -> None:
    client_of(url, tmp_path)


def test_the_http_library_is_loaded_late_and_without_what_no_payment_needs() -> None:
    code = (
        "import sys\n"
        "import mpesa_cli.daraja.client\n"
        "heavy = ('httpcore', 'tenacity', 'rich', 'asyncio', 'pygments', 'ssl')\n"
        "assert not [m for m in heavy if m in sys.modules], [m for m in heavy if m in sys.modules]\n"
        "import mpesa_cli.floor.wire.http\n"
        "assert 'httpcore' in sys.modules\n"
        "idle = ('httpx', 'http.cookiejar', 'email', 'urllib.request', 'rich', 'pygments', 'click', 'asyncio')\n"
        "assert not [m for m in idle if m in sys.modules], [m for m in idle if m in sys.modules]\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
