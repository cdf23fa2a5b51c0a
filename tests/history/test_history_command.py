"""``mpesa history``: what people, scripts and spreadsheets get from it."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from history_ledger import DAY_US, OTHER_PHONE, SECOND_US, START_US, Sale

from mpesa_cli.history.query import FIELDS
from mpesa_cli.ledger.ledger import Ledger

Run = Callable[..., Any]
Sold = Callable[..., Ledger]

DAY_OF_SALES = (
    Sale("1040", at_us=START_US - DAY_US, amount=70),
    Sale("1041", "1032", at_us=START_US - 3_600 * SECOND_US, amount=250),
    Sale("1042", at_us=START_US - 1_800 * SECOND_US, amount=1_500),
    Sale("1043", "pending", at_us=START_US - 600 * SECOND_US, msisdn=OTHER_PHONE),
    Sale("1044", "lost", at_us=START_US - 60 * SECOND_US),
)


def orders(out: str) -> list[str]:
    return [row["order_id"] for row in json.loads(out)]


def test_an_empty_ledger_has_an_empty_history_and_that_is_no_error(mpesa: Run) -> None:
    assert (mpesa("history", "--json").status, mpesa("history", "--json").stdout) == (0, "[]\n")
    plain = mpesa("history")
    assert (plain.status, plain.stdout) == (0, "")
    assert "No payments match." in plain.stderr
    assert mpesa("history", "--format", "ndjson").stdout == ""
    assert mpesa("history", "--format", "csv").stdout == ",".join(FIELDS) + "\r\n"


def test_a_day_at_the_simulators_counter_is_told_as_it_was(mpesa: Run, clock: Any) -> None:
    assert mpesa("push", "254708374149", "100", "--order", "1", "--yes").status == 0
    assert mpesa("push", "254700001032", "250", "--order", "2", "--yes").status == 3
    documents = json.loads(mpesa("history", "--json").stdout)
    assert [(d["order_id"], d["status"], d["result_code"]) for d in documents] == [
        ("2", "failed", "1032"), ("1", "paid", "0")
    ]
    assert documents[1] == json.loads(mpesa("status", "1", "--json").stdout)


def test_a_screen_masks_phones_and_a_pipe_gets_full_rows(mpesa: Run, sold: Sold) -> None:
    sold(*DAY_OF_SALES)
    screen = mpesa("history", tty=True).stdout
    assert "0708•••149" in screen
    assert "254708374149" not in screen
    assert "Cancelled by the customer" in screen
    assert "waiting (overdue)" in screen
    assert "SIMULATOR" in screen
    assert "254708374149" in mpesa("history", "--unmask", tty=True).stdout
    piped = mpesa("history").stdout.splitlines()
    assert piped[2].split("\t") == [
        "2026-11-24T10:00:00+03:00", "paid", "1500", "254708374149", "1042", DAY_OF_SALES[2].receipt, "0", "",
        "PAY-00000002",
    ]
    assert [len(line.split("\t")) for line in piped] == [9] * 5


def test_only_what_is_paid_is_green_and_ascii_is_ascii(mpesa: Run, sold: Sold) -> None:
    sold(*DAY_OF_SALES)
    screen = mpesa("history", tty=True).stdout
    green = [line for line in screen.splitlines() if "\x1b[32m" in line]
    assert len(green) == 2
    assert all(" paid " in line for line in green)
    assert "\x1b" not in mpesa("history", tty=True, env={"NO_COLOR": "1"}).stdout
    assert mpesa("history", "--ascii", tty=True, env={"NO_COLOR": "1"}).stdout.isascii()
    assert mpesa("history", "--summary", "--ascii", tty=True, env={"NO_COLOR": "1"}).stdout.isascii()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], ["1044", "1043", "1042", "1041", "1040"]),
        (["--since", "today"], ["1044", "1043", "1042", "1041"]),
        (["--until", "yesterday"], ["1040"]),
        (["--since", "yesterday", "--status", "paid"], ["1042", "1040"]),
        (["--since", "15m"], ["1044", "1043"]),
        (["--since", "2026-11-24", "--until", "2026-11-24 10:00"], ["1041"]),
        (["--phone", "0711 111 111"], ["1043"]),
        (["--order", "1042"], ["1042"]),
        (["--order", "104*", "--status", "failed"], ["1041"]),
        (["--order", "9*"], []),
        (["--limit", "2"], ["1044", "1043"]),
        (["--limit", "all", "--status", "unknown"], ["1044"]),
    ],
)
def test_filters_and_dates_in_peoples_words(
    mpesa: Run, sold: Sold, options: list[str], expected: list[str]
) -> None:
    sold(*DAY_OF_SALES)
    assert orders(mpesa("history", "--json", *options).stdout) == expected
    rows = mpesa("history", "--format", "ndjson", "--fields", "order_id", *options).stdout.splitlines()
    assert [json.loads(row)["order_id"] for row in rows] == expected


def test_fifty_unless_asked_and_it_says_that_there_are_more(mpesa: Run, sold: Sold) -> None:
    sold(*(Sale(f"{n:03d}", "pending", at_us=START_US + n) for n in range(51)))
    first = mpesa("history")
    assert len(first.stdout.splitlines()) == 50
    assert "--limit all" in first.stderr
    assert "--limit all" not in mpesa("history", "--limit", "51").stderr
    for every in ("0", "all"):
        assert len(mpesa("history", "--limit", every, "--format", "csv").stdout.splitlines()) == 52
    assert len(json.loads(mpesa("history", "--json").stdout)) == 50
    assert mpesa("history", "-q").stderr == ""


def test_fields_are_chosen_in_order_and_unknown_ones_are_named(mpesa: Run, sold: Sold) -> None:
    sold(*DAY_OF_SALES)
    chosen = ["--fields", "amount,order_id,flags"]
    assert mpesa("history", *chosen).stdout.splitlines()[1] == "100\t1043\toverdue"
    assert mpesa("history", *chosen, "--format", "csv").stdout.splitlines()[2] == "100,1043,overdue"
    document = json.loads(mpesa("history", *chosen, "--json").stdout)[1]
    assert list(document.items()) == [("amount", 100), ("order_id", "1043"), ("flags", ["overdue"])]
    with_attempts = json.loads(mpesa("history", "--json", "--fields", "attempts,flags").stdout)[1]
    assert with_attempts["attempts"][0]["state"] == "pending"
    assert with_attempts["flags"] == ["overdue"]
    wrong = mpesa("history", "--fields", "amont", "--format", "csv")
    assert wrong.status == 2
    assert "'amont'" in wrong.stderr
    assert "order_id" in wrong.stderr
    assert "0708•••149" in mpesa("history", "--fields", "msisdn,status", tty=True).stdout


def test_csv_is_read_back_as_it_was_and_no_cell_is_a_formula(mpesa: Run, sold: Sold) -> None:
    hostile = ["=1+1", "+254", "-2", "@SUM(A1)", "\tx", "plain", 'quo"te, and comma', "two\nlines", "＝1"]
    sold(*(Sale(f"{n}", account=text, description=text, at_us=START_US + n) for n, text in enumerate(hostile)))
    out = mpesa("history", "--format", "csv").stdout
    rows = list(csv.DictReader(io.StringIO(out, newline="")))
    got = [row["description"] for row in reversed(rows)]
    assert got == ["'=1+1", "'+254", "'-2", "'@SUM(A1)", "'\tx", "plain", 'quo"te, and comma', "two\nlines", "'＝1"]
    assert [row["account_reference"] for row in reversed(rows)] == got
    assert out.count("\r\n") == len(hostile) + 1
    documents = json.loads(mpesa("history", "--json").stdout)
    assert [d["description"] for d in reversed(documents)] == hostile


def test_a_pipe_keeps_one_line_a_payment_and_a_screen_its_cursor(mpesa: Run, sold: Sold) -> None:
    sold(Sale("1", description="two\tcells\nand lines \x1b[2J", at_us=START_US))
    piped = mpesa("history", "--fields", "order_id,description").stdout
    assert piped == "1\ttwo cells and lines \x1b[2J\n"
    screen = mpesa("history", "--fields", "order_id,description", tty=True, env={"NO_COLOR": "1"}).stdout
    assert "\x1b" not in screen


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--since", "someday"], "invalid-date"),
        (["--since", "31/02/2026"], "invalid-date"),
        (["--since", "today", "--until", "yesterday"], "invalid-date"),
        (["--limit", "-1"], "invalid-limit"),
        (["--limit", "many"], "invalid-limit"),
        (["--phone", "12"], "invalid-msisdn"),
        (["--status", "open"], "usage"),
        (["--summary", "--fields", "amount"], "invalid-input"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_right_forms(mpesa: Run, options: list[str], code: str) -> None:
    refused = mpesa("history", "--json", *options)
    assert refused.status == 2
    error = json.loads(refused.stdout)["error"]
    assert error["code"] == code
    assert error["hint"]


def test_json_and_another_format_at_once_are_refused(mpesa: Run) -> None:
    assert mpesa("history", "--json", "--format", "csv").status == 2
    assert mpesa("history", "--json", "--format", "json").status == 0


def test_a_reader_that_leaves_early_is_no_error(home: Path, sold: Sold) -> None:
    sold(*(Sale(f"{n:04d}", "pending", at_us=START_US + n) for n in range(300)))
    command = f"{sys.executable} -m mpesa_cli history --limit all --format csv | head -1"
    done = subprocess.run(
        command, shell=True, capture_output=True, text=True, check=False,
        env={**os.environ, "MPESA_HOME": str(home)},
    )
    assert done.stdout.startswith("payment_id,")
    assert "Traceback" not in done.stderr
    assert "mpesa:" not in done.stderr


def test_a_look_loads_no_network_no_rich_and_no_sqlite_utils(home: Path, sold: Sold) -> None:
    sold(*DAY_OF_SALES)
    program = (
        "import atexit, sys\n"
        "atexit.register(lambda: print(*sorted(sys.modules), file=sys.stderr))\n"
        "from mpesa_cli.start import entry_point; entry_point()"
    )
    for options in ([], ["--json"], ["--format", "csv"], ["--summary"]):
        done = subprocess.run(
            [sys.executable, "-c", program, "history", "-q", *options], capture_output=True, text=True, check=True,
            env={**os.environ, "MPESA_HOME": str(home)},
        )
        loaded = set(done.stderr.split())
        assert "sqlite3" in loaded
        assert loaded & {"rich", "httpx", "sqlite_utils", "keyring", "asyncio", "pydantic", "ssl", "segno"} == set()
