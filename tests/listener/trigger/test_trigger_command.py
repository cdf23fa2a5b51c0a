"""``mpesa trigger`` against real servers on this machine: an app that answers, one that refuses, and none."""

import base64
import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from listener.listening import listener, prompt

from mpesa_cli.listener.trigger.events import EVENTS, find_event
from mpesa_cli.rules.state import PaymentStatus

Run = Callable[..., Any]
KEY = b"0123456789abcdef0123456789abcdef"
SECRET = {"MPESA_WEBHOOK_SECRET": "whsec_" + base64.b64encode(KEY).decode()}


class App(ThreadingHTTPServer):
    """An app under development: answers what it is told to, and remembers what came."""

    daemon_threads = True

    def __init__(self, status: int = 200, answer: bytes = b'{"ResultCode":0}') -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.answer = status, answer
        self.came: list[tuple[str, dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook"


class _Handler(BaseHTTPRequestHandler):
    server: App

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.came.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        self.send_response(self.server.status)
        if 300 <= self.server.status < 400:
            self.send_header("location", self.server.url)
        self.send_header("content-length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def app() -> Iterator[App]:
    with App() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("name", [event.name for event in EVENTS])
def test_an_event_arrives_once_as_it_was_recorded(mpesa: Run, app: App, name: str) -> None:
    result = mpesa("trigger", name, "--to", app.url)
    assert (result.status, len(app.came)) == (0, 1)
    path, headers, body = app.came[0]
    assert (path, headers["content-type"]) == ("/hook", "application/json")
    assert json.loads(body) == find_event(name).document()
    assert result.stdout.startswith(f"{name} --> 200 in ")
    assert result.stdout.endswith(' ms  {"ResultCode":0}\n')


def test_json_is_one_document_with_the_answer(mpesa: Run, app: App) -> None:
    document = json.loads(mpesa("trigger", "stk.paid", "--to", app.url, "--json").stdout)
    assert isinstance(document.pop("took_ms"), int)
    assert document == {
        "event": "stk.paid", "status": 200, "answer": '{"ResultCode":0}', "webhook_id": None, "signed": False,
    }


@pytest.mark.parametrize("status", [204, 302, 400, 404, 500, 503])
def test_only_2xx_counts_as_received_and_a_redirect_is_not_followed(mpesa: Run, app: App, status: int) -> None:
    app.status, app.answer = status, b""
    result = mpesa("trigger", "stk.paid", "--to", app.url)
    assert result.status == (0 if status == 204 else 3)
    assert result.stdout.startswith(f"stk.paid --> {status} in ")
    assert len(app.came) == 1


def test_an_order_event_is_signed_as_standard_webhooks_says(mpesa: Run, app: App) -> None:
    assert mpesa("trigger", "order.paid", "--to", app.url, env=SECRET).status == 0
    _, headers, body = app.came[0]
    content = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body))
    expected = base64.b64encode(hmac.new(KEY, content, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


def test_an_order_event_without_a_secret_says_that_it_is_unsigned(mpesa: Run, app: App) -> None:
    result = mpesa("trigger", "order.paid", "--to", app.url)
    assert (result.status, "webhook-signature" in app.came[0][1]) == (0, False)
    assert "Not signed" in result.stderr


def test_daraja_signs_nothing(mpesa: Run, app: App) -> None:
    mpesa("trigger", "stk.paid", "--to", app.url, env=SECRET)
    assert not [name for name in app.came[0][1] if name.startswith("webhook-")]


def test_each_order_event_has_an_id_of_its_own(mpesa: Run, app: App) -> None:
    for _ in range(2):
        mpesa("trigger", "order.paid", "--to", app.url, env=SECRET)
    assert len({headers["webhook-id"] for _, headers, _ in app.came}) == 2


def test_overrides_reach_the_app(mpesa: Run, app: App) -> None:
    argv = ("--override", "order_id=7", "--override", "amount=1500")
    assert mpesa("trigger", "order.paid", "--to", app.url, *argv).status == 0
    data = json.loads(app.came[0][2])["data"]
    assert (data["order_id"], data["amount"]) == ("7", 1500)


def test_without_an_address_the_body_is_printed_and_nothing_sent(mpesa: Run, home: Path) -> None:
    result = mpesa("trigger", "stk.paid", "--override", "Amount=200")
    assert result.status == 0
    assert '"Value": 200' in result.stdout
    assert json.loads(result.stdout)["Body"]["stkCallback"]["ResultCode"] == 0
    assert "Nothing was sent" in result.stderr
    assert not home.exists()


def test_an_app_that_is_not_there_exits_5(mpesa: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    result = mpesa("trigger", "stk.paid", "--to", f"http://127.0.0.1:{port}/hook", "--json")
    assert result.status == 5
    assert json.loads(result.stdout)["error"]["code"] == "app-unreachable"


def hang_up(server: socket.socket) -> None:
    server.accept()[0].close()


def test_an_app_that_hangs_up_exits_5(mpesa: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=hang_up, args=(server,))
        thread.start()
        result = mpesa("trigger", "stk.paid", "--to", f"http://127.0.0.1:{server.getsockname()[1]}/")
        thread.join()
    assert (result.status, result.stdout) == (5, "")
    assert "gave no whole answer" in result.stderr


def test_an_app_that_stays_silent_exits_5(mpesa: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mpesa_cli.listener.trigger.send.TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        result = mpesa("trigger", "stk.paid", "--to", f"http://127.0.0.1:{server.getsockname()[1]}/", "--json")
    assert result.status == 5
    assert json.loads(result.stdout)["error"]["code"] == "app-silent"


@pytest.mark.parametrize(
    "url", ["localhost:3000", "ftp://127.0.0.1/", "file:///etc/hosts", "http://", "http://127.0.0.1:0/", "http://a b/"]
)
def test_only_web_addresses_are_posted_to(mpesa: Run, url: str) -> None:
    result = mpesa("trigger", "stk.paid", "--to", url, "--json")
    assert (result.status, json.loads(result.stdout)["error"]["code"]) == (2, "invalid-url")


def test_every_event_is_listed(mpesa: Run) -> None:
    rows = json.loads(mpesa("trigger", "--list", "--json").stdout)
    assert [row["event"] for row in rows] == [event.name for event in EVENTS]
    lines = mpesa("trigger", "--list").stdout.splitlines()
    assert [line.split("\t")[0] for line in lines] == [event.name for event in EVENTS]


def test_no_event_is_a_question_with_the_list_as_its_answer(mpesa: Run) -> None:
    result = mpesa("trigger")
    assert (result.status, result.stdout) == (2, "")
    assert "mpesa trigger --list" in result.stderr


def test_our_own_listener_is_an_app_too(mpesa: Run, tmp_path: Path) -> None:
    with listener(tmp_path / "ledger.db") as bench:
        token, ref = prompt(bench.ledger, answered=False)
        result = mpesa("trigger", "stk.paid", "--to", f"http://127.0.0.1:{bench.port}/hooks/stk/{token}")
        assert result.status == 0
        bench.until("settled")
        assert bench.payment(ref).status is PaymentStatus.PAID
