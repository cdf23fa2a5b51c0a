"""The memory in a file: private, whole, shared by processes, and set aside where it is broken."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from simulated_daraja import START_US, VirtualDaraja

from mpesa_cli.simulator.state import Rules, State
from mpesa_cli.simulator.state_json import UnreadableStateError, from_document, to_document
from mpesa_cli.simulator.store import FileStore, MemoryStore

PUSHES = 25
HERE = Path(__file__).parent

PUSH_MANY = """
import sys
from pathlib import Path
import httpx
from simulated_daraja import push_body
from transports import OfHttpcore
from mpesa_cli.floor.world import World
from mpesa_cli.simulator.embedded import EmbeddedDaraja

path, first, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
daraja = EmbeddedDaraja(path, World(sleep=lambda _: None))
with httpx.Client(transport=OfHttpcore(daraja.transport), base_url="http://127.0.0.1") as client:
    token = client.get("/oauth/v1/generate?grant_type=client_credentials", auth=("a", "b")).json()["access_token"]
    for n in range(first, first + count):
        answer = client.post("/mpesa/stkpush/v1/processrequest", json=push_body(f"2547112{n:05d}", 10),
                             headers={"authorization": f"Bearer {token}"})
        print(answer.json()["CheckoutRequestID"], flush=True)
"""


def document_of(daraja: VirtualDaraja) -> dict[str, object]:
    return json.loads(json.dumps(to_document(daraja.state)))


def busy_daraja() -> VirtualDaraja:
    daraja = VirtualDaraja()
    daraja.post("/mpesa/c2b/v2/registerurl", {
        "ShortCode": "174379", "ResponseType": "Completed", "ConfirmationURL": "http://a.example/c",
        "ValidationURL": "http://a.example/v",
    })
    daraja.post("/mpesa/c2b/v2/simulate", {
        "ShortCode": "174379", "CommandID": "CustomerPayBillOnline", "Amount": 5, "Msisdn": "254708374149",
        "BillRefNumber": "A",
    })
    daraja.query(daraja.accepted("254722200031"))
    daraja.push("254722200010")
    daraja.run(1)
    return daraja


def test_a_state_comes_back_from_its_document_as_it_was() -> None:
    daraja = busy_daraja()
    again = from_document(document_of(daraja), daraja.state.rules)
    assert again == daraja.state
    assert again.unsent
    assert again.unsettled_c2b


@pytest.mark.parametrize("broken", [
    None, [], {}, {"version": 2}, {"version": 1}, "prompts", "prompt-field", "c2b-field",
])
def test_a_document_of_another_form_is_refused(broken: object) -> None:
    document: object = broken
    if isinstance(broken, str):
        document = document_of(busy_daraja())
        if broken == "prompts":
            document["prompts"] = 5
        elif broken == "prompt-field":
            document["prompts"][0]["colour"] = "red"
        else:
            del document["c2b"][0]["bill_ref"]
    with pytest.raises(UnreadableStateError):
        from_document(document, Rules())


def test_no_key_or_token_is_in_the_document() -> None:
    daraja = VirtualDaraja()
    token = daraja.fresh_token("canary-key-4711")
    text = json.dumps(document_of(daraja))
    assert "canary" not in text
    assert token not in text


def test_a_change_is_kept_when_the_block_ends_and_dropped_when_it_raises(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "deep" / "simulator.json")
    with store.change() as state:
        state.serial = 7
    with pytest.raises(RuntimeError, match="half-way"), store.change() as state:  # noqa: PT012 - the block is the point
        state.serial = 8
        raise RuntimeError("half-way")
    with store.read() as state:
        assert state.serial == 7


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "simulator.json"
    with FileStore(path).change():
        pass
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("rubbish", [b"", b"{", b"\xff\xfe", b'{"version": 99}', b"[" * 100_000])
def test_a_corrupt_file_is_set_aside_whole_and_a_fresh_one_begun(tmp_path: Path, rubbish: bytes) -> None:
    path = tmp_path / "simulator.json"
    for number in (1, 2):
        path.write_bytes(rubbish)
        with FileStore(path).change() as state:
            assert state == State()
        assert (tmp_path / f"simulator.json.corrupt-{number}").read_bytes() == rubbish
        assert json.loads(path.read_bytes())["version"] == 1


def test_reading_a_corrupt_file_leaves_it_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "simulator.json"
    path.write_bytes(b"{")
    with FileStore(path).read() as state:
        assert state == State()
    assert path.read_bytes() == b"{"


def test_two_processes_at_once_record_every_prompt_under_its_own_id(tmp_path: Path) -> None:
    path = tmp_path / "simulator.json"
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parent), str(HERE.parent.parent)])}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PUSH_MANY, str(path), str(first), str(PUSHES)],
            stdout=subprocess.PIPE, text=True, env=environ,
        )
        for first in (0, 1000)
    ]
    answered = [line for process in started for line in process.communicate(timeout=60)[0].split()]
    assert [process.returncode for process in started] == [0, 0]
    with FileStore(path).read() as state:
        assert sorted(state.prompts) == sorted(answered)
        assert len(set(answered)) == 2 * PUSHES
        assert len(state.receipts) == state.serial == 2 * PUSHES


def test_memory_keeps_one_state_for_all_threads() -> None:
    store = MemoryStore(Rules(speed=3.0))
    with store.change() as state:
        state.clock_offset_us = START_US
    with store.read() as state:
        assert (state.clock_offset_us, state.rules.speed) == (START_US, 3.0)
