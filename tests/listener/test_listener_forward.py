"""Forwarding: each event until it is taken, signed, with backoff, and never twice."""

import base64
import contextlib
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from mpesa_cli.floor.errors import InvalidInput, SettingsError
from mpesa_cli.floor.secret import Secret
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.staged_rows import event_id
from mpesa_cli.listener.events import Event
from mpesa_cli.listener.forwarding.forward import BACKOFF_S, Forwarder, Outgoing, next_try_us
from mpesa_cli.listener.forwarding.webhook import (
    check_target,
    new_secret,
    signed_headers,
    signing_key,
)

KEY = b"k" * 32
NOW_US = 1_795_505_400_000_000


@dataclass
class MemoryOutbox:
    """An outbox in memory, with leases."""

    waiting: dict[str, Outgoing] = field(default_factory=dict)
    due_us: dict[str, int] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    empty: threading.Event = field(default_factory=threading.Event)

    def put(self, event: Outgoing) -> None:
        self.waiting[event.event_id] = event
        self.due_us[event.event_id] = 0

    def claim(self, now_us: int, lease_us: int, most: int) -> Sequence[Outgoing]:
        due = [e for e in self.waiting.values() if self.due_us[e.event_id] <= now_us][:most]
        for event in due:
            self.due_us[event.event_id] = now_us + lease_us
        return due

    def done(self, event_id: str, now_us: int) -> None:
        self.taken.append(event_id)
        del self.waiting[event_id]
        if not self.waiting:
            self.empty.set()

    def failed(self, event_id: str, detail: str, retry_at_us: int | None, now_us: int) -> None:
        if retry_at_us is None:
            self.given_up.append(event_id)
            del self.waiting[event_id]
            return
        event = self.waiting[event_id]
        self.waiting[event_id] = Outgoing(event.event_id, event.event_type, event.body, event.tries + 1)
        self.due_us[event_id] = retry_at_us


@dataclass
class Receiver:
    """The shop's own system: answers with the given statuses, then with 200."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    shop = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            shop.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
            status = shop.statuses.pop(0) if shop.statuses else 200
            self.send_response(status)
            self.send_header("content-length", "0")
            self.send_header("location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    shop.url = f"http://127.0.0.1:{server.server_port}/hook"
    yield shop
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Bench:
    """A forwarder whose clock is moved by hand, run without its thread."""

    forwarder: Forwarder
    outbox: MemoryOutbox
    events: list[Event]
    now: list[int]
    client: httpx.Client

    def run(self, seconds_later: float = 0) -> int:
        self.now[0] += int(seconds_later * 1_000_000)
        return self.forwarder.forward_due(self.client)


@contextlib.contextmanager
def forwarding(url: str) -> Iterator[Bench]:
    now, events, outbox = [NOW_US], [], MemoryOutbox()
    forwarder = Forwarder(outbox, url, KEY, world=World(lambda: now[0], random=lambda: 0.0), on_event=events.append)
    with httpx.Client(timeout=5, trust_env=False) as client:
        yield Bench(forwarder, outbox, events, now, client)


def event(number: int = 1) -> Outgoing:
    told = {"type": "order.paid", "timestamp": "2026-11-24T10:30:00+03:00"}
    body = json.dumps({**told, "data": {"order_id": f"order-{number}", "amount": 150}}).encode()
    return Outgoing(f"evt_{number:024d}", "order.paid", body, 0)


def test_an_event_is_posted_once_signed_as_standard_webhooks_says(receiver: Receiver) -> None:
    with forwarding(receiver.url) as bench:
        bench.outbox.put(event())
        assert bench.run() == 1
        assert bench.run(3600) == 0

    [(headers, body)] = receiver.got
    signed = f"{event().event_id}.1795505400.".encode() + body
    expected = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-id"] == event().event_id
    assert headers["webhook-timestamp"] == "1795505400"
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["content-type"] == "application/json"
    assert json.loads(body) == {
        "type": "order.paid",
        "timestamp": "2026-11-24T10:30:00+03:00",
        "data": {"order_id": "order-1", "amount": 150},
    }
    assert [e.kind for e in bench.events] == ["forwarded"]


def test_the_signature_is_that_of_the_published_example() -> None:
    """The worked example of the Standard Webhooks specification."""
    key = signing_key(Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
    body = b'{"test": 2432232314}'
    headers = signed_headers(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330_000_000, body)

    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("status", [500, 503, 404, 301, 302, 429])
def test_what_is_not_taken_is_posted_again_with_the_same_id_and_body(receiver: Receiver, status: int) -> None:
    receiver.statuses = [status]
    with forwarding(receiver.url) as bench:
        bench.outbox.put(event())
        assert bench.run() == 1
        assert bench.run(BACKOFF_S[0] - 1) == 0
        assert bench.run(1) == 1

    first, second = receiver.got
    assert first[1] == second[1]
    assert first[0]["webhook-id"] == second[0]["webhook-id"]
    assert first[0]["webhook-timestamp"] != second[0]["webhook-timestamp"]
    assert [e.kind for e in bench.events] == ["unforwarded", "forwarded"]
    assert f"order.paid {status}, again in 5 s" in bench.events[0].detail


def test_gone_means_gone(receiver: Receiver) -> None:
    receiver.statuses = [410]
    with forwarding(receiver.url) as bench:
        bench.outbox.put(event())
        bench.run()

    assert bench.outbox.given_up == [event().event_id]


def test_nobody_there_is_tried_again() -> None:
    with forwarding("http://127.0.0.1:9/hook") as bench:
        bench.outbox.put(event())
        bench.run()

    assert bench.outbox.waiting[event().event_id].tries == 1
    assert "ConnectError" in bench.events[0].detail


def test_the_pauses_grow_and_end_after_about_three_days() -> None:
    assert [next_try_us(n, 0, 0.0) for n in (1, 2, 3)] == [5_000_000, 15_000_000, 60_000_000]
    assert list(BACKOFF_S) == sorted(BACKOFF_S)
    assert 2.5 * 86400 < sum(BACKOFF_S) < 3.5 * 86400
    assert next_try_us(len(BACKOFF_S), 0, 0.5) is not None
    assert next_try_us(len(BACKOFF_S) + 1, 0, 0.5) is None


def test_the_thread_empties_the_outbox_and_stops(receiver: Receiver) -> None:
    outbox, events = MemoryOutbox(), []
    for number in range(5):
        outbox.put(event(number))
    world = World(lambda: NOW_US, random=lambda: 0.0)
    forwarder = Forwarder(outbox, receiver.url, KEY, world=world, on_event=events.append)
    forwarder.start()
    assert outbox.empty.wait(20)
    outbox.empty.clear()
    outbox.put(event(5))
    forwarder.nudge()
    assert outbox.empty.wait(20)
    forwarder.stop()

    assert sorted(outbox.taken) == sorted(event(n).event_id for n in range(6))
    assert len(receiver.got) == 6


def test_an_outbox_that_fails_does_not_end_the_thread(receiver: Receiver) -> None:
    class Failing(MemoryOutbox):
        failures = 1

        def claim(self, now_us: int, lease_us: int, most: int) -> Sequence[Outgoing]:
            if self.failures:
                self.failures -= 1
                raise OSError
            return super().claim(now_us, lease_us, most)

    outbox, events = Failing(), []
    outbox.put(event())
    world = World(lambda: NOW_US, random=lambda: 0.0)
    forwarder = Forwarder(outbox, receiver.url, KEY, world=world, on_event=events.append)
    forwarder.start()
    assert outbox.empty.wait(20)
    forwarder.stop()

    assert [e.kind for e in events] == ["unforwarded", "forwarded"]


def test_one_thing_that_happened_has_one_id() -> None:
    assert event_id("PAY-1 order.paid") == event_id("PAY-1 order.paid")
    others = {event_id("PAY-1 order.failed"), event_id("PAY-2 order.paid")}
    assert event_id("PAY-1 order.paid") not in others
    assert len(others) == 2
    assert "." not in event_id("PAY-1 order.paid")


def test_a_new_secret_has_the_key_in_it() -> None:
    assert signing_key(new_secret(KEY)) == KEY


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_***", base64.b64encode(KEY).decode()])
def test_what_is_no_secret_is_refused_without_being_shown(secret: str) -> None:
    with pytest.raises(SettingsError) as refused:
        signing_key(Secret(secret))

    assert not secret or secret == "whsec_" or secret not in refused.value.message


@pytest.mark.parametrize(
    "url", ["https://shop.example/hook", "http://127.0.0.1:3000/", "http://localhost:3000/hook", "http://[::1]:3000/"]
)
def test_targets_are_https_or_on_this_machine(url: str) -> None:
    assert check_target(url) == url


@pytest.mark.parametrize(
    "url", ["http://shop.example/", "ftp://127.0.0.1/", "localhost:3000", "", "http://", "http://[::1", "https://x:y/"]
)
def test_other_targets_are_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        check_target(url)
