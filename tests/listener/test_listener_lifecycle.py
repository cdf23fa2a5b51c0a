"""Starting, stopping, being killed: real processes, real signals."""

import contextlib
import signal
import socket
import time
from pathlib import Path

import pytest
from daraja.callbacks.callback_bodies import encode, paid
from listener.listening import ACCEPTED_BODY, answer, open_ledger, prompt, request
from listener.pressing import connect, process
from raw_ledger import asked

from mpesa_cli.rules.state import PaymentStatus


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_body_in_hand_finish_settles_it_and_exits_0(tmp_path: Path, number: signal.Signals) -> None:
    path = tmp_path / "ledger.db"
    with contextlib.closing(open_ledger(path)) as ledger:
        token, ref = prompt(ledger, answered=False)
        body = request(f"/hooks/stk/{token}", encode(paid()))
        with process(path) as (started, port), connect(port) as sock, connect(port) as idle:
            sock.sendall(body[:-10])
            assert answer_of_health(port) == 200
            started.send_signal(number)
            wait_until_closed(port)
            sock.sendall(body[-10:])
            assert answer(sock) == (200, ACCEPTED_BODY)
            assert idle.recv(1) == b""
            out, err = started.communicate(timeout=20)

        assert (started.returncode, out, err) == (0, "drained\n", "")
        payment = ledger.payment(ref.payment_id)
        assert payment is not None
        assert payment.status is PaymentStatus.PAID


def test_a_port_in_use_is_told_with_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with process(tmp_path / "ledger.db", port) as (started, none):
            _, err = started.communicate(timeout=20)

    assert none == 0
    assert started.returncode == 10
    assert err.startswith(f"port-in-use Port {port} on 127.0.0.1 is in use")
    assert f"mpesa listen --port {port + 1}" in err


def test_two_listeners_on_one_ledger_fold_the_same_callback(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with contextlib.closing(open_ledger(path)) as ledger:
        prompts = [prompt(ledger, answered=False) for _ in range(20)]
        with process(path) as (_, first), process(path) as (_, second):
            for number, (token, _) in enumerate(prompts):
                for port in (first, second):
                    with connect(port) as sock:
                        sock.sendall(request(f"/hooks/stk/{token}", encode(paid(receipt=f"UKO4Q7W{number:03d}"))))
                        assert answer(sock) == (200, ACCEPTED_BODY)
        with process(path) as (started, _):
            started.terminate()
            started.wait(20)
        statuses = {p.status for _, ref in prompts if (p := ledger.payment(ref.payment_id))}

    assert statuses == {PaymentStatus.PAID}
    assert asked(path, "SELECT count(*) FROM callbacks") == [(20,)]
    assert asked(path, "SELECT count(*) FROM journal WHERE kind='received'") == [(20,)]


def answer_of_health(port: int) -> int:
    with connect(port) as sock:
        sock.sendall(request("/healthz", method="GET"))
        return answer(sock)[0]


def wait_until_closed(port: int) -> None:
    """Until nobody accepts on the port any more."""
    for _ in range(2000):
        try:
            connect(port).close()
        except OSError:
            return
        time.sleep(0.01)
    pytest.fail("the port is still open")
