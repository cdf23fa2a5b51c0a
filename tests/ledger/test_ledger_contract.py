"""What every ledger must promise, whatever engine it stands on (design: the Ledger protocol)."""

import secrets
import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mpesa_cli.floor.errors import Conflict, LedgerUnusable
from mpesa_cli.ledger.audit.ledger import flaws
from mpesa_cli.ledger.bodies import Bodies, BodyWrites
from mpesa_cli.ledger.engine.postgres.opening import open_engine
from mpesa_cli.ledger.engine.sqlite import SqliteEngine
from mpesa_cli.ledger.erasing import Erasing
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.values import NewCallback
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.payment import AttemptRef, Intent
from mpesa_cli.rules.push_rules import Again, Start
from mpesa_cli.rules.state import AttemptState, Flag, PaymentStatus
from mpesa_cli.rules.values.database import database

PHONE = "254708374149"
CHECKOUT = "ws_CO_24112026103001482708374149"
Open = Callable[[], Ledger]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def opened(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Open]:
    ledgers: list[Ledger] = []
    url = request.getfixturevalue("database")() if request.param == "postgres" else ""

    def open_again(environment: str = "simulator") -> Ledger:
        path = tmp_path / "data" / "ledger.db"
        engine = None
        if url:
            place = database(url, "mpesa_shop", "shop")
            engine = open_engine(place, None, path, environment=environment)
        ledgers.append(Ledger(path, environment=environment, token_hex=secrets.token_hex, engine=engine))
        return ledgers[-1]

    yield open_again
    for each in ledgers:
        each.close()


def intent(order: str = "1042", amount_cents: int = 150_000, msisdn: str = PHONE) -> Intent:
    return Intent(
        payment_id=f"PAY-{order}", order_id=order, profile="shop", shortcode="174379", amount_cents=amount_cents,
        msisdn=msisdn, account_reference=order, description="Order", token_hash=secrets.token_hex(32),
    )


def pending(ledger: Ledger, order: str = "1042") -> AttemptRef:
    with ledger.write() as tx:
        ref = tx.open_payment(Start(intent(order)), 1).last.ref
        tx.append(ref, ev.Sending(2, 1))
        tx.append(ref, ev.Accepted(3, 1, "m-1", f"{CHECKOUT}{order}"))
    return ref


def paid(receipt: str = "UKO4Q7WX2B", cents: int = 150_000, order: str = "1042", **more: object) -> ev.Received:
    return ev.Received(
        at_us=9, source="callback", receipt=receipt, amount_cents=cents,
        checkout_request_id=f"{CHECKOUT}{order}", msisdn=PHONE, **more,  # type: ignore[arg-type]
    )


def test_a_payment_that_is_opened_is_told_as_it_is_stored(opened: Open) -> None:
    ledger = opened()
    with ledger.write() as tx:
        told = tx.open_payment(Start(intent()), 1)
        assert tx.payment("PAY-1042") == told
    assert ledger.payment("PAY-1042") == ledger.payment_by_order("1042") == told



def test_what_was_written_is_there_for_the_next_process(opened: Open) -> None:
    ref = pending(opened())

    found = opened().payment(ref.payment_id)

    assert found is not None
    assert (found.status, found.last.state) == (PaymentStatus.PENDING, AttemptState.PENDING)


def test_a_transaction_that_fails_keeps_nothing(opened: Open) -> None:
    ledger = opened()
    before = ledger.rows("SELECT * FROM journal")

    def die_half_way() -> None:
        with ledger.write() as tx:
            tx.open_payment(Start(intent()), 1)
            raise RuntimeError("died half-way")

    with pytest.raises(RuntimeError):
        die_half_way()

    assert ledger.payment_by_order("1042") is None
    assert ledger.rows("SELECT * FROM journal") == before


def test_an_order_id_is_taken_once(opened: Open) -> None:
    ledger = opened()
    pending(ledger)

    with pytest.raises(Conflict), ledger.write() as tx:
        tx.open_payment(Start(intent()), 5)


def test_leave_to_ask_again_opens_one_attempt_only(opened: Open) -> None:
    ledger = opened()
    asked = ledger.payment(pending(ledger).payment_id)
    assert asked is not None
    with ledger.write() as tx:
        tx.open_attempt(Again(asked, PHONE), secrets.token_hex(32), 5)
    with pytest.raises(Conflict) as refused, opened().write() as tx:
        tx.open_attempt(Again(asked, PHONE), secrets.token_hex(32), 6)
    assert refused.value.code == "changed-meanwhile"
    assert len(ledger.payment(asked.payment_id).attempts) == 2  # type: ignore[union-attr]


def test_a_payment_is_found_by_every_reference(opened: Open) -> None:
    ledger = opened()
    ref = pending(ledger)
    with ledger.write() as tx:
        tx.append(ref, paid())

    for reference in ("1042", "PAY-1042", "pay-1042", f"{CHECKOUT}1042", "UKO4Q7WX2B", "uko4q7wx2b", " 1042 "):
        found = ledger.find(reference)
        assert found is not None, reference
        assert found.payment_id == "PAY-1042"
    assert ledger.find("UKO4Q7WX2C") is None


def test_the_same_evidence_again_changes_nothing(opened: Open) -> None:
    ledger = opened()
    ref = pending(ledger)
    with ledger.write() as tx:
        tx.append(ref, paid(callback_id="CB-1"))
    before = ledger.rows("SELECT count(*) FROM journal")

    for number in range(5):
        with ledger.write() as tx:
            tx.append(ref, paid(callback_id=f"CB-{number}"))

    assert ledger.rows("SELECT count(*) FROM journal") == before


def test_a_person_who_says_the_same_again_adds_nothing(opened: Open) -> None:
    ledger = opened()
    ref = pending(ledger)
    for at_us in (10, 20, 30):
        with ledger.write() as tx:
            tx.append(ref, ev.Decided(at_us, "failed", "asha", "looked at the statement"))
    assert [e.kind for e in ledger.journal(ref.payment_id)].count("decided") == 1


def test_a_receipt_pays_one_attempt_only(opened: Open) -> None:
    ledger = opened()
    first, second = pending(ledger, "1"), pending(ledger, "2")
    with ledger.write() as tx:
        tx.append(first, paid(order="1"))
        tx.append(second, paid(order="2"))

    one, two = ledger.payment(first.payment_id), ledger.payment(second.payment_id)
    assert one is not None
    assert two is not None
    assert (one.status, two.status) == (PaymentStatus.PAID, PaymentStatus.REVIEW)


def test_a_receipt_that_did_not_pay_does_not_block_its_true_owner(opened: Open) -> None:
    ledger = opened()
    first, second = pending(ledger, "1"), pending(ledger, "2")
    with ledger.write() as tx:
        tx.append(first, paid(cents=100, order="1"))
        tx.append(second, paid(order="2"))

    two = ledger.payment(second.payment_id)
    assert two is not None
    assert two.status is PaymentStatus.PAID


def test_money_that_c2b_told_first_and_the_callback_again_is_one_payment(opened: Open) -> None:
    ledger = opened()
    ref = pending(ledger)
    with ledger.write() as tx:
        by_hand = tx.open_received(intent("C2B-UKO4Q7WX2B", msisdn="2547 ***** 149"), 4)
        tx.append(by_hand, ev.Received(5, "c2b", "UKO4Q7WX2B", 150_000, msisdn="2547 ***** 149"))
    with ledger.write() as tx:
        tx.append(ref, paid())

    found = ledger.find("UKO4Q7WX2B")
    assert found is not None
    assert (found.order_id, found.status) == ("1042", PaymentStatus.PAID)
    assert ledger.payment(by_hand.payment_id) is None
    assert ledger.rows("SELECT count(*) FROM payments") == [(1,)]
    assert not list(flaws(ledger))


def test_money_by_hand_for_a_known_order_is_counted_with_it(opened: Open) -> None:
    ledger = opened()
    ref = pending(ledger)
    with ledger.write() as tx:
        tx.append(ref, ev.CallbackFailed(4, "1032", "Request cancelled by user", checkout_request_id=f"{CHECKOUT}1042"))
        for receipt, cents in (("UKO4Q7WX2B", 100_000), ("UKO4Q7WX2C", 50_000), ("UKO4Q7WX2D", 1_000)):
            by_hand = tx.add_received(ref.payment_id, "2547 ***** 149", cents, 6)
            payment = tx.append(by_hand, ev.Received(7, "c2b", receipt, cents, msisdn="2547 ***** 149"))
            seen = payment.status
            expected = {"UKO4Q7WX2B": "partial", "UKO4Q7WX2C": "paid", "UKO4Q7WX2D": "overpaid"}[receipt]
            assert seen == expected
    assert not list(flaws(ledger))


def test_phone_numbers_stay_out_of_the_chained_bytes(opened: Open) -> None:
    ledger = opened()
    ref = pending(ledger)
    with ledger.write() as tx:
        tx.append(ref, paid())

    chained = str(ledger.rows("SELECT facts FROM journal"))
    assert "708374149" not in chained
    assert "UKO4Q7WX2B" in chained


def test_erasing_personal_data_leaves_the_chain_whole(opened: Open) -> None:
    ledger = opened()
    ref = pending(ledger)
    with ledger.write() as tx:
        tx.append(ref, paid())

    with ledger.write() as tx:
        erased = Erasing(tx).erase(PHONE, 10)

    assert erased is not None
    assert "708374149" not in str(ledger.rows("SELECT * FROM journal_private"))
    assert list(flaws(ledger)) == []


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE journal SET facts = replace(facts, 'UKO4Q7WX2B', 'UKO4Q7WX2C')",
        "UPDATE journal SET at_us = at_us + 1 WHERE seq = 2",
        "DELETE FROM journal WHERE seq = 3",
        "UPDATE journal_private SET facts = replace(facts, '4149', '4148') WHERE seq = 2",
        "UPDATE attempts SET state = 'failed'",
        "UPDATE payments SET status = 'failed'",
        "UPDATE attempts SET receipt = 'UKO4Q7WX2C'",
    ],
)
def test_tampering_is_found(opened: Open, tampering: str) -> None:
    ledger = opened()
    ref = pending(ledger)
    with ledger.write() as tx:
        tx.append(ref, paid())
    assert not list(flaws(ledger))
    if isinstance(ledger.engine, SqliteEngine):
        raw = sqlite3.connect(ledger.path)
        raw.executescript("DROP TRIGGER journal_is_append_only_u; DROP TRIGGER journal_is_append_only_d")
        raw.executescript(tampering)
        raw.close()
    else:
        ledger.engine.connection().execute_once("SET session_replication_role = replica")  # no triggers
        ledger.engine.connection().execute_once(tampering)

    assert list(flaws(ledger))


def test_the_journal_refuses_to_be_changed_by_mistake(opened: Open) -> None:
    ledger = opened()
    pending(ledger)

    replacing = "INSERT OR REPLACE INTO journal SELECT * FROM journal"
    if not isinstance(ledger.engine, SqliteEngine):
        replacing = "TRUNCATE journal CASCADE"
    for statement in ("UPDATE journal SET kind='x'", "DELETE FROM journal", replacing):
        with pytest.raises(LedgerUnusable, match="append-only"):
            ledger.rows(statement)


@pytest.mark.parametrize("opened", ["sqlite"], indirect=True)
def test_files_are_readable_by_their_owner_only(opened: Open) -> None:
    ledger = opened()
    pending(ledger)

    folder = ledger.path.parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for each in folder.iterdir():
        assert stat.S_IMODE(each.stat().st_mode) == 0o600, each


def test_a_ledger_belongs_to_one_environment(opened: Callable[..., Ledger]) -> None:
    opened("simulator").close()

    with pytest.raises(LedgerUnusable, match="holds simulator payments") as refused:
        opened("production")
    assert refused.value.code == "ledger-other-environment"


@pytest.mark.parametrize("opened", ["sqlite"], indirect=True)
def test_commits_are_durable_and_the_log_is_written_ahead(opened: Open) -> None:
    ledger = opened()

    assert ledger.rows("PRAGMA journal_mode") == [("wal",)]
    assert ledger.rows("PRAGMA synchronous") == [(2,)]  # FULL


def test_a_body_is_stored_once_and_read_once(opened: Open) -> None:
    ledger = opened()
    ref = pending(ledger)
    with ledger.write() as tx:
        first = BodyWrites(tx).store_callbacks([NewCallback(ref, b'{"a":1}', "127.0.0.1")], 5)[0]
        again = BodyWrites(tx).store_callbacks([NewCallback(ref, b'{"a":1}', "127.0.0.1")], 6)[0]
    assert first is not None
    assert again is None
    assert [c.callback_id for c in Bodies(ledger).unread_callbacks(ref)] == [first]

    with ledger.write() as tx:
        tx.mark_callback(first, "applied")
    assert Bodies(ledger).unread_callbacks(ref) == []
    assert Bodies(ledger).unread_callbacks() == []


def test_a_query_that_says_paid_has_no_receipt_and_says_so(opened: Open) -> None:
    ledger = opened()
    ref = pending(ledger)
    with ledger.write() as tx:
        payment = tx.append(ref, ev.QueryAnswered(20, "0", "The service request is processed successfully."))

    assert payment.status is PaymentStatus.PAID
    assert payment.last.view.flags == {Flag.UNCONFIRMED}
    assert payment.last.view.receipt is None
