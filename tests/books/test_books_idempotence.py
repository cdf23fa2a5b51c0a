"""B16: the same statement three times, shuffled, split, overlapping, with damaged rows: nothing changes any more."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from books_shop import PARTY, RECEIPT, Books, doubtful, hear, standing
from portal import Row, charge, reversal, wall, write

from mpesa_cli.books import statement_intake, statement_matching
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.writes import Write


def a_day(books: Books) -> list[Row]:
    """A day with something of everything, and its rows."""
    rows = []
    for n in range(3):
        receipt = books.shop.sell(f"100{n}", 150 + n)
        rows += [Row(receipt, 150 + n, f"100{n}"), charge(receipt)]
    rows.append(reversal("UKOR000001", rows[0].receipt, 150))
    for n in range(3):
        books.shop.sell(f"200{n}", 250, "254722200017", wait=False)
        rows.append(Row(f"UKOL00000{n}", 250, f"200{n}", at=wall(books.clock.now_us()), party="2547****0017"))
    books.shop.sell("3000", 350, "254700001032")
    rows += [Row("UKOH000001", 350, "3000", at="16:00:00"), Row("UKOU000001", 90, "by the door")]
    books.night()
    books.mpesa("reconcile")
    return rows


def test_three_times_shuffled_split_and_overlapping_change_nothing(books: Books) -> None:
    rows = a_day(books)
    first = books.reconcile(*rows, status=7)
    before = books.everything()
    shuffled = random.Random(7).sample(rows, len(rows))
    for again in (rows, rows, shuffled, [*rows, *shuffled]):
        document = books.reconcile(*again, status=7)
        assert document["breaks"] == first["breaks"]
        assert (document["settled_by_rows"], document["statements"][0]["new_rows"]) == (0, 0)
    parts = [write(books.folder / f"part{n}.csv", *rows[a:b]) for n, (a, b) in enumerate([(0, 7), (4, 11), (6, 99)])]
    split = json.loads(
        books.mpesa("reconcile", "--json", *(o for p in parts for o in ("--statement", str(p)))).stdout
    )
    assert split["breaks"] == first["breaks"]
    assert books.everything() == before


def test_a_statement_in_parts_comes_to_the_same_as_the_whole(books: Books) -> None:
    rows = a_day(books)
    parts = [write(books.folder / f"part{n}.csv", *rows[a:b]) for n, (a, b) in enumerate([(0, 7), (5, 11), (6, 99)])]
    options = [o for p in parts for o in ("--statement", str(p))]
    in_parts = json.loads(books.mpesa("reconcile", "--json", *options).stdout)
    before = books.rows("SELECT * FROM attempts ORDER BY 1, 2")
    whole = books.reconcile(*rows, status=7)
    assert whole["breaks"] == in_parts["breaks"]
    assert books.rows("SELECT * FROM attempts ORDER BY 1, 2") == before
    assert whole["statements"][0]["new_rows"] == 0


def test_a_row_that_a_prompt_stays_in_review_with_is_told_once(books: Books) -> None:
    at = doubtful(books)
    hear(books, "1001", msisdn="254711111111")  # another phone than was asked
    books.night()
    rows = [Row(RECEIPT, 150, "1001", at=at, party="254711111111")]
    found = books.reconcile(*rows)["breaks"]
    assert [(b["kind"], b["order_id"]) for b in found] == [("status_conflict", "1001")]
    before = books.everything()
    again = books.reconcile(*rows)
    assert (standing(books, "1001"), again["settled_by_rows"]) == ("review", 0)
    assert books.everything() == before


def test_what_waits_for_a_person_is_settled_by_the_row_of_its_own_receipt_and_by_no_other(books: Books) -> None:
    at = doubtful(books)
    hear(books, "1001", cents=14_900)  # another amount than was asked
    books.night()
    books.reconcile(Row("UKO4Q7BBBB", 150, "1001", at=at, party=PARTY))
    assert standing(books, "1001") == "review"
    books.reconcile(Row(RECEIPT, 150, "", at=at, party=PARTY))
    assert standing(books, "1001") == "paid"


def test_damaged_rows_are_named_the_others_taken_and_twice_is_as_once(books: Books) -> None:
    rows = a_day(books)
    damage = "UKOD000001,99-99-2026 10:00:00,,x,Completed,10.00,,,true,x,,,\nUKOD000002,24-11-2026,short\n"
    file = write(books.file, *rows, extra=damage)
    first = books.mpesa("reconcile", "--statement", str(file), "--json")
    before = books.everything()
    second = books.mpesa("reconcile", "--statement", str(file), "--json")
    found = json.loads(first.stdout)["breaks"]
    assert [b["kind"] for b in found].count("unknown_row") == 2
    assert json.loads(second.stdout)["breaks"] == found
    assert books.everything() == before


class Killed(BaseException):
    """The process is gone: nothing that catches errors sees it."""


@contextmanager
def dying(at: int) -> Iterator[list[int]]:
    """Die at commit number ``at``: before it where the number is odd, after it where it is even."""
    write_, passed = Ledger.write, [0]

    @contextmanager
    def wrapped(self: Ledger) -> Iterator[Write]:
        with write_(self) as tx:
            yield tx
            passed[0] += 1
            if passed[0] == at:
                raise Killed
        passed[0] += 1
        if passed[0] == at:
            raise Killed

    Ledger.write = wrapped  # type: ignore[method-assign]
    try:
        yield passed
    finally:
        Ledger.write = write_  # type: ignore[method-assign]


def test_dying_at_every_durable_step_and_going_on_comes_to_the_same(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement_intake, "CHUNK_ROWS", 3)
    monkeypatch.setattr(statement_matching, "STEPS_PER_WRITE", 1)
    rows = a_day(books)
    write(books.file, *rows)
    died = 0
    for at in range(1, 200):
        with dying(at) as passed:
            try:
                done = books.mpesa("reconcile", "--statement", str(books.file), "--json")
            except Killed:
                died += 1
                continue
        assert passed[0] < at
        break
    document: dict[str, Any] = json.loads(done.stdout)
    assert died >= 4
    assert [b["id"] for b in document["breaks"]] == ["missing_in_ledger-UKOU000001", "reversed-UKOR000001"]
    assert books.rows("SELECT order_id, status FROM payments ORDER BY 1") == [
        ("1000", "refunded"), ("1001", "paid"), ("1002", "paid"), ("2000", "paid"), ("2001", "paid"), ("2002", "paid"),
        ("3000", "paid"),
    ]
    kinds = [row[0] for row in books.rows("SELECT kind FROM journal")]
    assert (kinds.count("statement_read"), kinds.count("reversed"), kinds.count("received")) == (1, 1, 7)
    before = books.everything()
    assert books.reconcile(*rows, status=7)["breaks"] == document["breaks"]
    assert books.everything() == before


def test_killed_for_real_in_the_middle_of_an_import_it_goes_on(books: Books, home: Path) -> None:
    rows = [Row(f"UKO{n:07d}", 10, "by the door") for n in range(12_000)]
    write(books.file, *rows)
    assert books.mpesa("config", "show").status == 0
    script = (
        "import os, sys, signal\n"
        "from mpesa_cli.books.store.book_writes import BookWrites\n"
        "add, seen = BookWrites.add_rows, []\n"
        "def dying(self, *given):\n"
        "    seen.append(1)\n"
        "    done = add(self, *given)\n"
        "    if len(seen) == 3: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return done\n"
        "BookWrites.add_rows = dying\n"
        "from mpesa_cli.start import entry_point; entry_point()\n"
    )
    environ = {**os.environ, "MPESA_HOME": str(home)}
    argv = [sys.executable, "-c", script, "reconcile", "--statement", str(books.file)]
    assert subprocess.run(argv, env=environ, capture_output=True, check=False).returncode == -signal.SIGKILL
    stored = books.rows("SELECT count(*) FROM statement_rows")[0][0]
    assert 0 < stored < 12_000
    argv[2] = "from mpesa_cli.start import entry_point; entry_point()"
    done = subprocess.run([*argv, "--format", "ndjson"], env=environ, capture_output=True, text=True, check=False)
    summary = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, summary["type"], summary["differences"]) == (7, "summary", 12_000)
    assert books.rows("SELECT count(*) FROM statement_rows") == [(12_000,)]
    assert books.rows("SELECT count(*) FROM journal WHERE kind='statement_read'") == [(1,)]


def _lost(books: Books) -> Row:
    """An order whose answers were all lost, and the row of its money."""
    books.shop.sell("7001", 100, "254722200017", wait=False)
    row = Row("UKOL000001", 100, "7001", at=wall(books.clock.now_us()), party="2547****0017")
    books.night()
    books.mpesa("reconcile")
    return row


def _stopped(books: Books, home: Path, method: str, call: int) -> None:
    """Run reconcile on the file, and kill it for real after the given call of a method of the books."""
    script = (
        "import os, sys, signal\n"
        "from mpesa_cli.books.store.book_writes import BookWrites\n"
        f"real, seen = BookWrites.{method}, []\n"
        "def dying(self, *given):\n"
        "    done = real(self, *given)\n"
        "    self._tx.execute('COMMIT')\n"
        "    seen.append(1)\n"
        f"    if len(seen) == {call}: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    self._tx.execute('BEGIN IMMEDIATE')\n"
        "    return done\n"
        f"BookWrites.{method} = dying\n"
        "from mpesa_cli.start import entry_point; entry_point()\n"
    )
    environ = {**os.environ, "MPESA_HOME": str(home)}
    argv = [sys.executable, "-c", script, "reconcile", "--statement", str(books.file)]
    assert subprocess.run(argv, env=environ, capture_output=True, check=False).returncode == -signal.SIGKILL


def test_killed_between_reading_and_settling_the_next_run_settles_without_the_file(books: Books, home: Path) -> None:
    write(books.file, _lost(books))
    _stopped(books, home, "finish_statement", 1)
    assert books.rows("SELECT status FROM payments WHERE order_id='7001'") != [("paid",)]
    assert books.mpesa("reconcile").status == 0
    assert books.rows("SELECT status, receipt FROM payments WHERE order_id='7001'") == [("paid", "UKOL000001")]
    before = books.everything()
    assert books.mpesa("reconcile").status == 0
    assert books.everything() == before


def test_a_file_that_was_not_read_to_its_end_settles_what_it_told_and_is_named_once(books: Books, home: Path) -> None:
    write(books.file, _lost(books), *[Row(f"UKO{n:07d}", 10, "by the door") for n in range(6_000)])
    _stopped(books, home, "add_rows", 1)
    done = books.mpesa("reconcile")
    told = 0 < len(books.rows("SELECT 1 FROM statement_rows")) < 6_001
    assert (done.status, told) == (5, True)
    assert f"mpesa reconcile --statement {books.file.name}" in done.stderr
    assert books.rows("SELECT status FROM payments WHERE order_id='7001'") == [("paid",)]
    assert books.mpesa("reconcile").status == 0
    again = books.mpesa("reconcile", "--statement", str(books.file), "--json")
    assert (again.status, len(json.loads(again.stdout)["breaks"])) == (7, 6_000)


def test_a_file_that_is_stopped_in_twice_is_settled_to_its_last_row(books: Books, home: Path) -> None:
    write(books.file, *[Row(f"UKO{n:07d}", 10, "by the door") for n in range(6_000)], _lost(books))
    _stopped(books, home, "add_rows", 1)
    told = books.mpesa("reconcile")
    assert told.status == 7, "the order is in doubt still: its row is not read yet"
    assert "not read to its end" in told.stderr
    _stopped(books, home, "finish_statement", 1)
    assert books.rows("SELECT status FROM payments WHERE order_id='7001'") != [("paid",)]
    assert books.mpesa("reconcile").status == 0
    assert books.rows("SELECT status FROM payments WHERE order_id='7001'") == [("paid",)]
