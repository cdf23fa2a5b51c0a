"""What a list of money comes to stands below it on a terminal, and nowhere that a program reads."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture
def day(mpesa: Run, clock: Any) -> None:
    for order, phone, amount in (("A1", "254708374149", "1500"), ("A2", "254700001032", "200"),
                                 ("A3", "254799000001", "300")):
        mpesa("push", phone, amount, "--order", order, "-q")
        clock.advance(120)


def below(screen: str) -> list[str]:
    """The lines below the last rule of a table."""
    lines = screen.splitlines()
    rules = [n for n, line in enumerate(lines) if re.fullmatch(r"[─ ]+", line)]
    return [" ".join(line.split()) for line in lines[rules[-1] + 1 :]]


def test_a_history_says_what_was_asked_and_what_of_it_came_in(day: None, mpesa: Run) -> None:
    whole = mpesa("history", tty=True).stdout
    assert below(whole)[:2] == ["3 payments asked 2,000", "came in 1,800"]
    assert below(mpesa("history", "--status", "paid", tty=True).stdout)[0] == "2 payments came in 1,800"
    one = mpesa("history", "A1", tty=True).stdout
    assert "came in" not in one
    assert below(mpesa("history", "--fields", "order_id,amount,received", tty=True).stdout)[0] == "total 2000 1800"
    assert below(mpesa("history", "--limit", "2", tty=True).stdout)[0] == "2 payments asked 500"


def test_the_total_is_that_of_all_pages_and_stands_once(
    day: None, mpesa: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mpesa_cli.history import store

    whole = mpesa("history", tty=True).stdout
    pages = store.History.pages
    monkeypatch.setattr(
        store.History, "pages", lambda self, wanted: ([row] for page in pages(self, wanted) for row in page)
    )
    a_row_a_page = mpesa("history", tty=True).stdout
    assert below(a_row_a_page)[:2] == below(whole)[:2] == ["3 payments asked 2,000", "came in 1,800"]
    assert a_row_a_page.count("3 payments") == 1


def test_no_pipe_and_no_document_has_a_total(day: None, mpesa: Run) -> None:
    assert len(mpesa("history").stdout.splitlines()) == 3
    assert len(mpesa("history", "--format", "csv", tty=True).stdout.splitlines()) == 4
    assert len(json.loads(mpesa("history", "--json", tty=True).stdout)) == 3
    assert len(mpesa("history", "--format", "ndjson", tty=True).stdout.splitlines()) == 3


def test_a_batch_is_added_up_and_its_rows_in_a_pipe_are_not(mpesa: Run, tmp_path: Path) -> None:
    file = tmp_path / "rent.csv"
    file.write_text("phone,amount,order\n0708374149,150,2001\n0799000001,300,2002\n")
    shown = mpesa("push", "--from", str(file), "--dry-run", tty=True).stdout
    assert below(shown)[0] == "total KES 450"
    assert len(mpesa("push", "--from", str(file), "--dry-run").stdout.splitlines()) == 2
