"""Bars of money by hour or by day, each beside the same a week before, as inline SVG with a table of its numbers."""

from collections.abc import Callable, Iterator, Sequence
from html import escape

from mpesa_cli.owner.figures import Bar
from mpesa_cli.owner.page.words import money
from mpesa_cli.rules.values.amount import format_cents

_WIDTH, _HEIGHT, _HEAD, _FOOT = 360, 120, 14, 16


def chart(
    name: str, what: str, bars: Sequence[Bar], label: Callable[[int], str], *, every: int
) -> str:
    """The picture called ``name``, what it shows in words, and its numbers; every so many bars have a label."""
    most = max((max(b.now.gross_cents, b.before.gross_cents if b.before else 0) for b in bars), default=0)
    total = sum(b.now.gross_cents for b in bars)
    words = f"{what}: {format_cents(total)} in all. The highest bar is {format_cents(most)}."
    drawn = "".join(_bars(bars, most or 1))
    labels = "".join(_labels(bars, label, every))
    top = f'<text x="0" y="10">{escape(format_cents(most))}</text>' if most else ""
    line = f'<path class="axis" d="M0 {_HEAD}H{_WIDTH}M0 {_HEAD + _HEIGHT}H{_WIDTH}"/>'
    return (
        f'<svg role="img" aria-label="{escape(words)}" viewBox="0 0 {_WIDTH} {_HEAD + _HEIGHT + _FOOT}">'
        f"{line}{drawn}{labels}{top}</svg>"
        '<p class="legend"><span class="key now"></span> this week, <span class="key before"></span> a week before</p>'
        f'<details id="{name}-table"><summary>As numbers</summary>{_table(bars, label)}</details>'
    )


def _bars(bars: Sequence[Bar], most: int) -> Iterator[str]:
    step = _WIDTH / len(bars)
    for n, bar in enumerate(bars):
        for kind, sums, left, width in (
            ("before", bar.before, 0.08, 0.84), ("now", bar.now, 0.26, 0.48),
        ):
            if sums is not None and sums.gross_cents:
                height = max(1.0, sums.gross_cents * _HEIGHT / most)
                yield (
                    f'<rect class="{kind}" x="{(n + left) * step:.1f}" y="{_HEAD + _HEIGHT - height:.1f}" '
                    f'width="{width * step:.1f}" height="{height:.1f}"/>'
                )


def _labels(bars: Sequence[Bar], label: Callable[[int], str], every: int) -> Iterator[str]:
    step = _WIDTH / len(bars)
    for n in range(0, len(bars), every):
        yield f'<text x="{n * step + 1:.1f}" y="{_HEAD + _HEIGHT + 12}">{escape(label(bars[n].from_us))}</text>'


def _table(bars: Sequence[Bar], label: Callable[[int], str]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(label(bar.from_us))}</th><td>{money(bar.now.gross_cents)}</td>'
        f"<td>{bar.now.count:,}</td><td>{money(bar.before.gross_cents) if bar.before else '–'}</td></tr>"
        for bar in bars
        if bar.now.count or (bar.before and bar.before.count)
    )
    if not rows:
        return "<p>No payments.</p>"
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("When", "Takings", "Payments", "A week before"))
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
