"""Days of a shop, played from a seed on a virtual clock, and held against what really was paid.

    python bench/histories.py [--histories 10000] [--steps 40] [--first 0] [--known NAME …] [--often KIND …] [--no-cut]
    python bench/histories.py --seed N [--steps 40] [--cut]

Each history is one shop in one process: pushes, retries, batches, calls of the API, payments by hand, statements,
restores, erasures, among messages that are lost, late, doubled and odd, processes that are stopped, woken and killed at
their durable steps and in the middle of their POSTs, clocks that are set, full disks, ledgers that are gone. The
simulator's record is the truth. After each step and at the end the laws of tests/histories/laws.py must hold. What
breaks one is cut down to the steps that it needs and told. Exits 1 where anything was found.
"""

import argparse
import sys
from pathlib import Path

from timing import ROOT, machine

sys.path[:0] = [str(ROOT / "tests" / "histories")]


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--histories", type=int, default=10_000)
    arguments.add_argument("--steps", type=int, default=40)
    arguments.add_argument("--first", type=int, default=0, help="the first seed")
    arguments.add_argument("--seed", type=int, help="play this one alone, and tell all of it")
    arguments.add_argument("--known", nargs="*", default=[], help="violations to pass over: their names' beginnings")
    arguments.add_argument("--often", nargs="*", default=[], help="kinds of steps that come four times as often")
    arguments.add_argument("--program", type=Path, default=ROOT, help="the tree of the program to play")
    arguments.add_argument("--cut", action=argparse.BooleanOptionalAction, default=True)
    wanted = arguments.parse_args()
    sys.path.insert(0, str(wanted.program))
    import finding

    seeds = range(wanted.first, wanted.first + wanted.histories) if wanted.seed is None else [wanted.seed]
    finding.say(f"{machine()}; {wanted.program.name}")
    with finding.folder() as home:
        figures = finding.search(
            seeds, wanted.steps, wanted.known, home=Path(home), cut=wanted.cut, often=wanted.often,
            hear=lambda found: finding.say(finding.told(found, wanted.steps, wanted.often)),
        )
        if wanted.seed is not None and not figures.found:
            finding.prepare()
            steps = finding.history(wanted.seed, wanted.steps, wanted.often)
            played = finding.play(Path(home), wanted.seed, steps, wanted.known)
            finding.say("\n".join(played.log))
    finding.say("\n".join(f"{name:<44} {value:>10}" for name, value in _lines(figures)))
    return 1 if figures.found else 0


def _lines(figures) -> list[tuple[str, object]]:  # type: ignore[no-untyped-def]
    kinds = [(f"  {name}", f"{f.after} ({f.times}×)") for name, f in figures.found.items()]
    return [
        ("histories", figures.histories), ("steps", figures.steps), ("commands", figures.commands),
        ("prompts that Daraja accepted", figures.prompts), ("payments", figures.charges),
        ("seconds", f"{figures.seconds:.0f}"), ("seconds of the processor", f"{figures.processor_s:.0f}"),
        ("kinds of violations, each with after how many", len(kinds)), *kinds,
    ]


if __name__ == "__main__":
    sys.exit(main())
