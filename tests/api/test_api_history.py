"""The history over HTTP: every payment once, newest first, page by page, whatever is added meanwhile."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from api_bench import Shop, served
from history.history_ledger import OTHER_PHONE, START_US, Sale, fill

from mpesa_cli.api.changes import Changes
from mpesa_cli.history.query import HistoryFilter
from mpesa_cli.history.store import History
from mpesa_cli.rules.payment import Intent
from mpesa_cli.rules.push_rules import Start

COUNT = 230


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A shop with payments, several of them in one microsecond."""
    home: Path = tmp_path_factory.mktemp("full")
    with served(home) as shop:
        outcomes = ["paid", "1032", "pending", "lost"]
        sales = [
            Sale(
                f"order-{n}", outcomes[n % 4], at_us=START_US + n // 3,
                msisdn=OTHER_PHONE if n % 5 == 0 else "254708374149",
            )
            for n in range(COUNT)
        ]
        fill(shop.ledger, sales)
        with shop.client() as client:
            yield shop, client


def pages(client: httpx.Client, **query: str | int) -> list[list[dict[str, Any]]]:
    """All pages, by following the Link header as any client would."""
    found = []
    answer = client.get("/payments/history", params=query)
    while True:
        assert answer.status_code == 200
        found.append(answer.json())
        if "next" not in answer.links:
            return found
        answer = client.get(answer.links["next"]["url"])


def test_every_payment_comes_once_newest_first(full: Any) -> None:
    shop, client = full
    rows = [row for page in pages(client, limit=7) for row in page]
    assert len({row["payment_id"] for row in rows}) == len(rows) == COUNT
    expected = [p.payment_id for p in History(shop.ledger).payments(HistoryFilter())]
    assert [row["payment_id"] for row in rows] == expected


def test_pages_are_as_long_as_asked_and_the_last_one_ends_it(full: Any) -> None:
    _, client = full
    lengths = [len(page) for page in pages(client, limit=100)]
    assert lengths == [100, 100, 30]
    assert [len(page) for page in pages(client, limit=COUNT)] == [COUNT]
    assert len(client.get("/payments/history").json()) == 50


def test_filters_hold_on_every_page(full: Any) -> None:
    _, client = full
    rows = [row for page in pages(client, limit=9, status="failed", phoneNumber="0708374149") for row in page]
    assert {(row["status"], row["msisdn"]) for row in rows} == {("failed", "254708374149")}
    assert len(rows) == sum(1 for n in range(COUNT) if n % 4 == 1 and n % 5)
    (only,) = client.get("/payments/history", params={"orderId": "order-17"}).json()
    assert only["order_id"] == "order-17"
    assert client.get("/payments/history", params={"until": "2026-11-23"}).json() == []
    assert len(client.get("/payments/history", params={"since": "2026-11-24", "limit": 500}).json()) == COUNT


def test_what_is_added_meanwhile_neither_repeats_nor_hides_a_row(home: Path) -> None:
    with served(home) as shop, shop.client() as client:
        fill(shop.ledger, [Sale(f"order-{n}", at_us=START_US + n) for n in range(10)])
        first = client.get("/payments/history", params={"limit": 5})
        with shop.ledger.write() as tx:
            tx.open_payment(
                Start(Intent("PAY-LATER", "later", "simulator", "174379", 100, OTHER_PHONE, "later", "x", "f" * 64)),
                START_US + 99,
            )
        second = client.get(first.links["next"]["url"])
        seen = [row["order_id"] for row in first.json() + second.json()]
        assert seen == [f"order-{n}" for n in reversed(range(10))]


def test_reading_the_history_writes_nothing(full: Any) -> None:
    shop, client = full
    before = Changes(shop.ledger).head()
    pages(client, limit=50)
    assert Changes(shop.ledger).head() == before


def test_a_shop_can_look_with_a_token_that_only_looks(full: tuple[Shop, httpx.Client]) -> None:
    with full[0].client("payments:read", name="auditor") as client:
        assert client.get("/payments/history").status_code == 200
        assert client.post("/orders", json={"orderId": "1", "amount": 10}).status_code == 403
