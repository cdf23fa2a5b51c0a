"""Fake SMS providers on real loopback sockets. Each speaks its provider's contract and keeps what it took.

The phone number decides: ``254700000`` and three digits is answered with that code (``254700000405``: no
balance), any other is sent. ``fault`` makes the next answers misbehave, whoever is asked for.
"""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

API_KEY = "canary-key-5f1c"
USERNAME = "sandbox"
PARTNER_ID = "1234"
SENDER_ID = "HOUSEHOLD"

AT_STATUSES = {
    100: "Processed", 101: "Success", 102: "Queued", 401: "RiskHold", 402: "InvalidSenderId",
    403: "InvalidPhoneNumber", 404: "UnsupportedNumberType", 405: "InsufficientBalance", 406: "UserInBlacklist",
    407: "CouldNotRoute", 409: "DoNotDisturbRejection", 500: "InternalServerError", 501: "GatewayError",
    502: "RejectedByGateway", 999: "NeverHeardOf",
}
PARTNER_WORDS = {
    1001: "Invalid sender id", 1002: "Network not allowed", 1003: "Invalid mobile number",
    1004: "Low bulk credits", 1005: "Failed. System error", 1006: "Invalid credentials",
    1007: "Failed. System error", 1008: "No Delivery Report", 1009: "unsupported data type",
    1010: "unsupported request type", 4090: "Internal Error. Try again after 5 minutes",
    4091: "No Partner ID is Set", 4092: "No API KEY Provided", 4093: "Details Not Found", 7777: "New",
}


@dataclass
class Provider:
    """What a fake has seen and taken, and how it misbehaves."""

    requests: list[str] = field(default_factory=list)  # request lines
    keys: list[str] = field(default_factory=list)
    taken: list[tuple[str, str]] = field(default_factory=list)  # (msisdn, text) that went out to a phone
    fault: str = ""
    on_taken: Callable[[], None] = lambda: None
    delay_s: float = 0.0
    url: str = ""

    def phones(self) -> list[str]:
        return [phone for phone, _ in self.taken]


class _Handler(BaseHTTPRequestHandler):
    provider: Provider
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        """Silence."""

    def do_GET(self) -> None:
        self._answer(405, "text/plain", b"Method Not Allowed")

    def do_POST(self) -> None:
        provider = self.provider
        provider.requests.append(self.requestline)
        body = self.rfile.read(length := int(self.headers["content-length"]))
        if len(body) < length:  # the sender left in the middle: no provider acts on half a request
            self.close_connection = True
            return
        fault, status = provider.fault, 0
        if fault == "refuse-429":
            self._answer(429, "text/html", b"<h1>Too Many Requests</h1>")
        elif fault.startswith("before-"):
            status = int(fault.removeprefix("before-"))
            self._answer(status, "text/html", b"<html>no</html>", {"location": "https://example.invalid/"})
        else:
            status, kind, said = self.conversation(body)
            self._misbehave(fault, status, kind, said)

    def conversation(self, body: bytes) -> tuple[int, str, bytes]:
        raise NotImplementedError

    def take(self, phone: str, text: str) -> int:
        self.provider.taken.append((phone, text))
        self.provider.on_taken()
        time.sleep(self.provider.delay_s)
        return len(self.provider.taken)

    def _misbehave(self, fault: str, status: int, kind: str, said: bytes) -> None:
        match fault:
            case "drop":
                self._hang_up()
            case "truncated":
                self._answer(status, kind, said, cut=10)
            case "html":
                self._answer(status, "text/html", b"<html><body>Welcome to the cafe's Wi-Fi</body></html>")
            case "garbage":
                self._answer(status, kind, bytes(range(256)))
            case "array":
                self._answer(status, kind, b'[1, 2, {"SMSMessageData": 1}]')
            case "deep":
                self._answer(status, kind, b"[" * 60_000)
            case "huge":
                self._answer(status, kind, said + b" " * 200_000)
            case "error-500" | "error-503":
                self._answer(int(fault[-3:]), "text/html", b"<h1>Bad day</h1>")
            case "nobody":  # no code, and a count that says it all
                given = {"Message": "Sent to 0/1 Total Cost: 0", "Recipients": [{"status": "Failed"}]}
                self.provider.taken.pop()
                self._answer(status, kind, json.dumps({"SMSMessageData": given}).encode())
            case "hang":
                time.sleep(2)
                self._hang_up()
            case _:
                self._answer(status, kind, said)

    def _hang_up(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _answer(
        self, status: int, kind: str, body: bytes, headers: dict[str, str] | None = None, cut: int = 0
    ) -> None:
        with contextlib.suppress(OSError):
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body[: len(body) - cut])
        if cut:
            self._hang_up()


class AfricasTalkingHandler(_Handler):
    """``POST /version1/messaging``, a form, ``apiKey`` in a header, 201 with one status per recipient."""

    def conversation(self, body: bytes) -> tuple[int, str, bytes]:
        key = self.headers.get("apiKey", "")
        self.provider.keys.append(key)
        if self.path != "/version1/messaging":
            return 404, "text/plain", b"The requested resource could not be found."
        if not self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return 415, "text/plain", b"Unsupported Media Type"
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))
        for name in ("username", "to", "message"):
            if not fields.get(name):
                return 400, "text/plain", f"Request is missing required form field '{name}'".encode()
        if key != API_KEY or fields["username"] != USERNAME:
            return 401, "text/plain", b"The supplied authentication is invalid"
        if fields.get("from", SENDER_ID) != SENDER_ID:
            return 201, "application/json", b'{"SMSMessageData":{"Message":"InvalidSenderId","Recipients":[]}}'
        return 201, "application/json", self._recipients(fields["to"], fields["message"])

    def _recipients(self, to: str, text: str) -> bytes:
        phone = to.removeprefix("+")
        code = int(phone[-3:]) if phone.startswith("254700000") else 101
        taken = code < 400
        number = self.take(phone, text) if taken else 0
        recipient = {
            "statusCode": code, "number": to, "status": AT_STATUSES.get(code, "Unlisted"),
            "cost": "KES 0.8000" if taken else "0", "messageId": f"ATXid_{number:06d}" if taken else "None",
        }
        message = f"Sent to {int(taken)}/1 Total Cost: KES 0.8000"
        return json.dumps({"SMSMessageData": {"Message": message, "Recipients": [recipient]}}).encode()


class PartnerIdHandler(_Handler):
    """``POST /api/services/sendsms/``, JSON with the key inside, 200 whatever became of it."""

    spelling = "respose-code"

    def conversation(self, body: bytes) -> tuple[int, str, bytes]:
        if self.path != "/api/services/sendsms/":
            return 404, "text/html", b"<h1>404</h1>"
        said = json.loads(body)
        self.provider.keys.append(said.get("apikey", ""))
        code = 200
        if not said.get("apikey"):
            code = 4092
        elif not said.get("partnerID"):
            code = 4091
        elif said["apikey"] != API_KEY or said["partnerID"] != PARTNER_ID:
            code = 1006
        if code != 200:
            refusal = {"response-code": code, "response-description": PARTNER_WORDS[code]}
            return 200, "application/json", json.dumps(refusal).encode()
        return 200, "application/json", json.dumps({"responses": [self._one(said)]}).encode()

    def _one(self, said: dict[str, str]) -> dict[str, object]:
        phone = said["mobile"]
        code = int(phone[-4:]) if phone.startswith("25470000") and phone[-4:] != "0000" else 200
        if code in PARTNER_WORDS:
            return {self.spelling: code, "response-description": PARTNER_WORDS[code], "mobile": phone}
        number = self.take(phone, said["message"])
        return {
            self.spelling: 200, "response-description": "Success", "mobile": int(phone),
            "messageid": 8290000 + number, "networkid": "1",
        }


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *args: object) -> None:
        """Silence: senders that are killed or give up leave broken connections behind."""


@contextlib.contextmanager
def serving(handler: type[_Handler], **how: object) -> Iterator[Provider]:
    """A fake on a free port of 127.0.0.1 until the block is left."""
    provider = Provider(**how)  # type: ignore[arg-type]
    server = _Server(("127.0.0.1", 0), type("Handler", (handler,), {"provider": provider}))
    provider.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
