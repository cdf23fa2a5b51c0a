"""Delivery reports of SMS receipts: received by ``listen``, filed with their message, and nobody else's."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from loop_parts import Listening, listening, until
from raw_ledger import asked

from mpesa_cli.floor.secret import Secret
from mpesa_cli.simulator.server.server import running
from mpesa_cli.simulator.state import Rules
from mpesa_cli.sms.providers.delivery import report_token

KEY = "at-key-of-the-tests"


@pytest.fixture
def provider() -> Iterator[str]:
    """Africa's Talking's contract in the least: every message is taken, as ATXid_1, ATXid_2, …"""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
    from threading import Thread

    class Handler(BaseHTTPRequestHandler):
        count = 0

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            Handler.count += 1
            told = {"statusCode": 101, "number": "+254708374149", "status": "Success", "cost": "KES 0.8000"}
            recipients = [{**told, "messageId": f"ATXid_{Handler.count}"}]
            body = json.dumps({"SMSMessageData": {"Message": "Sent", "Recipients": recipients}}).encode()
            self.send_response(201)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_delivery_report_is_filed_with_its_message_and_a_strangers_is_not(
    home: Path, cli: Callable[..., Any], provider: str
) -> None:
    with running(rules=Rules(speed=20.0)) as simulator:
        environ = {
            "MPESA_BASE_URL": simulator.base_url, "MPESA_ENVIRONMENT": "simulator", "MPESA_CONSUMER_KEY": "any",
            "MPESA_CONSUMER_SECRET": "any", "MPESA_SMS_PROVIDER": "africas_talking", "MPESA_SMS_USERNAME": "sandbox",
            "MPESA_SMS_API_KEY": KEY, "MPESA_SMS_BASE_URL": provider, "MPESA_SMS_SEND_RECEIPTS": "true",
        }
        with listening(home, environ, "--port", "0") as listen:
            pushed = cli("push", "254708374149", "150", "--order", "web-1", env={**environ, "APP_URL": listen.url})
            assert pushed.status == 0, pushed.stderr
            until(lambda: _sms(home) and _sms(home)[0][0] == "done", "the SMS")
            good = f"{listen.url}/hooks/sms/{report_token(Secret(KEY))}"
            assert _post(f"{listen.url}/hooks/sms/{'0' * 32}", "ATXid_1", "Failed") == 404
            assert _post(good, "ATXid_999", "Success") == 404
            assert _post(good, "ATXid_1", "Nonsense") == 200  # held
            assert json.loads(_sms(home)[0][1]).get("delivery") is None
            assert _post(good, "ATXid_1", "Success") == 200
            assert _told(listen, "/hooks/sms/… , whole for Africa's Talking:  mpesa config show --sms-reports")
            shown = cli("config", "show", "--sms-reports", env={**environ, "APP_URL": listen.url})
            assert (shown.status, shown.stdout) == (0, f"{good}\n")
            logged = "".join([*listen.said, *listen.lines])
            assert report_token(Secret(KEY)) not in logged

    assert json.loads(_sms(home)[0][1])["delivery"] == "delivered"
    assert len(_sms(home)) == 1


def _post(url: str, message_id: str, status: str) -> int:
    return httpx.post(url, data={"id": message_id, "status": status, "phoneNumber": "+254708374149"}).status_code


def _sms(home: Path) -> list[tuple[str, str]]:
    ledger = next(home.rglob("*.db"), None)
    if ledger is None:
        return []
    return asked(ledger, "SELECT state, detail FROM outbox WHERE queue='sms'")


def _told(listen: Listening, path: str) -> bool:
    return any(path in line for line in listen.said)
