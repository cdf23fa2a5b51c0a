"""Spans of time, ``(from_us, until_us)`` without the last moment: their union, and what it leaves uncovered. Pure."""

from collections.abc import Iterable

Span = tuple[int, int]


def union(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same time in as few spans as possible, oldest first; an empty span is left out."""
    joined: list[Span] = []
    for from_us, until_us in sorted(span for span in spans if span[0] < span[1]):
        if joined and from_us <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(until_us, joined[-1][1]))
        else:
            joined.append((from_us, until_us))
    return tuple(joined)


def holes(wanted: Span, covered: Iterable[Span]) -> tuple[Span, ...]:
    """The parts of ``wanted`` that no span covers, oldest first; none where it is covered to the last microsecond."""
    left: list[Span] = []
    at_us, until_us = wanted
    for first_us, last_us in union(covered):
        if last_us <= at_us:
            continue
        if first_us >= until_us:
            break
        if first_us > at_us:
            left.append((at_us, first_us))
        at_us = last_us
    if at_us < until_us:
        left.append((at_us, until_us))
    return tuple(left)
