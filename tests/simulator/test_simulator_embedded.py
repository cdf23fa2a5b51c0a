"""The simulator inside a process: faults as httpx reports them, callbacks by hand, memory between commands."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from simulated_daraja import PAYS, PUSH, QUERY, SECOND_US, START_US, counting_hex, push_body, query_body
from transports import OfHttpcore

from mpesa_cli.floor.world import World
from mpesa_cli.simulator.embedded import EmbeddedDaraja

READ_TIMEOUT_S = 30.0


class Shop:
    """One command's life: a client on an embedded Daraja whose time is virtual."""

    def __init__(self, path: Path, now_us: int = START_US, seed: int = 0) -> None:
        self.now_us = now_us
        hexes = counting_hex()
        for _ in range(seed):
            hexes(1)
        self.daraja = EmbeddedDaraja(path, World(lambda: self.now_us, self.sleep, hexes))
        self.client = httpx.Client(
            transport=OfHttpcore(self.daraja.transport), base_url="http://127.0.0.1",
            timeout=httpx.Timeout(5, read=READ_TIMEOUT_S),
        )
        self.token = ""
        self.got: list[tuple[str, bytes]] = []

    def sleep(self, seconds: float) -> None:
        self.now_us += int(seconds * SECOND_US)

    def post(self, path: str, body: dict[str, object]) -> httpx.Response:
        if not self.token:
            asked = self.client.get("/oauth/v1/generate?grant_type=client_credentials", auth=("any", "any"))
            self.token = asked.json()["access_token"]
        return self.client.post(path, json=body, headers={"authorization": f"Bearer {self.token}"})

    def push(self, msisdn: str = PAYS, amount: int = 100, **other: object) -> httpx.Response:
        return self.post(PUSH, push_body(msisdn, amount, self.now_us, **other))

    def receive(self, url: str, body: bytes) -> int:
        self.got.append((url, body))
        return 200


@pytest.fixture
def shops(tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    """Shops that share one state file, as commands one after the other do."""
    opened: list[Shop] = []

    def opener(**how: int) -> Shop:
        opened.append(Shop(tmp_path / "simulator.json", seed=1000 * len(opened), **how))
        return opened[-1]

    yield opener
    for shop in opened:
        shop.client.close()


def test_a_push_in_one_command_is_known_and_delivered_in_the_next(shops: Callable[..., Shop]) -> None:
    first = shops()
    ref = first.push().json()["CheckoutRequestID"]
    assert first.daraja.deliver_due(first.receive) == 0

    later = shops(now_us=START_US + 10 * SECOND_US)
    assert later.daraja.next_due_us() == START_US + int(3.5 * SECOND_US)
    assert later.daraja.deliver_due(later.receive) == 1
    assert later.post(QUERY, query_body(ref)).json()["ResultCode"] == "0"
    (url, body), = later.got
    assert url == "http://127.0.0.1:9/hooks/0123456789abcdef"
    assert json.loads(body)["Body"]["stkCallback"]["CheckoutRequestID"] == ref
    assert [charge.ref for charge in later.daraja.charges()] == [ref]


def test_a_token_is_still_good_in_the_next_command(shops: Callable[..., Shop]) -> None:
    first, second = shops(), shops()
    first.push()
    second.token = first.token
    assert second.push("254711111111").status_code == 200


@pytest.mark.parametrize("status", [200, 404, 503])
def test_a_callback_is_handed_over_once_whatever_it_is_answered(shops: Callable[..., Shop], status: int) -> None:
    shop = shops()
    shop.push()
    shop.sleep(5)
    assert shop.daraja.deliver_due(lambda *_: status) == 1
    assert shop.daraja.deliver_due(shop.receive) == 0
    assert shop.daraja.next_due_us() is None
    assert shop.daraja.prompts()[0]["callbacks"][0]["status"] == status


def test_a_receiver_that_fails_loses_that_callback_and_no_other(shops: Callable[..., Shop]) -> None:
    shop = shops()
    shop.push()
    shop.sleep(5)

    def fails(*_: object) -> int:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        shop.daraja.deliver_due(fails)
    assert shop.daraja.deliver_due(shop.receive) == 0
    assert len(shop.daraja.charges()) == 1


def test_a_receiver_may_talk_to_daraja_while_it_receives(shops: Callable[..., Shop]) -> None:
    shop = shops()
    ref = shop.push().json()["CheckoutRequestID"]
    shop.sleep(5)
    codes: list[str] = []

    def asks(*_: object) -> int:
        codes.append(shop.post(QUERY, query_body(ref)).json()["ResultCode"])
        return 200

    assert shop.daraja.deliver_due(asks) == 1
    assert codes == ["0"]


@pytest.mark.parametrize(("msisdn", "error", "charged"), [
    ("254722200001", httpx.ReadTimeout, True),
    ("254722200017", httpx.ReadTimeout, True),
    ("254722200002", httpx.ReadError, False),
    ("254722200023", httpx.RemoteProtocolError, True),
])
def test_faults_look_as_a_network_would_show_them(
    shops: Callable[..., Shop], msisdn: str, error: type[Exception], charged: bool
) -> None:
    shop = shops()
    with pytest.raises(error):
        shop.push(msisdn)
    shop.sleep(10)
    assert len(shop.daraja.charges()) == int(charged)


def test_a_slow_answer_takes_its_time(shops: Callable[..., Shop]) -> None:
    shop = shops()
    assert shop.push("254722200012").status_code == 200
    assert shop.now_us == START_US + 10 * SECOND_US


def test_a_caller_who_waits_less_than_the_answer_takes_sees_a_time_out(shops: Callable[..., Shop]) -> None:
    shop = shops()
    shop.client.timeout = httpx.Timeout(4)
    with pytest.raises(httpx.ReadTimeout):
        shop.push("254722200012")
    assert shop.now_us == START_US + 4 * SECOND_US
    assert len(shop.daraja.prompts()) == 1


def test_a_callback_that_overtakes_its_answer_arrives_before_it(shops: Callable[..., Shop]) -> None:
    shop = shops()
    answered: list[bool] = []
    shop.daraja.receive = lambda url, body: answered.append(False) or shop.receive(url, body)
    shop.push("254722200006")
    answered.append(True)
    assert answered == [False, True]


def test_a_memory_that_cannot_be_written_accepts_nothing(shops: Callable[..., Shop], tmp_path: Path) -> None:
    shop = shops()
    shop.push()
    in_the_way = tmp_path / f".simulator.json.{os.getpid()}.new"
    in_the_way.mkdir()
    with pytest.raises(httpx.ConnectError, match="can't write"):
        shop.push("254711111111")
    in_the_way.rmdir()
    assert len(shop.daraja.prompts()) == 1


def test_moving_the_clock_makes_slow_things_due_and_is_remembered(shops: Callable[..., Shop], tmp_path: Path) -> None:
    shop = shops()
    shop.push("254722200005")
    assert shop.daraja.deliver_due(shop.receive) == 0
    assert shop.daraja.advance(181) == 181.0
    assert "test clock" in json.loads((tmp_path / "simulator.json").read_text())["clock"]
    later = shops()
    assert later.daraja.next_due_us() == START_US - int(0.5 * SECOND_US)
    assert later.daraja.deliver_due(later.receive) == 1


def test_a_validation_is_answered_through_the_receiver(shops: Callable[..., Shop]) -> None:
    shop = shops()
    shop.post("/mpesa/c2b/v2/registerurl", {
        "ShortCode": "600984", "ResponseType": "Cancelled", "ConfirmationURL": "http://127.0.0.1/c",
        "ValidationURL": "http://127.0.0.1/v",
    })
    shop.post("/mpesa/c2b/v2/simulate", {
        "ShortCode": "600984", "CommandID": "CustomerPayBillOnline", "Amount": 10, "Msisdn": PAYS,
        "BillRefNumber": "A-1",
    })
    urls: list[str] = []

    def receive(url: str, _body: bytes) -> tuple[int, bytes]:
        urls.append(url)
        return 200, b'{"ResultCode":"0"}'

    for _ in range(3):
        shop.sleep(1)
        shop.daraja.deliver_due(receive)
    assert urls == ["http://127.0.0.1/v", "http://127.0.0.1/c"]
    assert len(shop.daraja.charges()) == 1
