"""`mpesa listen --owner` as a process: the page beside the listener, never on the listener's own port."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

PUBLIC = "https://pay.example.co.ke"
Run = Callable[..., Any]


@pytest.fixture
def listening(home: Path) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """The process, the listener's URL and the page's."""
    argv = ["listen", "--owner", "--port", "0", "--owner-port", "0", "--public-url", PUBLIC]
    with subprocess.Popen(
        [sys.executable, "-m", "mpesa_cli", *argv], env={**os.environ, "MPESA_HOME": str(home)},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as process:
        said = ""
        assert process.stderr is not None
        while "owner's page is at" not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        urls = re.findall(r"http://127\.0\.0\.1:\d{4,}", said)
        try:
            yield process, urls[0], urls[-1]
        finally:
            process.kill()


def test_the_page_has_a_port_of_its_own_and_ends_with_the_listener(
    listening: tuple[subprocess.Popen[str], str, str], mpesa: Run, home: Path, clock: Any
) -> None:
    process, callbacks, page = listening
    with httpx.Client(trust_env=False, verify=False) as client:
        for path in ("/", "/pair", "/live", "/owner.css"):  # where a tunnel leads there is none of it
            assert client.get(callbacks + path).status_code == 404
            assert client.get(callbacks + path, headers={"host": "pay.example.co.ke"}).status_code == 404
        assert client.get(f"{page}/pair").status_code == 200
        assert client.get(f"{page}/pair", headers={"host": "pay.example.co.ke"}).status_code == 421
        assert client.post(f"{page}/hooks/stk/{'0' * 32}", content=b"{}").status_code == 405
    made = mpesa("owner", "pair", "--name", "aminas-phone")
    code = re.search(r"Code  (\w{5}-\w{5})", made.stdout)
    assert made.status == 0
    assert code is not None
    assert f"{page}/pair?code={code[1]}" in made.stdout
    assert "▄" in made.stdout
    assert code[1] not in mpesa("owner", "list").stdout
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    gone = mpesa("owner", "pair")
    assert (gone.status, "mpesa listen --owner" in gone.stderr) == (9, True)


def test_what_is_about_the_page_needs_the_page_and_a_public_address_is_refused(mpesa: Run) -> None:
    for option, value in (("--owner-host", "127.0.0.1"), ("--owner-port", "8400")):
        alone = mpesa("listen", option, value)
        assert (alone.status, f"mpesa listen --owner {option} {value}" in alone.stderr) == (2, True)
    public = mpesa("listen", "--port", "0", "--owner", "--owner-port", "0", "--owner-host", "8.8.8.8")
    assert public.status == 10
    assert "never served on 8.8.8.8" in public.stderr


def test_a_port_that_is_taken_is_named_by_its_own_option(mpesa: Run) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused = mpesa("listen", "--port", "0", "--owner", "--owner-port", port)
    assert refused.status == 10
    assert "--owner-port" in refused.stderr


def test_a_name_of_a_browser_is_a_word(mpesa: Run) -> None:
    assert mpesa("owner", "pair", "--name", "<b>").status == 2
