"""The picture of a day, or of several: the shillings by hour or by day, came in, open and differing, as inline SVG."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from mpesa_cli.books.book_totals import KindTotal
from mpesa_cli.books.break_values import DAY_US, Break
from mpesa_cli.floor.moments import clock_time
from mpesa_cli.history.query import day_of
from mpesa_cli.rules.values.amount import format_cents

HOUR_US = 3_600_000_000
BY_HOUR_UP_TO_US = 2 * DAY_US
BARS_MOST = 400
_WIDTH, _HEIGHT, _FOOT = 900, 160, 18
_COLOURS = (("came in", "#2e7d32"), ("open", "#f9a825"), ("differing", "#b00020"))


def chart(own: Iterable[KindTotal], breaks: Iterable[Break], periods: Sequence[tuple[int, int]]) -> str:
    """The picture and its legend; empty where there is no time to show. A difference is as high as its amount."""
    if not periods:
        return ""
    first_us, last_us = periods[0][0], periods[-1][1]
    step_us = HOUR_US if last_us - first_us <= BY_HOUR_UP_TO_US else DAY_US
    start_us = _begin_of_day(first_us) if step_us == DAY_US else first_us // HOUR_US * HOUR_US
    slots = min(BARS_MOST, max(1, -(-(last_us - start_us) // step_us)))
    cents: Counter[tuple[int, str]] = Counter()
    for each in own:
        cents[(each.hour_us - start_us) // step_us, each.kind] += each.cents
    for found in breaks:
        if found.accepted is None:
            cents[(found.at_us - start_us) // step_us, "differing"] += abs(found.amount_cents or 0)
    highest = max((sum(cents[n, name] for name, _ in _COLOURS) for n in range(slots)), default=0)
    bars = "".join(_bars(cents, slots, highest or 1))
    labels = "".join(_labels(start_us, step_us, slots))
    by = "hour" if step_us == HOUR_US else "day"
    legend = " ".join(f'<span style="color:{colour}">&#9632;</span> {name}' for name, colour in _COLOURS)
    most = format_cents(highest)
    words = f"Money by {by}: came in, open and differing. The highest bar is {most}."
    return (
        f'<svg id="chart" role="img" aria-label="{words}" viewBox="0 0 {_WIDTH} {_HEIGHT + _FOOT}">'
        f'{bars}{labels}</svg><p class="quiet">Money by {by}, the highest bar is {most}: {legend}</p>'
    )


def _bars(cents: Counter[tuple[int, str]], slots: int, highest: int) -> Iterator[str]:
    width = _WIDTH / slots
    for n in range(slots):
        top = float(_HEIGHT)
        for name, colour in _COLOURS:
            if amount := cents[n, name]:
                height = amount * (_HEIGHT - 4) / highest
                top -= height
                yield (f'<rect x="{n * width + 1:.1f}" y="{top:.1f}" width="{max(1.0, width - 2):.1f}" '
                       f'height="{height:.1f}" fill="{colour}"/>')


def _labels(start_us: int, step_us: int, slots: int) -> Iterator[str]:
    width, every = _WIDTH / slots, max(1, slots // 12)
    for n in range(0, slots, every):
        at_us = start_us + n * step_us
        text = clock_time(at_us)[:5] if step_us == HOUR_US else day_of(at_us)[5:]
        yield f'<text x="{n * width + 1:.1f}" y="{_HEIGHT + _FOOT - 4}">{text}</text>'


def _begin_of_day(at_us: int) -> int:
    """The midnight before, in Nairobi."""
    ahead_us = 3 * HOUR_US
    return (at_us + ahead_us) // DAY_US * DAY_US - ahead_us
