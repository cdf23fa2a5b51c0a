"""The HTML receipt in a real browser: it shows, it prints on one page of its paper, it fetches nothing."""

import http.server
import io
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from receipt_samples import PLAIN, TILL_TRIAL

from mpesa_cli.receipts.html import html_receipt
from mpesa_cli.receipts.words import facts

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine to show the receipt in")


def browse(page: Path, *options: str) -> None:
    """Open the page without a screen, in a profile of its own."""
    subprocess.run(
        [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
         f"--user-data-dir={page.parent / 'profile'}", *options, page.as_uri()],
        capture_output=True, timeout=60, check=True,
    )


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """A web server on loopback, and what it was asked for."""
    requests: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Silence."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", requests
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("paper", "width_mm"), [("58", 58), ("80", 80), ("a5", 148)])
def test_it_prints_on_one_page_of_its_paper_with_every_fact(tmp_path: Path, paper: str, width_mm: int) -> None:
    pypdf = pytest.importorskip("pypdf")
    page = tmp_path / "receipt.html"
    page.write_text(html_receipt(TILL_TRIAL, "sw", paper), encoding="utf-8")
    browse(page, f"--print-to-pdf={tmp_path / 'printed.pdf'}", "--no-pdf-header-footer")
    (sheet,) = pypdf.PdfReader(io.BytesIO((tmp_path / "printed.pdf").read_bytes())).pages
    assert round(float(sheet.mediabox[2]) / 72 * 25.4) == width_mm
    text = re.sub(r"\s", "", sheet.extract_text())
    for fact in facts(TILL_TRIAL, "sw"):
        assert re.sub(r"\s", "", fact.value) in text, fact
    for said in ("Household", "KES12,345.50", "SIMULATOR", "NAKALA", "Asante"):
        assert said in text


def test_it_shows_something_within_the_window(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    page = tmp_path / "receipt.html"
    page.write_text(html_receipt(PLAIN, "en", "80"), encoding="utf-8")
    browse(page, f"--screenshot={tmp_path / 'seen.png'}", "--window-size=400,640")
    with image.open(tmp_path / "seen.png") as shot:
        assert shot.size == (400, 640)
        pixels = shot.convert("L").tobytes()
    dark = sum(value < 64 for value in pixels) / len(pixels)
    assert 0.01 < dark < 0.25  # letters and a QR code, no black page and no blank one
    assert pixels[-1] > 200  # the receipt ends inside the window


def test_nothing_is_fetched_whatever_the_texts_say(tmp_path: Path, asked: tuple[str, list[str]]) -> None:
    address, requests = asked
    inject = f'<img src="{address}/shown"><script>fetch("{address}/run")</script>'
    page = tmp_path / "receipt.html"
    hostile = replace(PLAIN, shop_name=inject, description=f'"\'>{inject}', account_reference=f"</style>{inject}")
    page.write_text(html_receipt(hostile, "en", "80"), encoding="utf-8")
    browse(page, f"--screenshot={tmp_path / 'seen.png'}")
    assert requests == []

    # Even where a text got through, the page's own policy forbids it; without that policy it would be fetched.
    through = html_receipt(PLAIN, "en", "80").replace("<dl>", f"{inject}<dl>")
    page.write_text(through, encoding="utf-8")
    browse(page, f"--screenshot={tmp_path / 'seen.png'}")
    assert requests == []
    page.write_text(re.sub(r"<meta http-equiv=.*\n", "", through), encoding="utf-8")
    browse(page, f"--screenshot={tmp_path / 'seen.png'}")
    assert "/shown" in requests
