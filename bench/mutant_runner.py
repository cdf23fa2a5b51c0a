"""One pytest that has collected the suite and forks a child for each mutant: a plugin of `bench/mutants.py`.

A mutant is put into a child by giving the functions that are loaded there the code of the changed file, so nothing is
imported or collected anew. The environment's MUTANTS_JOB names a JSON file with what is to be done.
"""

import contextlib
import gc
import importlib
import json
import os
import resource
import selectors
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest

MEMORY_BYTES = 3 * 1024**3
ONE_TEST_S = 40.0  # a test that takes a fraction of a second and now takes this long will not come back


class Reports:
    """What the tests of this process came to: the failed ones, and how long each took (s)."""

    def __init__(self) -> None:
        self.failed: list[str] = []
        self.took_s: dict[str, float] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.took_s[report.nodeid] = self.took_s.get(report.nodeid, 0) + report.duration
        if report.failed and report.nodeid not in self.failed:
            self.failed.append(report.nodeid)


def pytest_runtestloop(session: pytest.Session) -> bool:
    import mpesa_cli

    job = json.loads(Path(os.environ["MUTANTS_JOB"]).read_text("utf-8"))
    assert Path(mpesa_cli.__file__).is_relative_to(job["tree"]), "the tests of the copy load another tree"
    if job["do"] == "record":
        record(session, job)
    else:
        judge(session, job)
    return True


def one_by_one(items: list[pytest.Item]) -> Iterator[pytest.Item]:
    """Each item after it was run to its end."""
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
        yield item


# --- Which tests run which lines


def record(session: pytest.Session, job: dict[str, Any]) -> None:
    """The lines that each test runs, in one data file of coverage for each process, and the time that it takes."""
    files = sorted({item.nodeid.split("::")[0] for item in session.items if item.nodeid.split("::")[0] in job["files"]})
    ways = job["processes"]
    lots = [[item for item in session.items if item.nodeid.split("::")[0] in files[way::ways]] for way in range(ways)]
    children = [
        Child.fork(lambda lot=lot, data=data: recorded(session, lot, data, job["tree"]))
        for lot, data in zip(lots, job["data"], strict=True)
        if lot
    ]
    answers = [child.answer(None) for child in children]
    assert None not in answers, "a recording process died"
    Path(job["results"]).write_text(json.dumps(answers), "utf-8")


def recorded(session: pytest.Session, items: list[pytest.Item], data_file: str, tree: str) -> dict[str, Any]:
    from coverage import Coverage

    reports = Reports()
    session.config.pluginmanager.register(reports)
    coverage = Coverage(
        data_file=data_file, source=[f"{tree}/mpesa_cli"], config_file=False, concurrency="thread", messages=False
    )
    coverage.start()
    coverage.switch_context(items[0].nodeid)
    for at, _item in enumerate(one_by_one(items), 1):
        coverage.switch_context(items[at].nodeid if at < len(items) else "")
    coverage.stop()
    coverage.save()
    return {"took_s": reports.took_s, "failed": reports.failed}


# --- What the tests say of a mutant


def judge(session: pytest.Session, job: dict[str, Any]) -> None:
    """Every mutant of the job against its tests, some at a time; a line of JSON in the results as each is known."""
    known = {item.nodeid: item for item in session.items}
    waiting = [
        Trial(mutant, [known[name] for name in mutant["tests"] if name in known]) for mutant in reversed(job["mutants"])
    ]
    running: dict[Child, Trial] = {}
    with Path(job["results"]).open("a", encoding="utf-8") as results, selectors.DefaultSelector() as selector:
        while waiting or running:
            while waiting and len(running) < job["processes"]:
                trial = waiting.pop()
                child = Child.fork(lambda trial=trial: trial.run(session, job["budget_s"]))
                running[child] = trial
                selector.register(child.pipe, selectors.EVENT_READ, child)
            for key, _ in selector.select(timeout=1):
                child = key.data
                selector.unregister(child.pipe)
                trial = running.pop(child)
                answer = child.answer(None) or {"caught": True, "by": "the process died", "ran": 0}
                if trial.doubts(answer, session):
                    waiting.append(trial)
                    continue
                results.write(json.dumps({"id": trial.mutant["id"], "tests": len(trial.items), **answer}) + "\n")
                results.flush()
            for child in [child for child in running if child.age_s() > job["budget_s"] + 2 * ONE_TEST_S]:
                child.kill()


@dataclass
class Trial:
    """One mutant and the tests that it has to pass."""

    mutant: dict[str, Any]
    items: list[pytest.Item]

    def run(self, session: pytest.Session, budget_s: float) -> dict[str, Any]:
        """In a child: put the mutant in, run its tests until one fails or the time is over."""
        if not self.items:  # no test runs it, so none notices
            return {"caught": False, "by": "", "ran": 0}
        if self.mutant["swap"]:
            put_in(Path(self.mutant["file"]), self.mutant["text"])
        return failure(session, self.items, budget_s)

    def doubts(self, answer: dict[str, Any], session: pytest.Session) -> bool:
        """True where the test that failed fails without the mutant too: it says nothing, and is left out."""
        accuser = next((item for item in self.items if item.nodeid == answer["by"]), None)
        if not self.mutant["swap"] or accuser is None:
            return False
        if (Child.fork(lambda: failure(session, [accuser], ONE_TEST_S)).answer(2 * ONE_TEST_S) or {"caught": True})[
            "caught"
        ]:
            self.items.remove(accuser)
            return True
        return False


def failure(session: pytest.Session, items: list[pytest.Item], budget_s: float) -> dict[str, Any]:
    """The first of the tests that fails or hangs; "ran" says how many were run."""
    reports = Reports()
    session.config.pluginmanager.register(reports)
    now: list[str] = [item.nodeid for item in items]
    begun, ran = time.monotonic(), 0

    def hung(*_: object) -> None:
        raise SystemExit(f"hung:{now[ran]}")

    signal.signal(signal.SIGALRM, hung)
    try:
        signal.alarm(int(ONE_TEST_S))
        for ran, item in enumerate(one_by_one(items), 1):
            if reports.failed:
                return {"caught": True, "by": item.nodeid, "ran": ran}
            if time.monotonic() - begun > budget_s:
                break
            signal.alarm(int(ONE_TEST_S))
    except BaseException as reason:  # noqa: BLE001 - whatever ends the run is a failure that the tests have seen
        return {"caught": True, "by": f"{type(reason).__name__} in {now[min(ran, len(now) - 1)]}", "ran": ran}
    finally:
        signal.alarm(0)
    return {"caught": False, "by": "", "ran": ran}


def put_in(file: Path, text: str) -> None:
    """Give every loaded function of a file the code that it has in the changed text."""
    was, will = (dict(codes(compile(source, str(file), "exec"))) for source in (file.read_text("utf-8"), text))
    changed = {key: code for key, code in will.items() if was.get(key) != code}
    package = next(parent for parent in file.parents if not (parent.parent / "__init__.py").exists())
    importlib.import_module(".".join(file.relative_to(package.parent).with_suffix("").parts))  # many load it late
    for thing in gc.get_objects():
        if isinstance(thing, FunctionType) and thing.__code__.co_filename == str(file):
            code = changed.get((thing.__code__.co_qualname, thing.__code__.co_firstlineno))
            if code is not None:
                thing.__code__ = code


def codes(code: CodeType) -> Iterator[tuple[tuple[str, int], CodeType]]:
    """All code of a file by name and first line."""
    yield (code.co_qualname, code.co_firstlineno), code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes(constant)


# --- A forked process that answers once


@dataclass(eq=False)
class Child:
    """A fork with a folder of its own for temporary files; its answer comes through a pipe."""

    pid: int
    pipe: int
    folder: str
    begun: float

    @classmethod
    def fork(cls, work: Callable[[], dict[str, Any]]) -> "Child":
        folder = tempfile.mkdtemp(prefix="mu-")
        read, write = os.pipe()
        pid = os.fork()
        if pid:
            os.close(write)
            return cls(pid, read, folder, time.monotonic())
        try:
            os.setsid()
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
            os.environ.update({"PYTEST_DEBUG_TEMPROOT": folder, "TMPDIR": folder})
            tempfile.tempdir = None
            answer = json.dumps(work()).encode()
            while answer:
                answer = answer[os.write(write, answer) :]
        except BaseException as reason:  # noqa: BLE001 - a fork must never go on as its parent
            print(f"child: {type(reason).__name__}: {reason}", file=sys.stderr)
        os._exit(0)

    def age_s(self) -> float:
        return time.monotonic() - self.begun

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def answer(self, wait_s: float | None) -> dict[str, Any] | None:
        """What the child said, None where it died or was too slow; afterwards nothing of it is left."""
        parts = []
        with selectors.DefaultSelector() as selector:
            selector.register(self.pipe, selectors.EVENT_READ)
            while selector.select(wait_s) and (part := os.read(self.pipe, 65536)):
                parts.append(part)
        self.kill()
        os.waitpid(self.pid, 0)
        os.close(self.pipe)
        shutil.rmtree(self.folder, ignore_errors=True)
        return json.loads(b"".join(parts)) if parts else None
