"""Results over real sockets: what a listener in a process of its own takes, refuses, keeps and believes."""

import hashlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from initiator_parts import RECEIPT, body, ledger_of, result
from loop_parts import Listening, listening, until

from mpesa_cli.initiator.api_request import ApiRequest, RequestState
from mpesa_cli.initiator.store import Requests, RequestWrites
from mpesa_cli.simulator.initiator_key import InitiatorKey
from mpesa_cli.simulator.server.server import RunningSimulator, running
from mpesa_cli.simulator.state import Rules

LEDGER = "env-simulator"
_ids = iter(range(1, 1000))


@dataclass
class Counter:
    """A shop whose Daraja and listener are processes or threads of their own, reached over HTTP."""

    home: Path
    daraja: RunningSimulator
    listener: Listening
    environ: dict[str, str]

    def post(self, path: str, raw: bytes) -> tuple[int, bytes]:
        request = Request(self.listener.url + path, raw, {"content-type": "application/json"})
        opener = build_opener(ProxyHandler({}))
        opener.addheaders = []
        try:
            with opener.open(request, timeout=20) as reply:
                return reply.status, reply.read()
        except OSError as refused:
            return getattr(refused, "code", 0), refused.read() if hasattr(refused, "read") else b""

    def asked(self, receipt: str = RECEIPT) -> tuple[str, str]:
        """A request of ours that Daraja took: its token and its id."""
        token, request_id = secrets.token_hex(16), f"REQ-{next(_ids)}"
        with ledger_of(self.home, LEDGER) as ledger, ledger.write() as tx:
            request = ApiRequest(request_id, "TransactionStatusQuery", receipt, 1, RequestState.CREATED)
            RequestWrites(tx).open(request, hashlib.sha256(token.encode()).hexdigest())
            RequestWrites(tx).note_answer(request_id, RequestState.ACCEPTED, "", "")
        return token, request_id

    def request(self, request_id: str) -> ApiRequest:
        with ledger_of(self.home, LEDGER) as ledger:
            found = Requests(ledger).request(request_id)
        assert found
        return found

    def bodies(self, request_id: str) -> list[tuple[str, bytes, str]]:
        with ledger_of(self.home, LEDGER) as ledger:
            return ledger.rows(
                "SELECT channel, body, verdict FROM callbacks WHERE payment_id=? ORDER BY received_us", (request_id,)
            )  # type: ignore[return-value]


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory, simulators_key: Path) -> Iterator[Counter]:
    home = tmp_path_factory.mktemp("counter")
    (home / "state").mkdir(mode=0o700)
    (home / "state" / simulators_key.name).write_bytes(simulators_key.read_bytes())
    with running(rules=Rules(speed=10, initiator_key=InitiatorKey(simulators_key))) as daraja:
        environ = {**daraja.environ}
        with listening(home, environ, "--port", "0") as listener:
            environ["APP_URL"] = listener.url
            yield Counter(home, daraja, listener, environ)


def test_a_question_in_one_process_is_answered_through_a_listener_in_another(counter: Counter, cli: Any) -> None:
    environ = {**counter.environ, "MPESA_HOME": str(counter.home)}
    assert cli("c2b-simulate", "254708374149", "150", "--account", "1042", env=environ).status == 0
    record: Any = until(lambda: counter.daraja.record()["c2b"], "the payment")
    receipt = record[0]["trans_id"]
    done = cli("verify", receipt, "--json", "-vv", env=environ)
    told = json.loads(done.stdout)
    assert (done.status, told["verdict"], told["proof"], told["amount"]) == (0, "real", "status", 150), done
    assert "No listener" not in done.stderr
    assert until(lambda: counter.listener.events("result"), "the listener's word")[0]["detail"].endswith("answered")


def test_where_no_listener_runs_that_is_said_and_nothing_is_proven(counter: Counter, cli: Any, home: Path) -> None:
    environ = {**counter.environ, "APP_URL": "http://127.0.0.1:9"}
    done = cli("verify", RECEIPT, "--timeout", "1", env=environ)
    assert done.status == 6
    assert "No listener answers on http://127.0.0.1:9" in done.stderr
    assert "No result came within 1 s." in done.stdout


def test_a_result_is_kept_as_it_came_answered_and_applied(counter: Counter) -> None:
    token, request_id = counter.asked()
    status, answer = counter.post(f"/hooks/result/{token}", result(RECEIPT))
    assert (status, json.loads(answer)) == (200, json.loads(body("async.reply")))
    assert counter.bodies(request_id) == [("result", result(RECEIPT), "applied")]
    request = counter.request(request_id)
    assert request.state is RequestState.ANSWERED
    assert request.result
    assert request.result.facts["receipt"] == RECEIPT


@pytest.mark.parametrize("name", ["transactionstatus.result.failure", "transactionstatus.result.failure.25"])
def test_every_failing_result_is_applied_with_its_code(counter: Counter, name: str) -> None:
    token, request_id = counter.asked()
    assert counter.post(f"/hooks/result/{token}", body(name))[0] == 200
    request = counter.request(request_id)
    assert request.result
    assert request.result.code == str(json.loads(body(name))["Result"]["ResultCode"])


@pytest.mark.parametrize("path", [
    "/hooks/result/" + "0" * 32, "/hooks/timeout/" + "0" * 32, "/hooks/result/", "/hooks/result/" + "0" * 31,
    "/hooks/result/" + "A" * 32, "/hooks/other/" + "0" * 32,
])
def test_a_guessed_address_is_not_found_and_stores_nothing(counter: Counter, path: str) -> None:
    with ledger_of(counter.home, LEDGER) as ledger:
        before = ledger.rows("SELECT count(*) FROM callbacks")
    assert counter.post(path, result(RECEIPT)) == (404, b'{"error":"not found"}')
    with ledger_of(counter.home, LEDGER) as ledger:
        assert ledger.rows("SELECT count(*) FROM callbacks") == before


def test_a_token_of_a_prompt_opens_no_request_and_one_of_a_request_no_prompt(counter: Counter) -> None:
    token, _ = counter.asked()
    assert counter.post(f"/hooks/stk/{token}", body("stk-callback.success"))[0] == 404


def test_the_same_result_again_changes_nothing(counter: Counter) -> None:
    token, request_id = counter.asked()
    for _ in range(3):
        assert counter.post(f"/hooks/result/{token}", result(RECEIPT))[0] == 200
    assert len(counter.bodies(request_id)) == 1
    # The same in other bytes is no contradiction either.
    counter.post(f"/hooks/result/{token}", result(RECEIPT).replace(b": ", b":"))
    assert counter.request(request_id).state is RequestState.ANSWERED


def test_two_results_that_contradict_each_other_are_for_a_person(counter: Counter) -> None:
    for second in (result(RECEIPT, cents=99_900), body("transactionstatus.result.failure")):
        token, request_id = counter.asked()
        counter.post(f"/hooks/result/{token}", result(RECEIPT))
        assert counter.post(f"/hooks/result/{token}", second)[0] == 200
        assert counter.request(request_id).state is RequestState.REVIEW


def test_a_result_about_another_receipt_than_was_asked_is_never_real(counter: Counter, cli: Any) -> None:
    token, request_id = counter.asked("UKO4QAAAAA")
    assert counter.post(f"/hooks/result/{token}", result(RECEIPT))[0] == 200
    assert counter.request(request_id).state is RequestState.REVIEW


def test_a_result_of_another_conversation_is_not_believed(counter: Counter) -> None:
    token, request_id = counter.asked()
    with ledger_of(counter.home, LEDGER) as ledger, ledger.write() as tx:
        RequestWrites(tx).note_answer(request_id, RequestState.ACCEPTED, "AG_20261124_ours", "1-2-3")
    counter.post(f"/hooks/result/{token}", body("transactionstatus.result.success"))
    assert counter.bodies(request_id)[0][2].startswith("unreadable")
    assert counter.request(request_id).state is RequestState.ACCEPTED


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe", b"[" * 5000, b'{"Result":{"ResultCode":1,"ResultCode":0}}', b"{}"])
def test_a_body_that_cant_be_read_is_kept_and_proves_nothing(counter: Counter, raw: bytes) -> None:
    token, request_id = counter.asked()
    assert counter.post(f"/hooks/result/{token}", raw)[0] == 200
    ((_, kept, said),) = counter.bodies(request_id)
    assert (kept, said.split(":")[0]) == (raw, "unreadable")
    assert counter.request(request_id).state is RequestState.ACCEPTED


def test_a_time_out_is_kept_without_its_credential_and_a_result_after_it_is_believed(counter: Counter) -> None:
    token, request_id = counter.asked()
    echo = body("async.timeout.echoed-request")
    assert counter.post(f"/hooks/timeout/{token}", echo)[0] == 200
    assert counter.request(request_id).state is RequestState.TIMED_OUT
    ((channel, kept, _),) = counter.bodies(request_id)
    assert channel == "timeout"
    assert json.loads(echo)["SecurityCredential"].encode() not in kept
    counter.post(f"/hooks/result/{token}", result(RECEIPT))
    assert counter.request(request_id).state is RequestState.ANSWERED


@pytest.mark.parametrize("raw", [b"", b"not json", body("async.timeout.result-form-guess")])
def test_whatever_comes_as_a_time_out_is_one(counter: Counter, raw: bytes) -> None:
    token, request_id = counter.asked()
    assert counter.post(f"/hooks/timeout/{token}", raw)[0] == 200
    assert counter.request(request_id).state is RequestState.TIMED_OUT


def test_one_token_can_store_only_so_much(counter: Counter) -> None:
    token, request_id = counter.asked()
    answers = [counter.post(f"/hooks/result/{token}", b"%d" % n)[0] for n in range(10)]
    assert answers == [200] * 8 + [429] * 2
    assert len(counter.bodies(request_id)) == 8


def test_no_name_and_no_whole_number_of_a_payer_is_in_the_journal(counter: Counter) -> None:
    token, _ = counter.asked()
    counter.post(f"/hooks/result/{token}", result(RECEIPT))
    with ledger_of(counter.home, LEDGER) as ledger:
        told = json.dumps(ledger.rows("SELECT j.facts, p.facts FROM journal j LEFT JOIN journal_private p USING (seq)"))
        told += json.dumps(ledger.rows("SELECT result FROM requests"))
    assert "254708374149" not in told
    assert "KAMAU" not in told.upper()
