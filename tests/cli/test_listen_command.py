"""A developer's three terminals: the simulator over HTTP, ``mpesa listen``, pushes; and money paid by hand."""

import json
import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from loop_parts import Listening, listening, running_app, signature_is_good, until

from mpesa_cli.initiator.listener_alive import last_alive_us
from mpesa_cli.simulator.server.server import running
from mpesa_cli.simulator.state import Rules

PAYS, TWICE, LOST, WRONG_AMOUNT, ALSO_C2B = (
    "254708374149", "254722200004", "254722200001", "254722200019", "254722200031",
)


@pytest.fixture
def environ() -> Iterator[dict[str, str]]:
    """What lets a command talk to a simulator that runs twenty times as fast as life."""
    with running(rules=Rules(speed=20.0, queries_per_minute=None)) as simulator:
        yield {
            "MPESA_BASE_URL": simulator.base_url,
            "MPESA_ENVIRONMENT": "simulator",
            "MPESA_CONSUMER_KEY": "any",
            "MPESA_CONSUMER_SECRET": "any",
        }


@pytest.fixture
def push(cli: Callable[..., Any], environ: dict[str, str]) -> Callable[..., Any]:
    def run(phone: str, order: str, base: str, *argv: str) -> Any:
        done = cli("push", phone, "150", "--order", order, "--json", *argv, env={**environ, "APP_URL": base})
        return done.status, json.loads(done.stdout)

    return run


def test_each_event_comes_once_and_signed_to_the_apps_url(
    home: Path, environ: dict[str, str], push: Callable[..., Any]
) -> None:
    with running_app(answers=[500]) as app, listening(home, environ, "--port", "0", "--forward-to", app.url) as listen:
        status, paid = push(PAYS, "web-1", listen.url)
        assert (status, paid["status"], paid["attempts"][0]["source"]) == (0, "paid", "callback")
        assert push(TWICE, "web-2", listen.url)[0] == 0
        until(lambda: listen.events("repeat"), "the doubled callback")
        until(lambda: len({h["webhook-id"] for h, _ in app.posts}) == 2 and len(app.posts) == 3, "both events", 40)
        assert listen.stop() == 0

    assert all(signature_is_good(headers, body) for headers, body in app.posts)
    refused = app.posts[0][0]["webhook-id"]  # the app answered 500: the same bytes came again under the same id
    assert [body for headers, body in app.posts if headers["webhook-id"] == refused] == [app.posts[0][1]] * 2
    told = {e["data"]["order_id"]: e for e in app.events()}
    assert {e["type"] for e in app.events()} == {"order.paid"}
    assert told["web-1"]["data"]["receipt"] == paid["receipt"]


def test_a_lost_answer_is_settled_by_its_callback_alone(
    home: Path, environ: dict[str, str], push: Callable[..., Any]
) -> None:
    with listening(home, environ, "--port", "0") as listen:
        status, paid = push(LOST, "web-1", listen.url, "--timeout", "60")
        (ledger,) = home.rglob("*.db")
        until(lambda: last_alive_us(ledger), "the note that it lives, which `reconcile` looks for")

    assert (status, paid["status"]) == (0, "paid")
    assert paid["receipt"]


def test_a_wrong_amount_is_for_a_person_to_look_at(
    home: Path, environ: dict[str, str], push: Callable[..., Any]
) -> None:
    with listening(home, environ, "--port", "0") as listen:
        status, payment = push(WRONG_AMOUNT, "web-1", listen.url)
        event = until(lambda: listen.events("settled"), "the event")[0]

    assert (status, payment["status"]) == (6, "review")
    assert event["payment"]["status"] == "review"


def test_until_paid_stops_after_the_first_paid_payment(
    home: Path, environ: dict[str, str], push: Callable[..., Any]
) -> None:
    with listening(home, environ, "--port", "0", "--until", "paid") as listen:
        push("254711111111", "web-1", listen.url)
        assert listen.process.poll() is None
        push(PAYS, "web-2", listen.url)
        assert listen.process.wait(20) == 0

    assert [e["order_id"] for e in listen.events("settled")] == ["web-1", "web-2"]


def test_events_that_the_app_missed_are_sent_when_a_listener_is_back(
    home: Path, environ: dict[str, str], push: Callable[..., Any]
) -> None:
    with listening(home, environ, "--port", "0") as listen:
        push(PAYS, "web-1", listen.url)
    with running_app() as app, listening(home, environ, "--port", "0", "--forward-to", app.url):
        until(lambda: app.posts, "the event of before")

    assert [e["data"]["order_id"] for e in app.events()] == ["web-1"]


def test_output_is_one_object_a_line_and_says_nothing_secret(
    home: Path, environ: dict[str, str], push: Callable[..., Any]
) -> None:
    with listening(home, environ, "--port", "0", "-vv") as listen:
        push(PAYS, "web-1", listen.url)
        until(lambda: listen.events("settled"), "the event")
        url = listen.url
    kinds = [json.loads(line)["type"] for line in listen.lines]

    assert kinds == ["stored", "settled"]
    assert not any("/hooks/stk/" in line for line in [*listen.lines, *listen.said])
    assert url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_exit_0(home: Path, environ: dict[str, str], number: int) -> None:
    with listening(home, environ, "--port", "0") as listen:
        assert listen.url
        assert listen.stop(number) == 0


def test_a_port_in_use_is_a_clear_error(cli: Callable[..., Any], environ: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = cli("listen", "--port", str(taken.getsockname()[1]), "--json", env=environ)

    assert done.status == 10
    assert json.loads(done.stdout)["error"]["code"] == "port-in-use"


@pytest.mark.parametrize("argv", [("--host", "0.0.0.0"), ("--until", "soon"), ("--forward-to", "http://example.com/x")])
def test_what_would_be_unsafe_or_senseless_is_refused(mpesa: Callable[..., Any], argv: tuple[str, str]) -> None:
    done = mpesa("listen", *argv, "--port", "0", env={"MPESA_WEBHOOK_SECRET": "whsec_" + "a" * 44})

    assert done.status in {2, 10}
    assert "Nothing was started" in done.stderr


@pytest.fixture
def by_hand(cli: Callable[..., Any], home: Path, environ: dict[str, str]) -> Iterator[Callable[..., Any]]:
    """Registers C2B URLs at a running listener; the function plays a customer who pays from the menu."""
    with listening(home, {**environ, "MPESA_C2B_VALIDATION": "accept"}, "--port", "0") as listen:
        here = {**environ, "APP_URL": listen.url}
        assert cli("c2b-register", env=here).status == 0

        def pay(amount: int, account: str, phone: str = PAYS) -> dict[str, Any]:
            count = len(listen.events("settled"))
            assert cli("c2b-simulate", phone, str(amount), "--account", account, env=here).status == 0
            until(lambda: len(listen.events("settled")) > count, "the confirmation")
            found: dict[str, Any] = listen.events("settled")[-1]["payment"]
            return found

        pay.listen = listen  # type: ignore[attr-defined]
        yield pay


def test_money_paid_by_hand_shows_up_as_a_payment(by_hand: Callable[..., Any]) -> None:
    payment = by_hand(500, "whatever they typed")

    assert (payment["status"], payment["amount"], payment["received"]) == ("paid", 500, 500)
    assert payment["order_id"] == f"C2B-{payment['receipt']}"
    assert "*" in payment["msisdn"]


def test_money_paid_by_hand_finds_its_order_whatever_way_it_is_typed(
    by_hand: Callable[..., Any], push: Callable[..., Any]
) -> None:
    push("254711111111", "INV-77", by_hand.listen.url)  # type: ignore[attr-defined]

    seen = [by_hand(amount, typed) for amount, typed in ((50, "inv 77"), (100, "Order INV77"), (1, "#inv-77"))]

    assert [p["order_id"] for p in seen] == ["INV-77"] * 3
    assert [(p["status"], p["received"]) for p in seen] == [("partial", 50), ("paid", 150), ("overpaid", 151)]


def test_one_payment_that_comes_by_both_channels_is_one_payment(
    by_hand: Callable[..., Any], push: Callable[..., Any], cli: Callable[..., Any], environ: dict[str, str]
) -> None:
    listen: Listening = by_hand.listen  # type: ignore[attr-defined]
    status, paid = push(ALSO_C2B, "web-1", listen.url)
    until(lambda: {e["channel"] for e in listen.events("stored")} >= {"stk", "c2b-confirmation"}, "both channels")
    until(lambda: len(listen.events("settled")) >= 2, "both settled")
    after = json.loads(cli("status", "web-1", "--json", env=environ).stdout)

    assert (status, paid["status"], after["status"], after["received"]) == (0, "paid", "paid", 150)
    assert after["receipt"] == paid["receipt"]


def test_validation_refuses_what_the_rule_does_not_let_through(
    cli: Callable[..., Any], home: Path, environ: dict[str, str], push: Callable[..., Any]
) -> None:
    strict = {**environ, "MPESA_C2B_VALIDATION": "amount_equal"}
    with listening(home, strict, "--port", "0") as listen:
        here = {**environ, "APP_URL": listen.url}
        push("254711111111", "web-1", listen.url)
        assert cli("c2b-register", env=here).status == 0
        for amount, account in ((500, "nobody"), (149, "web-1"), (150, "web-1")):
            count = len(listen.events("validated"))
            assert cli("c2b-simulate", PAYS, str(amount), "--account", account, env=here).status == 0
            until(lambda count=count: len(listen.events("validated")) > count, "the validation")
        until(lambda: [e for e in listen.events("settled") if e["order_id"] == "web-1"][1:], "the one let through")

    assert [e["detail"] for e in listen.events("validated")] == ["C2B00012", "C2B00013", "accepted"]
    assert [e["payment"]["status"] for e in listen.events("settled")] == ["failed", "paid"]


@pytest.mark.parametrize(
    ("base", "word"),
    [
        ("https://pay.example.co.ke/mpesa", "mpesa"),
        ("https://mpesa.example.co.ke", "mpesa"),
        ("https://pay.example.co.ke/Execute", "exec"),
        ("https://pay.example.co.ke/MySQL", "sql"),
    ],
)
def test_a_banned_word_is_named_before_anything_is_sent(mpesa: Callable[..., Any], base: str, word: str) -> None:
    done = mpesa("c2b-register", "--json", env={"MPESA_BASE_URL": "http://127.0.0.1:9", "APP_URL": base})

    assert done.status == 2
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "banned-word"
    assert repr(word) in error["message"]


def test_a_second_registration_in_production_is_explained(cli: Callable[..., Any]) -> None:
    with running(rules=Rules(production=True)) as simulator:
        environ = {
            "MPESA_BASE_URL": simulator.base_url, "MPESA_ENVIRONMENT": "simulator", "MPESA_CONSUMER_KEY": "any",
            "MPESA_CONSUMER_SECRET": "any", "APP_URL": "https://pay.example.co.ke",
        }
        assert cli("c2b-register", env=environ).status == 0
        again = cli("c2b-register", "--json", env=environ)

    assert again.status == 3
    assert json.loads(again.stdout)["error"]["code"] == "c2b-already-registered"


@pytest.mark.parametrize("key", ["c2b-v1", "c2b-v2"])
def test_registration_falls_back_to_the_version_that_the_app_has(cli: Callable[..., Any], key: str) -> None:
    with running() as simulator:
        environ = {
            "MPESA_BASE_URL": simulator.base_url, "MPESA_ENVIRONMENT": "simulator", "MPESA_CONSUMER_KEY": key,
            "MPESA_CONSUMER_SECRET": "any", "APP_URL": "https://pay.example.co.ke",
        }
        done = cli("c2b-register", "--json", env=environ)

    assert (done.status, json.loads(done.stdout)["api"]) == (0, key.removeprefix("c2b-"))


def test_a_dry_run_registers_and_stores_nothing(mpesa: Callable[..., Any], home: Path) -> None:
    environ = {"APP_URL": "https://pay.example.co.ke", "MPESA_BASE_URL": "http://127.0.0.1:9"}
    done = mpesa("c2b-register", "--dry-run", env=environ)

    assert done.status == 0
    assert json.loads(done.stdout)["body"]["ResponseType"] == "Completed"
    assert not list(home.rglob("*.db"))


def test_a_killed_listener_loses_nothing_that_it_answered(
    home: Path, environ: dict[str, str], push: Callable[..., Any], cli: Callable[..., Any]
) -> None:
    with listening(home, environ, "--port", "0") as listen:
        url = listen.url
        status, _ = push(PAYS, "web-1", url, "--no-wait")
        assert status == 0
        until(lambda: listen.events("stored"), "the callback")
        os.kill(listen.process.pid, signal.SIGKILL)
    after = json.loads(cli("status", "web-1", "--json", env=environ).stdout)

    assert after["status"] == "paid"
    assert after["receipt"]


def test_an_app_that_is_down_changes_nothing_for_daraja(
    home: Path, environ: dict[str, str], push: Callable[..., Any]
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        target = f"http://127.0.0.1:{nobody.getsockname()[1]}/hook"
        with listening(home, environ, "--port", "0", "--forward-to", target) as listen:
            status, paid = push(PAYS, "web-1", listen.url)
            until(lambda: listen.events("unforwarded"), "the failed try")

    assert (status, paid["status"]) == (0, "paid")
