"""Every way to a further prompt, over everything that a payment can have gone through: none goes against the advice."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from api_bench import served
from went_through import SECOND_US, STORIES, as_before, may_open, tell

from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.rules.asking_again import Asking, ByItself, ByPerson, ByProgram
from mpesa_cli.rules.payment import Payment

Run = Callable[..., Any]
ORDERS = {f"o{n}": f"2547222000{n + 50:02}" for n in range(len(STORIES))}
AGO_S = 400


def went_through(ledger: Ledger, now_us: int) -> None:
    """One payment of each story, each on a phone of its own, begun long enough ago for the spacing of prompts."""
    for (order, msisdn), story in zip(ORDERS.items(), STORIES, strict=True):
        told = [(fact, 5 * n) for n, fact in enumerate(story)]
        tell(ledger, order, msisdn, now_us - AGO_S * SECOND_US, told)


def opened(ledger: Ledger) -> dict[str, Payment]:
    """The orders of which a further attempt was made, as they stood before it."""
    payments = {order: ledger.payment_by_order(order) for order in ORDERS}
    assert all(payment is not None and len(payment.attempts) <= 2 for payment in payments.values())
    return {order: as_before(p, 1) for order, p in payments.items() if p is not None and len(p.attempts) == 2}


def held_against_the_advice(ledger: Ledger, asking: Asking, now_us: int) -> int:
    """How many were asked again. Raises where one was that may not be."""
    again = opened(ledger)
    wrong = [order for order, was in again.items() if not may_open(was, asking, now_us, was.last.msisdn)]
    assert wrong == []
    return len(again)


@pytest.mark.parametrize("force", [(), ("--force", "customer showed that her phone has no prompt")])
def test_a_retry_at_the_terminal(mpesa: Run, clock: Any, ledger: Ledger, force: tuple[str, ...]) -> None:
    went_through(ledger, clock.now)
    for order in ORDERS:
        mpesa("retry", order, "--no-wait", *force)
    reason = force[1] if force else ""
    assert held_against_the_advice(ledger, ByPerson(reason), clock.now) >= (10 if force else 6)


def test_retries_of_all_that_failed(mpesa: Run, clock: Any, ledger: Ledger) -> None:
    went_through(ledger, clock.now)
    mpesa("retry", "--failed", "--yes")
    assert held_against_the_advice(ledger, ByItself(), clock.now) >= 3


def test_a_batch_and_a_push_of_every_order(mpesa: Run, clock: Any, home: Path, ledger: Ledger) -> None:
    went_through(ledger, clock.now)
    file = home / "orders.csv"
    rows = "\n".join(f"{msisdn},70,{order}" for order, msisdn in ORDERS.items())
    file.write_text(f"phone,amount,order\n{rows}\n")
    mpesa("push", "--from", str(file))
    for order, msisdn in ORDERS.items():
        mpesa("push", msisdn, "70", "--order", order, "--no-wait")
    again = opened(ledger)
    assert {was.last.state.value for was in again.values()} == {"not_sent"}


def test_calls_over_http(home: Path) -> None:
    with served(home) as shop, shop.client() as client:
        went_through(shop.ledger, shop.clock.now_us())
        for order, msisdn in ORDERS.items():
            body = {"orderId": order, "paymentMethod": "MPESA", "phoneNumber": f"0{msisdn[3:]}", "amount": 70}
            client.post("/payments/initiate", json=body)
        assert {was.last.state.value for was in opened(shop.ledger).values()} == {"not_sent"}
    home = home.with_name("retried")
    with served(home) as shop, shop.client() as client:
        went_through(shop.ledger, shop.clock.now_us())
        for order in ORDERS:
            client.post(f"/payments/retry/{order}")
        assert held_against_the_advice(shop.ledger, ByProgram(), shop.clock.now_us()) >= 6
