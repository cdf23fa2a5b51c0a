"""The owner's page in a real browser: paired by its link, live without a reload, old when it hears nothing, narrow."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from api_bench import PAYS
from browser_pipe import Browser, browser
from owner_bench import Page, served

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine to show the owner's page in")
WATCH = """
window.wrong = [];
addEventListener("error", (e) => wrong.push(String(e.message || e.target.src)), true);
addEventListener("securitypolicyviolation", (e) => wrong.push(e.violatedDirective + " " + e.blockedURI));
"""
IS_LIVE = "document.getElementById('live')?.textContent === 'Live.'"


@pytest.fixture
def page(home: Path) -> Iterator[Page]:
    with served(home, {"MPESA_SHOP_NAME": "Duka la Amina"}) as found:
        yield found


@pytest.fixture
def seen(page: Page, tmp_path: Path) -> Iterator[Browser]:
    """A browser that followed the link of the QR code and pressed the button."""
    with browser(str(CHROMIUM), tmp_path / "profile") as found:
        found.open("about:blank")
        found.before_each_page(WATCH)
        found.size(360, 740)
        found.go(page.run("owner", "pair")[1]["url"])
        found.until("document.querySelector('button') !== null")
        found.value_of("document.querySelector('button').click()")
        found.until(IS_LIVE)
        yield found


def test_a_payment_comes_onto_an_open_page_that_is_narrow_and_breaks_no_rule_of_its_own(
    page: Page, seen: Browser
) -> None:
    seen.value_of("window.same = document; document.querySelector('#hours details').open = true")
    page.run("push", PAYS, "150", "--order", "A77", "--no-wait")
    seen.until("document.getElementById('now').textContent.includes('A77')")
    assert seen.value_of("window.same === document && document.querySelector('#hours details').open") is True
    assert seen.value_of("document.documentElement.scrollWidth <= document.documentElement.clientWidth") is True
    assert seen.value_of("document.cookie") == ""
    assert seen.value_of("window.wrong") == []
    page.page.stop()  # the listener has gone
    seen.until("document.body.classList.contains('stale')")
    assert "Not live since" in seen.value_of("document.getElementById('live').textContent")
