"""``mpesa held`` killed between any two durable steps: a message is open or dealt with whole; a second run goes on."""

import contextlib
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from daraja.callbacks.callback_bodies import encode, paid
from forked import Nursery
from held.held_shop import HeldShop
from points import CRASHED

from mpesa_cli.floor.wire.strict_json import Unreadable
from mpesa_cli.ledger.audit.ledger import flaws
from mpesa_cli.ledger.held import Held
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.payments import c2b, settle

COUNT = pytest.mark.parametrize("count", [2, pytest.param(25, marks=pytest.mark.long)])
REASON = "money of the other till, told its owner"


def hold(shop: HeldShop, count: int) -> None:
    """So many messages, by hand and on prompts in turn, that an older version could not read."""
    with pytest.MonkeyPatch.context() as older:
        older.setattr(c2b, "read_c2b", lambda _body: Unreadable("bad-phone", "a phone that is none"))
        older.setattr(settle, "read_stk_callback", lambda _body: Unreadable("bad-phone", "a phone that is none"))
        for number in range(count):
            receipt = f"UKO4Q7X{number:03}"
            if number % 2:
                shop.prompt(f"A{number}", token=str(number))
                shop.callback(encode(paid(receipt=receipt)), token=str(number))
            else:
                shop.confirm(TransID=receipt)


@contextlib.contextmanager
def ledger_in(home: Path) -> Iterator[Ledger]:
    (path,) = home.rglob("*.db")
    ledger = Ledger(path, environment="simulator", token_hex=secrets.token_hex)
    try:
        assert list(flaws(ledger)) == []
        yield ledger
    finally:
        ledger.close()


def killed_everywhere(
    hand: Nursery, shop: HeldShop, tmp_path: Path, argv: list[str]
) -> Iterator[tuple[int, Path, dict[str, str]]]:
    """The command killed at its first point, its second, …; at last not at all. Status and home of each."""
    for point in range(1, 400):
        copy = tmp_path / f"point-{point}"
        shutil.copytree(shop.home, copy)
        environ = {"MPESA_HOME": str(copy), "TERM": "dumb", "PATH": "/usr/bin:/bin"}
        ended = hand.run(argv, environ, crash_at=point, now_us=shop.clock.now_us())
        yield ended.status, copy, environ
        if ended.status != CRASHED:
            assert point > 3, "no point was passed, so this proves nothing"
            return
    raise AssertionError("it never came to its end")


@COUNT
def test_reading_again_killed_anywhere_applies_each_message_once_or_not_at_all(
    hand: Nursery, shop: HeldShop, tmp_path: Path, count: int
) -> None:
    hold(shop, count)
    argv = ["held", "read-again", "--apply"]
    seen = set()
    for status, copy, environ in killed_everywhere(hand, shop, tmp_path, argv):
        with ledger_in(copy) as ledger:
            for message in Held(ledger).listed():
                payment = ledger.find(message.receipt)
                assert (payment is not None) == (message.state == "applied"), message
            waiting = Held(ledger).waiting_count()
        seen.add(waiting)
        assert (status == CRASHED) or not waiting
        assert hand.run(argv, environ, now_us=shop.clock.now_us()).status == 0
        with ledger_in(copy) as ledger:
            assert Held(ledger).waiting_count() == 0
            assert ledger.rows("SELECT count(*) FROM receipts") == [(count,)]
            assert ledger.rows("SELECT count(*) FROM journal WHERE kind='held_applied'") == [(count,)]
            came = count // 2 * 15_000 + (count + 1) // 2 * 50_000
            assert ledger.rows("SELECT sum(received_cents) FROM payments") == [(came,)]
    assert seen == set(range(count + 1))


def test_done_killed_anywhere_is_done_once_or_not_at_all(hand: Nursery, shop: HeldShop, tmp_path: Path) -> None:
    hold(shop, 1)
    (message,) = Held(shop.ledger).waiting()
    argv = ["held", "done", message.held_id, "--by", "Asha", "--reason", REASON]
    seen = set()
    for _, copy, environ in killed_everywhere(hand, shop, tmp_path, argv):
        with ledger_in(copy) as ledger:
            now = Held(ledger).message(message.held_id)
            told = ledger.rows("SELECT count(*) FROM journal WHERE kind='held_done'")
            assert now is not None
            assert told == [(int(now.state == "done"),)]
            assert now.body == message.body or now.body
        seen.add(str(now.state))
        assert hand.run(argv, environ, now_us=shop.clock.now_us()).status == (9 if now.state == "done" else 0)
    assert seen == {"open", "done"}
