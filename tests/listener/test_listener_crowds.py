"""More connections than there are descriptors, and more from one address than it may have."""

import contextlib
import resource
import socket
from pathlib import Path

import pytest
from daraja.callbacks.callback_bodies import encode, paid
from listener.listening import ACCEPTED_BODY, answer, listener, open_ledger, prompts, request, was_closed
from listener.pressing import connect, process

from mpesa_cli.listener.server import loop
from mpesa_cli.listener.server.options import ListenerOptions

FOR_EVER_S = 600.0  # whoever is cut off in a test was not for being slow
STRANGER, OTHER, DARAJA = "203.0.113.9", "203.0.113.10", "196.201.214.200"


@pytest.mark.parametrize("descriptors", [160, 48])
def test_callbacks_are_answered_beside_more_idle_connections_than_there_are_descriptors(
    tmp_path: Path, descriptors: int
) -> None:
    """160: told beforehand, as the hard limit; 48: found out while it runs, where not even its own room is there."""
    path = tmp_path / "ledger.db"
    with contextlib.closing(open_ledger(path)) as ledger:
        wanted = prompts(ledger, 40)
    limits = process(path, descriptors=160, head_and_body_s=FOR_EVER_S)
    with limits as (running, port), contextlib.ExitStack() as stack:
        resource.prlimit(running.pid, resource.RLIMIT_NOFILE, (descriptors, 160))
        for number, (token, _) in enumerate(wanted):
            for _ in range(8):
                stack.enter_context(contextlib.closing(connect(port)))
            with connect(port) as sock:
                sock.sendall(request(f"/hooks/stk/{token}", encode(paid(receipt=f"UKS{number:07d}"))))
                assert answer(sock) == (200, ACCEPTED_BODY)
        running.terminate()
        out, err = running.communicate(timeout=30)
    assert (running.returncode, out, err) == (0, "drained\n", "")


def test_behind_a_tunnel_a_forwarded_address_has_its_share_and_daraja_has_none(tmp_path: Path) -> None:
    options = ListenerOptions(port=0, tunnel="nginx", connections_max=64)  # a share is 16

    def begin(sock: socket.socket, address: str) -> None:
        whole = request(f"/hooks/stk/{'0' * 32}", b"{}", f"X-Forwarded-For: {address}")
        sock.sendall(whole[:-1])

    with listener(tmp_path / "ledger.db", options) as bench, contextlib.ExitStack() as stack:
        for address in (STRANGER, DARAJA):
            for _ in range(16):
                begin(stack.enter_context(bench.connect()), address)
        assert bench.post(f"/hooks/stk/{'0' * 32}", b"{}", f"X-Forwarded-For: {STRANGER}")[0] == 429
        assert bench.post(f"/hooks/stk/{'0' * 32}", b"{}", f"X-Forwarded-For: {DARAJA}")[0] == 404
        assert bench.post(f"/hooks/stk/{'0' * 32}", b"{}", f"X-Forwarded-For: {OTHER}")[0] == 404
    assert [event.peer for event in bench.told("refused") if "one address" in event.detail] == [STRANGER]


def test_an_address_has_its_share_of_connections_until_it_gives_one_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "share_for", lambda address, *, peers_are_proxies: address)
    options = ListenerOptions(port=0, connections_max=64, head_and_body_s=FOR_EVER_S)
    with listener(tmp_path / "ledger.db", options) as bench:
        with contextlib.ExitStack() as stack:
            for _ in range(16):
                stack.enter_context(bench.connect())
            with bench.connect() as one_more:
                assert was_closed(one_more) == b""
        for _ in range(100):  # what was given back counts once the listener has seen it
            with bench.connect() as sock, contextlib.suppress(ConnectionError):
                sock.sendall(request("/healthz", method="GET"))
                if answer(sock)[0] == 200:
                    return
    pytest.fail("an address that gave all its connections back got none")
