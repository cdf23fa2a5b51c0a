"""For a day after a restore, what comes for prompts that the ledger has lost is kept, within bounds, and believed by
nobody."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from daraja.callbacks.callback_bodies import c2b, encode, failed, paid
from listener.listening import ACCEPTED_BODY, Bench, checkout_id, listener, now_us, open_ledger, prompt
from listener.test_listener_c2b import CONFIRMED, c2b_shop

from mpesa_cli.ledger.held import Held
from mpesa_cli.ledger.restoring import RestoreWrites
from mpesa_cli.listener.server.options import ListenerOptions
from mpesa_cli.rules.held import HeldState
from mpesa_cli.rules.state import PaymentStatus

HOUR_US = 3_600_000_000
LOST = (404, b'{"error":"not found"}')


@pytest.fixture
def restored(tmp_path: Path) -> Iterator[Bench]:
    """A listener over a ledger that was restored an hour ago, behind a proxy that says who calls."""
    path = tmp_path / "ledger.db"
    ledger = open_ledger(path)
    with ledger.write() as tx:
        RestoreWrites(tx).note_restored(now_us() - 5 * HOUR_US, now_us() - HOUR_US)
    ledger.close()
    with listener(path, ListenerOptions(port=0, tunnel="nginx"), c2b=c2b_shop()) as bench:
        yield bench


def send(bench: Bench, body: bytes, address: str = "203.0.113.7") -> tuple[int, bytes]:
    return bench.callback(secrets.token_hex(16), body, f"X-Forwarded-For: {address}")


def test_a_callback_of_a_lost_prompt_is_answered_200_and_held(restored: Bench) -> None:
    assert send(restored, encode(paid())) == (200, ACCEPTED_BODY)
    (held,) = Held(restored.ledger).waiting()
    assert (held.code, held.channel, held.receipt, held.state) == ("after-restore", "stk", "UKO4Q7WX2B", HeldState.OPEN)
    kept = Held(restored.ledger).message(held.held_id)
    assert kept
    assert kept.body == encode(paid())
    assert Held(restored.ledger).about("UKO4Q7WX2B"), "status and verify find it"
    assert restored.ledger.receipt_owner("UKO4Q7WX2B") is None, "it pays nothing"


def test_a_confirmation_on_a_lost_address_is_kept_and_never_read_as_a_payment(restored: Bench) -> None:
    secret = secrets.token_hex(16)
    assert restored.post(f"/hooks/{secret}/c2b/confirmation", encode(c2b())) == CONFIRMED
    (held,) = Held(restored.ledger).waiting()
    assert (held.channel, held.code) == ("open", "after-restore")
    assert restored.post(f"/hooks/{secret}/c2b/validation", encode(c2b())) == LOST


def test_what_is_kept_has_bounds_and_each_address_a_share(
    restored: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mpesa_cli.listener.intake.after_restore.LOST_BODIES_MAX", 6)
    monkeypatch.setattr("mpesa_cli.listener.intake.after_restore.LOST_OF_ADDRESS_MAX", 2)
    bodies = [encode(failed(CheckoutRequestID=f"ws_CO_{number}")) for number in range(12)]
    assert [send(restored, body)[0] for body in bodies[:3]] == [200, 200, 404]
    assert [send(restored, body, "2001:db8::1")[0] for body in bodies[3:5]] == [200, 200]
    assert send(restored, bodies[5], "2001:db8::2")[0] == 404, "one network, one share"
    assert [send(restored, body, "196.201.214.200")[0] for body in bodies[6:9]] == [200, 200, 404]
    assert send(restored, bodies[0], "203.0.113.9")[0] == 404
    assert send(restored, b"x" * 5_000, "203.0.113.9")[0] == 404
    assert Held(restored.ledger).waiting_count() == 6


def test_a_ledger_that_was_not_restored_lately_keeps_none(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger = open_ledger(path)
    with ledger.write() as tx:
        RestoreWrites(tx).note_restored(now_us() - 90 * HOUR_US, now_us() - 25 * HOUR_US)
    ledger.close()
    with listener(path) as bench:
        assert bench.callback(secrets.token_hex(16), encode(paid())) == LOST
        assert Held(bench.ledger).waiting_count() == 0


def test_a_token_that_is_known_goes_on_as_ever(restored: Bench) -> None:
    token, ref = prompt(restored.ledger)
    named = checkout_id(int(ref.payment_id[-8:]))
    assert restored.callback(token, encode(paid(CheckoutRequestID=named))) == (200, ACCEPTED_BODY)
    assert restored.callback("no-token-at-all", encode(paid())) == LOST
    restored.until("settled")
    assert restored.payment(ref).status is PaymentStatus.PAID
    assert Held(restored.ledger).waiting_count() == 0


def test_many_of_them_are_one_line_of_reconcile(restored: Bench) -> None:
    from mpesa_cli.held.words import lost_line

    for number in range(3):
        send(restored, encode(failed(CheckoutRequestID=f"ws_CO_{number}")))
    send(restored, encode(paid()))
    line = lost_line(Held(restored.ledger).waiting())
    assert "4 callbacks for prompts that the restored ledger does not know, with receipts UKO4Q7WX2B" in line
    assert "\n" not in line
