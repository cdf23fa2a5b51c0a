"""The report of a reconciliation as one HTML page that needs nothing else: to read, to print, to keep.

Every text from outside is escaped, and the page can neither load nor run anything: its content policy forbids it.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from html import escape
from itertools import groupby

from mpesa_cli.books.book_totals import KindTotal, Totals
from mpesa_cli.books.break_values import AGES, CRITICAL, KINDS, OLDEST, Break, BreakKind, age_band
from mpesa_cli.books.break_words import BREAK_WORDS, KindWords, advice
from mpesa_cli.books.chart import chart
from mpesa_cli.floor.moments import day_and_time
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.values.amount import format_cents
from mpesa_cli.terminal.amount_words import counted
from mpesa_cli.terminal.payment_words import environment_label

_STYLE = """
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem; color: #111; background: #fff; }
body { font: 15px/1.45 system-ui, "Liberation Sans", Arial, sans-serif; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
.trial { border: 2px solid #111; padding: .4rem .8rem; font-weight: 700; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid #ccc; }
td, li { overflow-wrap: anywhere; }
.n { text-align: right; white-space: nowrap; }
.critical { border-left: 6px solid #b00020; padding-left: .8rem; }
.accepted { color: #666; } .quiet { color: #555; } code { background: #f2f2f2; padding: 0 .2rem; }
svg { width: 100%; height: auto; } svg text { font: 11px system-ui, Arial, sans-serif; fill: #444; }
@page { size: A4; margin: 14mm; }
@media print { body { padding: 0; max-width: none; } tr, section { break-inside: avoid; } }
"""


@dataclass(frozen=True, slots=True)
class Page:
    """The contents of the report. ``hours`` are M-Pesa's rows, ``own_hours`` the ledger's payments; times in
    microseconds, ``balances`` opening and closing as each file says, money in cents. ``breaks`` gives all of them, by
    class and then by time, each time that it is called: they may be more than memory should hold."""

    profile: str
    environment: str
    shortcode: str
    now_us: int
    hours: Sequence[KindTotal]
    own_hours: Sequence[KindTotal]
    balances: Sequence[tuple[int | None, int | None]]
    periods: Sequence[tuple[int, int]]
    breaks: Callable[[], Iterator[Break]]
    totals: Totals
    carried_over: int


def reconcile_html(page: Page) -> Iterator[str]:
    """The whole page, in parts."""
    title = f"Reconciliation of {page.shortcode}"
    label = environment_label(page.environment)
    trial = f'<p class="trial">{escape(label)}</p>' if label else ""
    periods = ", ".join(f"{day_and_time(a)} to {day_and_time(b)}" for a, b in page.periods) or "no statement"
    count = Counter(
        (b.kind, age_band(b.at_us, page.now_us) if b.accepted is None else "accepted") for b in page.breaks()
    )
    yield f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
{trial}
<h1>{escape(title)}</h1>
<p class="quiet">{escape(page.profile)}, {periods}; made {day_and_time(page.now_us)}, times of Nairobi.</p>
<p id="verdict"><strong>{_verdict(page, count)}</strong></p>
{chart(page.own_hours, page.breaks(), page.periods)}
<h2>Totals</h2>
{_totals(page)}
<h2>Differences by age in days</h2>
{_ages(count)}
"""
    for kind, found in groupby(page.breaks(), key=lambda b: b.kind):
        yield from _section(kind, sum(n for (each, _), n in count.items() if each == kind), found, page.now_us)
    yield """
</body>
</html>
"""


def _verdict(page: Page, count: Counter[tuple[BreakKind, str]]) -> str:
    still = sum(n for (_, band), n in count.items() if band != "accepted")
    if not still and not page.periods:
        return "Nothing was compared: no record of M-PESA's was at hand."
    if not still:
        return "The ledger and M-PESA's record say the same."
    critical = sum(n for (kind, band), n in count.items() if band != "accepted" and kind in CRITICAL)
    urgent = f", {critical} of them urgent" if critical else ""
    return f"{counted(still, 'difference')}{urgent}."


def _totals(page: Page) -> str:
    t = page.totals
    rows = [("Payments", str(t.count)), ("Gross", format_cents(t.gross_cents)),
            ("Charges", format_cents(t.charges_cents)), ("Given back", format_cents(t.reversals_cents)),
            ("Withdrawn and other", format_cents(t.other_cents)), ("Net", format_cents(t.net_cents))]
    rows += _balances(page)
    if page.carried_over:
        rows.append(("Too near the edge of that time to tell", str(page.carried_over)))
    cells = "".join(f'<tr><th>{name}</th><td class="n">{value}</td></tr>' for name, value in rows)
    return f'<table id="totals">{cells}</table>'


def _balances(page: Page) -> list[tuple[str, str]]:
    """The way from the opening to the closing balance: what moved in between, and what of it no row explains."""
    known = [pair for pair in page.balances if pair[0] is not None or pair[1] is not None]
    if not known:
        return []
    opening, closing = known[0][0], known[-1][1]
    rows = [("Opening balance", format_cents(opening))] if opening is not None else []
    if opening is not None and closing is not None:
        rows.append(("Opening balance and net", format_cents(opening + page.totals.net_cents)))
    rows += [("Closing balance", format_cents(closing))] if closing is not None else []
    if opening is not None and closing is not None:
        missing = closing - opening - page.totals.net_cents
        why = "Closing balance: explained by these rows" if not missing else "Closing balance: explained by no row"
        rows.append((why, "yes, to the cent" if not missing else format_cents(missing)))
    return rows


def _ages(count: Counter[tuple[BreakKind, str]]) -> str:
    bands = [*(name for name, _ in AGES), OLDEST]
    heads = "".join(f'<th class="n">{escape(band)}</th>' for band in bands)
    rows = ""
    for kind in KINDS:
        if any(count[kind, band] for band in bands):
            cells = "".join(f'<td class="n">{count[kind, band] or ""}</td>' for band in bands)
            rows += f"<tr><th>{_title(BREAK_WORDS[kind])}</th>{cells}</tr>"
    return f'<table id="ages"><tr><th></th>{heads}</tr>{rows}</table>' if rows else "<p>None.</p>"


def _section(kind: BreakKind, count: int, found: Iterator[Break], now_us: int) -> Iterator[str]:
    words = BREAK_WORDS[kind]
    marked = ' class="critical"' if kind in CRITICAL else ""
    yield f"""<section{marked}>
<h2>{_title(words)} ({count})</h2>
<p>{escape(words.means)}</p>
<table><tr><th>When</th><th class="n">Days</th><th class="n">Amount</th><th>What, and what to do</th></tr>
"""
    for each in found:
        yield _row(each, now_us)
    yield "</table>\n</section>\n"


def _title(words: KindWords) -> str:
    return escape(words.title.capitalize().replace("m-pesa", "M-PESA"))


def _row(each: Break, now_us: int) -> str:
    amount = "" if each.amount_cents is None else format_cents(each.amount_cents)
    account = f' Account: <code>{escape(each.account)}</code>.' if each.account else ""
    if each.accepted is None:
        then = f"<br>{escape(advice(each))}"
    else:
        then = f'<br>Accepted by {escape(each.accepted.by)}: {escape(each.accepted.reason)}'
    done = "" if each.accepted is None else ' class="accepted"'
    return (
        f'<tr{done}><td>{day_and_time(each.at_us)}</td><td class="n">{escape(age_band(each.at_us, now_us))}</td>'
        f'<td class="n">{amount}</td><td>{escape(each.detail)}{account}{then}<br>'
        f'<span class="quiet">{escape(each.id)}</span></td></tr>\n'
    )
