"""A callback that is stored and that nobody has read, since its listener died or is behind: whoever looks reads it."""

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from daraja.callbacks.callback_bodies import encode, failed, paid
from held.held_shop import PHONE, RECEIPT, HeldShop

from mpesa_cli.cli.payments.ports import push_context
from mpesa_cli.floor.errors import Conflict
from mpesa_cli.ledger.bodies import BodyWrites
from mpesa_cli.ledger.values import NewCallback
from mpesa_cli.listener.intake.deliveries import StkDelivery
from mpesa_cli.payments import settle
from mpesa_cli.payments.push import Order, push
from mpesa_cli.payments.retry import new_attempt
from mpesa_cli.rules.asking_again import ByPerson
from mpesa_cli.rules.evidence import CallbackFailed

PAID = encode(paid(amount=150, receipt=RECEIPT))
CANCELLED = encode(failed(1032))
PUSH = ("push", PHONE, "150", "--order", "A1", "--no-wait", "--json")


def store(shop: HeldShop, body: bytes, order: str = "A1") -> None:
    """What a listener has answered 200, and not read."""
    with shop.ledger.write() as tx:
        payment = tx.payment_by_order(order)
        assert payment is not None
        BodyWrites(tx).store_callbacks([NewCallback(payment.last.ref, body, "196.201.214.200")], shop.clock.now_us())[0]


@pytest.fixture
def waiting(shop: HeldShop) -> HeldShop:
    """A shop whose order A1 waits for the PIN, by all that anybody has read."""
    shop.prompt("A1")
    return shop


@pytest.mark.parametrize(("body", "code", "moved"), [(PAID, "already-paid", "yes"), (CANCELLED, "already-tried", "no")])
def test_a_push_of_an_order_whose_end_is_stored_watches_no_prompt(
    waiting: HeldShop, body: bytes, code: str, moved: str
) -> None:
    store(waiting, body)
    said = waiting.mpesa(*PUSH)
    error = json.loads(said.stdout)["error"]
    assert (said.status, error["code"], error["money_moved"]) == (9, code, moved)


def test_a_push_that_another_one_overtook_says_the_end_that_is_stored(shop: HeldShop) -> None:
    order = Order("A1", shop.profile.name, shop.profile.shortcode, 150, PHONE, "A1", "x")
    context = push_context(shop.runtime, shop.profile)

    class Overtaken:
        """A Daraja for which a push takes so long to make ready that another one of the order is paid meanwhile."""

        def ready(self, until: Any) -> None:
            shop.prompt("A1")
            store(shop, PAID)

    with pytest.raises(Conflict) as refused:
        push(dataclasses.replace(context, daraja=Overtaken()), order)  # type: ignore[arg-type]
    assert refused.value.code == "already-paid"


def test_a_retry_opens_no_attempt_where_a_callback_came_that_nobody_has_read(waiting: HeldShop) -> None:
    with waiting.ledger.write() as tx:
        payment = tx.payment_by_order("A1")
        assert payment is not None
        payment = tx.append(payment.last.ref, CallbackFailed(waiting.clock.now_us(), "1032", "x", "", "c-1"))
    waiting.clock.advance(3600)

    class Late:
        """A Daraja that takes so long to make ready that a success comes meanwhile."""

        def ready(self, until: Any) -> None:
            store(waiting, PAID)

    context = dataclasses.replace(push_context(waiting.runtime, waiting.profile), daraja=Late())  # type: ignore[arg-type]
    with pytest.raises(Conflict) as refused:
        new_attempt(context, payment, PHONE, ByPerson())
    assert refused.value.code == "changed-meanwhile"
    known = waiting.ledger.payment_by_order("A1")
    assert known is not None
    assert len(known.attempts) == 1


@pytest.mark.parametrize(
    "argv",
    [
        ("status", "A1", "--no-refresh", "--json"), ("status", RECEIPT, "--no-refresh", "--json"),
        ("status", PHONE, "--json"), ("history", "--json"), ("history", "A1", "--json"), ("history", RECEIPT, "--json"),
        ("receipt", "A1", "--format", "json"), ("log", "A1", "--json"),
    ],
)
def test_whoever_looks_is_shown_what_is_stored(waiting: HeldShop, argv: tuple[str, ...]) -> None:
    store(waiting, PAID)
    said = waiting.mpesa(*argv)
    assert said.status == 0, said
    assert RECEIPT in said.stdout
    assert "pending" not in said.stdout


def test_what_is_paid_by_what_is_stored_is_not_among_what_is_open(waiting: HeldShop) -> None:
    store(waiting, PAID)
    assert json.loads(waiting.mpesa("status", "--json").stdout) == []


def test_a_receipt_that_is_stored_for_one_order_is_not_real_for_another(waiting: HeldShop) -> None:
    store(waiting, PAID)
    said = waiting.mpesa("verify", RECEIPT, "--order", "Z99", "--json")
    assert json.loads(said.stdout)["verdict"] == "used_already"


def test_a_batch_without_waiting_says_what_is_stored_by_its_end(
    waiting: HeldShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mpesa_cli.batch import run

    file = tmp_path / "orders.csv"
    file.write_text(f"phone,amount,order\n{PHONE},150,A1\n0700001032,150,B1\n")
    real = run.run

    def meanwhile(*asked: Any) -> Any:
        yield from real(*asked)
        store(waiting, PAID)

    monkeypatch.setattr(run, "run", meanwhile)
    said = waiting.mpesa("push", "--from", str(file), "--no-wait", "--yes", "--json")
    payments = {each["order_id"]: each["payment"]["status"] for each in json.loads(said.stdout)}
    assert payments["A1"] == "paid"


def test_a_ledger_that_can_not_be_written_is_shown_as_it_stands(
    waiting: HeldShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mpesa_cli.floor.errors import LedgerBusy
    from mpesa_cli.ledger.ledger import Ledger

    store(waiting, PAID)

    def busy(*_: Any) -> Any:
        raise LedgerBusy("Somebody else writes.", hint="Again.")

    monkeypatch.setattr(Ledger, "write", busy)
    assert json.loads(waiting.mpesa("status", "A1", "--no-refresh", "--json").stdout)["status"] == "pending"
    assert [each["status"] for each in json.loads(waiting.mpesa("history", "--json").stdout)] == ["pending"]


def test_a_listener_tells_of_a_callback_that_somebody_read_before_it_could(waiting: HeldShop) -> None:
    """A push that waits looks four times a second, and `listen --until paid` must end all the same."""
    payment = waiting.ledger.payment_by_order("A1")
    assert payment is not None
    waiting.intake.receive([StkDelivery(hashlib.sha256(b"t").hexdigest(), PAID, "196.201.214.200")])
    assert settle.apply_unread(waiting.ledger, payment.last.ref) == 1
    for _ in range(2):
        waiting.intake.settling.settle()
    told = [(each.kind, each.payment.status.value) for each in waiting.heard if each.payment]
    assert told.count(("settled", "paid")) == 1
