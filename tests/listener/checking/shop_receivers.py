"""Receivers of events as shops write them: a right one, which can be made wrong in one way each, and a naive one."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = b"a secret of checks, 32 bytes lon"
SECRET = "whsec_" + base64.b64encode(KEY).decode()
TOLERANCE_S, PATIENCE_S = 300, 1.5


class Order:
    """An order of the shop's."""

    def __init__(self) -> None:
        self.status, self.times_paid, self.amount = "unpaid", 0, 150


class Shop:
    """A shop's own system. ``faults`` are the ways in which it is wrong."""

    def __init__(self, now_s: Callable[[], float], *faults: str) -> None:
        self.now_s, self.faults = now_s, set(faults)
        self.orders: dict[str, Order] = {}
        self.taken: set[str] = set()
        self.lock = threading.Lock()
        self.race = threading.Barrier(2)

    def state(self, order_id: str) -> tuple[int, object]:
        """The answer to GET. Asking about an order of a check makes it known."""
        if "silent" in self.faults or ("strict" in self.faults and order_id.endswith("-8")):
            return 404, {}
        order = self.orders.setdefault(order_id, Order())
        return 200, {"status": order.status, "times_paid": order.times_paid}

    def event(self, headers: dict[str, str], body: bytes) -> int:
        """The answer to an event."""
        if "impatient" in self.faults and self.now_s() - int(headers.get("webhook-timestamp", "0")) > PATIENCE_S:
            return 408
        if not self.is_signed(headers, body):
            return 401
        event = json.loads(body)
        with self.lock:
            return self.apply(headers["webhook-id"], event)

    def is_signed(self, headers: dict[str, str], body: bytes) -> bool:
        name, sent_at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "0")
        if "parses first" in self.faults:  # and signs what JavaScript would write of it
            body = json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False).encode() if body else b""
        content = b".".join((name.encode(), sent_at.encode(), body))
        wanted = "v1," + base64.b64encode(hmac.new(KEY, content, hashlib.sha256).digest()).decode()
        given = headers.get("webhook-signature")
        if given is None and "signed if it says so" in self.faults:
            return True
        is_any = "unsigned" in self.faults or (given is not None and "any signature" in self.faults)
        if not is_any and not hmac.compare_digest(wanted, given or ""):
            return False
        return "replayed" in self.faults or abs(self.now_s() - int(sent_at)) <= TOLERANCE_S

    def apply(self, name: str, event: dict[str, Any]) -> int:
        data, kind = event["data"], event["type"]
        if data["environment"] != "simulator" or not data["order_id"].startswith("CHECK-"):
            return 403
        if "fresh only" in self.faults and data.get("late"):
            return 400
        ends = {"order.failed": "a failure ends it", "order.unknown": "a doubt ends it", "order.unpaid": "let go"}
        if kind not in {"order.paid", "order.refunded"} and "anything pays" not in self.faults:
            if kind == "order.failed" and "failure wins" in self.faults:
                self.orders[data["order_id"]].status = "unpaid"
            if ends.get(kind) in self.faults:
                self.orders[data["order_id"]].amount = 0  # nothing pays it any more
            return 400 if "known types only" in self.faults and "unheard" in kind else 200
        if "drops unknown" in self.faults and data["order_id"] not in self.orders:
            return 200
        if "notes first" in self.faults:
            if name in self.taken:
                return 200
            self.taken.add(name)
        if (order := self.orders.get(data["order_id"])) is None:
            return 404
        if "looks at the status" in self.faults:
            if kind == "order.paid" and order.status == "paid":
                return 200
        elif name in self.taken and not {"repeats", "notes first"} & self.faults:
            return 409 if "repeats are errors" in self.faults else 200
        self.taken.add(name)
        if kind == "order.refunded":
            order.status = order.status if "keeps refunds" in self.faults else "refunded"
        elif "marks nothing" not in self.faults and (data["received"] == order.amount or "any amount" in self.faults):
            order.status, order.times_paid = "paid", order.times_paid + 1
        return 200


class Naive(Shop):
    """A receiver of the first afternoon: whatever says paid is paid."""

    def event(self, headers: dict[str, str], body: bytes) -> int:
        event = json.loads(body)
        order = self.orders.get(event["data"]["order_id"])
        if order is not None:
            order.status, order.times_paid = "paid", order.times_paid + 1
        return 200


class Racing(Shop):
    """A receiver that looks, and then writes: two at once both find an order that is not paid."""

    def event(self, headers: dict[str, str], body: bytes) -> int:
        if not self.is_signed(headers, body):
            return 401
        event, name = json.loads(body), headers["webhook-id"]
        if name in self.taken:
            return 200
        try:
            self.race.wait(0.05)  # another one that came at the same time has looked too
        except threading.BrokenBarrierError:
            self.race.reset()
        return self.apply(name, event) if name not in self.taken else self.apply(name + "'", event)


class _Handler(BaseHTTPRequestHandler):
    server: "Server"

    def do_GET(self) -> None:
        (order_id,) = parse_qs(urlsplit(self.path).query)["order"]
        self._answer(*self.server.shop.state(order_id))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self._answer(self.server.shop.event({k.lower(): v for k, v in self.headers.items()}, body), {})

    def _answer(self, status: int, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


class Server(ThreadingHTTPServer):
    """A shop's system on a port of this machine."""

    daemon_threads = True

    def __init__(self, shop: Shop) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.shop = shop


@contextmanager
def serving(shop: Shop) -> Iterator[str]:
    """The address of a shop's receiver."""
    with Server(shop) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/hook?shop=1"
        server.shutdown()
        thread.join()
