"""What reconcile prints: each format, for people and for programs; the ping; giving up after a day; the lock."""

import csv
import http.server
import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from books_shop import Books
from portal import Row, write

from mpesa_cli.terminal.json_words import BREAK_FIELDS, RECONCILE_FIELDS

HOSTILE = '=cmd|"/c calc"!A1<script>'


def a_difference(books: Books) -> None:
    books.shop.sell("1001", 150, "254722200017", wait=False)
    books.night()
    write(books.file, Row("UKON000001", 70, HOSTILE))


def test_every_format_tells_the_same_difference(books: Books) -> None:
    a_difference(books)
    run = ("reconcile", "--statement", str(books.file))
    document = json.loads(books.mpesa(*run, "--format", "json").stdout)
    lines = [json.loads(line) for line in books.mpesa(*run, "--format", "ndjson").stdout.splitlines()]
    table = list(csv.DictReader(io.StringIO(books.mpesa(*run, "--format", "csv").stdout)))
    assert [line["type"] for line in lines] == ["break", "summary"]
    assert lines[0] == {"type": "break", **document["breaks"][0]}
    assert lines[1]["differences"] == 1
    assert (table[0]["id"], table[0]["amount"]) == ("missing_in_ledger-UKON000001", "70")
    assert table[0]["account"] == "'" + HOSTILE, "a spreadsheet would run it"


def test_the_document_has_the_fields_that_are_written_down(books: Books) -> None:
    a_difference(books)
    run = ("reconcile", "--statement", str(books.file), "--json")
    document = json.loads(books.mpesa(*run, "--close", "2026-11-24", "--by", "Asha").stdout)
    assert list(document) == list(RECONCILE_FIELDS)
    assert document["closed"]["day"] == "2026-11-24"
    for each in document["breaks"]:
        assert list(each) == list(BREAK_FIELDS)


def test_people_are_told_what_it_means_and_what_to_do(books: Books) -> None:
    a_difference(books)
    done = books.mpesa("reconcile", "--statement", str(books.file), tty=True)
    assert done.status == 7
    assert "NOT IN THE LEDGER" in done.stdout
    assert "mpesa verify UKON000001" in done.stdout
    assert "id missing_in_ledger-UKON000001" in done.stdout


def test_a_prompt_is_asked_about_for_a_day_then_it_is_unknown_and_daraja_is_left_alone(books: Books) -> None:
    books.shop.sell("1001", 150, "254722200014", wait=False)
    assert json.loads(books.mpesa("reconcile", "--json").stdout)["payments"][0]["status"] == "pending"
    books.clock.advance(25 * 3_600)
    after = books.mpesa("reconcile", "--json")
    assert (after.status, json.loads(after.stdout)["payments"][0]["status"]) == (7, "unknown")
    before = books.everything()
    again = books.mpesa("reconcile", "-vv")
    assert again.status == 7
    assert "stkpushquery" not in again.stderr
    assert books.everything() == before
    assert "not asked any more" in books.mpesa("log", "1001").stdout


@contextmanager
def monitor(status: int = 200) -> Iterator[tuple[str, list[str]]]:
    """A monitoring address, and the paths that were asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Silence."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/ping/s3cret", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_ping_tells_the_start_and_the_end(books: Books) -> None:
    with monitor() as (url, asked):
        assert books.mpesa("reconcile", "--ping", url).status == 0
        a_difference(books)
        assert books.mpesa("reconcile", "--statement", str(books.file), "--ping", url).status == 7
        assert books.mpesa("reconcile", "--statement", "no-such-file", "--ping", url).status == 2
    assert [path.removeprefix("/ping/s3cret") for path in asked] == ["/start", "", "/start", "/7", "/start", "/2"]


def test_a_ping_that_fails_is_said_changes_nothing_and_never_shows_its_address(books: Books) -> None:
    with monitor(status=500) as (url, _):
        done = books.mpesa("reconcile", "--ping", url, "-vv")
    assert (done.status, "HTTP 500" in done.stderr) == (0, True)
    gone = books.mpesa("reconcile", "--ping", url, "-vv")
    assert (gone.status, "could not be pinged" in gone.stderr) == (0, True)
    assert "s3cret" not in done.stdout + done.stderr + gone.stdout + gone.stderr


def test_only_one_runs_at_a_time(books: Books) -> None:
    from books_shop import ledger_of

    books.mpesa("reconcile")
    with ledger_of(books) as ledger, ledger.alone("reconcile"):
        done = books.mpesa("reconcile", "--json")
    assert (done.status, json.loads(done.stdout)["error"]["code"]) == (5, "batch-running")
