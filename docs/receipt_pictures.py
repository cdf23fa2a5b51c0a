"""Draws the pictures in docs/shop/receipts/ from the sample receipts of the tests.

    python docs/receipt_pictures.py

Needs Chromium, and `pip install pypdfium2` for the PDF faces. The ESC/POS picture is drawn by reading the
bytes as a printer does: text, bold, double height, alignment, the QR code, the cut.
"""

import html
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "receipts")]

from receipt_samples import PLAIN, TILL_TRIAL

from mpesa_cli.receipts.escpos import escpos_receipt
from mpesa_cli.receipts.html import html_receipt
from mpesa_cli.receipts.pdf import pdf_receipt
from mpesa_cli.receipts.qr import qr_runs
from mpesa_cli.receipts.text import text_receipt

PICTURES = ROOT / "docs" / "shop" / "receipts"
_COMMAND = re.compile(
    rb"\x1b@|\x1b![\x00-\xff]|\x1bE[\x00-\xff]|\x1ba[\x00-\xff]|\x1bt[\x00-\xff]|\x1bd[\x00-\xff]|\x1dV\x00"
    rb"|\x1d\(k..1P0(?P<qr>[^\x1d]*)|\x1d\(k\x04\x00.{4}|\x1d\(k\x03\x00.{3}",
    re.DOTALL,
)
_SHEET = """<!doctype html><meta charset="utf-8"><style>
body { margin: 0; padding: 14px; background: BACK; }
pre { margin: 0; padding: 14px; width: max-content; background: PAPER; color: INK; }
pre { font: 13px/1.3 "DejaVu Sans Mono", monospace; }
b { font-weight: 700; } .tall { display: inline-block; transform: scaleY(1.7); margin: 5px 0; }
svg { display: block; width: 120px; margin: 0 auto; } .middle { display: block; text-align: center; }
</style>"""


def main() -> None:
    chromium = shutil.which("chromium") or sys.exit("Chromium is not installed.")
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        for name, page, size in [
            ("terminal", sheet(bold_as_html(text_receipt(PLAIN, "en", 48, bold=True)), dark=True), (436, 336)),
            ("text-58", sheet(html.escape(text_receipt(TILL_TRIAL, "sw", 32))), (308, 500)),
            ("escpos-80", sheet(printed(escpos_receipt(PLAIN, "en", "80"))), (436, 470)),
            ("html-80", html_receipt(PLAIN, "en", "80"), (330, 560)),
            ("html-a5", html_receipt(TILL_TRIAL, "sw", "a5"), (500, 590)),
        ]:
            source = scratch / f"{name}.html"
            source.write_text(page, encoding="utf-8")
            shoot(chromium, source, PICTURES / f"{name}.png", size)
    for name, receipt, language, paper in [("pdf-80", PLAIN, "en", "80"), ("pdf-a5", TILL_TRIAL, "sw", "a5")]:
        import pypdfium2

        page = pypdfium2.PdfDocument(pdf_receipt(receipt, language, paper))[0]
        page.render(scale=1.5).to_pil().convert("P", colors=32).save(PICTURES / f"{name}.png", optimize=True)


def shoot(chromium: str, source: Path, target: Path, size: tuple[int, int]) -> None:
    """A picture of a page, in few colours: it is black on white."""
    from PIL import Image

    subprocess.run(  # noqa: S603 - our own page in the browser of this machine
        [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--screenshot={target}",
         f"--window-size={size[0]},{size[1]}", source.as_uri()],
        check=True, capture_output=True,
    )
    with Image.open(target) as shot:
        shot.convert("P", palette=Image.Palette.ADAPTIVE, colors=32).save(target, optimize=True)


def sheet(inside: str, *, dark: bool = False) -> str:
    """Text on paper, or on a dark terminal."""
    back, paper, ink = ("#1d1f21", "#1d1f21", "#e6e6e6") if dark else ("#e8e8e8", "#fff", "#000")
    style = _SHEET.replace("BACK", back).replace("PAPER", paper).replace("INK", ink)
    return f"{style}<pre>{inside}</pre>"


def bold_as_html(text: str) -> str:
    """A terminal's bold as HTML."""
    return html.escape(text).replace("\x1b[1m", "<b>").replace("\x1b[0m", "</b>")


def printed(data: bytes) -> str:
    """What a printer makes of the bytes."""
    out, last, tall, middle = [], 0, False, False
    for command in _COMMAND.finditer(data):
        text = html.escape(data[last : command.start()].decode("ascii"))
        if text:
            text = f'<b class="tall">{text.rstrip()}</b>\n' if tall else text
            out.append(f'<span class="middle">{text.strip()}</span>' if middle else text)
        last, said = command.end(), command[0]
        if said.startswith(b"\x1b!"):
            tall = bool(said[2] & 16)
        elif said.startswith(b"\x1ba"):
            middle = said[2] == 1
        elif command["qr"]:
            out.append(drawn(command["qr"].decode("ascii")))
    return "".join(out)


def drawn(code: str) -> str:
    """The QR code that the printer draws by itself."""
    size, runs = qr_runs(code)
    path = "".join(f"M{run.x} {run.y}h{run.length}v1h-{run.length}z" for run in runs)
    return f'<svg viewBox="0 0 {size} {size}" shape-rendering="crispEdges"><path d="{path}"/></svg>'


if __name__ == "__main__":
    main()
