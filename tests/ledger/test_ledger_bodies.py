"""Raw bodies that came together are stored together, each with the outcome it would have had alone."""

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mpesa_cli.floor.errors import Conflict
from mpesa_cli.ledger.bodies import Bodies, BodyWrites
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.values import BODIES_OF_ATTEMPT_MAX, NewCallback
from mpesa_cli.rules.payment import AttemptRef, Intent
from mpesa_cli.rules.push_rules import Start


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.db", environment="simulator", token_hex=secrets.token_hex)
    with contextlib.closing(opened):
        yield opened


def callback(number: int, body: bytes = b"{}") -> NewCallback:
    return NewCallback(AttemptRef(f"PAY-{number}", 1), body, "127.0.0.1")


def test_each_body_of_a_batch_gets_an_id_of_its_own_and_is_there_whole(ledger: Ledger) -> None:
    batch = [callback(number, secrets.token_bytes(number)) for number in range(77)]
    with ledger.write() as tx:
        ids = BodyWrites(tx).store_callbacks(batch, 5)

    kept = {c.callback_id: (c.attempt, c.body, c.peer, c.received_us) for c in Bodies(ledger).unread_callbacks()}
    assert kept == {i: (*each, 5) for i, each in zip(ids, batch, strict=True)}


def test_what_was_stored_before_or_twice_in_a_batch_is_told_apart_from_what_is_new(ledger: Ledger) -> None:
    with ledger.write() as tx:
        assert BodyWrites(tx).store_callbacks([NewCallback(AttemptRef("PAY-1", 1), b"old", "127.0.0.1")], 1)[0]
    with ledger.write() as tx:
        outcomes = BodyWrites(tx).store_callbacks(
            [callback(1, b"old"), callback(1, b"new"), callback(1, b"new"), callback(2)], 2
        )

    assert [type(each) for each in outcomes] == [type(None), str, type(None), str]
    assert len(Bodies(ledger).unread_callbacks()) == 3


def test_a_batch_takes_no_more_than_the_room_of_an_attempt(ledger: Ledger) -> None:
    many = [callback(1, b"%d" % number) for number in range(BODIES_OF_ATTEMPT_MAX + 5)]
    with ledger.write() as tx:
        outcomes = BodyWrites(tx).store_callbacks([*many, callback(2), many[0]], 1)

    refused = [each for each in outcomes if isinstance(each, Conflict)]
    assert [each.code for each in refused] == ["too-many-bodies"] * 5
    assert outcomes[BODIES_OF_ATTEMPT_MAX:-2] == refused
    assert isinstance(outcomes[-2], str)
    assert outcomes[-1] is None
    assert len(Bodies(ledger).unread_callbacks()) == BODIES_OF_ATTEMPT_MAX + 1


def test_room_is_counted_within_a_batch_too(ledger: Ledger) -> None:
    with ledger.write() as tx:
        BodyWrites(tx).store_callbacks([callback(1, b"%d" % number) for number in range(BODIES_OF_ATTEMPT_MAX - 1)], 1)
        outcomes = BodyWrites(tx).store_callbacks([callback(1, b"new %d" % number) for number in range(4)], 1)

    assert [type(each) for each in outcomes] == [str, Conflict, Conflict, Conflict]


def outcomes_of(path: Path, batches: list[list[NewCallback]]) -> list[type]:
    opened = Ledger(path, environment="simulator", token_hex=secrets.token_hex)
    with contextlib.closing(opened) as ledger, ledger.write() as tx:
        return [type(each) for batch in batches for each in BodyWrites(tx).store_callbacks(batch, 1)]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.lists(st.tuples(st.integers(1, 3), st.integers(0, BODIES_OF_ATTEMPT_MAX + 2)), max_size=150))
def test_a_batch_ends_as_its_bodies_would_one_by_one(tmp_path: Path, drawn: list[tuple[int, int]]) -> None:
    batch = [callback(number, b"%d" % body) for number, body in drawn]
    together, alone = (tmp_path / secrets.token_hex(4) / "ledger.db" for _ in range(2))

    assert outcomes_of(together, [batch]) == outcomes_of(alone, [[each] for each in batch])


def test_a_batch_of_thirty_two_takes_one_statement_to_store_and_one_to_look_up(ledger: Ledger) -> None:
    said: list[str] = []
    with ledger.write() as tx:
        ledger._connection().set_trace_callback(said.append)
        BodyWrites(tx).store_callbacks([callback(number) for number in range(32)], 1)
        ledger.attempts_by_tokens(["0" * 64] * 32)
        ledger._connection().set_trace_callback(None)

    assert len(said) == 2


def test_ids_of_bodies_that_come_later_sort_later(ledger: Ledger) -> None:
    ids = []
    for at_us in (1_795_505_400_000_000, 1_795_505_400_000_001, 1_995_505_400_000_000):
        with ledger.write() as tx:
            ids.append(BodyWrites(tx).store_body("c2b-confirmation", b"%d" % at_us, "127.0.0.1", at_us))

    assert ids == sorted(ids)


def test_tokens_are_looked_up_together_and_those_of_nobody_are_left_out(ledger: Ledger) -> None:
    hashes = [secrets.token_hex(32) for _ in range(3)]
    with ledger.write() as tx:
        for number, each in enumerate(hashes[:2]):
            intent = Intent(f"PAY-{number}", f"o-{number}", "p", "1", 100, "254708374149", "A", "D", each)
            tx.open_payment(Start(intent), 1)

    assert ledger.attempts_by_tokens([*hashes, "", "x"]) == {
        hashes[0]: AttemptRef("PAY-0", 1), hashes[1]: AttemptRef("PAY-1", 1),
    }
