"""Two listeners, cron and a till on one ledger, all of them the real command: nobody is locked out."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cli.loop_parts import Listening, listening
from listener.listening import open_ledger, prompts
from listener.pressing import Callbacks, Pressed, bodies_on_disk, pressing

from mpesa_cli.ledger.audit.ledger import flaws
from mpesa_cli.simulator.server.server import running
from mpesa_cli.simulator.state import Rules

ROUNDS = 4


@pytest.fixture
def environ(home: Path) -> Iterator[dict[str, str]]:
    with running(rules=Rules(speed=20.0, queries_per_minute=None)) as simulator:
        yield {
            "MPESA_HOME": str(home), "MPESA_BASE_URL": simulator.base_url, "MPESA_ENVIRONMENT": "simulator",
            "MPESA_CONSUMER_KEY": "any", "MPESA_CONSUMER_SECRET": "any",
        }


def port_of(listen: Listening) -> int:
    return int(urlsplit(listen.url).port or 0)


def test_two_listeners_cron_and_a_till_share_one_ledger(home: Path, environ: dict[str, str]) -> None:
    said: list[tuple[str, int, str]] = []

    def command(*argv: str, **env: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "mpesa_cli", *argv], capture_output=True, text=True, check=False,
            env={**os.environ, **environ, **env},
        )
        said.append((argv[0], done.returncode, done.stdout + done.stderr))

    with listening(home, environ, "--port", "0") as first, listening(home, environ, "--port", "0") as second:
        ports = (port_of(first), port_of(second))
        ledger_file = next(home.rglob("*.db"))
        with closing(open_ledger(ledger_file)) as ledger:
            callbacks = Callbacks([token for token, _ in prompts(ledger, 1000)])

        def till() -> None:
            for number in range(ROUNDS):
                phone = f"2547000000{number}0"
                command("push", phone, "150", "--order", f"till-{number}", "--no-wait", "--json", APP_URL=first.url)

        def cron() -> None:
            for _ in range(ROUNDS):
                command("reconcile", "--json")

        pressed, busy = Pressed(), [threading.Thread(target=till), threading.Thread(target=cron)]
        with pressing(ports[0], callbacks, pressed, clients=2), pressing(ports[1], callbacks, pressed, clients=2):
            for thread in busy:
                thread.start()
            for thread in busy:
                thread.join()
            pressed.until(200)
        assert (first.stop(), second.stop()) == (0, 0)
        lines = [*first.lines, *first.said, *second.lines, *second.said]

    assert not [text for text in (*lines, *(out for _, _, out in said)) if "locked" in text or "busy" in text.lower()]
    assert {status for name, status, _ in said if name == "push"} == {0}, said
    assert {status for name, status, _ in said if name == "reconcile"} <= {0, 5, 7}, said
    assert not {json.loads(line)["type"] for line in [*first.lines, *second.lines]} & {"unstored", "unsettled"}
    assert set(pressed.statuses) == {200}
    assert pressed.answered <= bodies_on_disk(ledger_file)
    with closing(open_ledger(ledger_file)) as ledger:
        assert not ledger.rows("SELECT 1 FROM callbacks WHERE verdict=''")
        assert list(flaws(ledger)) == []
