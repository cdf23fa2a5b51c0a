"""Idempotency keys: one call is one prompt, however often it is repeated, and a key means one thing for ever."""

import httpx
import pytest
from api_bench import CANCELS, Shop, initiate, posts, settled, told

from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.ledger.calls import Calls
from mpesa_cli.payments.retry import made_before
from mpesa_cli.rules.evidence import Accepted, Sending, Undelivered
from mpesa_cli.rules.push_rules import Again
from mpesa_cli.rules.values.call_key import KEPT_S, CallKey


def test_a_key_with_other_inputs_is_refused_and_nothing_is_sent(shop: Shop, client: httpx.Client) -> None:
    key = {"idempotency-key": "call-1"}
    first = initiate(client, "1", **key)
    assert first.status_code == 202
    assert told(initiate(client, "2", CANCELS, **key)) == (409, "idempotency-key-reused")
    assert posts(shop, "2") == 0
    assert initiate(client, 1, **key).json()["payment_id"] == first.json()["payment_id"]
    assert posts(shop, "1") == 1


def test_a_key_is_remembered_though_the_call_was_refused(client: httpx.Client) -> None:
    initiate(client, "1")
    assert told(initiate(client, "2", **{"idempotency-key": "call-2"})) == (429, "phone-busy")
    assert told(initiate(client, "3", CANCELS, **{"idempotency-key": "call-2"})) == (409, "idempotency-key-reused")


def test_keys_of_two_subjects_are_two_keys(shop: Shop, client: httpx.Client) -> None:
    with shop.client(name="other-shop") as other:
        assert initiate(client, "1", **{"idempotency-key": "same"}).status_code == 202
        assert initiate(other, "2", CANCELS, **{"idempotency-key": "same"}).status_code == 202


def test_a_repeated_retry_makes_one_attempt(shop: Shop, client: httpx.Client) -> None:
    initiate(client, "1043", CANCELS)
    settled(shop, client, "1043")
    for number in (2, 3):
        shop.clock.advance(200)
        key = {"idempotency-key": f"retry-{number}"}
        first = client.post("/payments/retry/1043", headers=key)
        assert (first.status_code, len(first.json()["attempts"])) == (202, number)
        assert settled(shop, client, "1043")["status"] == "failed"
        shop.clock.advance(200)
        again = client.post("/payments/retry/1043", headers=key)
        assert (again.status_code, len(again.json()["attempts"])) == (200, number)
    assert posts(shop, "1043") == 3


def test_a_retry_that_was_killed_between_its_key_and_its_attempt_goes_on(shop: Shop, client: httpx.Client) -> None:
    """What a kill leaves there is a key that no attempt is bound to."""
    initiate(client, "1043", CANCELS)
    settled(shop, client, "1043")
    key = {"idempotency-key": "retry-1"}
    assert told(client.post("/payments/retry/1043", headers=key)) == (429, "too-soon")
    shop.clock.advance(200)
    assert client.post("/payments/retry/1043", headers=key).status_code == 202
    assert client.post("/payments/retry/1043", headers=key).status_code == 200
    assert posts(shop, "1043") == 2


@pytest.mark.parametrize("left", [False, True])
def test_a_repeated_retry_whose_attempt_never_left_may_make_another(
    shop: Shop, client: httpx.Client, left: bool
) -> None:
    initiate(client, "1043", CANCELS)
    settled(shop, client, "1043")
    payment = shop.ledger.payment_by_order("1043")
    assert payment is not None
    key, now_us = CallKey("shop", "retry-1", "a"), shop.runtime.world.now_us()
    with shop.ledger.write() as tx:
        assert made_before(tx, key, now_us) is None
        ref = tx.open_attempt(Again(payment, CANCELS), "ab" * 32, now_us).ref
        Calls(tx).bind(key, ref)
        tx.append(ref, Sending(now_us, 1))
        tx.append(ref, Accepted(now_us, 1, "m", "ws_CO_2") if left else Undelivered(now_us, 1, "dns", "no name"))
        made = made_before(tx, key, now_us)
    assert (made.last.ref if made else None) == (ref if left else None)


def test_old_keys_are_forgotten_and_young_ones_are_not(shop: Shop) -> None:
    now_us = shop.runtime.world.now_us()
    with shop.ledger.write() as tx:
        Calls(tx).claim(CallKey("shop", "old", "a"), now_us - (KEPT_S + 1) * SECOND_US)
        Calls(tx).claim(CallKey("shop", "young", "a"), now_us - (KEPT_S - 1) * SECOND_US)
        Calls(tx).claim(CallKey("shop", "new", "a"), now_us)
    rows = shop.ledger.rows("SELECT key FROM idempotency_keys ORDER BY key")
    assert [key for (key,) in rows] == ["new", "young"]


def test_a_key_that_is_none_is_refused(client: httpx.Client) -> None:
    for key in ("", "two words", "x" * 129):
        assert told(initiate(client, "1", **{"idempotency-key": key})) == (400, "invalid-header")
