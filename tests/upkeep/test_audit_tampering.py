"""A ledger that somebody changed is found out, whatever was changed, and the first wrong row is named."""

import json
from typing import Any

import pytest
from raw_ledger import asked, drop_trigger, taken

from mpesa_cli.ledger.journal import GENESIS, row_hash

COLUMNS = "seq, at_us, kind, payment_id, attempt, facts, private_digest, previous, hash"
SWAP = (
    "UPDATE journal SET seq = -seq WHERE seq IN (3, 4)",
    "UPDATE journal SET seq = CASE seq WHEN -3 THEN 4 ELSE 3 END WHERE seq < 0",
    "UPDATE journal_private SET seq = 3 WHERE seq = 4",
)
ADDED_PAYMENT = (
    "INSERT INTO payments (payment_id, order_id, order_key, profile, shortcode, amount_cents, msisdn, "
    "account_reference, description, created_us, status) "
    "VALUES ('PAY-X', 'x', 'x', 'simulator', '174379', 100, '254708374149', 'x', 'x', 1, 'paid')"
)
PAID = "(SELECT payment_id FROM payments WHERE order_id = '1')"
ADDED_ATTEMPT = (
    "INSERT INTO attempts (payment_id, number, channel, msisdn, amount_cents, created_us, state) "
    f"VALUES ({PAID}, 2, 'c2b', '', 100, 1, 'paid')"
)
EDITED_BODY = "UPDATE callbacks SET body = CAST(replace(CAST(body AS TEXT), '100', '900') AS BLOB)"
# What was done; the row that must be named first (0: none of the journal's); words that must be said of it.
KINDS: dict[str, tuple[tuple[str, ...], int, str]] = {
    "a row changed": (("UPDATE journal SET facts = replace(facts, '10000', '100') WHERE seq = 1",), 1, "was changed"),
    "a time changed": (("UPDATE journal SET at_us = at_us + 1 WHERE seq = 7",), 7, "was changed"),
    "a row's kind changed": (("UPDATE journal SET kind = 'withdrawn' WHERE seq = 3",), 3, "was changed"),
    "a row removed from the middle": (("DELETE FROM journal WHERE seq = 4",), 5, "row 4 before it is missing"),
    "several removed": (("DELETE FROM journal WHERE seq BETWEEN 8 AND 9",), 10, "rows 8 to 9 before it are missing"),
    "two rows swapped": (SWAP, 3, "does not follow the row before it"),
    "personal data changed": (("UPDATE journal_private SET facts = replace(facts, '4149', '4148') WHERE seq = 2",),
                              2, "personal data was changed"),
    "personal data removed": (("DELETE FROM journal_private WHERE seq = 2",), 2, "no erasure took it"),
    "an erasure pretended": (("UPDATE journal_private SET key = 'erased:ERS-1' WHERE seq = 2",), 0, "ERS-1"),
    "a status edited": (("UPDATE payments SET status = 'paid' WHERE order_id = '2'",), 0, "is shown as paid"),
    "an amount edited": ((f"UPDATE payments SET amount_cents = 100 WHERE payment_id = {PAID}",), 0, "amount_cents"),
    "an attempt's amount edited": (("UPDATE attempts SET amount_cents = 1",), 0, "another amount_cents"),
    "a receipt edited": (("UPDATE payments SET receipt = 'UKO4Q7WX2B' WHERE order_id = '1'",), 0, "not shown as"),
    "a receipt of an attempt edited": (("UPDATE attempts SET receipt = 'UKO4Q7WX2B' WHERE receipt <> ''",), 0,
                                       "is shown as paid"),
    "a number edited": ((f"UPDATE payments SET msisdn = '254711111111' WHERE payment_id = {PAID}",), 0, "msisdn"),
    "an order renamed": (("UPDATE payments SET order_id='9', order_key='9' WHERE order_id='2'",), 0, "order_id"),
    "a state that there is not": (("UPDATE attempts SET state = 'settled'",), 0, "settled"),
    "a payment deleted": ((f"DELETE FROM attempts WHERE payment_id = {PAID}",
                           "DELETE FROM payments WHERE order_id='1'"), 1, "which is gone"),
    "a payment added": ((ADDED_PAYMENT,), 0, "PAY-X was added"),
    "an attempt added": ((ADDED_ATTEMPT,), 0, "attempt 2 was added"),
    "an attempt deleted": ((f"DELETE FROM attempts WHERE payment_id = {PAID}",), 1, "whose attempt 1 is gone"),
    "a receipt freed": (("DELETE FROM receipts",), 0, "not booked"),
    "a receipt booked elsewhere": ((f"UPDATE receipts SET receipt = 'UKO4Q7WX2B' WHERE payment_id = {PAID}",), 0,
                                   "no evidence says"),
    "a callback edited": ((EDITED_BODY,), 0, "body of callback"),
    "a callback moved": (("UPDATE callbacks SET payment_id = 'PAY-X'",), 0, "PAY-X"),
    "an event for nobody": (("UPDATE outbox SET payment_id = 'PAY-X'",), 0, "PAY-X"),
}


def test_a_ledger_that_nobody_changed_is_whole(busy: Any) -> None:
    result = busy.run("audit", "verify")
    assert result.status == 0
    assert result.stdout == "Whole: 15 rows of the journal, and every payment is as its evidence says.\n"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_tampering_is_found(busy: Any, kind: str) -> None:
    statements, seq, words = KINDS[kind]
    busy.tamper(*statements)

    result = busy.run("audit", "verify", "--json")
    found = json.loads(result.stdout)

    assert result.status == 7
    assert (found["whole"], found["flaws"][0]["seq"]) == (False, seq or None), found["flaws"]
    assert words in found["flaws"][0]["words"], found["flaws"]
    assert found["flaw_count"] == len(found["flaws"])


def test_a_row_appended_by_hand_with_a_right_hash_is_found(busy: Any) -> None:
    facts = {"source": "callback", "receipt": "UKO4Q7WX2B", "amount_cents": 10000}
    append(busy, "received", payment_of(busy, "2"), 1, facts)
    first = busy.json("audit", "verify")["flaws"][0]
    assert "its evidence says paid" in first["words"]


@pytest.mark.parametrize(
    ("kind", "payment", "attempt", "facts", "words"),
    [
        ("blessed", "1", 1, {}, "of a kind that no version of the program writes"),
        ("sending", "1", 1, {"post": 2, "more": 1}, "can't be read as sending"),
        ("sending", "1", 7, {"post": 1}, "attempt 7, which was never recorded"),
        ("sending", "", None, {"post": 1}, "names none"),
        ("sending", "PAY-X", 1, {"post": 1}, "a payment that was never recorded"),
        ("attempt_created", "1", 1, {"amount_cents": 1, "token_hash": ""}, "a second time"),
        ("payment_created", "1", None, {}, "was recorded before"),
    ],
)
def test_a_row_that_can_not_be_is_found_though_its_hash_is_right(
    busy: Any, kind: str, payment: str, attempt: int | None, facts: dict[str, Any], words: str
) -> None:
    named = payment_of(busy, payment) if payment.isdigit() else payment
    seq = append(busy, kind, named, attempt, facts)
    flaws = busy.json("audit", "verify")["flaws"]
    assert flaws[0]["seq"] == seq
    assert words in flaws[0]["words"]


def test_a_missing_seat_belt_is_told(busy: Any) -> None:
    drop_trigger(busy.path, "journal_is_append_only_u")
    assert "journal_is_append_only_u is gone" in busy.json("audit", "verify")["flaws"][0]["words"]


def test_an_end_that_was_cut_off_is_found_by_a_head_that_was_kept(busy: Any, tmp_path: Any) -> None:
    kept = tmp_path / "head.json"
    kept.write_text(busy.run("audit", "head", "--json").stdout)
    hashed = busy.json("audit", "head")["hash"]
    payment = payment_of(busy, "3")
    cut = [f"DELETE FROM {table} WHERE seq > 10" for table in ("journal_private", "journal")]
    cut += [f"DELETE FROM {table} WHERE payment_id = '{payment}'"
            for table in ("receipts", "outbox", "callbacks", "attempts", "payments")]
    busy.tamper(*cut)

    assert busy.run("audit", "verify").status == 0, "without the head nothing shows it"
    by_file = busy.run("audit", "verify", "--head", str(kept))
    assert by_file.status == 7
    assert "Row 10 is the last, and the head that was kept is row 15: the end was cut off." in by_file.stdout
    by_hash = busy.run("audit", "verify", "--head", hashed)
    assert by_hash.status == 7
    assert "does not hold the head" in by_hash.stdout


def test_a_chain_that_was_computed_anew_is_found_by_a_head_that_was_kept(busy: Any, tmp_path: Any) -> None:
    kept = tmp_path / "head.json"
    kept.write_text(busy.run("audit", "head", "--json").stdout)
    shown = "UPDATE payments SET description = 'Bread' WHERE order_id = '1'"
    recompute(busy, shown, seq=1, change={"description": "Bread"})

    assert busy.run("audit", "verify").status == 0, "without the head nothing shows it"
    result = busy.run("audit", "verify", "--head", str(kept))
    assert result.status == 7
    assert "Row 15 is not what it was when its head was kept: the chain was written anew." in result.stdout


def test_a_head_stays_good_while_the_ledger_grows(busy: Any, tmp_path: Any) -> None:
    kept = tmp_path / "head.txt"
    kept.write_text(busy.run("audit", "head").stdout)
    busy.push("4")
    assert busy.run("audit", "verify", "--head", str(kept)).status == 0


def test_what_is_no_head_is_refused(busy: Any, tmp_path: Any) -> None:
    (tmp_path / "other.json").write_text('{"hash": 5}')
    for given in ("abc", "z" * 64, str(tmp_path / "nosuch"), str(tmp_path / "other.json"), str(tmp_path)):
        result = busy.run("audit", "verify", "--head", given, "--json")
        assert (result.status, json.loads(result.stdout)["error"]["code"]) == (2, "invalid-head")


def test_everything_that_is_wrong_is_listed_on_request(busy: Any) -> None:
    busy.tamper("UPDATE payments SET status = 'failed'", "UPDATE journal SET at_us = 1 WHERE seq = 7")
    short, whole = busy.run("audit", "verify"), busy.run("audit", "verify", "-v")
    assert short.stdout == "NOT WHOLE. Row 7 was changed.\n"
    assert "more things are wrong" in short.stderr
    assert whole.stdout.count("\n") >= 3


def test_a_ledger_that_can_only_be_read_is_audited(busy: Any) -> None:
    busy.path.chmod(0o400)
    try:
        assert busy.run("audit", "verify").status == 0
        assert len(busy.run("audit", "head").stdout.strip()) == 64
    finally:
        busy.path.chmod(0o600)


def test_every_kind_of_row_that_the_program_writes_is_known() -> None:
    """The table of kinds against the source: whoever adds a kind of row adds it there."""
    import re
    from pathlib import Path

    import mpesa_cli
    from mpesa_cli.ledger.journal_kinds import ALL_KINDS

    written = re.compile(r"Record\(\s*\"(\w+)\"")
    package = Path(mpesa_cli.__file__).parent
    found = {kind for path in package.rglob("*.py") for kind in written.findall(path.read_text(encoding="utf-8"))}
    assert found
    assert found - ALL_KINDS == set()


def payment_of(shop: Any, order: str) -> str:
    return str(shop.json("status", order, "--no-refresh")["payment_id"])


def rows(shop: Any) -> list[tuple[Any, ...]]:
    return asked(shop.path, f"SELECT {COLUMNS} FROM journal ORDER BY seq")


def append(shop: Any, kind: str, payment_id: str, attempt: int | None, facts: dict[str, Any]) -> int:
    """A row as the program would chain it."""
    last = rows(shop)[-1]
    with taken(shop.path) as raw:
        seq, text = last[0] + 1, json.dumps(facts, sort_keys=True, separators=(",", ":"))
        hashed = row_hash(seq=seq, at_us=5, kind=kind, payment_id=payment_id, attempt=attempt, facts=text, digest="",
                          previous=last[8])
        raw.execute("INSERT INTO journal VALUES (?,?,?,?,?,?,?,?,?)",
                    (seq, 5, kind, payment_id, attempt, text, "", last[8], hashed))
    return int(seq)


def recompute(shop: Any, projection: str, *, seq: int, change: dict[str, Any]) -> None:
    """Change one row's facts and compute every hash from there on anew."""
    found = rows(shop)
    statements, previous = [projection], GENESIS
    for row in found:
        facts = json.loads(row[5])
        text = json.dumps({**facts, **change} if row[0] == seq else facts, sort_keys=True, separators=(",", ":"))
        hashed = row_hash(seq=row[0], at_us=row[1], kind=row[2], payment_id=row[3], attempt=row[4], facts=text,
                          digest=row[6], previous=previous)
        quoted = text.replace("'", "''")
        statements.append(f"UPDATE journal SET facts = '{quoted}', previous = '{previous}', hash = '{hashed}' "
                          f"WHERE seq = {row[0]}")
        previous = hashed
    shop.tamper(*statements)
