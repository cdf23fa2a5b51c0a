"""``mpesa trigger --check``: a right receiver passes every delivery, and each fault of a receiver fails its own."""

import io
import json
import socket
from collections.abc import Callable
from typing import Any

import pytest
from shop_receivers import SECRET, Naive, Order, Racing, Shop, serving

from mpesa_cli.listener.checking.deliveries import DELIVERIES
from mpesa_cli.terminal.json_words_upkeep import CHECK_FIELDS

Run = Callable[..., Any]
ENV = {"MPESA_CHECK_SECRET": SECRET}
NAMES = [each.name for each in DELIVERIES]
# A fault of a receiver, and the deliveries that must not pass with it.
FAULTS = {
    "marks nothing": set(NAMES) - {"bad-signature", "old-timestamp", "unknown-type", "other-amount"},
    "unsigned": {"bad-signature"},
    "any signature": {"bad-signature"},
    "signed if it says so": {"bad-signature"},
    "parses first": {"unknown-type"},
    "impatient": {"slow-client"},
    "repeats are errors": {"twice", "refund"},
    "looks at the status": {"refund"},
    "a failure ends it": {"paid-after-unpaid"},
    "a doubt ends it": {"paid-after-unpaid"},
    "replayed": {"old-timestamp"},
    "fresh only": {"late"},
    "failure wins": {"out-of-order"},
    "let go": {"paid-after-unpaid"},
    "known types only": {"unknown-type"},
    "drops unknown": {"unknown-order"},
    "notes first": {"unknown-order"},
    "repeats": {"twice", "two-at-once", "refund"},
    "keeps refunds": {"refund"},
    "any amount": {"other-amount"},
}


def shop(clock: Any, *faults: str, kind: type[Shop] = Shop) -> Shop:
    return kind(lambda: clock.now / 1e6, *faults)


def checked(mpesa: Run, url: str, *argv: str, **more: Any) -> tuple[int, dict[str, dict[str, Any]]]:
    result = mpesa("trigger", "--check", url, "--json", *argv, env=ENV, **more)
    rows = json.loads(result.stdout)
    assert [row["name"] for row in rows] == NAMES
    assert all(list(row) == list(CHECK_FIELDS) for row in rows)
    return result.status, {row["name"]: row for row in rows}


def wrong(rows: dict[str, dict[str, Any]]) -> set[str]:
    return {name for name, row in rows.items() if not row["ok"]}


def test_a_right_receiver_passes_every_delivery(mpesa: Run, clock: Any) -> None:
    with serving(shop(clock)) as url:
        status, rows = checked(mpesa, url)
    assert (status, wrong(rows)) == (0, set())
    assert all(row["why"] is None and row["lost"] is None for row in rows.values())
    assert all(row["order_id"].startswith("CHECK-") for row in rows.values())


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_a_receiver_fails_its_delivery_and_no_other(mpesa: Run, clock: Any, fault: str) -> None:
    with serving(shop(clock, fault)) as url:
        status, rows = checked(mpesa, url)
    assert (status, wrong(rows)) == (7, FAULTS[fault])
    assert all(rows[name]["why"] and rows[name]["lost"] for name in wrong(rows))


def test_an_order_that_the_receiver_does_not_have_may_be_refused_and_not_dropped(mpesa: Run, clock: Any) -> None:
    with serving(shop(clock, "strict")) as url:
        assert checked(mpesa, url)[0] == 0
    with serving(shop(clock, "strict", "drops unknown")) as url:
        status, rows = checked(mpesa, url)
    assert (status, wrong(rows)) == (7, {"unknown-order"})
    assert rows["unknown-order"]["why"].startswith("answered 200, and did not mark the order paid")


def test_two_at_once_find_a_receiver_that_looks_before_it_writes(mpesa: Run, clock: Any) -> None:
    with serving(shop(clock, kind=Racing)) as url:
        status, rows = checked(mpesa, url)
    assert (status, wrong(rows)) == (7, {"two-at-once"})
    assert rows["two-at-once"]["why"] == "marked paid twice, once is right"


def test_a_naive_receiver_fails_and_is_told_what_the_shop_would_have_lost(mpesa: Run, clock: Any) -> None:
    with serving(shop(clock, kind=Naive)) as url:
        result = mpesa("trigger", "--check", url, "--secret", SECRET)
    assert result.status == 7
    lost = result.stdout.split("What a shop would have lost:\n")[1].splitlines()
    names = {line.strip().split(":")[0] for line in lost}
    assert names == set(NAMES) - {"right", "late", "slow-client"}
    assert "WRONG  twice              marked paid twice, once is right\n" in result.stdout
    assert "3 of 13 are right.\n" in result.stdout


def test_the_verdict_is_the_exit_status_also_where_nobody_reads_it(mpesa: Run, clock: Any) -> None:
    class Closed(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    with serving(shop(clock, kind=Naive)) as url:
        assert mpesa("trigger", "--check", url, env=ENV, stdout=Closed()).status == 7


def test_what_cannot_be_seen_is_not_right(mpesa: Run, clock: Any) -> None:
    with serving(shop(clock, "silent")) as url:
        status, rows = checked(mpesa, url)
    assert (status, {row["why"] for row in rows.values()}) == (7, {"not seen"})


def test_a_person_answers_where_the_receiver_does_not(mpesa: Run, clock: Any) -> None:
    class ByHand(Shop):
        def apply(self, name: str, event: dict[str, Any]) -> int:
            if not event["data"]["order_id"].endswith("-8"):  # the one that nobody was asked to make
                self.orders.setdefault(event["data"]["order_id"], Order())
            return super().apply(name, event)

    paid = "paid\n\n"
    said = f"\n{paid * 3}paid\n2\n" + "unpaid\n" * 3 + f"none\n{paid * 2}nothing\nunpaid\n?\n"
    with serving(shop(clock, "silent", kind=ByHand)) as url:
        result = mpesa("trigger", "--check", url, env=ENV, tty=True, stdin=said + "paid\n1\n")
    assert "Make these orders in your system, KES 150 each" in " ".join(result.stderr.split())
    wrong = [line.split(maxsplit=2)[1:] for line in result.stdout.splitlines() if line.startswith("WRONG")]
    assert wrong == [["out-of-order", "marked paid twice, once is right"], ["refund", "not seen"]]
    assert result.status == 7


def test_a_check_that_is_not_answered_to_the_end_says_so(mpesa: Run, clock: Any) -> None:
    with serving(shop(clock, "silent")) as url:
        result = mpesa("trigger", "--check", url, env=ENV, tty=True, stdin="\n")
    assert result.status == 1
    assert "The check was not answered to the end." in result.stderr
    assert "mpesa trigger --check" in result.stderr


def test_nothing_real_can_be_marked(mpesa: Run, clock: Any) -> None:
    class Listening(Shop):
        def apply(self, name: str, event: dict[str, Any]) -> int:
            seen.append(event["data"])
            return super().apply(name, event)

    seen: list[dict[str, Any]] = []
    with serving(shop(clock, kind=Listening)) as url:
        checked(mpesa, url)
    assert {data["environment"] for data in seen} == {"simulator"}
    assert all(data["order_id"].startswith("CHECK-") for data in seen)
    assert len({data["order_id"] for data in seen}) == len([d for d in DELIVERIES if d.name not in {
        "bad-signature", "old-timestamp"}])


def test_a_second_check_uses_other_orders(mpesa: Run, clock: Any) -> None:
    with serving(shop(clock)) as url:
        runs = [checked(mpesa, url) for _ in range(2)]
    assert [status for status, _ in runs] == [0, 0]
    assert not {row["order_id"] for row in runs[0][1].values()} & {row["order_id"] for row in runs[1][1].values()}


def test_the_secret_of_real_events_is_not_taken(mpesa: Run, clock: Any) -> None:
    real = {"MPESA_ENVIRONMENT": "production", "MPESA_SHORTCODE": "600100", "MPESA_WEBHOOK_SECRET": SECRET}
    heard = shop(clock)
    with serving(heard) as url:
        result = mpesa("trigger", "--check", url, "--secret", SECRET, "--json", env=real)
    assert (result.status, json.loads(result.stdout)["error"]["code"]) == (2, "secret-of-real-events")
    assert not heard.orders


def test_a_secret_in_an_argument_works_and_is_told_of(mpesa: Run, clock: Any) -> None:
    with serving(shop(clock)) as url:
        result = mpesa("trigger", "--check", url, "--secret", SECRET)
    assert (result.status, SECRET in result.stdout + result.stderr) == (0, False)
    assert "mpesa secrets set check-secret" in result.stderr


def test_without_a_secret_nothing_is_sent(mpesa: Run, clock: Any) -> None:
    with serving(shop(clock)) as url:
        result = mpesa("trigger", "--check", url, "--json")
    assert (result.status, json.loads(result.stdout)["error"]["code"]) == (4, "secret-missing")


def test_a_receiver_that_is_not_there_exits_5(mpesa: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    result = mpesa("trigger", "--check", f"http://127.0.0.1:{port}/", "--json", env=ENV)
    assert (result.status, json.loads(result.stdout)["error"]["code"]) == (5, "app-unreachable")


@pytest.mark.parametrize("url", ["localhost:3000", "ftp://127.0.0.1/", "http://", "http://a b/"])
def test_only_a_web_address_is_checked(mpesa: Run, url: str) -> None:
    result = mpesa("trigger", "--check", url, "--json", env=ENV)
    assert (result.status, json.loads(result.stdout)["error"]["code"]) == (2, "invalid-url")


@pytest.mark.parametrize("more", [["order.paid"], ["--to", "http://localhost/"], ["--list"]])
def test_a_check_takes_no_event_of_its_own(mpesa: Run, more: list[str]) -> None:
    assert mpesa("trigger", "--check", "http://127.0.0.1:9/", *more, env=ENV).status == 2
