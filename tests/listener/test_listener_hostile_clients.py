"""Clients that are broken, slow or hostile: closed or refused, and never in the way of the good ones."""

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from daraja.callbacks.callback_bodies import encode, paid
from listener.listening import ACCEPTED_BODY, Bench, answer, listener, prompt, request, was_closed

from mpesa_cli.listener.server.options import ListenerOptions

QUICK = ListenerOptions(port=0, head_and_body_s=0.5)
if TYPE_CHECKING:
    import socket

HEAD = b"POST /hooks/stk/00000000000000000000000000000000 HTTP/1.1\r\nHost: shop.example\r\n"


@pytest.fixture
def bench(tmp_path: Path):
    with listener(tmp_path / "ledger.db") as running:
        yield running


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"", id="not a byte"),
        pytest.param(b"P", id="one byte"),
        pytest.param(HEAD, id="half a head"),
        pytest.param(HEAD + b"Content-Length: 100\r\n\r\n{", id="half a body"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{", id="half a chunk"),
        pytest.param(request("/healthz", method="GET")[:-2], id="half a health check"),
    ],
)
def test_a_request_that_never_ends_is_cut_off(tmp_path: Path, sent: bytes) -> None:
    with listener(tmp_path / "ledger.db", QUICK) as bench, bench.connect() as sock:
        sock.sendall(sent)

        assert was_closed(sock) == b""


def test_a_head_sent_byte_by_byte_is_cut_off_all_the_same(tmp_path: Path) -> None:
    def dribble(sock: "socket.socket") -> None:
        for byte in b"GET / HTTP/1.1\r\nx: " + b"y" * 400:
            sock.sendall(bytes([byte]))
            time.sleep(0.05)

    with (
        listener(tmp_path / "ledger.db", QUICK) as bench,
        bench.connect() as sock,
        pytest.raises((BrokenPipeError, ConnectionResetError)),
    ):
        dribble(sock)


def test_an_idle_connection_is_closed_after_its_answer(tmp_path: Path) -> None:
    with listener(tmp_path / "ledger.db", ListenerOptions(port=0, keep_alive_s=1)) as bench, bench.connect() as sock:
        sock.sendall(request("/hooks/stk/" + "0" * 32, b"{}"))

        assert was_closed(sock).startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize(
    ("head", "status"),
    [
        pytest.param(HEAD + b"X: " + b"x" * 2_000_000 + b"\r\n\r\n", 400, id="2 MB head"),
        pytest.param(HEAD + b"X: x\r\n" * 20_000 + b"\r\n", 400, id="20,000 headers"),
        pytest.param(HEAD + b"Content-Length: -1\r\n\r\n", 400, id="negative length"),
        pytest.param(HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, id="two lengths"),
        pytest.param(HEAD + b"Content-Length: 9" + b"9" * 30 + b"\r\n\r\n", 400, id="absurd length"),
        pytest.param(HEAD + b"Content-Length: 300000000\r\n\r\n", 413, id="300 MB announced"),
        pytest.param(
            HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, id="length and chunked"
        ),
        pytest.param(HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 400, id="gzip"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 100, 400, id="TLS on the plain port"),
        pytest.param(b"\0" * 1000, 400, id="zeros"),
    ],
)
def test_broken_framing_is_refused_and_closed(bench: Bench, head: bytes, status: int) -> None:
    with bench.connect() as sock:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may be closed before we have done
            sock.sendall(head)
        said = was_closed(sock)

    assert said == b"" or said.startswith(b"HTTP/1.1 %d " % status), said[:80]
    assert said.count(b"HTTP/1.1") <= 1
    assert bench.stored() == 0


def test_a_body_without_end_is_cut_off_early(bench: Bench) -> None:
    """Chunked, so that no length gives it away: 300 MB are offered, and a small part of them is taken."""
    token, _ = prompt(bench.ledger)
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    taken = 0
    with bench.connect() as sock:
        sock.sendall(
            b"POST /hooks/stk/" + token.encode() + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            while taken < 300_000_000:
                sock.sendall(chunk)
                taken += len(chunk)

    assert taken < 30_000_000
    assert bench.stored() == 0


@pytest.mark.parametrize("size", [64 * 1024, 64 * 1024 + 1])
def test_64_kib_are_taken_and_one_byte_more_is_not(bench: Bench, size: int) -> None:
    token, _ = prompt(bench.ledger)
    with bench.connect() as sock:
        sock.sendall(request(f"/hooks/stk/{token}", b"")[:-2].replace(b": 0", b": %d" % size) + b"\r\n")
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            sock.sendall(b" " * (size if size == 64 * 1024 else 0))
        status = answer(sock)[0]

    assert status == (200 if size == 64 * 1024 else 413)
    assert bench.stored() == (1 if size == 64 * 1024 else 0)


def test_a_client_that_leaves_in_the_middle_stores_nothing(bench: Bench) -> None:
    token, _ = prompt(bench.ledger)
    body = encode(paid())
    for cut in (1, len(body) // 2, len(body) - 1):
        with bench.connect() as sock:
            sock.sendall(request(f"/hooks/stk/{token}", body)[: -len(body) + cut])

    assert bench.callback(token, b"{}") == (200, ACCEPTED_BODY)
    assert bench.stored() == 1


def test_good_requests_are_answered_beside_two_hundred_slow_ones(tmp_path: Path) -> None:
    """The table has room for 50: the slow ones push each other out, and never a request that is whole."""
    with listener(tmp_path / "ledger.db", ListenerOptions(port=0, connections_max=50)) as bench:
        prompts = [prompt(bench.ledger, answered=False) for _ in range(40)]
        slow: list[socket.socket] = []
        for number in range(200):
            slow.append(bench.connect())
            with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                slow[-1].sendall((b"", b"POST", HEAD, HEAD + b"Content-Length: 50\r\n\r\n{")[number % 4])
        with ThreadPoolExecutor(8) as pool:
            answers = list(
                pool.map(lambda n: bench.callback(prompts[n][0], encode(paid(receipt=f"UKO4Q7W{n:03d}"))), range(40))
            )
        for sock in slow:
            sock.close()

    assert answers == [(200, ACCEPTED_BODY)] * 40


def test_of_pipelined_requests_the_first_is_answered_and_the_rest_dropped(bench: Bench) -> None:
    token, _ = prompt(bench.ledger)
    with bench.connect() as sock:
        sock.sendall(request(f"/hooks/stk/{token}", b"{}") + request("/hooks/stk/" + "0" * 32, b"{}") * 1000)
        said = was_closed(sock)

    assert said.startswith(b"HTTP/1.1 200 ")
    assert said.count(b"HTTP/1.1") == 1
