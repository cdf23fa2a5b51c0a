"""The owner's page by axe-core's rules, in light and in dark, on a phone and a screen; and on paper.

``pytest -m foreign``. axe-core (MPL-2.0) comes from npm into a temporary place; where it can't be had that is said.
"""

import io
import json
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
sys.path[1:1] = [str(HERE.parent), str(HERE.parents[1] / "api")]

from browser_pipe import Browser, browser
from owner_bench import Page, served
from owner_shop import CANCELS, PAYS, POOR, SILENT

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
AXE = "axe-core@4.14.1"  # pinned: a new rule is to be looked at, not to fail an old commit
pytestmark = [
    pytest.mark.foreign, pytest.mark.timeout(600),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine to show the owner's page in"),
]
SERIOUS = {"serious", "critical"}


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("axe")
    if not shutil.which("npm"):
        pytest.skip("no npm here: axe-core is not tried")
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder), AXE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        pytest.skip(f"{AXE} can't be had: {done.stderr[-200:]}")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page with something of everything on it: paid, not paid, waiting, unknown, money by hand, a week before."""
    with served(tmp_path_factory.mktemp("home"), {"MPESA_SHOP_NAME": "Duka la Amina"}) as found:
        found.clock.advance(-8 * 86_400)
        found.run("push", PAYS, "900", "--order", "B0")
        found.clock.advance(8 * 86_400)
        for number, phone in enumerate((PAYS, CANCELS, POOR)):
            found.run("push", phone, "1500", "--order", f"B{number + 1}")
        found.run("push", SILENT, "400", "--order", "B4", "--no-wait")
        with found.ledger.write() as tx:
            tx.execute("UPDATE payments SET status='unknown' WHERE order_id='B2'")
            tx.execute("UPDATE payments SET status='overpaid' WHERE order_id='B3'")
        yield found


@pytest.fixture(scope="module")
def seen(page: Page, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(str(CHROMIUM), tmp_path_factory.mktemp("profile")) as found:
        found.open(page.run("owner", "pair")[1]["url"])
        found.until("document.querySelector('button') !== null")
        yield found


def findings(seen: Browser, axe: str) -> list[Any]:
    """What axe-core finds serious, each with where."""
    seen.value_of(f"{axe};true")
    said = seen.value_of("axe.run(document).then(r => JSON.stringify(r.violations))")
    return [(v["id"], [n["html"] for n in v["nodes"]][:3]) for v in json.loads(said) if v["impact"] in SERIOUS]


def test_axe_finds_nothing_serious_on_a_phone_and_a_screen_in_light_and_dark(
    seen: Browser, axe: str, page: Page
) -> None:
    assert findings(seen, axe) == []  # the page on which the code is given
    seen.value_of("document.querySelector('button').click()")
    seen.until("document.getElementById('live')?.textContent === 'Live.'")
    assert "bad" in seen.value_of("document.querySelector('.verdict').className")
    for scheme in ("light", "dark"):
        seen.prefer(scheme)
        for width, height in ((360, 740), (390, 844), (1280, 900)):
            seen.size(width, height)
            seen.value_of("document.querySelectorAll('details').forEach(d => { d.open = true; })")
            assert findings(seen, axe) == [], (scheme, width)
            fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
            assert seen.value_of(fits) is True, width
    seen.value_of("document.body.classList.add('stale')")
    assert findings(seen, axe) == []
    seen.value_of("document.body.classList.remove('stale')")


def test_it_prints_on_a4_with_every_number_and_no_colour_alone(seen: Browser, page: Page) -> None:
    pypdf = pytest.importorskip("pypdf")
    seen.value_of("document.querySelectorAll('details').forEach(d => { d.open = false; })")
    sheets = pypdf.PdfReader(io.BytesIO(seen.printed())).pages
    assert 1 <= len(sheets) <= 3
    assert abs(float(sheets[0].mediabox[2]) - 595) < 2  # points; browsers round each in their own way
    text = unicodedata.normalize("NFKC", "".join(sheet.extract_text() for sheet in sheets))  # some fonts join f and i
    text = " ".join(text.split())
    for said in ("Duka la Amina", "Takings", "needs a person", "fine", "mpesa balance", "Why payments failed"):
        assert said in text
    assert "Live." not in text
