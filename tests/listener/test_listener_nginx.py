"""Behind a real nginx: keep-alive to the listener, and an address that the caller can't choose."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from daraja.callbacks.callback_bodies import encode, paid
from listener.listening import ACCEPTED_BODY, Bench, answer, listener, prompt, request

from mpesa_cli.listener.server.options import ListenerOptions
from mpesa_cli.listener.server.peer import CallbackIps
from mpesa_cli.rules.state import PaymentStatus

NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed (apt-get install nginx-light)")

SAFARICOM = "196.201.214.200"
CONFIG = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream listener {{ server 127.0.0.1:{listener}; keepalive 4; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://listener;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }}
  }}
}}
"""


@pytest.fixture
def in_front(tmp_path: Path, policy: CallbackIps) -> Iterator[tuple[Bench, int]]:
    with listener(tmp_path / "ledger.db", ListenerOptions(port=0, tunnel="nginx", callback_ips=policy)) as bench:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        config = tmp_path / "nginx.conf"
        config.write_text(CONFIG.format(folder=tmp_path, listener=bench.port, port=port))
        nginx = subprocess.Popen([str(NGINX), "-c", config, "-p", tmp_path], stderr=subprocess.DEVNULL)
        try:
            wait_for(port)
            yield bench, port
        finally:
            nginx.terminate()
            nginx.wait()


def wait_for(port: int) -> None:
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    pytest.fail("nginx did not start")


def post(port: int, token: str, body: bytes, *headers: str) -> tuple[int, bytes]:
    """A callback from 127.0.0.5, through nginx."""
    with socket.create_connection(("127.0.0.1", port), timeout=20, source_address=("127.0.0.5", 0)) as sock:
        sock.sendall(request(f"/hooks/stk/{token}", body, *headers))
        return answer(sock)


@pytest.mark.parametrize("policy", ["warn"])
def test_callbacks_come_through_with_their_true_address(in_front: tuple[Bench, int]) -> None:
    bench, port = in_front
    for number in range(10):
        token, ref = prompt(bench.ledger, answered=False)
        body = encode(paid(receipt=f"UKO4Q7W{number:03d}"))
        assert post(port, token, body, f"X-Forwarded-For: {SAFARICOM}") == (200, ACCEPTED_BODY)
    bench.until("settled", 10)

    assert bench.payment(ref).status is PaymentStatus.PAID
    assert {e.peer for e in bench.told("stored")} == {"127.0.0.5"}
    assert [e.peer for e in bench.told("address")] == ["127.0.0.5"]


@pytest.mark.parametrize("policy", ["enforce"])
@pytest.mark.parametrize("name", ["X-Forwarded-For", "CF-Connecting-IP", "Forwarded", "X-Real-IP"])
def test_no_header_makes_a_stranger_safaricom(in_front: tuple[Bench, int], name: str) -> None:
    bench, port = in_front
    token, _ = prompt(bench.ledger)

    assert post(port, token, encode(paid()), f"{name}: {SAFARICOM}")[0] == 404
    assert bench.stored() == 0


@pytest.mark.parametrize("policy", ["off"])
def test_a_body_that_is_too_large_is_refused_through_nginx_too(in_front: tuple[Bench, int]) -> None:
    bench, port = in_front
    token, _ = prompt(bench.ledger)

    # 413 from us, or nginx's 502 where we had hung up before it had passed the whole body on.
    assert post(port, token, b" " * 70_000)[0] in {413, 502}
    assert bench.stored() == 0
    assert post(port, token, b"{}") == (200, ACCEPTED_BODY)
