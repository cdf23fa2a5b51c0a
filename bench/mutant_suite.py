"""The suite of a copy of the tree: which of its tests run which lines, and one pytest for many mutants."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from timing import ROOT

TEST_S_MAX = 8.0  # tests that take longer are not asked about mutants: they would cost more than they tell
CASES_FIRST = 3  # of one test's cases, before all others': the hundredth seldom tells what the third did not
ROOMS = (  # of tests: those that look at the text of the tree and not at what it does say nothing
    "api", "batch", "books", "cli", "crash", "daraja", "floor", "held", "histories", "history", "initiator", "ledger",
    "listener", "payments", "receipts", "rules", "settings", "simulator", "sms", "upkeep",
)


@dataclass
class Suite:
    """A copy of the tree with what is known of its tests; ``took_s`` (of each) and lines come with ``record``."""

    cache: Path
    processes: int
    rooms: tuple[str, ...] = ROOMS
    tree: Path = field(init=False)
    took_s: dict[str, float] = field(default_factory=dict)
    parts: list[Path] = field(default_factory=list)
    contexts: dict[Path, dict[int, set[str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.cache.mkdir(parents=True, exist_ok=True)
        self.tree = self.cache.resolve() / "tree"
        copy_tree(self.tree)

    def test_files(self) -> dict[str, str]:
        """Every test file and the digest of its text."""
        files = sorted(file for room in self.rooms for file in self.tree.glob(f"tests/{room}/**/test_*.py"))
        return {str(file.relative_to(self.tree)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}

    def record(self) -> None:
        """Run every test whose lines are not known yet: all once the program has changed, else the changed files."""
        code = hashlib.sha256()
        for file in sorted(self.tree.glob("mpesa_cli/**/*.py")):
            code.update(str(file.relative_to(self.tree)).encode() + file.read_bytes())
        folder = self.cache / code.hexdigest()[:16]
        folder.mkdir(exist_ok=True)
        files = self.test_files()
        known: dict[str, Any] = {}
        for result in sorted(folder.glob("*.json")):
            known.update(json.loads(result.read_text("utf-8")))
        wanted = [name for name, digest in files.items() if known.get(name, {}).get("digest") != digest]
        if wanted:
            number = len(list(folder.glob("*.json")))
            data = [str(folder / f"{number}.{way}.lines") for way in range(self.processes)]
            job = {"do": "record", "files": wanted, "data": data, "processes": self.processes}
            answers = json.loads(self.pytest(job, wanted)[0])
            said: dict[str, Any] = {name: {"digest": files[name], "took_s": {}, "failed": []} for name in wanted}
            for answer in answers:
                for test, seconds in answer["took_s"].items():
                    said[test.partition("::")[0]]["took_s"][test] = seconds
                for test in answer["failed"]:
                    said[test.partition("::")[0]]["failed"].append(test)
            (folder / f"{number}.json").write_text(json.dumps(said), "utf-8")
            known.update(said)
        self.parts = sorted(folder.glob("*.lines"))
        for name in files:
            self.took_s.update({t: s for t, s in known[name]["took_s"].items() if t not in known[name]["failed"]})

    def tests_of(self, file: Path, lines: set[int]) -> set[str]:
        """The tests that run any of these lines of a file of the copy."""
        if file not in self.contexts:
            self.contexts[file] = lines_of(self.parts, file)
        found = set().union(*(self.contexts[file].get(line, ()) for line in lines))
        return {test for test in found if self.took_s.get(test, TEST_S_MAX + 1) <= TEST_S_MAX}

    def tests_that_say(self, name: str) -> set[str]:
        """The tests of the files that have this name in their text."""
        said = re.compile(rf"\b{name}\b")
        files = {file for file in self.test_files() if said.search((self.tree / file).read_text("utf-8"))}
        return {test for test, took_s in self.took_s.items() if took_s <= TEST_S_MAX and test.split("::")[0] in files}

    def most_telling_first(self, tests: set[str], module: Path) -> list[str]:
        """Tests whose file is named like the module, then the quickest; a few cases of each before more of any."""
        meant = words(module.relative_to(self.tree / "mpesa_cli").with_suffix(""))
        cases: Counter[str] = Counter()
        ranks: dict[str, tuple[bool, int, int, float, str]] = {}
        for test in sorted(tests, key=lambda test: (self.took_s[test], test)):
            function = test.partition("[")[0]
            cases[function] += 1
            fit = len(meant & words(Path(test.partition("::")[0]).with_suffix("")))
            ranks[test] = (cases[function] > CASES_FIRST, -fit, cases[function], self.took_s[test], test)
        return sorted(ranks, key=lambda test: ranks[test])

    def pytest(self, job: dict[str, Any], files: list[str]) -> list[str]:
        """One pytest of these files with the plugin that does the job; the lines of its results. Raises SystemExit."""
        return list(self.started(job, files))

    def started(self, job: dict[str, Any], files: list[str]) -> Iterator[str]:
        """The lines of a job's results, each as soon as it is there."""
        job_file, results, log = (self.cache / f"job.{suffix}" for suffix in ("json", "results", "log"))
        results.unlink(missing_ok=True)
        job_file.write_text(json.dumps({**job, "tree": str(self.tree), "results": str(results)}), "utf-8")
        environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("MPESA_")},
            "MUTANTS_JOB": str(job_file), "PYTHONPATH": str(self.tree), "PYTHONDONTWRITEBYTECODE": "1",
        }
        argv = [sys.executable, "-m", "pytest", "-q", "-p", "bench.mutant_runner", "-p", "no:cacheprovider"]
        argv += ["-p", "no:xdist", "--hypothesis-seed=0", *files]
        read = 0
        with log.open("w", encoding="utf-8") as out:
            process = subprocess.Popen(argv, cwd=self.tree, env=environ, stdout=out, stderr=subprocess.STDOUT)
            running = True
            while running:
                try:
                    process.wait(1)
                    running = False
                except subprocess.TimeoutExpired:
                    pass
                lines = results.read_text("utf-8").splitlines(keepends=True) if results.exists() else []
                whole = [line for line in lines if line.endswith("\n") or not running]
                yield from whole[read:]
                read = len(whole)
        if not read:
            raise SystemExit(f"pytest exited {process.returncode}; its words are in {log}")


def words(path: Path) -> set[str]:
    """What a path is made of: rooms, and the parts of a name."""
    return set(re.findall("[a-z0-9]+", str(path))) - {"test", "tests"}


def copy_tree(target: Path) -> None:
    """What a clone of the working tree would hold, with files that are not committed yet."""
    shutil.rmtree(target, ignore_errors=True)
    named = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, named.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def lines_of(parts: list[Path], file: Path) -> dict[int, set[str]]:
    """For each line of a file the tests that ran it, out of coverage's data files."""
    from coverage import CoverageData

    found: dict[int, set[str]] = {}
    for part in parts:
        data = CoverageData(str(part))
        data.read()
        for line, tests in data.contexts_by_lineno(str(file)).items():
            found.setdefault(line, set()).update(tests)
    return found
