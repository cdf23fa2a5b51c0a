"""Server-sent events: nothing is missed, "paid" comes once, and a listener goes on where it was."""

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from api_bench import CANCELS, PAYS, Shop, initiate, posts, settled, told

from mpesa_cli.api.tokens.store import TokenWrites

Event = tuple[str, str, dict[str, Any]]


def events(lines: Iterator[str]) -> Iterator[Event]:
    """Read a stream as a browser does: id, event, data."""
    found: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line:
            found[name] = value
        elif "data" in found:
            yield found.get("id", ""), found["event"], json.loads(found["data"])
            found = {}
        else:
            found = {}


@contextlib.contextmanager
def listening(client: httpx.Client, last: str | None = None, **query: str) -> Iterator[Iterator[Event]]:
    headers = {} if last is None else {"last-event-id": last}
    with client.stream("GET", "/payments/events", params=query, headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield events(answer.iter_lines())


def until(stream: Iterator[Event], wanted: Callable[[Event], bool]) -> list[Event]:
    """All events up to the first one that is wanted."""
    seen: list[Event] = []
    for event in stream:
        seen.append(event)
        if wanted(event):
            return seen
    raise AssertionError(f"the stream ended after {seen}")


def is_paid(event: Event) -> bool:
    return event[1] == "order.paid"


def test_a_listener_sees_the_payment_come_and_paid_once(shop: Shop, client: httpx.Client) -> None:
    with shop.client() as asking, listening(client) as stream:
        initiate(asking, "1")
        customer = threading.Timer(0.1, settled, (shop, asking, "1"))
        customer.start()
        seen = until(stream, is_paid)
        customer.join()
    assert {e[2]["order_id"] for e in seen} == {"1"}
    assert [e[1] for e in seen].count("order.paid") == 1
    assert seen[-1][2]["status"] == "paid"
    assert seen[-1][0]


def test_a_listener_that_comes_back_misses_nothing_and_repeats_nothing(shop: Shop, client: httpx.Client) -> None:
    for order, phone in (("1", PAYS), ("2", CANCELS)):
        initiate(client, order, phone)
        settled(shop, client, order)
    with listening(client, "0") as stream:
        whole = until(stream, lambda e: e[2]["order_id"] == "2")
    numbered = [e for e in whole if e[0]]
    assert [e[1] for e in whole].count("order.paid") == 1
    paid = next(e for e in whole if is_paid(e))
    with listening(client, paid[0]) as stream:
        rest = until(stream, lambda e: e[2]["order_id"] == "2")
    assert [e[0] for e in rest if e[0]] == [e[0] for e in numbered if int(e[0]) > int(paid[0])]
    assert not [e for e in rest if is_paid(e)]


def test_paid_has_the_number_so_that_a_cut_before_it_brings_it_again(shop: Shop, client: httpx.Client) -> None:
    initiate(client, "1")
    settled(shop, client, "1")
    with listening(client, "0") as stream:
        seen = until(stream, is_paid)
    assert [(bool(e[0]), e[1]) for e in seen[-2:]] == [(False, "payment.updated"), (True, "order.paid")]


def test_a_listener_for_one_order_hears_of_no_other(shop: Shop, client: httpx.Client) -> None:
    for order, phone in (("1", CANCELS), ("2", PAYS)):
        initiate(client, order, phone)
        settled(shop, client, order)
    with listening(client, "0", orderId="2") as stream:
        assert {e[2]["order_id"] for e in until(stream, is_paid)} == {"2"}


def test_what_the_terminal_does_is_heard_too(shop: Shop, client: httpx.Client, cli: Callable[..., Any]) -> None:
    with listening(client) as stream:
        done = threading.Thread(
            target=cli, args=("push", "254708374149", "100", "--order", "till-1"), kwargs={"env": shop.environ}
        )
        done.start()
        seen = until(stream, is_paid)
        done.join()
    assert seen[-1][2]["order_id"] == "till-1"


def test_a_stream_ends_when_its_token_is_revoked(
    shop: Shop, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mpesa_cli.api.events.HEARTBEAT_S", 0.05)
    jti = shop.ledger.rows("SELECT jti FROM api_tokens")[0][0]
    with client.stream("GET", "/payments/events") as answer:
        lines = answer.iter_lines()
        assert next(line for line in lines if line.startswith(": still"))
        with shop.ledger.write() as tx:
            TokenWrites(tx).revoke(str(jti), shop.runtime.world.now_us())
        assert len(list(lines)) < 100


def test_only_so_many_may_listen(shop: Shop, client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mpesa_cli.api.events.LISTENERS_MAX", 1)
    with client.stream("GET", "/payments/events") as first:
        lines = first.iter_lines()  # let go, it would close the connection
        next(lines)
        with shop.client() as other:
            assert told(other.get("/payments/events", timeout=10)) == (503, "too-many-listeners")
            assert initiate(other, "1").status_code == 202
    assert posts(shop, "1") == 1


def test_one_token_leaves_room_for_the_streams_of_others(
    shop: Shop, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mpesa_cli.api.events.LISTENERS_OF_TOKEN_MAX", 2)
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(client.stream("GET", "/payments/events")).iter_lines() for _ in range(2)]
        assert all(next(each) for each in lines)
        assert told(client.get("/payments/events", timeout=10)) == (503, "too-many-listeners")
        other = stack.enter_context(shop.client("payments:read", name="other"))
        with other.stream("GET", "/payments/events", timeout=10) as answer:
            assert answer.status_code == 200


def test_a_listener_that_has_gone_leaves_its_place(
    shop: Shop, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mpesa_cli.api.events.LISTENERS_MAX", 1)
    request = f"GET /payments/events HTTP/1.1\r\nHost: x\r\nAuthorization: {client.headers['authorization']}\r\n\r\n"
    for _ in range(3):
        with shop.connect() as leaving:
            leaving.settimeout(10)  # a heartbeat, which would find out, comes later
            leaving.sendall(request.encode())
            received = b""
            while b": listening" not in received:
                assert b" 503 " not in received
                received += leaving.recv(4096)
            leaving.shutdown(socket.SHUT_WR)  # what a closed browser tab sends
            while leaving.recv(4096):
                pass


def test_head_of_the_stream_is_answered_and_takes_no_place(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mpesa_cli.api.events.LISTENERS_MAX", 1)
    for _ in range(3):
        head = client.head("/payments/events", timeout=10)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"].startswith("text/event-stream")


def test_an_id_that_is_none_of_ours_is_refused(client: httpx.Client) -> None:
    for last in ("x", "-1", "9" * 16):
        assert told(client.get("/payments/events", headers={"last-event-id": last})) == (400, "invalid-header")
