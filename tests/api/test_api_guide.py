"""docs/develop/http-api.md and the example page do what they say: typed into a terminal, and opened in a browser."""

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from api_bench import PAYS, posts, served, settled
from browser_pipe import browser
from test_readme import Typist, environ, type_in  # noqa: F401 - fixtures

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def test_the_guide_shows_what_one_gets(type_in: Typist) -> None:  # noqa: F811 - the fixture
    assert type_in((ROOT / "docs" / "develop" / "http-api.md").read_text(encoding="utf-8")) > 15


@pytest.fixture
def origin() -> Iterator[str]:
    """The example page, served as a shop would serve it."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=ROOT / "docs" / "develop" / "examples")
    handler.log_message = lambda *_: None  # type: ignore[attr-defined]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine to open the page in")
def test_the_example_page_turns_green_when_the_payment_is_paid(home: Path, tmp_path: Path, origin: str) -> None:
    with (
        served(home, {"MPESA_API_ORIGINS": origin}) as shop,
        browser(str(CHROMIUM), tmp_path / "profile") as page,
        shop.client() as client,
    ):
        page.open(f"{origin}/pay.html#api={shop.url}&token={shop.token()}&order=web-1&phone={PAYS}&amount=150&auto")
        page.until("document.body?.className === 'pending'")
        assert settled(shop, client, "web-1")["status"] == "paid"
        page.until("document.body.className === 'paid'")
        assert "Paid. Receipt " in page.value_of("document.getElementById('says').textContent")
        assert page.value_of("getComputedStyle(document.body).backgroundColor") == "rgb(185, 240, 203)"
        assert posts(shop, "web-1") == 1
        page.open(f"{origin}/pay.html?again#api={shop.url}&token={shop.token()}&order=web-2&phone=12&amount=0&auto")
        page.until("document.getElementById('says')?.textContent.includes('phoneNumber')")
        assert "'amount' must be whole shillings" in page.value_of("document.getElementById('says').textContent")
        page.open(f"{origin}/pay.html?refused#api={shop.url}&token=nobodys&order=web-2&phone={PAYS}&amount=150&auto")
        page.until("document.getElementById('trouble')?.textContent.includes('token')")


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine to open the page in")
def test_a_page_of_another_origin_can_not_call(home: Path, tmp_path: Path, origin: str) -> None:
    with served(home) as shop, browser(str(CHROMIUM), tmp_path / "profile") as page:
        page.open(f"{origin}/pay.html#api={shop.url}&token={shop.token()}&order=web-1&phone={PAYS}&amount=150&auto")
        page.until("document.getElementById('trouble')?.textContent.includes('Failed to fetch')")
        assert posts(shop, "web-1") == 0
