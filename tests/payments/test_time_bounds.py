"""``--timeout`` bounds all of a push: token, lock, pauses and waiting. And of one attempt two POSTs at most go out."""

import json
import socket
from typing import Any

import pytest
from daraja_servers import TOKEN_ANSWER, Seen, answer, loopback, payload, says
from shopkeeper import ACCEPTED, Shopkeeper, error_of

from mpesa_cli.ledger.engine import sqlite

SECOND_US = 1_000_000
SPIKE = answer(500, payload("stkpush.error.500.spike-arrest.json"))
TOO_MANY = answer(429, payload("gateway.error.429.apigee-fault.json"))
STALE_TOKEN = answer(404, payload("stkpush.error.404.invalid-token.json"))


@pytest.mark.parametrize(
    "refusals", [(SPIKE, STALE_TOKEN), (STALE_TOKEN, SPIKE), (TOO_MANY, SPIKE), (STALE_TOKEN, STALE_TOKEN)]
)
def test_two_posts_of_an_attempt_leave_at_most_whatever_refused_the_first(
    shopkeeper: Shopkeeper, refusals: tuple[bytes, bytes]
) -> None:
    with loopback(says(*refusals, ACCEPTED)) as server:
        clerk = shopkeeper.at(server.url)
        assert clerk.push().status in {4, 5}
        assert (len(server.posts), clerk.announced(), clerk.state()) == (2, 2, "not_sent")


def test_what_never_reached_a_server_does_not_count_among_the_two(
    shopkeeper: Shopkeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect, failing = socket.create_connection, [True] * 3

    def flaps(*address: Any, **more: Any) -> socket.socket:
        if failing and failing.pop():
            raise OSError(101, "Network is unreachable")
        return connect(*address, **more)

    with loopback(says(SPIKE, ACCEPTED)) as server:
        clerk = shopkeeper.at(server.url).with_token()
        monkeypatch.setattr(socket, "create_connection", flaps)
        assert clerk.push().status == 0
        assert (len(server.posts), clerk.announced(), clerk.state()) == (2, 5, "pending")


@pytest.mark.parametrize("refusal", [SPIKE, TOO_MANY])
def test_a_pause_for_which_there_is_no_time_is_not_begun(shopkeeper: Shopkeeper, refusal: bytes) -> None:
    with loopback(says(refusal, ACCEPTED)) as server:
        clerk = shopkeeper.at(server.url)
        pushed = clerk.push("--timeout", "4")
        assert (pushed.status, len(server.posts), clerk.state()) == (5, 1, "not_sent")
    assert clerk.clock.slept == []


def test_the_time_that_sending_took_is_not_waited_for_the_customer_again(shopkeeper: Shopkeeper) -> None:
    with loopback(says(SPIKE, ACCEPTED)) as server:
        clerk = shopkeeper.at(server.url)
        began_us = clerk.clock.now
        pushed = clerk.run("push", "254708374149", "100", "--order", "1042", "--timeout", "9", "--json")
        assert (pushed.status, json.loads(pushed.stdout)["status"]) == (8, "pending")
        assert len(server.posts) == 2
    assert clerk.clock.now - began_us <= 9 * SECOND_US


def test_no_token_in_time_and_nothing_is_sent_or_recorded(shopkeeper: Shopkeeper) -> None:
    with loopback(says(ACCEPTED), oauth=says(answer(503, b"", more="retry-after: 4\r\n"))) as server:
        clerk = shopkeeper.at(server.url)
        began_us = clerk.clock.now
        pushed = clerk.push("--timeout", "10")
        assert (pushed.status, error_of(pushed)["money_moved"]) == (5, "no")
        assert (server.count("/oauth/"), len(server.posts), clerk.state()) == (3, 0, None)
    assert clerk.clock.now - began_us <= 10 * SECOND_US


def test_a_token_that_came_too_late_sends_nothing(shopkeeper: Shopkeeper) -> None:

    def takes_its_time(connection: socket.socket, _: Seen) -> None:
        shopkeeper.clock.advance(11)
        connection.sendall(TOKEN_ANSWER)

    with loopback(says(ACCEPTED), oauth=takes_its_time) as server:
        clerk = shopkeeper.at(server.url)
        pushed = clerk.push("--timeout", "10")
        assert (pushed.status, error_of(pushed)["code"]) == (5, "not-in-time")
        assert (len(server.posts), clerk.state()) == (0, None)


def test_a_locked_ledger_is_waited_for_no_longer_than_there_is_time(
    shopkeeper: Shopkeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, waits_s = sqlite.begin, []

    def begins(connection: Any, may_wait_s: float, *more: Any) -> None:
        waits_s.append(may_wait_s)
        begin(connection, may_wait_s, *more)

    monkeypatch.setattr(sqlite, "begin", begins)
    with loopback(says(ACCEPTED)) as server:
        assert shopkeeper.at(server.url).push("--timeout", "3").status == 0
    intent_s, sending_s, answer_s = waits_s[-3:]
    assert intent_s <= 3
    assert sending_s <= 3
    assert answer_s == sqlite.BUSY_TIMEOUT_S, "the answer of a POST that is out is waited for as long as may be"
