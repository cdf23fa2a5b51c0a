"""Whole commands against the clock, in turn, so that a busy moment of the machine hits them all alike."""

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
YARDSTICK = "python -c pass"


@dataclass(frozen=True, slots=True)
class Command:
    """One command to time: its arguments for the nth run, and what it finds in its environment."""

    argv: Callable[[int], list[str]]
    environ: dict[str, str]
    status: int = 0


def mpesa(*argv: str, environ: dict[str, str] | None = None) -> Command:
    """``mpesa`` of this tree, as its console script starts it."""
    start = "from mpesa_cli.start import entry_point; entry_point()"
    return Command(lambda _: [sys.executable, "-c", start, *argv], environ or {})


@contextmanager
def compiled() -> Iterator[dict[str, str]]:
    """The environment of an installed program: its modules are compiled once and found compiled."""
    with tempfile.TemporaryDirectory() as folder:
        kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE" and not k.startswith("MPESA_")}
        yield {**kept, "PYTHONPYCACHEPREFIX": folder, "PYTHONPATH": str(ROOT)}


def seconds(commands: dict[str, Command], rounds: int, environ: dict[str, str]) -> dict[str, list[float]]:
    """Seconds of every round of every command, after one round that only warms up. Raises SystemExit."""
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            began = time.perf_counter()
            done = subprocess.run(
                command.argv(number), env={**environ, **command.environ}, capture_output=True, text=True, check=False
            )
            took = time.perf_counter() - began
            if done.returncode != command.status:
                raise SystemExit(f"{name} exited {done.returncode}:\n{done.stdout}{done.stderr}")
            if number:
                taken[name].append(took)
    return taken


def yardstick() -> Command:
    """What everything is measured in."""
    return Command(lambda _: [sys.executable, "-c", "pass"], {})


def print_ratios(taken: dict[str, list[float]], targets: dict[str, float]) -> None:
    """Least and median milliseconds of each, and both as multiples of the yardstick's."""
    least, median = min(taken[YARDSTICK]), statistics.median(taken[YARDSTICK])
    print(f"{'':<34} {'min ms':>8} {'median':>8} {'min ×':>7} {'median ×':>9}  target")
    for name, all_s in taken.items():
        low, middle = min(all_s), statistics.median(all_s)
        target = f"≤ {targets[name]:g} ×" if name in targets else ""
        print(f"{name:<34} {low * 1e3:8.1f} {middle * 1e3:8.1f} {low / least:7.2f} {middle / median:9.2f}  {target}")


def machine() -> str:
    """Processor, cores and Python in one line."""
    model = platform.machine()
    cpus = Path("/proc/cpuinfo")
    for line in cpus.read_text(encoding="utf-8").splitlines() if cpus.exists() else ():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"
