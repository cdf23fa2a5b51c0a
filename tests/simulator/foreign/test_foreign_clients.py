"""Other people's clients read every answer of the simulator's initiator APIs, and its results.

``pytest -m foreign``. They are installed into a temporary place from PyPI and npm; what can't be had is skipped aloud.
"""

import http.server
import json
import shutil
import subprocess
import sys
import threading
import time
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

HERE = Path(__file__).parent
sys.path.insert(1, str(HERE.parent))

from initiator_desk import credential, key
from simulated_daraja import PUSH, payload, push_body

from mpesa_cli.simulator.server.server import RunningSimulator, running
from mpesa_cli.simulator.state import Rules

pytestmark = [pytest.mark.foreign, pytest.mark.timeout(900)]
# Pinned: a new release is to be looked at, not to fail an old commit. MIT all.
PYTHON = {"mpesakit": "mpesakit==2.2.0", "daraja-v3": "daraja-v3==0.2.1", "noriapay": "noriapay==0.1.1"}
NODE = "mpesa-api@3.0.2"
ANSWERS = {
    "mpesakit": {"balance", "reversal", "b2c v3", "b2b", "tax", "qr"},
    "daraja-v3": {"balance", "b2c v3"},
    "noriapay": {"balance", "reversal", "b2c v1", "b2b"},
    "mpesa-api": {"balance", "reversal", "b2c v1"},
}


class Sink:
    """An address that takes results."""

    def __init__(self) -> None:
        got: list[dict[str, Any]] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                got.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self.got = got
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    made = Sink()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with running(rules=Rules(speed=20, initiator_key=key())) as served:
        yield served


def paid(served: RunningSimulator) -> str:
    """The receipt of KES 150 that was just paid."""
    with httpx.Client(base_url=served.base_url, trust_env=False) as client:
        token = client.get("/oauth/v1/generate?grant_type=client_credentials", auth=("k", "s")).json()["access_token"]
        before = {charge.receipt for charge in served.charges()}
        served.advance(200)
        client.post(PUSH, json=push_body(amount=150), headers={"authorization": f"Bearer {token}"}).raise_for_status()
    served.advance(10)
    (receipt,) = {charge.receipt for charge in served.charges()} - before
    return receipt


@pytest.fixture(scope="module")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has the foreign clients; their licence keeps them out of ours."""
    folder = tmp_path_factory.mktemp("foreign")
    venv.create(folder, with_pip=True)
    done = subprocess.run([str(folder / "bin" / "pip"), "install", "-q", *PYTHON.values()], capture_output=True,
                          text=True, check=False)
    if done.returncode:
        pytest.skip(f"foreign clients can't be installed here: {done.stderr[-300:]}")
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("node")
    if not shutil.which("npm"):
        pytest.skip("no npm here: npm's mpesa-api is not tried")
    done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), NODE],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mpesa-api can't be installed here: {done.stderr[-300:]}")
    shutil.copy(HERE / "drive_node.js", folder)
    return folder


def drive(command: list[str], told: dict[str, Any], cwd: Path) -> dict[str, Any]:
    done = subprocess.run(command, input=json.dumps(told), capture_output=True, text=True, check=False, cwd=cwd)
    assert done.returncode == 0, done.stderr[-2_000:]
    return json.loads(done.stdout)


def questions(served: RunningSimulator, sink: Sink, client: str) -> dict[str, Any]:
    return {"client": client, "base": served.base_url, "credential": credential("right"), "sink": sink.url,
            "receipt": paid(served)}


@pytest.mark.parametrize("client", list(PYTHON))
def test_a_python_client_reads_every_acknowledgement(
    simulator: RunningSimulator, sink: Sink, interpreter: Path, client: str, tmp_path: Path
) -> None:
    said = drive([str(interpreter), str(HERE / "drive_python.py")], questions(simulator, sink, client), tmp_path)
    assert said == dict.fromkeys(ANSWERS[client], True)


def test_npm_s_client_reads_every_acknowledgement(
    simulator: RunningSimulator, sink: Sink, node_folder: Path
) -> None:
    said = drive(["node", "drive_node.js"], questions(simulator, sink, "mpesa-api"), node_folder)
    assert said == dict.fromkeys(ANSWERS["mpesa-api"], True)


EXAMPLES = {"balance": "accountbalance.result.success", "reversal": "reversal.result.success",
            "b2c": "b2c.result.success", "b2b": "b2b.result.success", "tax": "b2b.result.success"}


def results_by_api(simulator: RunningSimulator, sink: Sink) -> dict[str, dict[str, Any]]:
    """The last result that came of each API."""
    requests = {row["conversation_id"]: row for row in simulator.record()["requests"]}  # type: ignore[union-attr]
    came = {}
    for document in list(sink.got):
        row = requests[document["Result"]["ConversationID"]]
        tax = row["asked"].get("CommandID") == "PayTaxToKRA"
        came["tax" if tax else row["api"]] = document
    return came


def test_mpesakit_reads_every_result_that_it_can_read_in_the_documented_form(
    simulator: RunningSimulator, sink: Sink, interpreter: Path, tmp_path: Path
) -> None:
    sink.got.clear()
    script = [str(interpreter), str(HERE / "drive_python.py")]
    drive(script, questions(simulator, sink, "mpesakit") | {"client": "mpesakit"}, tmp_path)
    simulator.advance(30)
    until, came = time.monotonic() + 30, results_by_api(simulator, sink)
    while len(came) < 5 and time.monotonic() < until:  # one of an earlier client may come among them
        time.sleep(0.1)
        came = results_by_api(simulator, sink)
    assert set(came) == {"balance", "reversal", "b2c", "b2b", "tax"}
    asked = questions(simulator, sink, "results")
    said = drive(script, {**asked, "results": came}, tmp_path)
    documented = drive(script, {**asked, "results": {api: payload(name) for api, name in EXAMPLES.items()}}, tmp_path)
    assert {api for api, read in said.items() if read is True} == {
        api for api, read in documented.items() if read is True} == {"balance", "b2b", "tax"}
