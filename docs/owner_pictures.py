"""Draws the pictures of the owner's page in docs/shop/owner/, of a shop with a fortnight of made-up sales behind it.

    python docs/owner_pictures.py

Needs Chromium. The sales are made by the program's own commands against the simulator inside it.
"""

import io
import random
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "api"), str(ROOT / "tests" / "owner")]

from browser_pipe import browser
from owner_bench import served
from PIL import Image

from mpesa_cli.initiator.listener_alive import note_alive

PICTURES = ROOT / "docs" / "shop" / "owner"
NOW_US = 1_795_505_400_000_000  # 24 November 2026, 10:30 in Nairobi
PAYS, FAILS = "0708374149", ("0700001032", "0711111111", "0700001037")
SIZES = {"390": (390, 844), "1280": (1280, 900)}


def main() -> None:
    chromium = shutil.which("chromium") or sys.exit("Chromium is not installed.")
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, served(Path(folder), {"MPESA_SHOP_NAME": "Duka la Amina"}) as page:
        sell(page)
        note_alive(page.runtime.profile(None).ledger, NOW_US)  # its listener lives
        link = page.run("owner", "pair")[1]["url"]
        with browser(chromium, Path(folder) / "profile") as seen:
            seen.open(link)
            seen.until("document.querySelector('button') !== null")
            seen.value_of("document.querySelector('button').click()")
            seen.until("document.getElementById('live')?.textContent === 'Live.'")
            for name, size in SIZES.items():
                seen.size(*size)
                height = seen.value_of("document.documentElement.scrollHeight")
                seen.size(size[0], height)
                with Image.open(io.BytesIO(seen.picture())) as shot:
                    few = shot.convert("RGB").quantize(28, dither=Image.Dither.NONE)
                    few.save(PICTURES / f"page-{name}.png", optimize=True)


def sell(page: object) -> None:
    """A fortnight of a shop's mornings."""
    chance = random.Random(7)  # noqa: S311 - the same picture each time
    clock = page.clock  # type: ignore[attr-defined]
    clock.advance((NOW_US - clock.now_us()) / 1e6 - 14 * 86_400)
    number = 1000
    for day in range(15):
        begin_s = (NOW_US - clock.now_us()) / 1e6 - (14 - day) * 86_400 - 3 * 3_600
        clock.advance(begin_s)
        hours = 3 if day == 14 else 11
        for _ in range(hours * (2 + day % 3)):
            clock.advance(chance.uniform(600, 1_800) * 3 / (2 + day % 3) if day < 14 else chance.uniform(400, 1_000))
            if clock.now_us() > NOW_US - 120_000_000:
                break
            number += 1
            phone = PAYS if chance.random() < 0.85 else chance.choice(FAILS)
            page.run("push", phone, str(chance.randrange(50, 2_500, 50)), "--order", str(number))  # type: ignore[attr-defined]
    clock.advance((NOW_US - clock.now_us()) / 1e6 - 20)
    page.run("push", FAILS[2], "650", "--order", str(number + 1), "--no-wait")  # type: ignore[attr-defined]
    clock.advance(20)


if __name__ == "__main__":
    main()
