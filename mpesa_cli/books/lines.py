"""The lines that a run of reconcile prints for people: the worst first, up to a limit, and the number left out."""

from collections.abc import Iterable, Sequence

from mpesa_cli.floor.records import dataclass

LINES_MOST = 20
MORE = "{count:,} more: mpesa reconcile --open"


@dataclass(frozen=True, slots=True)
class Group:
    """Things of one kind. ``title`` stands above them where there is one; ``lines`` are the first of them, a line
    each, of ``count`` in all; ``hints`` say once what to do."""

    title: str
    lines: Sequence[str]
    count: int
    hints: Sequence[str] = ()


def run_lines(groups: Iterable[Group], most: int = LINES_MOST) -> list[str]:
    """The groups within ``most`` lines. Each shows its first line before any shows its second, its
    hints come before a second line, and a last line says how many are not shown."""
    kept = [group for group in groups if group.count]
    shown, hinted = [0] * len(kept), [False] * len(kept)
    left = most
    for n, group in enumerate(kept):
        if (cost := 1 + bool(group.title)) <= left:
            shown[n], left = 1, left - cost
    for n, group in enumerate(kept):
        if shown[n] and len(group.hints) <= left:
            hinted[n], left = True, left - len(group.hints)
    for n, group in enumerate(kept):
        if shown[n]:
            more = min(len(group.lines) - 1, left)
            shown[n], left = 1 + more, left - more
    lines: list[str] = []
    for group, count, with_hints in zip(kept, shown, hinted, strict=True):
        if count:
            lines += [group.title] * bool(group.title)
            lines += group.lines[:count]
            lines += group.hints if with_hints else ()
    hidden = sum(group.count for group in kept) - sum(shown)
    return [*lines, MORE.format(count=hidden)] if hidden else lines

