"""One port for callbacks and the API: neither opens the other's doors, and neither waits for the other."""

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_bench import BOTH, Shop, environ_of, initiate, issue, served
from daraja.callbacks.callback_bodies import encode, paid
from daraja_servers import OK, Seen, loopback, says
from listener.listening import ACCEPTED_BODY, answer, prompt, prompt_in, request, was_closed
from test_api_outcomes import SANDBOX

from mpesa_cli.api.app import TALKING_THREADS
from mpesa_cli.listener.server.options import ListenerOptions


def test_callbacks_and_calls_share_one_connection(shop: Shop) -> None:
    token, ref = prompt(shop.ledger, answered=False)
    bearer = {"authorization": f"Bearer {shop.token()}"}
    connection = http.client.HTTPConnection("127.0.0.1", shop.port, timeout=20)
    for _ in range(3):
        connection.request("GET", "/payments/history", headers=bearer)
        seen = connection.getresponse()
        assert (seen.status, len(json.loads(seen.read()))) == (200, 1)
        connection.request("POST", f"/hooks/stk/{token}", encode(paid()))
        told = connection.getresponse()
        assert (told.status, told.read()) == (200, ACCEPTED_BODY)
    connection.close()
    with shop.client() as client:
        assert client.get(f"/payments/status/{ref.payment_id}").json()["status"] == "paid"


def test_a_token_opens_no_callback_path_and_a_callback_secret_no_call(shop: Shop, client: httpx.Client) -> None:
    token, _ = prompt(shop.ledger)
    jti = str(shop.ledger.rows("SELECT jti FROM api_tokens")[0][0])
    for path in (f"/hooks/stk/{'0' * 32}", f"/hooks/{'0' * 32}/c2b/confirmation", f"/hooks/stk/{jti}"):
        answer_ = client.post(path, content=encode(paid()))
        assert (answer_.status_code, answer_.content) == (404, b'{"error":"not found"}')
    refused = httpx.get(
        f"{shop.url}/payments/history", headers={"authorization": f"Bearer {token}"}, trust_env=False
    )
    assert refused.status_code == 401


def test_paths_that_are_nobodys_look_as_without_an_api(shop: Shop) -> None:
    for path in ("/payments", "/order", "/hooks", "/docs/x", "/openapi"):
        seen = httpx.get(shop.url + path, trust_env=False)
        assert (seen.status_code, seen.content) == (404, b'{"error":"not found"}')
        assert "server" not in seen.headers


def test_callbacks_flow_while_daraja_lets_every_call_hang(home: Path) -> None:
    release = threading.Event()

    def hang(connection: socket.socket, _: Seen) -> None:
        release.wait(30)
        connection.close()

    asked = 40  # more than wait for Daraja at once: the rest stands in a line
    with loopback(hang) as server, served(home, {**SANDBOX, "MPESA_BASE_URL": server.url}) as shop:
        bearer = {"authorization": f"Bearer {shop.token()}"}
        prompts = [prompt(shop.ledger, answered=False) for _ in range(60)]

        def ask(number: int) -> int:
            with httpx.Client(base_url=shop.url, headers=bearer, timeout=60, trust_env=False) as client:
                return int(initiate(client, f"hang-{number}", f"2547120003{number:02d}").status_code)

        with ThreadPoolExecutor(asked) as pool:
            asking = [pool.submit(ask, number) for number in range(asked)]
            while server.accepted < 1 + TALKING_THREADS:  # a token, and as many pushes as there may be
                time.sleep(0.01)
            connection = http.client.HTTPConnection("127.0.0.1", shop.port, timeout=5)
            for number, (token, _) in enumerate(prompts):
                connection.request("POST", f"/hooks/stk/{token}", encode(paid(receipt=f"UKO4Q7W{number:03d}")))
                seen = connection.getresponse()
                assert (seen.status, seen.read()) == (200, ACCEPTED_BODY)
            for path in ("/payments/history?limit=1", f"/payments/status/{prompts[0][1].payment_id}"):
                connection.request("GET", path, headers=bearer)
                looked = connection.getresponse()
                assert (looked.status, bool(looked.read())) == (200, True), path
            connection.close()
            assert not any(each.done() for each in asking)
            release.set()
            assert {each.result() for each in asking} == {202}


@pytest.mark.parametrize(
    "head",
    [
        ["Transfer-Encoding: chunked", "Content-Length: 5"],
        [f"X-{n}: x" for n in range(150)],
        ["X-Long: " + "x" * 40_000],
    ],
)
def test_a_head_that_is_not_fit_is_refused_before_the_app_sees_it(quiet_shop: Shop, head: list[str]) -> None:
    with quiet_shop.connect() as sock:
        sock.sendall(request("/payments/initiate", b"hello", *head))
        assert answer(sock)[0] == 400


def test_a_body_that_never_ends_is_cut_off(home: Path) -> None:
    with served(home, options=ListenerOptions(port=0, head_and_body_s=0.3)) as shop, shop.connect() as sock:
        sock.sendall(b"POST /payments/initiate HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{")
        assert was_closed(sock) == b""


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_that_is_too_large_is_told_in_the_same_form(quiet_shop: Shop, announced: bool) -> None:
    bearer = f"Authorization: Bearer {quiet_shop.token()}"
    lines = f"POST /payments/initiate HTTP/1.1\r\nHost: x\r\n{bearer}\r\nContent-Type: application/json\r\n"
    with quiet_shop.connect() as sock:
        size = 80_000
        framing = f"Content-Length: {size}\r\n\r\n" if announced else f"Transfer-Encoding: chunked\r\n\r\n{size:x}\r\n"
        with contextlib.suppress(ConnectionError):
            sock.sendall(lines.encode() + framing.encode() + b" " * size)
        status, body = answer(sock)
    assert (status, json.loads(body)["code"]) == (413, "too-large")


def test_a_client_that_does_not_read_its_answer_is_cut_off(home: Path) -> None:
    with served(home, options=ListenerOptions(port=0, head_and_body_s=0.5)) as shop:
        with shop.ledger.write() as tx:
            for _ in range(400):
                prompt_in(tx)
        with shop.connect() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            bearer = f"Authorization: Bearer {shop.token()}"
            head = f"GET /payments/history?limit=500 HTTP/1.1\r\nHost: x\r\n{bearer}\r\n\r\n"
            for _ in range(30):
                with contextlib.suppress(ConnectionError):
                    sock.sendall(head.encode())
                time.sleep(0.05)
            received = was_closed(sock)
        assert len(received) < 10_000_000


def test_a_client_of_http_1_0_is_answered_to_the_end(quiet_shop: Shop) -> None:
    with quiet_shop.connect() as sock:
        sock.sendall(b"GET /docs HTTP/1.0\r\n\r\n")
        received = was_closed(sock)
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert received.rstrip().endswith(b"</details>")


def test_head_is_get_without_a_body(quiet_client: httpx.Client) -> None:
    whole, head = quiet_client.get("/openapi.json"), quiet_client.head("/openapi.json")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == whole.headers["content-length"]
    assert quiet_client.get("/healthz").status_code == 200


def test_a_listener_that_stops_ends_streams_and_finishes_answers(home: Path) -> None:
    ended: list[Any] = []
    opened = threading.Event()
    with served(home) as shop:
        bearer = {"authorization": f"Bearer {issue(shop.environ, 'payments:read')}"}

        def listen() -> None:
            with httpx.stream("GET", f"{shop.url}/payments/events", headers=bearer, trust_env=False) as stream:
                opened.set()
                with contextlib.suppress(httpx.RemoteProtocolError):
                    ended.extend(stream.iter_lines())

        thread = threading.Thread(target=listen)
        thread.start()
        assert opened.wait(30)
    thread.join(10)
    assert not thread.is_alive()


@pytest.mark.parametrize("public", ["", "https://pay.example.co.ke"])
def test_prompts_of_an_api_name_the_address_at_which_callbacks_reach_it(home: Path, public: str) -> None:
    with loopback(says(OK)) as server:
        more = {"MPESA_BASE_URL": server.url, "MPESA_CONSUMER_KEY": "any", "MPESA_CONSUMER_SECRET": "any"}
        environ = environ_of(home, more)
        with subprocess.Popen(
            [sys.executable, "-m", "mpesa_cli", "listen", "--api", "--port", "0",
             *(["--public-url", public] if public else [])], env={**os.environ, **environ},
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        ) as process:
            assert process.stderr is not None
            try:
                lines = [next(process.stderr) for _ in range(3)]
                url = lines[0].split()[2]
                assert f"Callbacks come to {public or url}/hooks/" in lines[1]
                assert f"APP_URL={public or url} " in lines[1]
                bearer = {"authorization": f"Bearer {issue(environ, *BOTH)}"}
                with httpx.Client(base_url=url, headers=bearer, trust_env=False, timeout=30) as client:
                    assert initiate(client, "1").status_code == 202
            finally:
                process.terminate()
        assert json.loads(server.posts[-1].body)["CallBackURL"].startswith(f"{public or url}/hooks/stk/")
