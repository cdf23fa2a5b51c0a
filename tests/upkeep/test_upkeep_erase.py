"""Erasing a number: gone from every byte, while amounts, receipts and the proof of the books stay."""

import contextlib
import hashlib
import json
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mpesa_cli.floor.errors import LedgerBusy
from mpesa_cli.ledger.bodies import BodyWrites
from mpesa_cli.ledger.erasing import Erasing
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.restoring import RestoreWrites
from mpesa_cli.ledger.schema.personal import ANEW, KEPT, SEARCHED
from mpesa_cli.ledger.writes import Write
from mpesa_cli.payments.holding import hold_body
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.payment import AttemptRef, Intent
from mpesa_cli.rules.push_rules import Start
from mpesa_cli.upkeep.erase import erase

PAYS, OTHER = "254708374149", "254711111111"
DIGITS, HASHED = b"708374149", hashlib.sha256(PAYS.encode()).hexdigest()


def bytes_left(shop: Any, digits: bytes = DIGITS) -> dict[str, int]:
    """Which files of the ledger's folder hold the number in any form: all of them hold these nine digits."""
    files = [path for path in shop.path.parent.iterdir() if path.is_file()]
    return {path.name: count for path in files if (count := path.read_bytes().count(digits))}


def everything(shop: Any) -> dict[str, Any]:
    """What the shop is told of each payment, without numbers and what holds them."""
    said = {}
    for payment in json.loads(shop.run("history", "--json", "--limit", "all").stdout):
        payment.pop("msisdn")
        for attempt in payment["attempts"]:
            attempt.pop("checkout_request_id")
        said[payment["order_id"]] = payment
    return said


def test_the_number_is_gone_and_everything_else_stands(busy: Any) -> None:
    before = everything(busy)
    assert bytes_left(busy)

    result = busy.run("erase", "0708 374 149", "--yes")

    assert result.status == 0, result
    assert bytes_left(busy) == {}
    assert everything(busy) == before
    assert busy.run("audit", "verify").status == 0
    assert "Not touched" in result.stderr
    for receipt in (each["receipt"] for each in before.values() if each["receipt"]):
        assert busy.run("status", receipt, "--no-refresh").status == 0


def test_money_that_was_reported_and_not_read_yet_is_not_erased_before_it_is_in_the_books(busy: Any) -> None:
    body = f'{{"TransID": "UKO4Q7WX2B", "TransAmount": "500", "MSISDN": "{PAYS}"}}'.encode()
    with busy.ledger() as ledger, ledger.write() as tx:
        BodyWrites(tx).store_body("c2b-confirmation", body, "127.0.0.1", busy.clock.now)
    refused = busy.run("erase", PAYS, "--yes", "--json")
    assert (refused.status, json.loads(refused.stdout)["error"]["code"]) == (9, "payment-open")
    assert bytes_left(busy)
    with busy.ledger() as ledger:
        assert ledger.rows("SELECT body FROM callbacks WHERE verdict = ''") == [(body,)]


@pytest.mark.parametrize("phone", [f'["{PAYS}"]', f'"{PAYS}"'])
def test_a_message_that_was_erased_comes_again_without_its_number(busy: Any, phone: str) -> None:
    body = f'{{"TransID": "UKO4Q7WX2B", "MSISDN": {phone}}}'.encode()
    with busy.ledger() as ledger, ledger.write() as tx:
        BodyWrites(tx).store_body("c2b-confirmation", body, "127.0.0.1", busy.clock.now)
        (raw,) = BodyWrites(tx).unread_bodies("c2b-confirmation")
        hold_body(tx, raw, "c2b", "no-amount", "it shows no amount")
    assert busy.run("erase", PAYS, "--yes").status == 0
    with busy.ledger() as ledger, ledger.write() as tx:
        BodyWrites(tx).store_body("c2b-confirmation", body, "127.0.0.1", busy.clock.now)
    assert bytes_left(busy) == {}


def test_payments_of_one_number_stay_together_and_other_numbers_stay(busy: Any) -> None:
    busy.push("4", "254711111111")
    busy.run("erase", PAYS, "--yes")
    numbers = {each["order_id"]: each["msisdn"] for each in json.loads(busy.run("history", "--json").stdout)}
    assert numbers["1"] == numbers["3"]
    assert numbers["1"].startswith("erased-")
    assert (numbers["2"], numbers["4"]) == ("254700001032", "254711111111")


def test_a_dry_run_counts_and_changes_nothing(busy: Any) -> None:
    head = busy.run("audit", "head").stdout
    said = busy.json("erase", PAYS, "--dry-run")
    assert (said["erased"], said["payments"], said["bodies"]) == (False, 2, 2)
    assert busy.run("audit", "head").stdout == head
    done = json.loads(busy.run("erase", PAYS, "--yes", "--json").stdout)
    assert {**done, "erased": False} == said


def test_a_person_is_asked_and_nobody_is_never_taken_for_yes(busy: Any) -> None:
    assert busy.run("erase", PAYS).status == 9
    assert busy.run("erase", PAYS, tty=True, stdin="n\n").status == 1
    assert bytes_left(busy)
    assert busy.run("erase", PAYS, tty=True, stdin="y\n").status == 0
    assert not bytes_left(busy)


@pytest.mark.parametrize("argv", [("--dry-run",), ("--yes",)])
def test_every_body_and_fact_is_looked_at_once(
    busy: Any, monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...]
) -> None:
    looks: list[str] = []
    plain = Erasing.erase
    monkeypatch.setattr(Erasing, "erase", lambda tx, msisdn, at_us: looks.append(msisdn) or plain(tx, msisdn, at_us))
    assert busy.run("erase", PAYS, *argv).status == 0
    assert looks == [PAYS]


def test_a_number_that_is_not_there_is_told(busy: Any) -> None:
    for argv in (["erase", OTHER, "--yes"], ["erase", OTHER, "--dry-run"]):
        result = busy.run(*argv, "--json")
        assert (result.status, json.loads(result.stdout)["error"]["code"]) == (2, "number-not-found")
    busy.run("erase", PAYS, "--yes")
    assert busy.run("erase", PAYS, "--yes").status == 2


def test_nothing_is_erased_while_money_may_still_move(busy: Any) -> None:
    with busy.ledger() as ledger, ledger.write() as tx:
        prompt(tx, "open", PAYS)
    result = busy.run("erase", PAYS, "--yes", "--json")
    error = json.loads(result.stdout)["error"]
    assert (result.status, error["code"]) == (9, "payment-open")
    assert "mpesa status open" in error["hint"]
    assert bytes_left(busy)


def test_bytes_that_sqlite_left_in_free_pages_go_too(busy: Any) -> None:
    """What was deleted or moved long ago is still in the file, until it is written anew."""
    with contextlib.closing(sqlite3.connect(busy.path, isolation_level=None)) as raw:
        raw.execute("PRAGMA secure_delete=OFF")
        raw.execute("CREATE TABLE once (x)")
        raw.executemany("INSERT INTO once VALUES (?)", [(f"{PAYS} {n}" * 50,) for n in range(100)])
        raw.execute("DROP TABLE once")
    assert bytes_left(busy)[busy.path.name] > 1_000
    assert busy.run("erase", PAYS, "--yes").status == 0
    assert bytes_left(busy) == {}


def test_an_erased_number_is_never_asked_again(busy: Any) -> None:
    with busy.ledger() as ledger, ledger.write() as tx:
        tx.append(prompt(tx, "no", PAYS), ev.CallbackFailed(9, "1032", "Request cancelled by user"))
    busy.run("erase", PAYS, "--yes")
    busy.clock.advance(600)
    result = busy.run("retry", "no", "--json")
    assert (result.status, json.loads(result.stdout)["error"]["code"]) == (9, "number-erased")


def test_a_callback_that_comes_after_all_is_still_taken(busy: Any) -> None:
    """A late success is money: it is never lost for the sake of an erasure, and nobody compares the number any more."""
    with busy.ledger() as ledger:
        with ledger.write() as tx:
            ref = prompt(tx, "late", PAYS)
            tx.append(ref, ev.CallbackFailed(9, "1032", "Cancelled", checkout_request_id=checkout("late")))
        busy.run("erase", PAYS, "--yes")
        with ledger.write() as tx:
            payment = tx.append(ref, ev.Received(10, "callback", "UKO4Q7WX2B", 10_000, msisdn=PAYS))
        assert payment.status == "paid"
    assert busy.run("audit", "verify").status == 0


@pytest.mark.parametrize("reported", [OTHER, "2547 ***** 149", "2547 ***** 148", "", HASHED])
@pytest.mark.parametrize("decision", ["paid", "failed"])
def test_where_a_payment_stands_never_changes(busy: Any, reported: str, decision: str) -> None:
    """Evidence of another number, whole or masked, and a person's word on it, say after the erasure what they said."""
    with busy.ledger() as ledger, ledger.write() as tx:
        ref = prompt(tx, "x", PAYS)
        told = ev.Received(9, "callback", "UKO4Q7WX2B", 10_000, checkout_request_id=checkout("x"), msisdn=reported)
        tx.append(ref, told)
        tx.append(ref, ev.Decided(10, decision, "owner", "seen", "UKO4Q7WX2B"))
    before = everything(busy)
    assert busy.run("erase", PAYS, "--yes").status == 0
    assert everything(busy) == before
    assert busy.run("audit", "verify").status == 0
    assert bytes_left(busy) == {}
    assert bytes_left(busy, HASHED.encode()) == {}


def test_what_else_holds_the_number_is_cleared(busy: Any) -> None:
    """Raw C2B bodies with names, messages, statement rows, results, keys of calls: every table there is."""
    named = b'{"TransID":"UKO4Q7X81C","MSISDN":"0708374149","FirstName":"WANJIKU"}'
    without = b'{"MSISDN":"%s","FirstName":"WANJIKU"}' % HASHED.encode()
    result = '{"debit":"2547****4149"}'
    with busy.ledger() as ledger:
        receipt = ledger.payment_by_order("1").telling.view.receipt
        payment_id = ledger.payment_by_order("1").payment_id
        with ledger.write() as tx:
            BodyWrites(tx).store_body("c2b-confirmation", named, "127.0.0.1", 1)
            BodyWrites(tx).store_body("c2b-confirmation", without, "127.0.0.1", 1)
    with contextlib.closing(sqlite3.connect(busy.path)) as raw:
        raw.execute("UPDATE callbacks SET verdict = 'applied'")
        raw.execute("INSERT INTO statement_rows VALUES (?, 'received', 10000, 1, 1, '0708374149', '2547****4149', '', "
                    "1, '174379', 'S1')", (receipt,))
        raw.execute("INSERT INTO requests (request_id, command, subject, token_hash, created_us, state, result) "
                    "VALUES ('R1', 'TransactionStatusQuery', ?, 'x', 1, 'done', ?)", (receipt, result))
        raw.execute("INSERT INTO idempotency_keys VALUES ('till', 'pay-254708374149', 'aa', ?, 1, 1)", (payment_id,))
        raw.commit()

    assert busy.run("erase", PAYS, "--yes").status == 0

    assert bytes_left(busy) == {}
    assert bytes_left(busy, b"WANJIKU") == {}
    assert bytes_left(busy, b"****4149") == {}
    assert bytes_left(busy, HASHED.encode()) == {}
    assert busy.run("audit", "verify").status == 0


def test_a_number_that_somebody_typed_as_reference_is_told_since_it_must_stay(busy: Any) -> None:
    busy.clock.advance(200)
    busy.run("push", PAYS, "100", "--order", "0708374149", "-q")
    result = busy.run("erase", PAYS, "--yes")
    assert result.status == 7
    assert "still" in result.stderr
    assert "what the hash chain proves" in result.stderr
    assert busy.run("audit", "verify").status == 0


def test_of_every_column_of_text_it_is_said_what_becomes_of_it(busy: Any) -> None:
    """A migration that adds a table or a column has to say whether it is personal."""
    with busy.ledger() as ledger, ledger.write() as tx:
        there = {
            (table, column) for table in tx.dialect.tables(tx.connection)
            for column, kind in tx.dialect.columns(tx.connection, table).items() if kind in {"TEXT", "BLOB"}
        }
    kept = [(table, column) for table, reasons in KEPT.items() for columns in reasons.values() for column in columns]
    personal = {(table, column) for table, columns in [*ANEW.items(), *SEARCHED.items()] for column in columns}
    assert sorted([*kept, *personal]) == sorted(there)


def test_words_that_the_chain_proves_stay_as_they_are_wherever_they_are_shown(busy: Any) -> None:
    with busy.ledger() as ledger, ledger.write() as tx:
        RestoreWrites(tx).name_receipt("UKO4Q7X81C", by="Asha", reason="sold over the counter to 0708374149", at_us=1)

    result = busy.run("erase", PAYS, "--yes")

    assert "journal row" in result.stderr
    assert busy.run("audit", "verify").status == 0


def test_copies_from_before_an_upgrade_are_named(busy: Any) -> None:
    copy = busy.path.with_name(busy.path.name + ".v1.bak")
    shutil.copy(busy.path, copy)
    result = busy.run("erase", PAYS, "--yes")
    assert result.status == 7
    assert str(copy) in result.stderr


def test_what_an_erasure_left_can_not_be_changed_unseen(busy: Any) -> None:
    busy.run("erase", PAYS, "--yes")
    busy.tamper("UPDATE journal_private SET facts = replace(facts, 'erased-', 'erased-0') WHERE seq = 2")
    assert "what this erasure left was changed" in json.dumps(busy.json("audit", "verify"))


def test_an_erasure_is_in_the_journal_without_the_number(busy: Any) -> None:
    busy.run("erase", PAYS, "--yes")
    with busy.ledger() as ledger:
        ((kind, facts),) = ledger.rows("SELECT kind, facts FROM journal ORDER BY seq DESC LIMIT 1")
    assert kind == "erased"
    assert json.loads(str(facts))["payments"] == 2
    assert b"708374149" not in str(facts).encode()


def test_old_bytes_that_another_process_keeps_are_told_and_taken_the_next_time(
    busy: Any,
) -> None:
    with contextlib.closing(sqlite3.connect(busy.path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM journal").fetchone()
        impatient = Ledger(
            busy.path, environment="simulator", token_hex=secrets.token_hex, busy_timeout_s=0.2
        )
        with contextlib.closing(impatient) as ledger, pytest.raises(LedgerBusy, match="old bytes") as told:
            erase(ledger, PAYS, 1, lambda _: None)
        assert (told.value.message.count("is erased"), "-wal" in told.value.message) == (1, True)
        assert bytes_left(busy)
        assert "erasure" in [each["check"] for each in busy.json("doctor")["checks"]]
    assert busy.run("erase", PAYS, "--yes").status == 0
    assert bytes_left(busy) == {}


def test_a_ledger_that_others_write_once_the_number_is_erased_is_not_said_to_have_kept_it(busy: Any) -> None:
    with contextlib.closing(sqlite3.connect(busy.path, isolation_level=None)) as writer:
        impatient = Ledger(
            busy.path, environment="simulator", token_hex=secrets.token_hex, busy_timeout_s=0.2
        )
        with contextlib.closing(impatient) as ledger, pytest.raises(LedgerBusy) as told:
            erase(ledger, PAYS, 1, lambda _: writer.execute("BEGIN IMMEDIATE"))
    assert told.value.message.startswith("The number is erased, but old bytes of it may still be in the ledger: ")
    assert "Nothing was" not in f"{told.value.message} {told.value.hint}"
    assert busy.run("erase", PAYS, "--yes").status == 0
    assert bytes_left(busy) == {}


def test_a_number_that_was_never_there_is_not_said_to_be_erased(busy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise LedgerBusy("The ledger can't be reached.", hint="Try it again")

    with busy.ledger() as ledger:
        monkeypatch.setattr(type(ledger.engine), "search", away)
        with pytest.raises(LedgerBusy, match=r"^The ledger can't be reached\.$"):
            erase(ledger, "254700000999", 1, lambda _: None)


def test_killed_around_each_of_its_commits_the_next_run_finishes(busy: Any, forks: Any, tmp_path: Path) -> None:
    half = 0
    for point, again in restarts(busy, tmp_path):
        ended = forks.run(["erase", PAYS, "--yes", "-q"], {"MPESA_HOME": str(busy.home)}, crash_at=point,
                          now_us=busy.clock.now)
        half += finished_by_the_next_run(busy)
        if ended.status == 0:
            assert point == 4, "too few points to prove anything"
            assert half, "it was never killed between erasing and scrubbing"
            return
        again()
    raise AssertionError("it never came to its end")


@pytest.mark.long
def test_killed_at_any_moment_the_next_run_finishes(busy: Any, forks: Any, tmp_path: Path) -> None:
    whole_s, killed = 0.0, 0
    for point, again in restarts(busy, tmp_path):
        after_s = whole_s * (0.3 + 0.7 * point / 200) if whole_s else None
        ended = forks.run(["erase", PAYS, "--yes", "-q"], {"MPESA_HOME": str(busy.home)}, kill_after_s=after_s,
                          now_us=busy.clock.now)
        whole_s = whole_s or ended.seconds
        killed += ended.status < 0
        finished_by_the_next_run(busy)
        again()
    assert killed > 50, "too few were killed to prove anything"


def restarts(shop: Any, tmp_path: Path) -> Iterator[tuple[int, Callable[[], object]]]:
    """Numbers from 1 on, each with a function that puts the ledger back as it was at first."""
    kept = tmp_path / "kept"
    shutil.copytree(shop.path.parent, kept)

    def again() -> None:
        shutil.rmtree(shop.path.parent)
        shutil.copytree(kept, shop.path.parent)

    return ((number, again) for number in range(1, 200))


def finished_by_the_next_run(shop: Any) -> bool:
    """Run it to its end. Returns whether the one before had erased, and left old bytes in the files."""
    left = bytes_left(shop)  # before anybody opens the ledger: whoever leaves it last tidies up
    assert shop.run("audit", "verify").status == 0
    with shop.ledger() as ledger:
        erased = not ledger.prompts_on(PAYS, 0)
    half = erased and bool(left)
    assert shop.run("erase", PAYS, "--yes").status in ({0} if half or not erased else {0, 2})
    assert bytes_left(shop) == {}
    statuses = {order: each["status"] for order, each in everything(shop).items()}
    assert statuses == {"1": "paid", "2": "failed", "3": "paid"}
    return half


def checkout(order: str) -> str:
    return f"ws_CO_24112026103001{order}708374149"


def prompt(tx: Write, order: str, msisdn: str) -> AttemptRef:
    """A prompt that Daraja took."""
    payment_id, token_hash = f"PAY-{order.upper()}", secrets.token_hex(32)
    intent = Intent(payment_id, order, "simulator", "174379", 10_000, msisdn, order, "x", token_hash)
    ref = tx.open_payment(Start(intent), 1).last.ref
    tx.append(ref, ev.Sending(2, 1))
    tx.append(ref, ev.Accepted(3, 1, "m", checkout(order)))
    return ref
