"""How much a run says: twenty lines, on a terminal one where all match, quiet only what is new on that day; and in
production no silence that rests on nothing."""

import json
from typing import Any

import pytest
from books_shop import Books, read
from hypothesis import given, settings
from hypothesis import strategies as st
from portal import Row, write

from mpesa_cli.books.lines import Group, run_lines
from mpesa_cli.initiator.listener_alive import note_alive

DAY_S = 86_400
SHOP = "247247"
PRODUCTION = {
    "MPESA_ENVIRONMENT": "production", "MPESA_SHORTCODE": SHOP, "MPESA_CONSUMER_KEY": "k",
    "MPESA_CONSUMER_SECRET": "s", "APP_URL": "https://pay.example.co.ke",
}


def troubled(books: Books, count: int = 40) -> None:
    """A day with so much money that the ledger never heard of, a forged payment and an open one."""
    books.shop.forge("1001")
    books.shop.sell("1002", 90, "254722200017", wait=False)
    books.night()
    read(books, *(Row(f"UKON{n:06d}", 20, "x") for n in range(count)), status=7)


def test_a_run_prints_twenty_lines_and_how_many_more_there_are(books: Books) -> None:
    troubled(books)
    lines = books.mpesa("reconcile").stdout.splitlines()
    shown = [line for line in lines if " id " in line] + [line for line in lines if line.startswith("UNKNOWN")]
    assert (len(lines), lines[-1]) == (21, f"{42 - len(shown)} more: mpesa reconcile --open")
    assert {"missing_at_provider-UKOFORGED1"} <= {line.rsplit(" id ", 1)[-1] for line in lines}, "the worst is in it"
    hints = [line for line in lines if "Look it up: mpesa verify" in line]
    assert len(hints) == 1, "a hint is given once"
    assert len(json.loads(books.mpesa("reconcile", "--json").stdout)["breaks"]) == 41, "JSON holds all"


@settings(max_examples=40)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 60), st.integers(0, 4)), max_size=14))
def test_whatever_there_is_twenty_lines_are_enough_and_nothing_is_left_uncounted(
    made: list[tuple[bool, int, int]]
) -> None:
    groups = [
        Group(f"title {n}" if titled else "", [f"item {n} {i}" for i in range(min(count, 20))], count,
              [f"hint {n} {h}" for h in range(hints)])
        for n, (titled, count, hints) in enumerate(made)
    ]
    lines = run_lines(groups)
    items = [line for line in lines if line.startswith("item")]
    more = [int(line.split()[0].replace(",", "")) for line in lines if " more: " in line]
    assert len(lines) - len(more) <= 20
    assert len(items) + sum(more) == sum(count for _, count, _ in made)
    assert len(set(lines)) == len(lines)


def test_quiet_prints_what_no_run_has_printed_on_that_day_in_nairobi(books: Books) -> None:
    troubled(books, 2)
    books.mpesa("reconcile", "--json")  # a program has read it, nobody has
    first = books.mpesa("reconcile", "-q")
    assert (first.status, "UKON000000" in first.stdout) == (7, True)
    again = books.mpesa("reconcile", "-q")
    assert (again.status, again.stdout, again.stderr) == (7, "", "")
    read(books, *(Row(f"UKON{n:06d}", 20, "x") for n in range(3)), status=7)
    third = books.mpesa("reconcile", "-q")
    assert ("UKON000002" in third.stdout, "UKON000001" in third.stdout, "UNKNOWN" in third.stdout) == (
        True, False, False,
    )
    assert "UKON000001" in books.mpesa("reconcile").stdout, "without -q all of it is said each time"
    books.clock.advance(DAY_S)
    assert "UKON000001" in books.mpesa("reconcile", "-q").stdout, "another day"


def test_what_is_only_counted_is_not_mailed_bit_by_bit(books: Books) -> None:
    troubled(books)
    assert books.mpesa("reconcile", "-q").stdout.splitlines()[-1].endswith("more: mpesa reconcile --open")
    assert books.mpesa("reconcile", "-q").stdout == ""


def test_on_a_terminal_one_line_says_that_all_match_and_where_the_report_is(books: Books) -> None:
    receipt = books.shop.sell("1001", 150)
    books.night()
    write(books.file, Row(receipt, 150, "1001"))
    report = books.folder / "r.html"
    run = ("reconcile", "--statement", str(books.file), "--report", str(report))
    done = books.mpesa(*run, tty=True)
    said = " ".join(done.stdout.split())  # a long path goes to a line of its own
    assert (done.status, said) == (
        0, f"All match: 1 row, KES 150 came in, in statement.csv. The report: {report}",
    )
    for silent in (books.mpesa(*run), books.mpesa(*run, "-q", tty=True)):
        assert (silent.status, silent.stdout, silent.stderr) == (0, "", "")


class Shop:
    """A production shop whose listener answers, and whose record is read, as a test says."""

    def __init__(self, books: Books) -> None:
        self.books = books
        books.night()

    def run(self, *argv: str, **env: str) -> Any:
        return self.books.mpesa("reconcile", *argv, env={**PRODUCTION, **env})

    def compare(self, day: str = "24-11-2026") -> None:
        write(self.books.file, day=day, shortcode=SHOP)
        self.run("--statement", str(self.books.file))

    def listener_answers(self) -> None:
        (ledger,) = self.books.home.rglob("*production.db")
        note_alive(ledger, self.books.clock.now_us())


@pytest.fixture
def shop(books: Books) -> Shop:
    made = Shop(books)
    made.run()
    return made


def test_in_production_nothing_compared_and_no_listener_is_no_silence(shop: Shop) -> None:
    done = shop.run()
    assert (done.status, len(done.stdout.splitlines())) == (7, 1)
    assert "record was never compared, and no listener of this profile has ever answered" in done.stdout
    shop.compare()
    only = shop.run().stdout
    assert ("never compared" in only, "no listener" in only) == (False, True)
    shop.listener_answers()
    done = shop.run()
    assert (done.status, done.stdout) == (0, "")


def test_a_record_that_ends_before_the_days_of_the_profile_breaks_the_silence(shop: Shop) -> None:
    shop.compare()
    for _ in range(2):
        shop.books.clock.advance(DAY_S)
        shop.listener_answers()
        assert shop.run().status == 0
    shop.books.clock.advance(DAY_S)
    shop.listener_answers()
    late = shop.run()
    assert (late.status, "compared up to 25 Nov 2026 00:00 only" in late.stdout) == (7, True)
    assert shop.run(MPESA_COMPARE_WITHIN_DAYS="7").status == 0
    assert shop.run(MPESA_COMPARE_WITHIN_DAYS="off").status == 0
    document = json.loads(shop.run("--json").stdout)
    assert (document["record_compared_until"], document["not_watched"] is None) == ("2026-11-25T00:00:00+03:00", False)
    shop.compare("27-11-2026")
    assert shop.run().status == 0


def test_a_listener_that_is_silent_breaks_the_silence_unless_the_profile_has_none(shop: Shop) -> None:
    shop.compare()
    shop.listener_answers()
    shop.books.clock.advance(599)
    assert shop.run().status == 0
    shop.books.clock.advance(2)
    gone = shop.run()
    assert (gone.status, "the listener last answered at 25 Nov 2026 00:30" in gone.stdout) == (7, True)
    assert shop.run(MPESA_LISTENER="none").status == 0
    assert (shop.run("-q").stdout, shop.run("-q").status) == ("", 7), "said once a day"
    shop.listener_answers()
    assert shop.run("-q").status == 0
    shop.books.clock.advance(3_600)
    assert "the listener last answered" in shop.run("-q").stdout, "it fell silent once more"


def test_the_simulator_and_the_sandbox_may_be_silent_without(books: Books) -> None:
    assert books.mpesa("reconcile").status == 0
    assert books.mpesa("reconcile", env={**PRODUCTION, "MPESA_ENVIRONMENT": "sandbox"}).status == 0
