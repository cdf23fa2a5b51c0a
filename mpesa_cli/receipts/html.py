"""A receipt or a slip as one HTML file: nothing is loaded from elsewhere, no script runs, everything is escaped."""

from html import escape

from mpesa_cli.receipts.receipt import Receipt
from mpesa_cli.receipts.sheet import Sheet, receipt_sheet
from mpesa_cli.receipts.words import Language
from mpesa_cli.rules.values.amount import format_cents

# Width of the sheet on a screen, the page and its margins in print.
_PAGES = {
    "58": ("54mm", "size: 58mm 210mm; margin: 2mm"),
    "80": ("72mm", "size: 80mm 200mm; margin: 4mm"),
    "a5": ("118mm", "size: A5; margin: 15mm"),
}

_STYLE = """
* { box-sizing: border-box; }
body { margin: 0; padding: 6mm; background: #e8e8e8; color: #000; }
body { font: 10pt/1.35 system-ui, "Liberation Sans", Arial, sans-serif; }
main { position: relative; overflow: hidden; width: WIDTH; margin: 0 auto; padding: 4mm; }
main { background: #fff; box-shadow: 0 1px 4px #0004; }
h1 { margin: 0; font-size: 15pt; text-align: center; overflow-wrap: anywhere; }
.kind { margin: 1mm 0 2mm; text-align: center; letter-spacing: .12em; }
.trial { margin: 0 0 2mm; padding: 1mm; border: 2px solid #000; font-weight: 700; text-align: center; }
.across { position: absolute; inset: 0; display: grid; place-items: center; pointer-events: none; }
.across span { transform: rotate(-32deg); font-size: calc(WIDTH / 8); font-weight: 800; color: #0001; }
.amount { margin: 0; padding: 2mm 0; border: solid #000; border-width: 1px 0; }
.amount { font-size: 18pt; font-weight: 700; text-align: center; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 1mm 3mm; margin: 3mm 0; }
dt { color: #444; }
dd { margin: 0; text-align: right; overflow-wrap: anywhere; }
svg { display: block; width: 28mm; height: 28mm; margin: 0 auto; }
.thanks { margin: 2mm 0 0; text-align: center; }
@page { PAGE; }
@media print {
  body { padding: 0; background: none; }
  main { width: auto; padding: 0; box-shadow: none; break-inside: avoid; }
}
"""


def html_receipt(receipt: Receipt, language: Language, paper: str) -> str:
    """The page of a receipt. ``paper`` is 58, 80 (mm) or a5."""
    return html_sheet(receipt_sheet(receipt, language), paper)


def html_sheet(sheet: Sheet, paper: str) -> str:
    """The page. ``paper`` is 58, 80 (mm) or a5."""
    width, page = _PAGES[paper]
    kind = escape(f"{sheet.kind} · {sheet.mark}" if sheet.mark else sheet.kind)
    rows = "\n".join(
        f'<dt>{escape(fact.label)}</dt><dd id="{fact.key}">{escape(fact.value)}</dd>' for fact in sheet.facts
    )
    return f"""<!doctype html>
<html lang="{sheet.language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(sheet.title)}</title>
<style>{_STYLE.replace("WIDTH", width).replace("PAGE", page)}</style>
</head>
<body>
<main>
<h1>{escape(sheet.shop_name)}</h1>
<p class="kind">{kind}</p>
{_trial(sheet)}<p class="amount">{escape(format_cents(sheet.amount_cents))}</p>
<dl>
{rows}
</dl>
{_qr(sheet)}<p class="thanks">{escape(sheet.ends)}</p>
</main>
</body>
</html>
"""


def _trial(sheet: Sheet) -> str:
    if not sheet.trial:
        return ""
    across = f'<div class="across" aria-hidden="true"><span>{escape(sheet.environment.upper())}</span></div>'
    return f'<p class="trial">{escape(sheet.trial)}</p>\n{across}\n'


def _qr(sheet: Sheet) -> str:
    if sheet.code is None:
        return ""
    size, runs = sheet.code.runs()
    path = "".join(f"M{run.x} {run.y}h{run.length}v1h-{run.length}z" for run in runs)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" role="img" '
        f'aria-label="{escape(sheet.scan)}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{size}v{size}h-{size}z"/><path d="{path}"/></svg>\n'
    )
