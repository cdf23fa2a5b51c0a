"""An order is asked for once: by two processes at the same moment, again later, and by one that slept too long."""

import contextlib
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from daraja_servers import Loopback, loopback
from forked import Ended, Nursery
from shopkeeper import KEY, ORDER, OTHER_PHONE, PHONE, Shopkeeper, error_of, takes_every_prompt

from mpesa_cli.daraja.answers import Accepted, PushAnswer
from mpesa_cli.daraja.stk_push import PushRequest
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.payments.push import Order, push
from mpesa_cli.payments.sending import PushContext, Pushed
from mpesa_cli.rules.evidence import Sending, Withdrawn
from mpesa_cli.rules.payment import AttemptRef, Intent
from mpesa_cli.rules.push_rules import Start

DAY_S = 86_400
PAYS, CANCELS = "254708374149", "254700001032"


def environ_of(home: Path, server: Loopback) -> dict[str, str]:
    return {
        "MPESA_HOME": str(home), "MPESA_ENVIRONMENT": "sandbox", "MPESA_BASE_URL": server.url,
        "MPESA_CONSUMER_KEY": KEY, "MPESA_CONSUMER_SECRET": "secret", "APP_URL": "https://pay.example.co.ke",
        "PATH": "/usr/bin:/bin", "TERM": "dumb",
    }


def at_once(hands: list[Nursery], argvs: list[list[str]], environ: dict[str, str]) -> list[Ended]:
    """Several commands, each in a process of its own, started together."""
    together = threading.Barrier(len(argvs))

    def one(hand: Nursery, argv: list[str]) -> Ended:
        together.wait()
        return hand.run(argv, environ)

    with ThreadPoolExecutor(len(argvs)) as pool:
        return list(pool.map(one, hands, argvs))


def test_two_processes_that_push_one_order_at_once_send_one_prompt(
    three: list[Nursery], home: Path, daraja: Loopback
) -> None:
    environ = environ_of(home, daraja)
    for number in range(20):
        argv = ["push", f"2547120000{number:02}", "100", "--order", f"both-{number}", "--no-wait", "--json"]
        ended = at_once(three[:2], [argv, argv], environ)
        # The one that came second finds the prompt on its way: accepted by now (0), or still being sent (8).
        assert {e.status for e in ended} <= {0, 8}, ended
        assert len({e.json["payment_id"] for e in ended}) == 1
        assert len(daraja.posts) == number + 1, f"order both-{number}"


def test_two_processes_that_retry_one_order_at_once_send_one_prompt(three: list[Nursery], home: Path) -> None:
    environ = {"MPESA_HOME": str(home), "PATH": "/usr/bin:/bin", "TERM": "dumb"}
    for number in range(8):
        order = f"again-{number}"
        # In the simulator 7 minutes before: cancelled after 4 s, and the wait between prompts is over.
        argv = ["push", CANCELS, "100", "--order", order, "--timeout", "20"]
        assert three[0].run(argv, environ, now_us=_now_us() - (40 - number * 4) * 60_000_000).status == 3
        retry = ["retry", order, "--phone", f"2547120001{number:02}", "--no-wait", "--json"]
        ended = at_once(three[:2], [retry, retry], environ)
        assert sorted(e.status for e in ended) in ([0, 0], [0, 9]), ended
        document = three[0].run(["status", order, "--no-refresh", "--json"], environ).json
        assert len(document["attempts"]) == 2


def test_two_processes_that_ask_one_phone_at_once_send_one_prompt(
    three: list[Nursery], home: Path, daraja: Loopback
) -> None:
    environ = environ_of(home, daraja)
    for number in range(8):
        phone = f"2547120002{number:02}"
        argvs = [["push", phone, "100", "--order", f"{who}-{number}", "--no-wait", "--json"] for who in ("ann", "ben")]
        ended = at_once(three[:2], argvs, environ)
        assert sorted(e.status for e in ended) == [0, 5], ended
        refused = next(e for e in ended if e.status == 5)
        assert refused.json["error"]["code"] == "phone-busy"
        assert len(daraja.posts) == number + 1


def test_a_paid_order_shows_its_receipt_and_asks_nobody(mpesa: Callable[..., Any]) -> None:
    paid = json.loads(mpesa("push", PAYS, "100", "--order", ORDER, "--json").stdout)
    again = mpesa("push", PAYS, "100", "--order", ORDER, "--json")
    assert again.status == 9
    told = error_of(again)
    assert (told["code"], told["money_moved"]) == ("already-paid", "yes")
    assert paid["receipt"] in told["message"]


def test_a_pending_order_is_picked_up_and_its_prompt_watched(mpesa: Callable[..., Any]) -> None:
    first = json.loads(mpesa("push", PAYS, "100", "--order", ORDER, "--no-wait", "--json").stdout)
    again = mpesa("push", PAYS, "100", "--order", ORDER, "--json")
    assert again.status == 0
    assert "no second prompt" in again.stderr
    attempts = json.loads(again.stdout)["attempts"]
    assert [a["checkout_request_id"] for a in attempts] == [first["attempts"][0]["checkout_request_id"]]


def test_a_failed_order_is_not_asked_again_by_push_but_says_how(mpesa: Callable[..., Any]) -> None:
    assert mpesa("push", CANCELS, "100", "--order", ORDER).status == 3
    again = mpesa("push", CANCELS, "100", "--order", ORDER, "--json")
    told = error_of(again)
    assert (again.status, told["code"], told["money_moved"]) == (9, "already-tried", "no")
    assert f"mpesa retry {ORDER}" in told["hint"]


@pytest.mark.parametrize("other", [{"amount": "101"}, {"phone": OTHER_PHONE}])
@pytest.mark.parametrize("outcome", ["pending", "paid", "failed"])
def test_an_order_never_changes_its_amount_or_phone(
    mpesa: Callable[..., Any], outcome: str, other: dict[str, str]
) -> None:
    terms = {"phone": CANCELS if outcome == "failed" else PAYS, "amount": "100"}
    mpesa("push", terms["phone"], terms["amount"], "--order", ORDER, *(["--no-wait"] if outcome == "pending" else []))
    wanted = terms | other
    refused = mpesa("push", wanted["phone"], wanted["amount"], "--order", ORDER, "--json")
    assert (refused.status, error_of(refused)["code"]) == (9, "order-differs")
    moved = {"pending": "unknown", "paid": "yes", "failed": "no"}[outcome]
    assert error_of(refused)["money_moved"] == moved
    assert len(json.loads(mpesa("status", ORDER, "--no-refresh", "--json").stdout)["attempts"]) == 1


def test_a_second_order_on_one_phone_waits_for_the_first(shopkeeper: Shopkeeper, daraja: Loopback) -> None:
    clerk = shopkeeper.at(daraja.url)
    assert clerk.push(order="first").status == 0
    busy = clerk.push(order="second")
    assert (busy.status, error_of(busy)["code"], error_of(busy)["retry_safe"]) == (5, "phone-busy", True)
    assert clerk.state("second") is None
    clerk.clock.advance(121)
    assert clerk.push(order="second").status == 0
    assert len(daraja.posts) == 2


def test_a_clock_set_back_a_day_sends_no_second_prompt(shopkeeper: Shopkeeper, daraja: Loopback) -> None:
    clerk = shopkeeper.at(daraja.url)
    clerk.push()
    clerk.clock.advance(-DAY_S)
    assert clerk.push().status == 0
    assert clerk.status("--no-refresh").status == 8
    clerk.clock.advance(2 * DAY_S)
    assert clerk.push().status == 0
    assert len(daraja.posts) == 1


@pytest.mark.parametrize("clock_moves_s", [0, 3600, -DAY_S])
def test_a_push_that_died_before_it_sent_is_taken_over(
    shopkeeper: Shopkeeper, daraja: Loopback, clock_moves_s: int
) -> None:
    clerk = shopkeeper.at(daraja.url)
    record_an_intent(clerk)
    clerk.clock.advance(clock_moves_s)
    pushed = clerk.push()
    assert pushed.status == 0, pushed
    assert [a["state"] for a in json.loads(pushed.stdout)["attempts"]] == ["not_sent", "pending"]
    assert len(daraja.posts) == 1


@pytest.mark.parametrize("clock_moves_s", [100, -DAY_S])
def test_a_push_that_died_before_it_sent_is_over_by_itself_too(
    shopkeeper: Shopkeeper, daraja: Loopback, clock_moves_s: int
) -> None:
    clerk = shopkeeper.at(daraja.url)
    record_an_intent(clerk)
    clerk.clock.advance(100)
    assert (clerk.status().status, clerk.state()) == (5, "not_sent")
    clerk.clock.advance(clock_moves_s)
    assert clerk.push().status == 0
    assert len(daraja.posts) == 1


def record_an_intent(clerk: Shopkeeper) -> AttemptRef:
    """What a process leaves behind that was killed between its intent and its POST."""
    with clerk.ledger() as ledger, ledger.write() as tx:
        intent = Intent(
            payment_id="PAY-DEADBEEF", order_id=ORDER, profile="env", shortcode="174379", amount_cents=10_000,
            msisdn=PHONE, account_reference=ORDER, description="Payment",
            token_hash=hashlib.sha256(b"nobody's token").hexdigest(),
        )
        return tx.open_payment(Start(intent), clerk.clock.now_us()).last.ref


class OneDaraja:
    """Takes every prompt and counts them."""

    def __init__(self) -> None:
        self.posts: list[PushRequest] = []

    def ready(self, by: object = None) -> None:
        """Always."""

    def push(self, request: PushRequest, by: object = None) -> PushAnswer:
        self.posts.append(request)
        return Accepted("merchant", f"ws_CO_24112026103001{len(self.posts):012}")


@pytest.fixture
def daraja_itself() -> OneDaraja:
    return OneDaraja()


def context_of(shopkeeper: Shopkeeper, ledger: Ledger, daraja: OneDaraja, hold: Callable[[], Any]) -> PushContext:
    def request_for(payment: Any, msisdn: str, token: str) -> PushRequest:
        return PushRequest("174379", "174379", "paybill", 100, msisdn, f"https://x.example/{token}", ORDER, "Payment")

    return PushContext(
        ledger=ledger, daraja=daraja, world=World(shopkeeper.clock.now_us, shopkeeper.clock.sleep, random=lambda: 0.5),
        request_for=request_for, hold=hold, say=lambda _: None,
    )


@pytest.mark.parametrize("taken_over", [True, False])
def test_a_sender_that_wakes_up_too_late_sends_nothing(
    shopkeeper: Shopkeeper, daraja_itself: OneDaraja, taken_over: bool
) -> None:
    asleep, awake = threading.Event(), threading.Event()
    order = Order(ORDER, "env", "174379", 100, PHONE, ORDER, "Payment")

    @contextlib.contextmanager
    def sleeps_before_sending() -> Iterator[None]:
        asleep.set()
        assert awake.wait(20)
        yield

    def slow() -> Pushed:
        with shopkeeper.ledger() as ledger:
            return push(context_of(shopkeeper, ledger, daraja_itself, sleeps_before_sending), order)

    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(slow)
        assert asleep.wait(20)
        if taken_over:
            shopkeeper.clock.advance(4)
            with shopkeeper.ledger() as ledger:
                quick = push(context_of(shopkeeper, ledger, daraja_itself, contextlib.nullcontext), order)
            assert not quick.picked_up
        else:
            shopkeeper.clock.advance(91)
        awake.set()
        pushed = late.result(20)
    assert pushed.picked_up
    assert len(daraja_itself.posts) == taken_over
    assert [a.state.value for a in pushed.payment.attempts] == (["not_sent", "pending"] if taken_over else ["created"])


def test_an_intent_that_came_while_the_token_was_fetched_is_watched_and_not_taken_over(shopkeeper: Shopkeeper) -> None:
    class WhileFetching(OneDaraja):
        def ready(self, by: object = None) -> None:
            record_an_intent(shopkeeper)

    daraja = WhileFetching()
    with shopkeeper.ledger() as ledger:
        context = context_of(shopkeeper, ledger, daraja, contextlib.nullcontext)
        pushed = push(context, Order(ORDER, "env", "174379", 100, PHONE, ORDER, "Payment"))
    assert pushed.picked_up
    assert ([a.state.value for a in pushed.payment.attempts], daraja.posts) == (["created"], [])


def test_what_was_withdrawn_is_not_sent_any_more(shopkeeper: Shopkeeper, daraja_itself: OneDaraja) -> None:
    @contextlib.contextmanager
    def is_withdrawn_first() -> Iterator[None]:
        with shopkeeper.ledger() as ledger, ledger.write() as tx:
            tx.append(tx.payment_by_order(ORDER).last.ref, Withdrawn(shopkeeper.clock.now_us(), "given up"))
        yield

    with shopkeeper.ledger() as ledger:
        context = context_of(shopkeeper, ledger, daraja_itself, is_withdrawn_first)
        pushed = push(context, Order(ORDER, "env", "174379", 100, PHONE, ORDER, "Payment"))
    assert pushed.picked_up
    assert ([a.state.value for a in pushed.payment.attempts], daraja_itself.posts) == (["not_sent"], [])


def test_the_prompt_of_a_lost_sender_is_never_sent_again(shopkeeper: Shopkeeper) -> None:
    with loopback(takes_every_prompt()) as server:
        clerk = shopkeeper.at(server.url)
        ref = record_an_intent(clerk)
        with clerk.ledger() as ledger, ledger.write() as tx:
            tx.append(ref, Sending(clerk.clock.now_us(), 1))
        assert [clerk.push().status, clerk.state()] == [8, "sending"]
        clerk.clock.advance(61)
        assert [clerk.status().status, clerk.state()] == [6, "unknown"]
        assert clerk.push().status == 6
        assert server.posts == []


def _now_us() -> int:
    import time

    return time.time_ns() // 1000
