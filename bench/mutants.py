"""Faults put into the modules that decide about money, and whether the suite notices them.

    python bench/mutants.py [--count 300] [--seed 67] [--processes 2] [--rooms rules,payments,...]
                            [--only rules/money_out,initiator/refunds]
    python bench/mutants.py --by-hand

The first draws small changes of the program (bench/mutation.py) from the modules named here; the second takes those of
bench/hand_faults.py, each of which would cost a customer or the shop money. Each is tried on the tests that run its
lines, in a copy of the tree, the most telling first, until one fails. Which tests run which lines is recorded once and
kept in ``--cache``, as is what was caught, so that a run can be broken off and goes on. Needs the dependency group
``bench``. A change is drawn by its own words, so the same ones are drawn while they stand, wherever a module moves.
Exits 1 where fewer than 90 % were caught, a survivor that bench/mutants_harmless.json does not explain counting as not
caught; by hand, where any was not.
"""

import argparse
import ast
import hashlib
import json
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hand_faults import FAULTS
from mutant_suite import ROOMS, Suite
from mutation import Mutant, mutants, only_inside_functions
from timing import ROOT, machine

_NAMES = {
    "books/store": """book_writes difference_writes""",
    "books": """breaks closing drift drift_findings matching silence statement_intake statement_matching""",
    "floor": """gate""",
    "floor/files": """run_lock""",
    "held": """read_again""",
    "initiator": """ask balance followers in_doubt lockout results verdict verify""",
    "initiator/people": """operators store""",
    "initiator/refunds": """asking evidence settling""",
    "ledger": """claiming erasing guarding held journal_append restoring
    writes""",
    "ledger/schema": """deciding_anew""",
    "listener/intake": """after_restore intake reserved results settling store_outcome storing writer""",
    "payments": """ask c2b claim claims each_alone gap holding name_receipt push refresh resolve retry retry_loop
    sending settle stk_request told unpaid wait""",
    "rules": """asking_again believed by_hand c2b_rules forgotten held_facts order_matching outcome paid payment
    push_rules receipt_claim restored retry_advice sorted_evidence state state_values""",
    "rules/codes": """said""",
    "rules/money_out": """approval limits refund_rules refund_state""",
    "rules/values": """amount msisdn shown_number spans""",
    "sms": """send_again""",
}
MODULES = [f"{room}/{name}.py" for room, names in _NAMES.items() for name in names.split()]
GOAL = 0.9
HARMLESS = ROOT / "bench" / "mutants_harmless.json"


@dataclass(frozen=True)
class Fault:
    """A changed text of one module, and its ``lines``. ``swap``: loaded functions can be given its code."""

    name: str
    file: Path
    lines: set[int]
    text: str
    swap: bool
    why_harmless: str = ""


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--count", type=int, default=300)
    arguments.add_argument("--first", type=int, help="only so many of those drawn")
    arguments.add_argument("--seed", type=int, default=67)
    arguments.add_argument("--processes", type=int, default=2)
    arguments.add_argument("--budget-s", type=float, default=120, help="seconds for the tests of one mutant")
    arguments.add_argument("--rooms", default=",".join(ROOMS), help="rooms of tests to ask")
    arguments.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "mpesa-mutants")
    arguments.add_argument("--only", default="", help="modules whose path begins with one of these, and no others")
    arguments.add_argument("--by-hand", action="store_true")
    wanted = arguments.parse_args()
    print(f"{machine()}; seed {wanted.seed}", flush=True)
    suite = Suite(wanted.cache, wanted.processes, tuple(wanted.rooms.split(",")))
    only = tuple(filter(None, wanted.only.split(",")))
    faults = by_hand(suite) if wanted.by_hand else drawn(suite, wanted.seed, wanted.count, only)[: wanted.first]
    suite.record()
    print(f"{len(suite.took_s)} tests are known, {len(faults)} faults", flush=True)
    verdicts = judged(suite, faults, wanted.budget_s)
    survived = [fault for fault in faults if not verdicts[fault.name]["caught"]]
    for fault in survived:
        print(
            f"SURVIVED {verdicts[fault.name]['ran']:>5} tests  {fault.name}"
            + (f"  HARMLESS: {fault.why_harmless}" if fault.why_harmless else "")
        )
    explained = sum(bool(fault.why_harmless) for fault in survived)
    caught = len(faults) - len(survived)
    print(f"{len(faults)} faults: {caught} caught, {len(survived)} survived, {explained} of them named as harmless")
    return 0 if caught + (0 if wanted.by_hand else explained) >= len(faults) * (1 if wanted.by_hand else GOAL) else 1


def drawn(suite: Suite, seed: int, count: int, only: tuple[str, ...] = ()) -> list[Fault]:
    """The mutants of all modules, or of those whose path begins with one of ``only``; ``count`` of them by lot."""
    harmless = {tuple(entry[key] for key in ("module", "where", "old", "new")): entry["why"]
                for entry in json.loads(HARMLESS.read_text("utf-8"))}
    every = [
        (module, mutant)
        for module in MODULES
        if not only or module.startswith(only)
        for mutant in mutants((suite.tree / "mpesa_cli" / module).read_text("utf-8"))
    ]
    faults = []
    for module, mutant in sorted(every, key=lambda each: lot(seed, *each))[:count]:
        name = f"{module}:{mutant.line} {mutant.where}: {mutant.old} -> {mutant.new}"
        why = harmless.get((module, mutant.where, mutant.old, mutant.new), "")
        faults.append(made(suite, name, module, set(range(mutant.line, mutant.last_line + 1)), mutant.text, why))
    print(f"drawn from {len(every)} mutants of {len({module for module, _ in every})} modules")
    return faults


def lot(seed: int, module: str, mutant: Mutant) -> str:
    """A mutant's place in the draw: of its own words, so that it stays drawn whatever else changes or moves."""
    return hashlib.sha256(repr((seed, Path(module).name, mutant.where, mutant.old, mutant.new)).encode()).hexdigest()


def by_hand(suite: Suite) -> list[Fault]:
    """The faults of the list. Raises SystemExit where one does not fit the program any more."""
    faults = []
    for fault in FAULTS:
        text = (suite.tree / "mpesa_cli" / fault.module).read_text("utf-8")
        if text.count(fault.old) != 1:
            raise SystemExit(
                f"{fault.module} has this {text.count(fault.old)} times, not once:\n{fault.old}\n({fault.harm})"
            )
        before, _, after = text.partition(fault.old)
        first, fewer = before.count("\n") + 1, fault.old.count("\n") - fault.new.count("\n")
        rest, newline, below = after.partition("\n")
        changed = before + fault.new + rest + "\n" * fewer + newline + below  # what is below keeps its lines
        lines = set(range(first, first + fault.old.count("\n") + 1))
        faults.append(made(suite, f"{fault.module}:{first} {fault.harm}", fault.module, lines, changed, ""))
    return faults


def made(suite: Suite, name: str, module: str, lines: set[int], text: str, why: str) -> Fault:
    file = suite.tree / "mpesa_cli" / module
    was, will = (compile(source, str(file), "exec") for source in (file.read_text("utf-8"), text))
    digest = hashlib.sha256(text.encode()).hexdigest()[:6]
    return Fault(f"{name} #{digest}", file, lines, text, only_inside_functions(was, will), why)


# --- The tests that a fault has to pass


def tests_for(suite: Suite, fault: Fault) -> set[str]:
    """Those that run its statements; for what stands outside functions, those that name it or run a line that does."""
    text = fault.file.read_text("utf-8")
    if fault.swap:
        return suite.tests_of(fault.file, statements(text, fault.lines))
    found: set[str] = set()
    for name in named_by(text, fault.lines):
        found |= suite.tests_that_say(name)
        for file in sorted((suite.tree / "mpesa_cli").glob("**/*.py")):
            other = file.read_text("utf-8")
            lines = {at for at, line in enumerate(other.splitlines(), 1) if re.search(rf"\b{name}\b", line)}
            if lines:
                found |= suite.tests_of(file, statements(other, lines))
    return found


def statements(text: str, lines: set[int]) -> set[int]:
    """The lines of the statements that these lines are part of; of a compound one its head."""
    found = set(lines)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            end = body[0].lineno - 1 if isinstance(body, list) and body else node.end_lineno or node.lineno
            head = range(node.lineno, end + 1)
            if not isinstance(node, ast.FunctionDef | ast.ClassDef) and lines.intersection(head):
                found.update(head)
    return found


def named_by(text: str, lines: set[int]) -> set[str]:
    """What is named by the statements outside functions that these lines are part of."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.stmt) and lines.intersection(range(node.lineno, (node.end_lineno or node.lineno) + 1)):
            if isinstance(node, ast.FunctionDef):
                found.add(node.name)
            targets = (
                node.targets
                if isinstance(node, ast.Assign)
                else [node.target]
                if isinstance(node, ast.AnnAssign)
                else []
            )
            found.update(target.id for target in targets if isinstance(target, ast.Name))
    return found


# --- What the tests say


def judged(suite: Suite, faults: list[Fault], budget_s: float) -> dict[str, dict[str, object]]:
    """The verdict on each fault, from the cache where the tests are the same."""
    kept = suite.parts[0].parent / "verdicts.jsonl"
    known = (
        {said["id"]: said for said in map(json.loads, kept.read_text("utf-8").splitlines())} if kept.exists() else {}
    )
    known = {name: said for name, said in known.items() if said["caught"] or said["parts"] == len(suite.parts)}
    tests = {fault.name: suite.most_telling_first(tests_for(suite, fault), fault.file) for fault in faults
             if fault.name not in known}
    loaded = [fault for fault in faults if fault.swap and fault.name in tests]
    for said in (
        *answers(suite, loaded, tests, budget_s),
        *anew(suite, [f for f in faults if not f.swap and f.name in tests], tests, budget_s),
    ):
        known[said["id"]] = said
    return known


def answers(
    suite: Suite, faults: list[Fault], tests: dict[str, list[str]], budget_s: float
) -> Iterator[dict[str, object]]:
    """What one pytest says of many faults, written to the cache as it comes."""
    if not faults:
        return
    job = {"do": "judge", "processes": suite.processes, "budget_s": budget_s, "mutants": [
        {"id": f.name, "file": str(f.file), "text": f.text, "swap": f.swap, "tests": tests[f.name]} for f in faults
    ]}
    files = sorted({test.partition("::")[0] for fault in faults for test in tests[fault.name]})
    with (suite.parts[0].parent / "verdicts.jsonl").open("a", encoding="utf-8") as kept:
        for line in suite.started(job, files or sorted(suite.test_files())[:1]):
            said = {**json.loads(line), "parts": len(suite.parts)}
            kept.write(json.dumps(said) + "\n")
            kept.flush()
            verdict = "caught  " if said["caught"] else "SURVIVED"
            print(f"{verdict} {said['ran']:>4}/{said['tests']:<5} {said['id']}   {said['by']}", flush=True)
            yield said


def anew(
    suite: Suite, faults: list[Fault], tests: dict[str, list[str]], budget_s: float
) -> Iterator[dict[str, object]]:
    """What stands outside functions is read when it is loaded: a pytest of its own for each, on a changed copy."""
    for fault in faults:
        was = fault.file.read_text("utf-8")
        fault.file.write_text(fault.text, "utf-8")
        try:
            yield from answers(suite, [fault], tests, budget_s)
        except SystemExit:  # the tests can't even be collected
            yield {"id": fault.name, "caught": True, "by": "loading", "ran": 0}
        finally:
            fault.file.write_text(was, "utf-8")


if __name__ == "__main__":
    sys.exit(main())
