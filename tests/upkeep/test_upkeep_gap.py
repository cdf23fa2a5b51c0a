"""After a restore no order that may have been paid in the lost time is asked for again, by whatever way."""

import contextlib
import itertools
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lost_day import HOUR_S, LostDay, three_orders

from mpesa_cli.floor.errors import Conflict
from mpesa_cli.floor.moments import rfc3339
from mpesa_cli.ledger.restoring import Restores, RestoreWrites
from mpesa_cli.rules.evidence import Decided, QueryAnswered
from mpesa_cli.rules.payment import AttemptRef, Intent
from mpesa_cli.rules.push_rules import Start
from mpesa_cli.rules.restored import MARGIN_US, Gap, InTheGap, NotPaid, Restored, Told, Word, check_gap
from mpesa_cli.rules.values.spans import holes, union

MINUTE_US = 60_000_000


@pytest.fixture
def day(shop: Any, tmp_path: Path) -> LostDay:
    return LostDay(shop, tmp_path)


def test_orders_that_failed_in_the_backup_and_were_paid_afterwards_are_not_charged_again(day: LostDay) -> None:
    """Three orders: by retry, by retry --failed with --yes, by a batch, and as new ones."""
    three_orders(day)
    for order in "ABC":
        assert day.refused("retry", order, "--yes") == "restored-gap"
        assert day.refused("retry", order, "--max-attempts", "2", "--yes") == "restored-gap"
    assert day.refused("retry", "--failed", "--since", "7d", "--yes") == "restored-gap"
    batch = day.folder / "batch.csv"
    batch.write_text("phone,amount,order\n254708374149,140,D\n254708374149,150,E\n")
    assert day.refused("push", "--from", str(batch), "--yes") == "restored-gap"
    assert day.refused("push", "254708374149", "140", "--order", "D", "--yes") == "restored-gap"
    with day.shop.ledger() as ledger:
        assert ledger.payment_by_order("D") is None


def test_neither_yes_nor_its_variable_answers_the_gap_question(day: LostDay) -> None:
    three_orders(day)
    before = day.prompts()
    for argv in (("retry", "A", "--yes"), ("retry", "--failed", "--since", "7d", "--yes"),
                 ("push", "254708374149", "5", "--order", "new", "--yes")):
        assert day.shop.run(*argv, env={"MPESA_YES": "1"}).status == 9
    assert day.prompts() == before


def test_a_reason_answers_for_one_order_and_stays_in_the_journal(day: LostDay) -> None:
    three_orders(day)
    words = ("--not-paid-since-backup", "--reason", "asked her at the counter, she paid nothing")
    assert day.shop.run("push", "254708374149", "140", "--order", "D", *words, env={"USER": "Wanjiku"}).status == 0
    told = day.shop.json("log", "D")["journal"]
    assert [(e["facts"]["by"], e["facts"]["reason"]) for e in told if e["kind"] == "not_paid_since_backup"] == [
        ("Wanjiku", "asked her at the counter, she paid nothing")
    ]
    assert day.refused("push", "254700000000", "150", "--order", "E") == "restored-gap"
    assert day.shop.run("audit", "verify").status == 0
    assert day.shop.run("push", "254708374149", "1", "--order", "F", "--not-paid-since-backup").status == 2
    assert day.shop.run("push", "254708374149", "1", "--order", "F", "--reason", "because I say so").status == 2


def test_a_reason_answers_for_a_files_orders(day: LostDay) -> None:
    three_orders(day)
    batch = day.folder / "batch.csv"
    batch.write_text("phone,amount,order\n254708374149,140,D\n254700000000,150,E\n")
    words = ("--not-paid-since-backup", "--reason", "none of them came since yesterday")
    done = day.shop.run("push", "--from", str(batch), "--wait", "--yes", *words, env={"USER": "Wanjiku"})
    assert done.status == 0, done
    for order in "DE":
        assert "not_paid_since_backup" in [e["kind"] for e in day.shop.json("log", order)["journal"]]


def test_at_a_terminal_the_order_id_is_typed_for_each_order(day: LostDay) -> None:
    three_orders(day)
    before = day.prompts()
    for typed in ("y\n", "\n", "A\n"):
        assert day.shop.run("push", "254708374149", "9", "--order", "D", tty=True, stdin=typed).status == 1
    assert day.prompts() == before
    user = {"USER": "Wanjiku"}
    assert day.shop.run("push", "254708374149", "9", "--order", "D", tty=True, stdin="D\n", env=user).status == 0
    day.shop.clock.advance(130)
    assert day.shop.run("retry", "A", tty=True, stdin="A\n", env=user).status == 0
    assert day.prompts() == before + 2


def test_a_statement_that_lacks_the_gap_lifts_nothing(day: LostDay) -> None:
    """Backup at 16:00, paid at 19:00, restored at 22:00, and then yesterday's statement."""
    day.shop.push("0")  # so that the simulator's statement has a yesterday
    day.shop.clock.advance(24 * HOUR_S + 5.5 * HOUR_S)
    day.failed("A", "254708374149", 110)
    day.back_up()
    day.shop.clock.advance(3 * HOUR_S)
    assert day.shop.run("retry", "A", "-q").status == 0
    day.lose()
    day.shop.clock.advance(3 * HOUR_S)
    day.restore()
    assert day.statement("2026-11-24", "2026-11-24").status in {0, 7}
    assert day.refused("retry", "A") == "restored-gap"
    done = day.shop.run("push", "254708374149", "9", "--order", "D")
    assert "Still missing: of 174379 25 Nov 2026 15:" in done.stderr, "how much is missing is said"
    assert "25 Nov 2026 22:" in done.stderr
    (said,) = [check["words"] for check in day.shop.json("doctor")["checks"] if check["check"] == "restored"]
    assert "M-PESA's record still lacks: of 174379 25 Nov 2026 15:" in said


def test_a_hole_in_the_middle_keeps_the_gap(day: LostDay) -> None:
    """Two files that begin before the gap and end after it, and the payment is between them."""
    three_orders(day)
    day.shop.clock.advance(48 * HOUR_S)
    with day.shop.ledger() as ledger:
        (gap,) = Restores(ledger).restored().gaps
        from_us, until_us = gap.span
        middle_us = (from_us + until_us) // 2
        with ledger.write() as tx:
            RestoreWrites(tx).note_told("174379", from_us - MINUTE_US, middle_us)
            RestoreWrites(tx).note_told("174379", middle_us + 1, until_us + MINUTE_US)
    assert day.refused("push", "254708374149", "9", "--order", "D") == "restored-gap"
    with day.shop.ledger() as ledger, ledger.write() as tx:
        RestoreWrites(tx).note_told("600100", from_us, until_us)  # of another shortcode: nothing of ours
    assert day.refused("push", "254708374149", "9", "--order", "D") == "restored-gap"
    with day.shop.ledger() as ledger, ledger.write() as tx:
        RestoreWrites(tx).note_told("174379", middle_us, middle_us + 1)
    assert day.shop.run("push", "254708374149", "9", "--order", "D").status == 0


def test_the_whole_statement_settles_the_orders_and_lets_others_be_asked_for(day: LostDay) -> None:
    three_orders(day)
    day.shop.clock.advance(24 * HOUR_S)
    day.statement("2026-11-24", "2026-11-24")
    for order in "ABC":
        assert day.shop.json("status", order, "--no-refresh")["status"] == "paid"
    assert "restored" not in [c["check"] for c in day.shop.json("doctor")["checks"] if c["verdict"] != "ok"]
    assert day.shop.run("push", "254708374149", "9", "--order", "D").status == 0


def test_a_statement_with_a_row_that_was_not_read_tells_of_no_time(day: LostDay) -> None:
    three_orders(day)
    day.shop.clock.advance(24 * HOUR_S)
    file = day.folder / "spoilt.csv"
    day.shop.run("simulator", "statement", "--since", "2026-11-24", "--until", "2026-11-24", "-o", str(file))
    file.write_text(file.read_text().replace(",110.00,", ",11x.00,", 1))
    assert day.shop.run("reconcile", "--statement", str(file)).status == 7
    assert day.refused("push", "254708374149", "9", "--order", "D") == "restored-gap"


def test_free_money_of_the_gap_stops_an_order_that_it_fits(day: LostDay) -> None:
    """An order that the ledger never knew was paid in the gap. Only a person can say whose money it is."""
    day.failed("A", "254708374149", 110)
    day.back_up()
    day.shop.clock.advance(HOUR_S)
    assert day.shop.run("push", "254708374149", "500", "--order", "N1", "-q").status == 0
    day.shop.clock.advance(HOUR_S)
    day.lose()
    day.restore()
    day.shop.clock.advance(24 * HOUR_S)
    file = day.folder / "statement.csv"
    day.shop.run("simulator", "statement", "--since", "2026-11-24", "--until", "2026-11-24", "-o", str(file))
    file.write_text(file.read_text().replace(",N1", ","))  # the portal shows no account for a till's payments
    day.shop.run("reconcile", "--statement", str(file))
    with day.shop.ledger() as ledger:
        receipt = str(ledger.rows("SELECT receipt FROM statement_rows WHERE kind='received'")[0][0])

    same = ("push", "254708374149", "500", "--order", "N2")
    assert day.refused(*same) == "may-be-paid"
    assert day.refused(*same, "--not-paid-since-backup", "--reason", "she says she never paid it") == "may-be-paid"
    said = day.shop.run(*same).stderr
    assert f"mpesa verify {receipt} --attach N2 --amount 500" in said
    assert f"mpesa verify {receipt} --no-order --reason" in said
    assert day.shop.run("push", "254708374149", "501", "--order", "N3").status == 0, "another amount"
    day.shop.clock.advance(130)
    assert day.shop.run("push", "254700000000", "500", "--order", "N4").status == 0, "a digit contradicts"

    naming = ("verify", receipt, "--no-order", "--by", "Wanjiku", "--reason", "sold over the counter")
    assert day.shop.run(*naming).status == 0
    assert day.shop.run(*naming, "--json").status == 9, "named once"
    day.shop.clock.advance(130)
    assert day.shop.run(*same).status == 0
    assert day.shop.run("audit", "verify").status == 0
    with day.shop.ledger() as ledger:
        (facts,) = ledger.rows("SELECT facts FROM journal WHERE kind='receipt_named'")[0]
    assert json.loads(str(facts)) == {"receipt": receipt, "by": "Wanjiku", "reason": "sold over the counter"}


def test_an_order_that_was_lost_is_paid_by_the_receipt_that_a_person_names(day: LostDay) -> None:
    three_orders(day)
    day.shop.clock.advance(24 * HOUR_S)
    day.free_money("UKO4Q7WX2B", 500)
    assert day.refused("push", "254708374149", "500", "--order", "N2") == "may-be-paid"
    attached = ("verify", "UKO4Q7WX2B", "--attach", "N2", "--by", "Wanjiku")
    assert day.shop.run(*attached, "--yes").status == 2, "an order that nobody knows needs its amount"
    assert day.shop.run(*attached, "--amount", "501", "--yes").status == 7
    assert day.shop.run(*attached, "--amount", "500", "--yes").status == 0
    assert day.shop.json("status", "N2", "--no-refresh")["receipt"] == "UKO4Q7WX2B"
    assert day.refused("push", "254708374149", "500", "--order", "N2") == "order-differs", "paid by whoever it was"
    assert day.shop.run("push", "254708374149", "500", "--order", "N3", "--not-paid-since-backup", "--reason",
                        "she was here for the first time").status == 0
    assert day.shop.run("audit", "verify").status == 0


def test_a_receipt_that_pays_an_order_stops_no_other(day: LostDay) -> None:
    three_orders(day)
    day.shop.clock.advance(24 * HOUR_S)
    day.statement("2026-11-24", "2026-11-24")
    assert day.shop.run("push", "254708374149", "110", "--order", "D").status == 0


def test_a_second_restore_does_not_make_the_first_forgotten(day: LostDay) -> None:
    three_orders(day)
    day.backup = day.folder / "second.db"
    day.back_up()
    day.lose()
    day.restore()
    with day.shop.ledger() as ledger:
        first, second = Restores(ledger).restored().gaps
        with ledger.write() as tx:
            RestoreWrites(tx).note_told("174379", *second.span)
    assert first.known_until_us < second.known_until_us
    assert day.shop.json("reconcile")["not_told"][0]["from"] == rfc3339(first.span[0])
    assert day.refused("retry", "A") == "restored-gap"


def test_giving_up_an_intent_that_nobody_sent_is_no_word_about_the_order(day: LostDay) -> None:
    """In the backup the intent had just been recorded; then it was sent and paid."""
    intent = Intent("PAY-A", "A", "simulator", "174379", 11_000, "254708374149", "A", "Payment", "a" * 64)
    with day.shop.ledger() as ledger, ledger.write() as tx:
        tx.open_payment(Start(intent), day.shop.clock.now)
    day.back_up()
    day.shop.clock.advance(2 * HOUR_S)
    day.lose()
    day.restore()
    day.shop.clock.advance(HOUR_S)
    for _ in range(2):
        assert day.refused("retry", "A", "--yes") == "restored-gap"
        assert day.refused("push", "254708374149", "110", "--order", "A", "--yes") == "restored-gap"
    with day.shop.ledger() as ledger:
        assert ledger.payment_by_order("A").last.withdrawn


def test_what_a_query_says_of_an_old_prompt_is_no_word_and_what_a_person_says_is(day: LostDay) -> None:
    three_orders(day)
    day.shop.clock.advance(HOUR_S)
    at_us = day.shop.clock.now
    with day.shop.ledger() as ledger, ledger.write() as tx:
        for order in "AB":
            tx.append(AttemptRef(f"PAY-{order}", 1), QueryAnswered(at_us, "1032", "cancelled"))
        tx.append(AttemptRef("PAY-B", 1), Decided(at_us, "failed", "Wanjiku", "she was here and had not paid"))
    assert day.refused("retry", "A") == "restored-gap"
    assert day.shop.run("retry", "B").status == 0


def test_a_file_that_does_not_say_whose_it_is_tells_of_no_time(day: LostDay) -> None:
    """It may be a sister shop's."""
    three_orders(day)
    day.shop.clock.advance(24 * HOUR_S)
    file = day.folder / "nobodys.csv"
    day.shop.run("simulator", "statement", "--since", "2026-11-24", "--until", "2026-11-24", "-o", str(file))
    lines = file.read_text().splitlines(keepends=True)
    left = [line for line in lines if "174379" not in line or "UK" in line]
    assert len(left) < len(lines)
    file.write_text("".join(left))
    day.shop.run("reconcile", "--statement", str(file))
    with day.shop.ledger() as ledger:
        assert Restores(ledger).restored().missing(("174379",))


def test_a_restore_of_an_older_version_keeps_its_gap(day: LostDay) -> None:
    """The gap that a ledger of format 4 remembers in one line is one of the new format's after the upgrade."""
    three_orders(day)
    with contextlib.closing(sqlite3.connect(day.shop.path)) as raw:
        known_until_us, restored_us, seq = raw.execute("SELECT known_until_us, restored_us, seq FROM gaps").fetchone()
        for table in ("gaps", "told_times", "named_receipts"):
            raw.execute(f"DROP TABLE {table}")
        raw.execute("PRAGMA user_version = 4")
        raw.commit()
    with day.shop.ledger() as ledger:
        (gap,) = Restores(ledger).restored().gaps
        assert (gap.known_until_us, gap.restored_us, gap.seq) == (known_until_us, restored_us, seq)
    assert day.refused("retry", "A") == "restored-gap"


def test_every_run_of_reconcile_names_what_is_still_missing(day: LostDay) -> None:
    three_orders(day)
    for _ in range(2):
        run = day.shop.run("reconcile")
        assert run.status == 7
        assert "lacks M-PESA's record of 174379 24 Nov 2026 10:" in run.stdout
    (hole,) = day.shop.json("reconcile")["not_told"]
    assert hole["shortcode"] == "174379"
    day.shop.clock.advance(24 * HOUR_S)
    day.statement("2026-11-24", "2026-11-24")
    assert day.shop.json("reconcile")["not_told"] == []


@pytest.mark.parametrize(
    "done", ["DELETE FROM gaps", "UPDATE gaps SET known_until_us = restored_us", "INSERT INTO gaps VALUES (1, 2, 3)",
             "INSERT INTO named_receipts VALUES ('UKO4Q7WX2B', 'me', 'no reason at all', 1)"],
)
def test_whoever_takes_the_gap_away_is_found_by_the_audit(day: LostDay, done: str) -> None:
    three_orders(day)
    assert day.shop.run("audit", "verify").status == 0
    day.shop.tamper(done)
    assert day.shop.run("audit", "verify").status == 7


spans = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8)


@given(spans, st.integers(0, 60), st.integers(1, 60))
def test_a_hole_is_exactly_what_no_span_covers(covered: list[tuple[int, int]], start: int, length: int) -> None:
    """Against the plainest oracle: moment by moment."""
    wanted = (start, start + length)
    moments = {t for a, b in covered for t in range(a, b)}
    assert {t for a, b in holes(wanted, covered) for t in range(a, b)} == set(range(*wanted)) - moments
    assert {t for a, b in union(covered) for t in range(a, b)} == moments
    joined = union(covered)
    assert all(b < c for (_, b), (c, _) in itertools.pairwise(joined)), "as few as it takes"


@given(
    st.integers(0, 200), st.integers(0, 200), st.none() | st.tuples(st.integers(0, 400), st.integers(1, 20)), spans,
    st.booleans(),
)
def test_an_order_is_let_through_only_by_a_later_word_a_told_gap_or_an_answer(
    known: int, restored: int, word: tuple[int, int] | None, told: list[tuple[int, int]], answered: bool
) -> None:
    gap = Gap(known * MINUTE_US, restored * MINUTE_US, seq=10)
    covered = [(a * 5 * MINUTE_US, b * 5 * MINUTE_US) for a, b in told]
    answer = NotPaid("W", "because") if answered else None
    last = Word(word[0] * MINUTE_US, word[1]) if word else None
    facts = InTheGap(Restored((gap,), {"1": [Told(span, 10) for span in covered]}), ("1",), last, answer=answer)
    begin, end = min(known, restored) - 10, restored + 10
    all_told = all(any(a * 5 <= minute < b * 5 for a, b in told) for minute in range(begin, end))
    later = word is not None and word[0] >= end and word[1] > 10
    if all_told or later or answered:
        assert check_gap(facts, "A") == (None if all_told or later else answer)
    else:
        with pytest.raises(Conflict) as refused:
            check_gap(facts, "A")
        assert refused.value.code == "restored-gap"


def test_each_shortcode_of_a_till_has_to_be_told() -> None:
    gap = Gap(3_600_000_000, 7_200_000_000, 1)
    of_the_till = Restored((gap,), {"5012345": [Told(gap.span, 1)]})
    (hole,) = of_the_till.missing(("600100", "5012345"))
    assert (hole.shortcode, hole.from_us, hole.until_us) == ("600100", *gap.span)
    assert of_the_till.untold(("600100", "5012345")) == (gap,)
    begins = (gap.span[0], gap.restored_us)
    ends = (gap.restored_us, gap.span[1])
    mixed = Restored((gap,), {"600100": [Told(begins, 1)], "5012345": [Told(ends, 1)]})
    assert len(mixed.missing(("600100", "5012345"))) == 2, "halves of two shortcodes make no whole"


def test_a_gap_reaches_ten_minutes_over_both_ends() -> None:
    assert Gap(3_600_000_000, 7_200_000_000).span == (3_600_000_000 - MARGIN_US, 7_200_000_000 + MARGIN_US)
    assert MARGIN_US == 600_000_000
