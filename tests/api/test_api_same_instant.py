"""A till and a website that take money for one order at the same instant: one prompt, and both say so."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from api_bench import served
from daraja_servers import loopback
from forked import Nursery, nursery
from shopkeeper import takes_every_prompt
from test_api_outcomes import SANDBOX

ROUNDS = 15


@pytest.fixture
def till() -> Iterator[Nursery]:
    with nursery() as opened:
        yield opened


def test_the_terminal_and_the_api_push_one_order_at_once_and_send_one_prompt(home: Path, till: Nursery) -> None:
    with loopback(takes_every_prompt()) as daraja, served(home, {**SANDBOX, "MPESA_BASE_URL": daraja.url}) as shop:
        environ = {**shop.environ, "PATH": "/usr/bin:/bin", "TERM": "dumb"}
        with shop.client() as client, ThreadPoolExecutor(2) as pool:
            for number in range(ROUNDS):
                together = threading.Barrier(2)
                order, phone = f"both-{number}", f"2547120004{number:02d}"
                body = {"orderId": order, "phoneNumber": phone, "amount": 100}
                # A forked command needs some ten milliseconds to come as far as a call does at once.
                later_s = 0.004 * number

                def over_http(together: threading.Barrier = together, body: object = body, later_s: float = later_s) \
                        -> httpx.Response:
                    together.wait()
                    threading.Event().wait(later_s)
                    return client.post("/payments/initiate", json=body)

                calling = pool.submit(over_http)
                together.wait()
                ended = till.run(["push", phone, "100", "--order", order, "--no-wait", "--json"], environ)
                answer = calling.result()
                assert answer.status_code in {200, 202}, answer.text
                assert ended.status in {0, 8}, ended
                assert answer.json()["payment_id"] == ended.json["payment_id"]
                assert len(daraja.posts) == number + 1, order


def test_one_call_repeated_in_parallel_sends_one_prompt(home: Path) -> None:
    with (
        loopback(takes_every_prompt()) as daraja,
        served(home, {**SANDBOX, "MPESA_BASE_URL": daraja.url, "MPESA_API_RATE_PER_PHONE": "99"}) as shop,
        shop.client() as client,
        ThreadPoolExecutor(8) as pool,
    ):
        for number in range(5):
            body = {"orderId": f"many-{number}", "phoneNumber": f"2547120005{number:02d}", "amount": 100}
            key = {"idempotency-key": f"key-{number}"}
            calls = [pool.submit(client.post, "/payments/initiate", json=body, headers=key) for _ in range(8)]
            answers = [call.result() for call in calls]
            assert {a.status_code for a in answers} <= {200, 202}
            assert len({a.json()["payment_id"] for a in answers}) == 1
            assert len(daraja.posts) == number + 1
