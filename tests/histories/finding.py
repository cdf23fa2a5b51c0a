"""Many histories, one after the other: what was found, after how many, and the shortest way there. Not a test."""

import gc
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from laws import Violation
from playing import Play, play_seed
from quickly import prepare
from shrinking import shrunk
from steps import Step, history
from telling import step_words

MEMORY = Path("/dev/shm")  # the machine's files are gone after each history


@dataclass
class Found:
    """One kind of violation: after how many histories it was seen first, how often in all, and where."""

    violation: Violation
    seed: int
    after: int
    times: int = 1
    steps: list[Step] = field(default_factory=list)
    log: list[str] = field(default_factory=list)


@dataclass
class Figures:
    """What a run came to."""

    histories: int = 0
    steps: int = 0
    commands: int = 0
    prompts: int = 0
    charges: int = 0
    seconds: float = 0.0
    processor_s: float = 0.0
    passed_over: set[str] = field(default_factory=set)
    found: dict[str, Found] = field(default_factory=dict)


def folder() -> tempfile.TemporaryDirectory[str]:
    """Where histories are played: in memory, where that is to be had."""
    return tempfile.TemporaryDirectory(prefix="mpesa-histories-", dir=MEMORY if MEMORY.is_dir() else None)


def play(home: Path, seed: int, steps: Sequence[Step], known: Sequence[str]) -> Play:
    """One history."""
    return play_seed(home / "shop", seed, steps, known)


def search(
    seeds: Sequence[int], many: int, known: Sequence[str], *, home: Path, cut: bool = True,
    often: Sequence[str] = (), hear: Callable[[Found], None] = lambda found: None,
) -> Figures:
    """Play the histories of ``seeds``, of ``many`` steps each. A violation that was found is known from then on."""
    prepare()
    figures, began, began_cpu = Figures(), time.perf_counter(), time.process_time()
    seen = list(known)
    gc.disable()
    try:
        for number, seed in enumerate(seeds, 1):
            steps = history(seed, many, often)
            played = play(home, seed, steps, seen)
            _count(figures, played, many)
            for violation in played.found:
                found = Found(violation, seed, number, steps=list(steps), log=played.log)
                if cut:
                    _cut(found, home, [k for k in seen if not violation.name.startswith(k)])
                figures.found[violation.name] = found
                seen.append(violation.name)
                hear(found)
            for name in played.passed_over:
                if name in figures.found:
                    figures.found[name].times += 1
            if number % 20 == 0:
                gc.collect()
    finally:
        gc.enable()
    figures.seconds, figures.processor_s = time.perf_counter() - began, time.process_time() - began_cpu
    return figures


def _count(figures: Figures, played: Play, many: int) -> None:
    figures.histories += 1
    figures.steps += many
    figures.commands += played.shop.commands
    figures.prompts += len(played.truth.state.prompts)
    figures.charges += len(played.truth.charges())
    figures.passed_over |= played.passed_over


def _cut(found: Found, home: Path, known: Sequence[str]) -> None:
    name = found.violation.name

    def fails(steps: Sequence[Step]) -> bool:
        with suppress(RuntimeError):
            return name in {v.name for v in play(home, found.seed, steps, known).found}
        return False

    if fails(found.steps):
        found.steps = shrunk(found.steps, fails)
        found.log = play(home, found.seed, found.steps, known).log


def told(found: Found, many: int, often: Sequence[str] = ()) -> str:
    """A violation in words, with what led to it and how to see it again."""
    again = f"python bench/histories.py --seed {found.seed} --steps {many} --cut"
    again += " --often " + " ".join(often) if often else ""
    steps = [f"  {n:>2}. {step_words(step)}" for n, step in enumerate(found.steps, 1)]
    return "\n".join([
        f"{found.violation.name}  (seed {found.seed}, after {found.after} histories)", f"  {found.violation.words}",
        f"  {len(found.steps)} steps are enough:", *steps, "  what happened:", *(f"    {line}" for line in found.log),
        f"  again: {again}",
    ])


def say(text: str) -> None:
    """A line, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
