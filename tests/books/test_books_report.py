"""The report: one file that shows the day, escapes everything, loads nothing; also in a real browser."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from books_shop import Books
from portal import Row, charge, write

from mpesa_cli.books.book_totals import Totals
from mpesa_cli.books.html import Page, reconcile_html

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
HOSTILE = '"><img src=x onerror=document.title="OWNED"><script>document.title="OWNED"</script>'


@pytest.fixture
def page(books: Books) -> Path:
    """A report of a day with a forged payment, one outside the tool under a hostile account, and an accepted one."""
    receipt = books.shop.sell("1001", 150)
    books.shop.forge("1002")
    books.night()
    write(books.file, Row(receipt, 150, "1001"), charge(receipt), Row("UKON000001", 70, HOSTILE),
          Row("UKON000002", 80, "gift"))
    books.mpesa("reconcile", "--accept", "missing_in_ledger-UKON000002", "--by", "Asha", "--reason", "a <gift>")
    report = books.folder / "report.html"
    run = ("reconcile", "--statement", str(books.file), "--report", str(report))
    assert books.mpesa(*run).status == 7
    books.mpesa("reconcile", "--accept", "missing_in_ledger-UKON000002", "--by", "Asha", "--reason", "a <gift>")
    assert books.mpesa(*run).status == 7, "written over by the next run"
    return report


def test_it_is_one_private_file_that_names_every_difference_and_loads_nothing(page: Path) -> None:
    text = page.read_text()
    assert page.stat().st_mode & 0o777 == 0o600
    assert "default-src 'none'" in text
    assert not re.search(r"""(src|href|url\()\s*=?\s*["']?(http|//)""", text.replace("http-equiv", ""))
    assert "2 differences, 1 of them urgent." in text
    for shown in ("UKOFORGED1", "UKON000001", "Not at M-PESA", "a &lt;gift&gt;", "KES 300", "-KES 2.75", "KES 297.25"):
        assert shown in text, shown
    assert "<script" not in text
    assert "<img" not in text


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine to show the report in")
def test_a_browser_shows_it_and_runs_nothing(page: Path) -> None:
    done = subprocess.run(
        [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage",
         "--disable-background-networking", f"--user-data-dir={page.parent / 'profile'}", "--dump-dom", page.as_uri()],
        capture_output=True, text=True, timeout=60, check=True,
    )
    assert "<title>Reconciliation of 174379</title>" in done.stdout
    assert "OWNED" not in re.sub(r"<code>.*?</code>", "", done.stdout)
    assert re.search(r'<svg id="chart".*<rect ', done.stdout, re.DOTALL)
    assert "<script" not in done.stdout


def test_the_bars_are_the_shillings_that_came_and_a_prompt_that_failed_is_none(books: Books) -> None:
    receipt = books.shop.sell("1001", 150)
    books.clock.advance(300)
    assert books.mpesa("push", "254700001032", "5000", "--order", "1002", "-q").status == 3
    books.night()
    write(books.file, Row(receipt, 150, "1001"))
    report = books.folder / "report.html"
    books.mpesa("reconcile", "--statement", str(books.file), "--report", str(report))
    text = report.read_text()
    assert "The highest bar is KES 150." in text
    assert "came in, open and differing" in text


@pytest.mark.parametrize(("closing", "said"), [
    (1_247_25, "explained by these rows</th><td class=\"n\">yes, to the cent"),
    (1_300_00, "explained by no row</th><td class=\"n\">KES 52.75"),
])
def test_the_way_from_the_opening_to_the_closing_balance_is_explained(closing: int, said: str) -> None:
    page = Page(
        "shop", "simulator", "174379", 1, (), (), ((1_000_00, closing),), ((1, 2),), lambda: iter(()),
        Totals(2, 300_00, -2_75, -50_00, 0), 0,
    )
    text = "".join(reconcile_html(page))
    assert "Opening balance and net</th><td class=\"n\">KES 1,247.25" in text
    assert said in text
