"""The simulator over real sockets: faults as a real client meets them, callbacks as a real receiver does."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from simulated_daraja import PAYS, PUSH, QUERY, payload, push_body, query_body, shape

from mpesa_cli.floor.errors import InvalidInput, SettingsError
from mpesa_cli.simulator.chaos import Chaos
from mpesa_cli.simulator.loopback import listen
from mpesa_cli.simulator.scenarios import all_scenarios
from mpesa_cli.simulator.server import server
from mpesa_cli.simulator.server.server import RunningSimulator, running
from mpesa_cli.simulator.store import FileStore

FAST = 100.0


class Merchant:
    """A real HTTP receiver on loopback that keeps what it gets."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, object]]] = []
        self.answer: tuple[int, bytes] = (200, b'{"ResultCode":0,"ResultDesc":"Accepted"}')
        self.pause_s = 0.0
        merchant = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                time.sleep(merchant.pause_s)
                merchant.got.append((self.path, json.loads(body)))
                status, answer = merchant.answer
                self.send_response(status)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hooks/0123456789abcdef"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Shop:
    """A merchant's real HTTP client with a token."""

    def __init__(self, base_url: str) -> None:
        self.client = httpx.Client(base_url=base_url, timeout=5, trust_env=False)
        path = "/oauth/v1/generate?grant_type=client_credentials"
        self.token = self.client.get(path, auth=("any", "any")).json()["access_token"]

    def post(self, path: str, body: object) -> httpx.Response:
        return self.client.post(path, json=body, headers={"authorization": f"Bearer {self.token}"})

    def push(self, msisdn: str, amount: int = 100, **other: object) -> httpx.Response:
        return self.post(PUSH, push_body(msisdn, amount, **other))


def eventually(true: Callable[[], object]) -> None:
    """Wait for what another thread does; gives up after ten seconds."""
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.005)


@pytest.fixture
def merchant() -> Iterator[Merchant]:
    merchant = Merchant()
    yield merchant
    merchant.close()


@pytest.fixture
def simulator() -> Iterator[RunningSimulator]:
    with running(speed=FAST) as simulator:
        yield simulator


@pytest.fixture
def shop(simulator: RunningSimulator) -> Iterator[Shop]:
    shop = Shop(simulator.base_url)
    yield shop
    shop.client.close()


def test_a_push_is_answered_paid_and_called_back(simulator: RunningSimulator, shop: Shop, merchant: Merchant) -> None:
    answer = shop.push(PAYS, CallBackURL=merchant.url)
    assert shape(answer.json()) == shape(payload("stkpush.response.ok"))
    eventually(lambda: merchant.got)
    path, body = merchant.got[0]
    assert path == "/hooks/0123456789abcdef"
    assert shape(body) == shape(payload("stk-callback.success"))
    ref = answer.json()["CheckoutRequestID"]
    assert shop.post(QUERY, query_body(ref)).json()["ResultCode"] == "0"
    assert [charge.ref for charge in simulator.charges()] == [ref]
    eventually(lambda: simulator.prompts()[0]["callbacks"][0]["status"] == 200)  # type: ignore[index]


@pytest.mark.parametrize(("msisdn", "errors", "charged"), [
    ("254722200001", (httpx.ReadError, httpx.RemoteProtocolError), True),
    ("254722200002", (httpx.ReadError, httpx.RemoteProtocolError), False),
    ("254722200017", (httpx.ReadError, httpx.RemoteProtocolError), True),
    ("254722200023", (httpx.ReadError, httpx.RemoteProtocolError), True),
])
def test_a_broken_connection_is_really_broken(
    simulator: RunningSimulator, shop: Shop, caplog: pytest.LogCaptureFixture,
    msisdn: str, errors: tuple[type[Exception], ...], charged: bool,
) -> None:
    with pytest.raises(errors):
        shop.push(msisdn)
    if charged:
        eventually(simulator.charges)
    assert len(simulator.prompts()) == int(charged)
    assert caplog.text == ""


def test_half_an_answer_is_announced_whole(simulator: RunningSimulator, shop: Shop) -> None:
    host, port = simulator.base_url.removeprefix("http://").split(":")
    body = json.dumps(push_body("254722200023")).encode()
    head = (
        f"POST {PUSH} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {shop.token}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(head.encode() + body)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    answered_head, half = received.split(b"\r\n\r\n", 1)
    announced = int(answered_head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    assert half.startswith(b'{"MerchantRequestID"')
    assert len(half) == announced // 2


@pytest.mark.parametrize(("msisdn", "status", "words"), [
    ("254722200007", 503, "Application is not available"), ("254722200008", 403, "Incapsula"),
    ("254722200009", 400, ""), ("254722200010", 500, "Spike Arrest"), ("254722200011", 404, "404.001.03"),
    ("254722200013", 500, "lock subscriber"), ("254722200020", 500, "System is busy"),
    ("254722200021", 500, "500.003.03"), ("254722200022", 500, "500.003.1001"), ("254722200028", 200, "<html>"),
    ("254722200029", 429, "faultstring"), ("254722200030", 500, "Merchant does not exist"),
])
def test_an_answer_that_is_no_success_arrives_as_it_is(shop: Shop, msisdn: str, status: int, words: str) -> None:
    answer = shop.push(msisdn)
    assert answer.status_code == status
    assert words in answer.text
    assert (answer.text == "") is (words == "")


def test_a_slow_answer_outlasts_a_short_time_out(simulator: RunningSimulator, shop: Shop) -> None:
    with pytest.raises(httpx.ReadTimeout):
        shop.client.post(
            PUSH, json=push_body("254722200012"), headers={"authorization": f"Bearer {shop.token}"},
            timeout=httpx.Timeout(5, read=0.03),
        )
    assert len(simulator.prompts()) == 1


def test_a_callback_overtakes_its_answer_however_slow_its_receiver_is(shop: Shop, merchant: Merchant) -> None:
    merchant.pause_s = 0.1
    answer = shop.push("254722200006", CallBackURL=merchant.url)
    arrived_before = len(merchant.got)
    assert answer.status_code == 200
    assert arrived_before == 1


def test_a_doubled_callback_arrives_twice_and_a_lost_one_never(shop: Shop, merchant: Merchant) -> None:
    shop.push("254722200003", CallBackURL=merchant.url + "/lost")
    shop.push("254722200004", CallBackURL=merchant.url + "/double")
    eventually(lambda: len(merchant.got) == 2)
    assert [path.rsplit("/", 1)[1] for path, _ in merchant.got] == ["double", "double"]
    assert merchant.got[0] == merchant.got[1]


def test_a_callback_is_sent_once_whatever_it_is_answered(
    simulator: RunningSimulator, shop: Shop, merchant: Merchant
) -> None:
    merchant.answer = (503, b"")
    shop.push(PAYS, CallBackURL=merchant.url)
    eventually(lambda: simulator.prompts()[0]["callbacks"][0]["status"] == 503)  # type: ignore[index]
    simulator.advance(600)
    shop.push("254711111111", CallBackURL=merchant.url + "/other")
    eventually(lambda: len(merchant.got) == 2)
    assert merchant.got[1][0].endswith("/other")


def test_a_callback_to_nobody_is_noted_as_unanswered(simulator: RunningSimulator, shop: Shop) -> None:
    with listen(0) as reserved:
        port = reserved.getsockname()[1]
    shop.push(PAYS, CallBackURL=f"http://127.0.0.1:{port}/x")
    eventually(lambda: simulator.prompts()[0]["callbacks"][0]["status"] == 0)  # type: ignore[index]
    assert len(simulator.charges()) == 1


def test_the_clock_can_be_moved_over_http(merchant: Merchant) -> None:
    with running() as simulator:
        shop = Shop(simulator.base_url)
        shop.push("254722200005", CallBackURL=merchant.url)
        moved = shop.client.post("/simulator/clock", json={"advance_s": 200})
        assert moved.json() == {"clock_ahead_s": 200.0}
        assert len(merchant.got) == 1
        for wrong in ({"advance_s": -1}, {"advance_s": "1"}, {}, [], {"advance_s": True}):
            assert shop.client.post("/simulator/clock", json=wrong).status_code == 400
        assert shop.client.post("/simulator/clock", content=b"{").status_code == 400
        shop.client.close()


def test_the_record_tells_what_was_charged_and_what_callbacks_were_answered(shop: Shop, merchant: Merchant) -> None:
    shop.push(PAYS, 70, CallBackURL=merchant.url, AccountReference="A-7")
    shop.push("254700001032", 80, CallBackURL=merchant.url)
    eventually(lambda: len(merchant.got) == 2)

    def record() -> dict[str, list[dict[str, object]]]:
        return shop.client.get("/simulator/prompts").json()

    eventually(lambda: all(row["callbacks"][0]["status"] for row in record()["prompts"]))  # type: ignore[index]
    found = record()
    assert [(row["amount"], row["charged"]) for row in found["prompts"]] == [(70, True), (80, False)]
    assert [(row["account_reference"], row["amount_cents"]) for row in found["charges"]] == [("A-7", 7000)]


def test_scenarios_are_listed_over_http(shop: Shop) -> None:
    listed = shop.client.get("/simulator/scenarios").json()
    assert [row["msisdn"] for row in listed] == [row.msisdn for row in all_scenarios()]


def test_c2b_over_http_validates_confirms_and_charges_once(
    simulator: RunningSimulator, shop: Shop, merchant: Merchant
) -> None:
    merchant.answer = (200, b'{"ResultCode":"0","ResultDesc":"Accepted","ThirdPartyTransID":"V-1"}')
    urls = {"ConfirmationURL": merchant.url + "/confirm", "ValidationURL": merchant.url + "/validate"}
    shop.post("/mpesa/c2b/v2/registerurl", {"ShortCode": "600984", "ResponseType": "Cancelled", **urls})
    shop.post("/mpesa/c2b/v2/simulate", payload("c2b-simulate.request.paybill"))
    eventually(lambda: len(merchant.got) == 2)
    assert [path.rsplit("/", 1)[1] for path, _ in merchant.got] == ["validate", "confirm"]
    assert merchant.got[1][1]["ThirdPartyTransID"] == "V-1"
    assert len(simulator.charges()) == 1


def test_a_large_body_reads_as_empty(shop: Shop) -> None:
    answer = shop.push(PAYS, AccountReference="x" * 70_000)
    assert answer.json()["errorMessage"] == "Bad Request - Invalid BusinessShortCode"


def test_a_state_in_a_file_outlives_the_server(tmp_path: Path) -> None:
    for msisdn in (PAYS, "254711111111"):
        with running(store=FileStore(tmp_path / "simulator.json")) as simulator:
            shop = Shop(simulator.base_url)
            shop.push(msisdn, CallBackURL="http://127.0.0.1:9/x")
            shop.client.close()
            prompts = simulator.prompts()
    assert [row["msisdn"] for row in prompts] == [PAYS, "254711111111"]


def test_one_line_a_request_and_callback_holds_no_number_and_no_secret(merchant: Merchant) -> None:
    lines: list[str] = []
    with running(speed=FAST, say=lines.append) as simulator:
        shop = Shop(simulator.base_url)
        shop.push(PAYS, CallBackURL=merchant.url)
        eventually(lambda: any("callback" in line for line in lines))
        shop.client.close()
    text = "\n".join(lines)
    assert len(lines) == 3
    assert "push 0708•••149 KES 100: HTTP 200" in text
    assert "result 0, to http://127.0.0.1:" in text
    for hidden in (PAYS, "708374149", "0123456789abcdef", shop.token):
        assert hidden not in text


def test_chaos_draws_the_same_luck_from_the_same_seed_in_about_the_shares_asked() -> None:
    pays = next(row for row in all_scenarios() if row.name == "pays")
    drawn = [Chaos(7).apply(pays, serial) for serial in range(4000)]
    assert drawn == [Chaos(7).apply(pays, serial) for serial in range(4000)]
    assert drawn != [Chaos(8).apply(pays, serial) for serial in range(4000)]
    shares = [
        sum(row.answer != pays.answer for row in drawn), sum(row.code != "0" for row in drawn),
        sum(row.callbacks_s == () for row in drawn), sum(len(row.callbacks_s) == 2 for row in drawn),
    ]
    assert shares == pytest.approx([200, 400, 600, 400], rel=0.15)


def test_chaos_reaches_ordinary_numbers_and_leaves_the_others_alone(merchant: Merchant) -> None:
    all_goes_wrong = Chaos(1, lose_answer=1.0, lose_callback=1.0, double_callback=0, fail=1.0)
    with running(speed=FAST, chaos=all_goes_wrong) as simulator:
        shop = Shop(simulator.base_url)
        with pytest.raises(httpx.TransportError):
            shop.push("254712000001", CallBackURL=merchant.url)
        assert shop.push("254722200012", CallBackURL=merchant.url).status_code == 200
        shop.client.close()
        spoilt, ordinary = simulator.prompts()
    assert (spoilt["callbacks"], spoilt["result_code"] != "0") == ([], True)
    assert ordinary["result_code"] == "0"


def test_a_server_that_is_not_ready_in_time_is_said_and_ends_when_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "STARTS_WITHIN_S", 0)
    with pytest.raises(RuntimeError, match="did not start"), running():
        pass
    assert not [each for each in threading.enumerate() if each.name == "daraja-simulator"]


def test_a_port_in_use_and_a_port_that_is_none_are_told_apart() -> None:
    with listen(0) as taken:
        with pytest.raises(SettingsError) as refused:
            listen(taken.getsockname()[1])
        assert refused.value.code == "port-in-use"
        assert "--port" in refused.value.hint
    with pytest.raises(InvalidInput):
        listen(70_000)
