"""`mpesa simulator serve|scenarios|clock` as people run them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from simulated_daraja import PUSH, push_body

from mpesa_cli.simulator.loopback import listen
from mpesa_cli.simulator.scenarios import all_scenarios

REPOSITORY = Path(__file__).parent.parent.parent


@pytest.fixture
def serve(home: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the real server in a process of its own."""
    started: list[subprocess.Popen[str]] = []

    def start(*argv: str) -> subprocess.Popen[str]:
        started.append(subprocess.Popen(
            [sys.executable, "-m", "mpesa_cli", "simulator", "serve", *argv],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=REPOSITORY,
            env={**os.environ, "MPESA_HOME": str(home)},
        ))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def free_port() -> str:
    with listen(0) as reserved:
        return str(reserved.getsockname()[1])


def read_until(process: subprocess.Popen[str], words: str) -> list[str]:
    lines: list[str] = []
    assert process.stderr is not None
    while not lines or words not in lines[-1]:
        line = process.stderr.readline()
        assert line, f"the server ended: {lines}"
        lines.append(line.rstrip("\n"))
    return lines


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_says_how_to_use_it_reports_each_request_and_stops_cleanly(
    serve: Callable[..., subprocess.Popen[str]], number: signal.Signals
) -> None:
    port = free_port()
    process = serve("--port", port, "--speed", "100")
    ready = "\n".join(read_until(process, "Ctrl-C"))
    base_url = f"http://127.0.0.1:{port}"
    for line in (
        f"export MPESA_BASE_URL={base_url}", "export MPESA_ENVIRONMENT=simulator", "export MPESA_CONSUMER_KEY=any",
        "export MPESA_CONSUMER_SECRET=any",
    ):
        assert f"  {line}\n" in ready
    with httpx.Client(base_url=base_url, trust_env=False) as client:
        asked = client.get("/oauth/v1/generate?grant_type=client_credentials", auth=("any", "any"))
        bearer = {"authorization": f"Bearer {asked.json()['access_token']}"}
        assert client.post(PUSH, json=push_body(), headers=bearer).status_code == 200
    assert "push 0708•••149 KES 100: HTTP 200" in read_until(process, "push")[-1]
    assert "callback, result 0," in read_until(process, "callback")[-1]
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=20)
    assert (process.returncode, stdout, stderr) == (0, "", "")


def test_serve_on_a_taken_port_says_what_to_do(cli: Callable[..., object]) -> None:
    with listen(0) as taken:
        port = taken.getsockname()[1]
        result = cli("simulator", "serve", "--port", str(port))
    assert result.status == 10
    assert f"Port {port} is in use" in result.stderr
    assert "mpesa simulator serve --port" in result.stderr


@pytest.mark.parametrize("speed", ["0", "-1", "nan", "5000"])
def test_serve_refuses_a_speed_that_makes_no_sense(mpesa: Callable[..., object], speed: str) -> None:
    result = mpesa("simulator", "serve", "--speed", speed)
    assert (result.status, result.stdout) == (2, "")


def test_scenarios_lists_every_number_and_what_is_not_proven(mpesa: Callable[..., object]) -> None:
    result = mpesa("simulator", "scenarios")
    assert result.status == 0
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert [row[0] for row in rows] == [row.msisdn for row in all_scenarios()]
    assert all(len(row) == 6 and all(row) for row in rows)
    assert "does not prove" in result.stderr


def test_scenarios_as_json_is_one_array(mpesa: Callable[..., object]) -> None:
    rows = json.loads(mpesa("simulator", "scenarios", "--json").stdout)
    assert {row["msisdn"]: row["code"] for row in rows}["254711111111"] == "1"


def test_the_scenarios_of_an_initiator_have_a_name_each_and_are_a_list_of_their_own(
    mpesa: Callable[..., object],
) -> None:
    rows = json.loads(mpesa("simulator", "scenarios", "--initiator", "--json").stdout)
    assert [row["name"] for row in rows] == list({row["name"]: 1 for row in rows})
    table = [line.split("\t") for line in mpesa("simulator", "scenarios", "--initiator").stdout.splitlines()]
    assert [line[0] for line in table] == [row["name"] for row in rows]


def test_the_clock_command_moves_the_embedded_simulator_and_says_so(mpesa: Callable[..., object], home: Path) -> None:
    assert mpesa("simulator", "clock", "--advance", "60").status == 0
    result = mpesa("simulator", "clock", "--advance", "120", "--json")
    assert json.loads(result.stdout) == {"environment": "simulator", "clock_ahead_s": 180}
    written = json.loads((home / "state" / "simulator.json").read_text())
    assert written["clock_offset_us"] == 180_000_000
    assert "test clock" in written["clock"]


@pytest.mark.parametrize("advance", ["0", "-5", "999999999999"])
def test_the_clock_only_goes_forward_and_not_for_ever(mpesa: Callable[..., object], home: Path, advance: str) -> None:
    assert mpesa("simulator", "clock", "--advance", advance).status == 2
    assert not (home / "state" / "simulator.json").exists()


def test_a_late_payment_is_paid_once_the_clock_was_moved(mpesa: Callable[..., object]) -> None:
    assert mpesa("push", "254722200005", "100", "--order", "late-1", "--no-wait").status == 0
    assert mpesa("status", "late-1").status == 8
    mpesa("simulator", "clock", "--advance", "181")
    assert mpesa("status", "late-1").status == 0
