"""What the page may take from the listener beside it: looks, streams, connections, descriptors, all bounded."""

import asyncio
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from owner_bench import Page, served
from owner_shop import opened

from mpesa_cli.floor.world import World
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.listener.server import loop
from mpesa_cli.listener.server.options import ListenerOptions, Parts
from mpesa_cli.listener.server.server import running
from mpesa_cli.owner.reading import Look
from mpesa_cli.owner.server import CONNECTIONS_MAX, FILES, streams
from mpesa_cli.owner.server.live import SHARE, Live

Run = Callable[..., Any]


def test_nobody_looking_costs_no_look_and_looks_are_as_rare_as_they_are_dear(mpesa: Run, home: Path) -> None:
    assert mpesa("history").status == 0
    ledger = opened(home)
    now, looks = [0.0], 0

    def read(_: Ledger) -> Look:
        nonlocal looks
        looks += 1
        now[0] += 1.0  # what it took
        raise AssertionError

    def render(_: Look | None, trouble: str) -> Mapping[str, str]:
        return {"status": trouble}

    async def scene() -> None:
        live = Live(ledger, read, render, lambda: now[0])
        live.start()
        live.nudge()
        assert await live.after(0, 0.1) is None
        live.came()
        assert (await live.after(0, 20)) is not None
        for _ in range(50):  # as when callbacks come in a flood
            live.nudge()
            await asyncio.sleep(0.001)
        assert looks == 1
        now[0] += SHARE + 0.1
        live.nudge()
        assert (await live.after(1, 20)) is not None
        live.went()
        live.stop()

    asyncio.run(scene())
    assert looks == 2
    ledger.close()


def test_all_together_have_so_many_streams_and_a_browser_that_has_one_still_gets_its_newest(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "STREAMS_MAX", 2)
    with served(home) as page, page.paired() as first, page.paired() as second:
        with first.stream("GET", "/live") as one, first.stream("GET", "/live") as two:
            assert (one.status_code, two.status_code) == (200, 200)
            lines = [one.iter_lines(), two.iter_lines()]
            assert [next(each) for each in lines] == ["retry: 3000"] * 2  # both are counted by now
            assert second.get("/live").status_code == 503
            with first.stream("GET", "/live") as three:
                assert three.status_code == 200
        assert gets_room(second)


def gets_room(client: httpx.Client) -> bool:
    """Whether a stream is given once the server has seen that others have gone."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with client.stream("GET", "/live") as stream:
            if stream.status_code == 200:
                return True
        time.sleep(0.02)
    return False


def test_connections_that_owe_their_request_keep_nobody_out(home: Path) -> None:
    with served(home) as page:
        idle = [page.connect() for _ in range(CONNECTIONS_MAX + 8)]
        with page.client() as client:
            assert client.get("/pair").status_code == 200
        for each in idle:
            each.close()
        huge = page.connect()
        huge.sendall(b"POST /pair HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 70_000)
        assert status_of(huge) in {b"403", b"413", b"400"}
        huge.close()
        assert_still_served(page)


def status_of(sock: socket.socket) -> bytes:
    return sock.recv(64).split(b" ")[1]


def assert_still_served(page: Page) -> None:
    with page.client() as client:
        assert client.get("/pair").status_code == 200


def test_the_page_s_files_are_kept_free_where_few_may_be_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[int] = []
    counted = loop._connections_max
    monkeypatch.setattr(loop, "_connections_max", lambda most, rest: kept.append(rest) or counted(most, rest))
    for files in (0, FILES):
        parts = Parts(
            lambda: Ledger(tmp_path / "l.db", environment="simulator", token_hex=secrets.token_hex),
            World(), lambda _: None, further_files=files,
        )
        with running(ListenerOptions(port=0), parts):
            pass
    assert kept == [loop.FILES_FOR_THE_REST, loop.FILES_FOR_THE_REST + FILES]
