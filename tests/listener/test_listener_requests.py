"""One connection after another request: what is read, in whatever pieces, and when the connection ends."""

import socket
from pathlib import Path

import pytest
from listener.listening import ACCEPTED_BODY, Bench, answer, listener, prompt, request, was_closed

from mpesa_cli.ledger.bodies import Bodies


@pytest.fixture
def bench(tmp_path: Path):
    with listener(tmp_path / "ledger.db") as running:
        yield running


def test_a_connection_takes_one_request_after_the_other(bench: Bench) -> None:
    token, _ = prompt(bench.ledger)
    with bench.connect() as sock:
        for number in range(5):
            sock.sendall(request(f"/hooks/stk/{token}", b"%d" % number))
            assert answer(sock) == (200, ACCEPTED_BODY)

    assert bench.stored() == 5


@pytest.mark.parametrize("size", [1, 7, 64])
def test_requests_in_pieces_are_read_as_if_they_came_whole(bench: Bench, size: int) -> None:
    token, _ = prompt(bench.ledger)
    with bench.connect() as sock:
        for number in range(2):
            whole = request(f"/hooks/stk/{token}", b'{"number": %d}' % number)
            for at in range(0, len(whole), size):
                sock.sendall(whole[at : at + size])
            assert answer(sock) == (200, ACCEPTED_BODY)

    assert bench.stored() == 2


def test_a_chunked_body_is_stored_without_its_chunks(bench: Bench) -> None:
    token, ref = prompt(bench.ledger)
    with bench.connect() as sock:
        head = f"POST /hooks/stk/{token} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        sock.sendall(head.encode() + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        assert answer(sock) == (200, ACCEPTED_BODY)

    assert [raw.body for raw in Bodies(bench.ledger).callbacks(ref.payment_id)] == [b"abcde"]


def test_a_client_that_asks_first_is_told_to_go_on(bench: Bench) -> None:
    token, _ = prompt(bench.ledger)
    whole = request(f"/hooks/stk/{token}", b"abc", "Expect: 100-continue")
    with bench.connect() as sock:
        sock.sendall(whole[:-3])
        assert sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(whole[-3:])
        assert answer(sock) == (200, ACCEPTED_BODY)

    assert bench.stored() == 1


def test_a_client_that_asks_first_is_told_no_before_it_sends_a_body(bench: Bench) -> None:
    with bench.connect() as sock:
        sock.sendall(request("/nothing", b"abc", "Expect: 100-continue")[:-3])
        said = was_closed(sock)

    assert said.startswith(b"HTTP/1.1 404 ")
    assert b"100 Continue" not in said


@pytest.mark.parametrize(
    "ending",
    [
        pytest.param(("HTTP/1.1", "Connection: close"), id="asked to close"),
        pytest.param(("HTTP/1.0", "X: y"), id="HTTP/1.0"),
        pytest.param(("HTTP/1.1", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c"), id="another protocol"),
    ],
)
def test_the_last_request_of_a_connection_is_answered_and_ends_it(bench: Bench, ending: tuple[str, str]) -> None:
    token, _ = prompt(bench.ledger)
    version, header = ending
    with bench.connect() as sock:
        sock.sendall(request(f"/hooks/stk/{token}", b"{}", header).replace(b"HTTP/1.1", version.encode(), 1))
        said = was_closed(sock)

    assert said.startswith(b"HTTP/1.1 200 ")
    assert said.endswith(ACCEPTED_BODY)
    assert bench.stored() == 1


def test_a_second_request_in_the_same_packet_is_not_taken_and_the_client_is_not_left_waiting(bench: Bench) -> None:
    token, _ = prompt(bench.ledger)
    with bench.connect() as sock:
        sock.sendall(request(f"/hooks/stk/{token}", b"1") + request(f"/hooks/stk/{token}", b"2"))
        said = was_closed(sock)

    assert said.count(b"HTTP/1.1 200 ") == 1
    assert b"connection: close" in said
    assert bench.stored() == 1


def test_a_client_that_has_said_all_still_gets_its_answer(bench: Bench) -> None:
    token, _ = prompt(bench.ledger)
    with bench.connect() as sock:
        sock.sendall(request(f"/hooks/stk/{token}", b"{}"))
        sock.shutdown(socket.SHUT_WR)
        said = was_closed(sock)

    assert said.startswith(b"HTTP/1.1 200 ")
    assert bench.stored() == 1


def test_an_answer_to_head_has_no_body(bench: Bench) -> None:
    with bench.connect() as sock:
        sock.sendall(request("/healthz", method="HEAD"))
        said = was_closed(sock)

    assert said.startswith(b"HTTP/1.1 404 ")
    assert said.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("target", ["/hooks/stk/{}?a=b", "/hooks/stk/{}?"])
def test_what_a_proxy_adds_behind_a_question_mark_is_ignored(bench: Bench, target: str) -> None:
    token, _ = prompt(bench.ledger)

    assert bench.post(target.format(token), b"{}") == (200, ACCEPTED_BODY)


def test_a_bug_of_ours_is_503_told_and_the_next_request_is_taken(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from mpesa_cli.listener.server import app

    token, _ = prompt(bench.ledger)
    with monkeypatch.context() as patch:
        patch.setattr(app, "address_of", lambda path: 1 / 0)
        assert bench.callback(token, b"{}")[0] == 503
    assert bench.until("refused")[0].detail == "internal error: ZeroDivisionError"
    assert bench.callback(token, b"{}") == (200, ACCEPTED_BODY)
