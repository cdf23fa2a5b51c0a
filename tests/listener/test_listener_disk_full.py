"""A disk that is full, for real: a small file system in memory, which only root may mount."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from daraja.callbacks.callback_bodies import encode, paid
from listener.listening import ACCEPTED_BODY, answer, open_ledger, prompts, request
from listener.pressing import bodies_on_disk, connect, process

from mpesa_cli.rules.state import PaymentStatus


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"mounting is not allowed here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def fill(ballast: Path) -> None:
    """Write until not one byte more fits."""
    descriptor = os.open(ballast, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    try:
        for size in (65536, 4096, 1):
            with contextlib.suppress(OSError):
                while os.write(descriptor, b"x" * size):
                    pass
    finally:
        os.close(descriptor)


def test_a_full_disk_is_503_and_never_200_and_all_is_well_once_there_is_space(small_disk: Path) -> None:
    path, ballast = small_disk / "ledger.db", small_disk / "ballast"
    with contextlib.closing(open_ledger(path)) as ledger:
        opened = prompts(ledger, 4)
        answered: set[bytes] = set()
        with process(path) as (started, port):

            def post(number: int, body: bytes) -> int:
                with connect(port) as sock:
                    sock.sendall(request(f"/hooks/stk/{opened[number][0]}", body))
                    status, said = answer(sock)
                if (status, said) == (200, ACCEPTED_BODY):
                    answered.add(body)
                return status

            assert post(0, b"before") == 200
            fill(ballast)
            statuses = [post(0, b'"%d' % number + b"x" * 60_000) for number in range(8)]
            assert statuses.count(503) >= 7  # what the log had room for within its last page may be stored
            assert set(statuses) <= {200, 503}
            assert health(port) == 503

            ballast.unlink()
            success = encode(paid())
            assert post(1, success) == 200
            assert health(port) == 200
            started.terminate()
            assert started.wait(60) == 0
        assert answered <= bodies_on_disk(path)
        assert b"before" in answered
        payment = ledger.payment(opened[1][1].payment_id)
        assert payment is not None
        assert payment.status is PaymentStatus.PAID


def health(port: int) -> int:
    with connect(port) as sock:
        sock.sendall(request("/healthz", method="GET"))
        return answer(sock)[0]
