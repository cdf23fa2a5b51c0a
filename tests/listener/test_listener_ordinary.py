"""What is recognised as an ordinary request is what h11 reads in the same bytes, and nothing more."""

import random
import re
import socket
import time
from pathlib import Path

import pytest
from daraja.callbacks.callback_bodies import encode, paid
from listener.heads import by_h11, composed
from listener.listening import ACCEPTED_BODY, Bench, answer, listener, prompt, prompts, request, was_closed

from mpesa_cli.ledger.bodies import Bodies
from mpesa_cli.listener.server import ordinary as room
from mpesa_cli.listener.server.ordinary import Ordinary, ordinary

MUTATIONS = 50_000
SECRET = b"0123456789abcdef" * 2


def disagreements(count: int, seed: int) -> tuple[list[bytes], int]:
    """Requests that the two read differently, and how many were recognised as ordinary."""
    rng, recognised, apart = random.Random(seed), 0, []
    for _ in range(count):
        data = composed(rng)
        read = ordinary(data)
        if read is not None:
            recognised += 1
            if read != by_h11(data):
                apart.append(data)
    return apart, recognised


def test_what_is_recognised_is_what_h11_reads() -> None:
    apart, recognised = disagreements(MUTATIONS, seed=1)

    assert apart == []
    assert recognised > MUTATIONS // 5


@pytest.mark.parametrize(
    ("name", "lax"),
    [
        pytest.param("_UNUSUAL", frozenset(), id="headers that say how it goes on are not looked at"),
        pytest.param("_HEADER", re.compile(rb"([^:]+):\s*(.*?)\s*", re.DOTALL), id="any line with a colon is a header"),
        pytest.param("_REQUEST_LINE", re.compile(rb"\s*POST +(\S+) +HTTP/[0-9.]+\s*"), id="request lines by feel"),
        pytest.param("_LENGTH", re.compile(rb"\+?[0-9]+"), id="lengths with a sign"),
    ],
)
def test_a_laxer_reader_is_found_out(monkeypatch: pytest.MonkeyPatch, name: str, lax: object) -> None:
    monkeypatch.setattr(room, name, lax)
    monkeypatch.setattr(room, "_header", room._header.__wrapped__)

    assert disagreements(5000, seed=2)[0] != []


def test_what_a_proxy_sends_is_recognised() -> None:
    assert ordinary(request("/hooks/stk/x", b"{}", "Content-Type: application/json", "X-Forwarded-For: 10.0.0.1")) == (
        Ordinary(
            b"/hooks/stk/x",
            [
                (b"host", b"shop.example"), (b"content-length", b"2"), (b"content-type", b"application/json"),
                (b"x-forwarded-for", b"10.0.0.1"),
            ],
            b"{}",
        )
    )


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(request("/x", b"{}")[:-1], id="a body that is not whole"),
        pytest.param(request("/x", b"{}") + b"P", id="more than one request"),
        pytest.param(request("/x", b"{}", "X: " + "y" * 300), id="a long header"),
        pytest.param(request("/x", b"{}", *["X: " + "y" * 200] * 50), id="a long head"),
        pytest.param(request("/x", b" " * 9000), id="a long body"),
        pytest.param(request("/x", b"{}", method="PUT"), id="another method"),
        pytest.param(request("/x", b"{}", "Connection: close"), id="the last one of its connection"),
    ],
)
def test_what_is_not_ordinary_is_left_to_h11(data: bytes) -> None:
    assert ordinary(data) is None


@pytest.fixture
def bench(tmp_path: Path):
    with listener(tmp_path / "ledger.db") as running:
        yield running


def said(bench: Bench, *pieces: bytes) -> tuple[int, bytes]:
    """Send it in pieces and say that nothing more comes; the status and the body of the answer."""
    with bench.connect() as sock:
        for piece in pieces:
            sock.sendall(piece)
            time.sleep(0.002 * (len(pieces) > 1))
        sock.shutdown(socket.SHUT_WR)
        received = was_closed(sock)
    assert received.count(b"HTTP/1.1 ") == 1
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head[9:12]), body


def test_the_answer_is_the_same_whoever_read_the_request(bench: Bench) -> None:
    """Sent in two pieces, a request is h11's to read."""
    rng = random.Random(3)
    token = prompt(bench.ledger)[0].encode()
    made = (composed(rng).replace(SECRET, rng.choice((token, b"f" * 32))) for _ in range(400))
    for data in filter(ordinary, made):
        assert said(bench, data) == said(bench, data[:9], data[9:]), data


def test_both_readers_keep_the_connection_for_a_next_request(bench: Bench) -> None:
    tokens = prompts(bench.ledger, 4)
    with bench.connect() as sock:
        for number, (token, _) in enumerate(tokens):
            data = request(f"/hooks/stk/{token}", encode(paid(receipt=f"UKO4Q7W{number:03d}")))
            sock.sendall(data[: 9 * (number % 2)])
            time.sleep(0.01 * (number % 2))
            sock.sendall(data[9 * (number % 2) :])
            assert answer(sock) == (200, ACCEPTED_BODY)

    assert bench.stored() == 4


def test_a_body_that_looks_like_a_request_is_the_body_of_the_one_before(bench: Bench) -> None:
    (token, ref), (other, _) = prompts(bench.ledger, 2)
    inner = request(f"/hooks/stk/{other}", b"{}")
    outer = request(f"/hooks/stk/{token}", inner)
    with bench.connect() as sock:
        sock.sendall(outer[: -len(inner)])
        time.sleep(0.05)  # so that what looks like a request comes alone
        sock.sendall(inner)
        assert answer(sock) == (200, ACCEPTED_BODY)
    bench.until("unreadable")

    assert [(c.attempt, c.body) for c in Bodies(bench.ledger).callbacks(ref.payment_id)] == [(ref, inner)]
    assert bench.stored() == 1
