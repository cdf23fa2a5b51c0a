"""``mpesa listen`` with a screen that nobody reads: callbacks are answered, and SIGTERM ends it."""

import fcntl
import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from daraja.callbacks.callback_bodies import encode, paid
from listener.listening import ACCEPTED_BODY, answer, open_ledger, prompts, request
from listener.pressing import connect

from mpesa_cli.rules.state import PaymentStatus

CALLBACKS = 40  # some 16 kB of JSON: more than a held terminal or this pipe takes
CTRL_S = b"\x13"


def held_terminal() -> tuple[int, int]:
    """A terminal's both ends; Ctrl-S is pressed by :func:`press_hold`."""
    return pty.openpty()


def small_pipe() -> tuple[int, int]:
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    return reading, writing


@contextmanager
def listening_on(screen: tuple[int, int], home: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A listener whose stdout and stderr are the screen's far end, and its port, read off the near one."""
    near, far = screen
    environ = {**os.environ, "MPESA_HOME": str(home), "MPESA_ENVIRONMENT": "simulator", "PYTHONUNBUFFERED": ""}
    argv = [sys.executable, "-m", "mpesa_cli", "listen", "--port", "0", "--json"]
    process = subprocess.Popen(argv, stdout=far, stderr=far, env=environ)
    os.close(far)
    try:
        said = b""
        while (found := re.search(rb"Listening on http://127\.0\.0\.1:(\d+) .*\n.*\n", said)) is None:
            said += os.read(near, 4096)
        yield process, int(found[1])
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("kind", ["held terminal", "unread pipe", "closed pipe"])
def test_a_screen_that_is_not_read_costs_no_callback_and_no_end(home: Path, kind: str) -> None:
    near, far = held_terminal() if kind == "held terminal" else small_pipe()
    with listening_on((near, far), home) as (process, port):
        path = next(home.rglob("*.db"))
        with closing(open_ledger(path)) as ledger:
            wanted = prompts(ledger, CALLBACKS)
        if kind == "held terminal":
            os.write(near, CTRL_S)
        elif kind == "closed pipe":
            os.close(near)
        for number, (token, _) in enumerate(wanted):
            with connect(port) as sock:
                sock.sendall(request(f"/hooks/stk/{token}", encode(paid(receipt=f"UKS{number:07d}"))))
                assert answer(sock) == (200, ACCEPTED_BODY)
        assert process.poll() is None, "a screen that is not read ended the listener"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    if kind != "closed pipe":
        os.close(near)
    with closing(open_ledger(path)) as ledger:
        found = [ledger.payment(ref.payment_id) for _, ref in wanted]
    assert {payment.status for payment in found if payment} == {PaymentStatus.PAID}


def test_a_screen_that_is_read_again_says_how_many_lines_it_missed() -> None:
    from mpesa_cli.terminal.patient_stream import PatientStream

    reading, writing = small_pipe()
    with os.fdopen(reading, "rb") as near, os.fdopen(writing, "w") as far:
        stream = PatientStream(far, lambda count: json.dumps({"unshown": count}), most=10)
        for number in range(500):
            stream.write(f"{number:0100d}\n")  # 50 kB into 4: the writer's thread hangs in the pipe
        lines = [near.readline()]
        while not lines[-1].startswith(b"{"):
            lines.append(near.readline())
        stream.close()
    shown = [int(line) for line in lines if not line.startswith(b"{")]
    assert shown == sorted(set(shown))
    assert len(shown) + json.loads(lines[-1])["unshown"] <= 500
    assert json.loads(lines[-1])["unshown"] > 400
