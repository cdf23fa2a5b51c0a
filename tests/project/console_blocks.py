"""The ``console`` blocks of a page: what is typed, what is shown, and whether that is what one gets. Not tests.

A block is a fence marked ``console``. Lines that begin with ``$ `` are typed; where one ends in a backslash
the next line goes on with ``> ``. The lines below, up to the next ``$ ``, are what a person sees; ``…`` alone
on a line stands for any lines. A comment on the line above the fence can say how the block is run::

    <!-- test: background -->              started, read until its lines have appeared, stopped at the end
    <!-- test: exits 3 -->                 its last command exits with that status
    <!-- test: skip because <reason> -->   not run

Receipts, ids and times are different each time: whatever looks like one matches any other of its kind.
"""

import re
from dataclasses import dataclass

FENCE = re.compile(r"^(`{3,})console\s*$")
REMARK = re.compile(r"^<!-- test: (.+?) -->$")
# Comments of blocks that .ci/run runs in a clone of its own: they make virtual environments.
RUN_BY_CI = {"<!-- test-command -->", "<!-- try-command -->"}
ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07]*\x07)")
KINDS = (
    re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)"),  # a moment
    re.compile(r"\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* \d{4}"),
    re.compile(r"\d{4}-\d\d-\d\d"),
    re.compile(r"\b\d\d:\d\d(?::\d\d)?\b"),
    re.compile(r"\bPAY-[0-9A-Z]{8,12}\b"),
    re.compile(r"\bws_CO_[0-9A-Za-z]+"),
    re.compile(r"\b[0-9a-f]{16,64}\b"),
    # A receipt, or an order id made for you. Shown ones hold a digit, to be told from words; real ones need not.
    re.compile(r"\b(?=[0-9A-Z]*[0-9])(?=[0-9A-Z]*[A-Z])[0-9A-Z]{8,10}\b"),
    re.compile(r"\b\d+ s\b"),
)
ANY_RECEIPT = r"\b[0-9A-Z]{8,10}\b"
SECONDS_LEFT = re.compile(r" +(?:\d+ s left|sek \d+ zimebaki)$")  # of a live line: a page may show it without


@dataclass(frozen=True, slots=True)
class Typed:
    """One command and the lines shown below it."""

    command: str
    shown: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Block:
    """One fence. ``remark`` is what its comment says, empty where it has none."""

    typed: tuple[Typed, ...]
    remark: str
    line: int

    @property
    def status(self) -> int:
        """With what the last command exits."""
        exits = re.fullmatch(r"exits (\d+)", self.remark)
        return int(exits[1]) if exits else 0


def blocks(page: str) -> list[Block]:
    """Every console block of a Markdown page, in order. Raises ValueError for a remark that means nothing."""
    found: list[Block] = []
    lines = page.splitlines()
    above, number = "", 0
    while number < len(lines):
        fence = FENCE.match(lines[number])
        if fence is None:
            above = lines[number].strip() or above
            number += 1
            continue
        end = next(n for n in range(number + 1, len(lines)) if lines[n].rstrip() == fence[1])
        found.append(Block(_typed(lines[number + 1 : end], number + 2), _remark(above, number + 1), number + 1))
        above, number = "", end + 1
    return found


def _remark(above: str, line: int) -> str:
    if above in RUN_BY_CI:
        return "skip because .ci/run runs it in a clone of its own"
    remark = REMARK.match(above)
    if remark is None:
        return ""
    if not re.fullmatch(r"background|exits \d+|skip because .{10,}", remark[1]):
        raise ValueError(f"line {line}: no block is run as {remark[1]!r}")
    return remark[1]


def _typed(lines: list[str], first: int) -> tuple[Typed, ...]:
    found: list[Typed] = []
    for number, line in enumerate(lines, first):
        if line.startswith("$ "):
            found.append(Typed(line[2:], (), number))
        elif found and line.startswith("> ") and found[-1].command.endswith("\\") and not found[-1].shown:
            found[-1] = Typed(f"{found[-1].command}\n{line[2:]}", (), found[-1].line)
        elif found and line.strip():
            found[-1] = Typed(found[-1].command, (*found[-1].shown, line), found[-1].line)
    return tuple(found)


def on_screen(raw: str) -> list[str]:
    """The lines that were to be seen on a terminal, a redrawn line in each of its forms; no escapes, no blanks."""
    plain = ESCAPES.sub("", raw.replace("\r\n", "\n"))
    return [SECONDS_LEFT.sub("", line.rstrip()) for line in re.split(r"[\r\n]", plain) if line.strip()]


def missing(shown: tuple[str, ...], seen: list[str]) -> str | None:
    """The first shown line that was not seen after the ones before it; None where all were."""
    at = 0
    for line in shown:
        if line.strip() in {"…", "..."}:
            continue
        like = _like(line)
        found = next((n for n in range(at, len(seen)) if like.fullmatch(" ".join(seen[n].split()))), None)
        if found is None:
            return line
        at = found + 1
    return None


def _like(line: str) -> re.Pattern[str]:
    """A pattern for lines that say the same, whatever their receipts, ids and times."""
    words = " ".join(SECONDS_LEFT.sub("", line).split())
    pattern, at = "", 0
    while at < len(words):
        kind = next((k for k in KINDS if k.match(words, at) and not _inside_word(words, at)), None)
        if kind is None:
            pattern += re.escape(words[at])
            at += 1
            continue
        match = kind.match(words, at)
        assert match
        pattern += ANY_RECEIPT if kind.pattern.endswith("{8,10}\\b") else f"(?:{kind.pattern})"
        at = match.end()
    return re.compile(pattern)


def _inside_word(words: str, at: int) -> bool:
    return at > 0 and words[at - 1].isalnum() and words[at].isalnum()
