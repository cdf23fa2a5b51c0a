"""The receiver at the other end: posted to in each manner, and asked where an order stands."""

import json
import threading
from collections.abc import Iterator, Mapping
from typing import get_args
from urllib.parse import urlencode, urlsplit, urlunsplit

from mpesa_cli.floor.errors import Temporary
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.world import World
from mpesa_cli.listener.checking.deliveries import NO_ORDER, Manner, Post, State, Status, body_of, event_id
from mpesa_cli.listener.checking.judging import Answer
from mpesa_cli.listener.forwarding.webhook import signed_headers

TIMEOUT_S = 15.0  # as for an event that is forwarded
PIECES, PAUSE_S = 5, 0.5  # of a slow client
MEET_WITHIN_S = 5.0
STATE_BYTES_MAX = 64 * 1024


class Receiver:
    """A receiver of events, by its address and the secret of a check. To be closed."""

    def __init__(self, url: str, key: bytes, world: World) -> None:
        """``url`` has passed check_url, ``key`` is as webhook.signing_key gives it."""
        from mpesa_cli.floor.wire.lean_httpx import httpx

        self._url = urlunsplit(urlsplit(url)._replace(fragment=""))
        self._key = key
        self._world = world
        # A connection each: a receiver of one thread must not wait for us to hang up.
        self._client = httpx.Client(
            timeout=TIMEOUT_S, follow_redirects=False, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
        )

    def close(self) -> None:
        """Close every connection."""
        self._client.close()

    def state(self, order_id: str) -> State | None:
        """The receiver's word on where an order stands; None where it gives none. Raises Temporary where no answer
        comes.

        The question is signed as an event is, over an empty body.
        """
        from mpesa_cli.floor.wire.lean_httpx import httpx

        parts = urlsplit(self._url)
        query = "&".join(filter(None, (parts.query, urlencode({"order": order_id}))))
        headers = signed_headers(self._key, f"ask_{order_id}", self._world.now_us(), b"")
        del headers["content-type"]
        try:
            answer = self._client.get(urlunsplit(parts._replace(query=query)), headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise Temporary(
                f"The receiver at {parts.netloc.rpartition('@')[2]} could not be asked: {_words(error)}.",
                hint="No money is in this. Start it, then run the same command again.", code="app-unreachable",
            ) from None
        if answer.status_code == 404:
            return NO_ORDER
        return read_state(answer.content) if answer.status_code == 200 else None

    def deliver(self, post: Post, order_id: str) -> list[Answer]:
        """Make one post in its manner; as many answers as requests. Never raises."""
        now_us = self._world.now_us()
        body = body_of(post, order_id, now_us)
        headers = self._headers(post, order_id, body, now_us)
        if post.manner is Manner.TWO_AT_ONCE:
            return self._two_at_once(headers, body)
        return [self._post(headers, self._in_pieces(body) if post.manner is Manner.SLOW else iter([body]), len(body))]

    def _headers(self, post: Post, order_id: str, body: bytes, now_us: int) -> dict[str, str]:
        name, at_us = event_id(order_id, post.number), now_us - post.signed_ago_s * SECOND_US
        if post.signed == "not":
            return {"content-type": "application/json", "webhook-id": name}
        key = bytes(byte ^ 0xFF for byte in self._key) if post.signed == "by another" else self._key
        return signed_headers(key, name, at_us, body + b" " if post.signed == "other body" else body)

    def _in_pieces(self, body: bytes) -> Iterator[bytes]:
        size = len(body) // PIECES + 1
        for start in range(0, len(body), size):
            if start:
                self._world.sleep(PAUSE_S)
            yield body[start : start + size]

    def _two_at_once(self, headers: Mapping[str, str], body: bytes) -> list[Answer]:
        """The same event on two connections, whose last bytes leave together."""
        meeting, answers = threading.Barrier(2), list[Answer]()

        def pieces() -> Iterator[bytes]:
            yield body[:-1]
            meeting.wait(MEET_WITHIN_S)
            yield body[-1:]

        def post() -> None:
            try:
                answers.append(self._post(headers, pieces(), len(body)))
            except threading.BrokenBarrierError:
                answers.append(Answer(0, "the other one did not get through"))

        threads = [threading.Thread(target=post) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers

    def _post(self, headers: Mapping[str, str], pieces: Iterator[bytes], length: int) -> Answer:
        from mpesa_cli.floor.wire.lean_httpx import httpx

        try:
            with self._client.stream(
                "POST", self._url, content=pieces, headers={**headers, "content-length": str(length)}
            ) as answer:
                return Answer(answer.status_code)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return Answer(0, _words(error))


def read_state(body: bytes) -> State | None:
    """An answer to ``GET URL?order=ID``; None for what is none."""
    try:
        found = json.loads(body[:STATE_BYTES_MAX])
        status, times_paid = found["status"], found["times_paid"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if status not in get_args(Status) or type(times_paid) is not int or times_paid < 0:
        return None
    return State(status, times_paid)


def _words(error: Exception) -> str:
    return str(error).strip() or type(error).__name__
