"""The owner's page over real sockets, with a real ledger behind it, and browsers that were paired. Not a test."""

import contextlib
import json
import os
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from api_bench import Ahead, streams

from mpesa_cli.cli.owner.page import OwnerPage
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.listener.server.certificate import Certificate
from mpesa_cli.owner.server.guesses import Guesses
from mpesa_cli.runtime import Runtime

CODE_FORM = "application/x-www-form-urlencoded"


@dataclass
class Page:
    """A page that is served, and what stands behind it."""

    url: str
    port: int
    runtime: Runtime
    environ: Mapping[str, str]
    clock: Ahead
    page: OwnerPage

    @property
    def ledger(self) -> Ledger:
        return self.runtime.ledger(self.runtime.profile(None))

    def run(self, *argv: str) -> tuple[int, Any]:
        """One command on the same clock: its status and its JSON."""
        from mpesa_cli.cli.app import main

        said = streams()
        world = World(self.clock.now_us, self.clock.advance)
        status = main([*argv, "--json"], Runtime(streams=said, environ=self.environ, world=world))
        text = said.stdout.getvalue()  # type: ignore[attr-defined]
        return status, json.loads(text) if text.strip() else None

    def forgive(self) -> None:
        """Forget the guesses of the tests before."""
        self.page._serving._app._guesses = Guesses(time.monotonic)

    def code(self) -> str:
        status, told = self.run("owner", "pair")
        assert status == 0
        return str(told["code"])

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, trust_env=False, timeout=30, verify=False)

    def pair(self, client: httpx.Client, code: str, **headers: str) -> httpx.Response:
        return client.post("/pair", data={"code": code}, headers={"origin": self.url, **headers})

    @contextlib.contextmanager
    def paired(self) -> Iterator[httpx.Client]:
        with self.client() as client:
            assert self.pair(client, self.code()).status_code == 303
            yield client

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)


@contextlib.contextmanager
def served(
    home: Path, more: Mapping[str, str] | None = None, *, host: str = "127.0.0.1", public: str | None = None,
    certificate: Certificate | None = None,
) -> Iterator[Page]:
    """The page of a profile made of environment variables, on a free port of this machine."""
    environ = {"MPESA_HOME": str(home), "HOME": os.environ["HOME"], **(more or {})}
    clock = Ahead()
    runtime = Runtime(streams=streams(), environ=environ, world=World(clock.now_us, clock.advance))
    profile = runtime.profile(None)
    page = OwnerPage(runtime, profile, host, 0, certificate, (public,), None)
    try:
        page.start()
        port = int(page.url.rpartition(":")[2])
        yield Page(page.url, port, runtime, environ, clock, page)
    finally:
        page.stop()
        runtime.close()


def events(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    """The events of a stream, each with its data."""
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line[7:]
        elif line.startswith("data: "):
            yield name, json.loads(line[6:])
