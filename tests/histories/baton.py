"""Several processes of the program in one, of which exactly one runs at a time, on a clock that only the machine moves.

A *process* is one command with its threads. It gives the baton back where it sleeps, waits for a thread of its own,
or meets a *point*: a durable step or a system call at which its plan says that it is stopped or killed. Nothing
depends on how the operating system schedules. Not a test.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

SECOND_US = 1_000_000
Stop = Literal["freeze", "suspend", "kill", "switch"]


class Killed(BaseException):
    """The process is dead: this unwinds its threads, and nothing that they do on the way has an effect."""


@dataclass
class Plan:
    """What happens to a process at which of its points, counted from 1, each once; or at the nth of one name."""

    at: dict[int, Stop] = field(default_factory=dict)
    name: str = ""

    def due(self, number: int, times: int) -> Stop | None:
        return self.at.get(times if self.name else number)


class Process:
    """One command: what it is called, its clocks, its threads, how it ended."""

    def __init__(self, name: str, plan: Plan) -> None:
        self.name = name
        self.plan = plan
        self.points = self.named = 0
        self.passed = ""  # the point that it is at
        self.writing = 0  # write transactions open
        self.stopped: Stop | None = None
        self.stopped_us = 0
        self.asleep_us = 0  # how long it did not see monotonic time pass: a suspended machine
        self.dead = False
        self.result: Any = None
        self.error: BaseException | None = None
        self.tasks: list[Task] = []
        self.bodies_left = 0  # POSTs of prompts that Daraja got whole
        self.facts: dict[str, Any] = {}

    @property
    def over(self) -> bool:
        return all(task.over for task in self.tasks)


class Task:
    """One thread of a process, which runs only while it has the baton."""

    def __init__(self, baton: "Baton", process: Process, work: Callable[[], Any], *, main: bool) -> None:
        self.process, self.over, self.main = process, False, main
        self.until_us: int | None = 0  # when it goes on: 0 at once, None when ``ready`` says so
        self.ready: Callable[[], bool] = lambda: False
        self._baton, self._work = baton, work
        self._go = threading.Lock()
        self._go.acquire()
        self._thread = threading.Thread(target=self._run, daemon=True, name=process.name)
        process.tasks.append(self)
        self._started = False

    def resume(self) -> None:
        """Hand it the baton and wait until it comes back."""
        if not self._started:
            self._started = True
            self._thread.start()
        self._go.release()
        self._baton.back.acquire()

    def pause(self) -> None:
        """Give the baton back; returns when it is handed out again. Raises Killed where the process died."""
        self._baton.back.release()
        self._go.acquire()
        self._baton.running = self
        if self.process.dead:
            raise Killed

    def _run(self) -> None:
        self._go.acquire()
        self._baton.running = self
        try:
            if not self.process.dead:
                result = self._work()
                if self.main:
                    self.process.result = result
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001 - the machine looks at it
            self.process.error = error
        finally:
            self.over = True
            self._baton.back.release()


class Baton:
    """Who runs, and what time it is. ``true_us`` is M-PESA's time; a machine's own may differ from it."""

    def __init__(self, start_us: int) -> None:
        self.true_us = start_us
        self.wall_offset_us = 0
        self.back = threading.Lock()
        self.back.acquire()
        self.running: Task | None = None
        self.processes: list[Process] = []  # those that are not over
        self.due: Callable[[], int | None] = lambda: None  # when the world next does something by itself
        self.happen: Callable[[], None] = lambda: None
        self.choose: Callable[[int], int] = lambda many: 0  # who of several that can go on does
        self._inside_world = 0

    # What the program asks.
    def now_us(self) -> int:
        return self.true_us + self.wall_offset_us

    def monotonic(self) -> float:
        process = self.process
        return (self.true_us - (process.asleep_us if process else 0)) / SECOND_US

    @property
    def process(self) -> Process | None:
        return self.running.process if self.running is not None and not self._inside_world else None

    def point(self, name: str) -> None:
        """A durable step or system call of whoever runs: here its plan may stop it, or kill it."""
        process = self.process
        if process is None or self.running is None:
            return
        if process.dead:
            raise Killed
        process.points += 1
        process.passed = name
        if not process.plan.name or name == process.plan.name:
            process.named += 1
            stop = process.plan.due(process.points, process.named)
        else:
            stop = None
        if stop == "kill":
            process.stopped = "kill"
            process.dead = True
            raise Killed
        if stop is not None:
            process.stopped, process.stopped_us = stop, self.true_us
            self.running.pause()

    def sleep(self, seconds: float) -> None:
        """Whoever runs sleeps; the world goes on meanwhile, and so do others."""
        until_us = self.true_us + max(0, round(seconds * SECOND_US))
        task = self.running
        if self._inside_world or task is None:
            self.true_us = max(self.true_us, until_us)
            return
        if task.process.dead:
            raise Killed
        self.point("asleep")
        if any(not p.over and p.stopped is None and p is not task.process for p in self.processes) or any(
            not t.over and t is not task for t in task.process.tasks
        ):
            task.until_us = until_us
            task.pause()
        else:
            self.pass_until(until_us)

    def wait_for(self, ready: Callable[[], bool], timeout_s: float | None) -> bool:
        """Let others run until ``ready`` or the time is up. Returns whether it is ready."""
        if ready():
            return True
        task = self.running
        if task is None or self._inside_world:
            return False
        if task.process.dead:
            raise Killed
        task.ready = ready
        task.until_us = None if timeout_s is None else self.true_us + max(0, round(timeout_s * SECOND_US))
        task.pause()
        task.ready = lambda: False
        return ready()

    # What the machine does.
    def spawn(self, process: Process, work: Callable[[], Any]) -> Process:
        Task(self, process, work, main=True)
        self.processes.append(process)
        return process

    def thread_of(self, work: Callable[[], Any]) -> Task | None:
        """A further thread of whoever runs; None where nobody does, so that the work is done on the spot."""
        return None if self.process is None else Task(self, self.process, work, main=False)

    def drive(self) -> None:
        """Let everybody that is not stopped go on to its end, in turns, the world with them."""
        while True:
            able = [t for p in self.processes if p.stopped is None for t in p.tasks if not t.over]
            able = [t for t in able if t.process.stopped is None]
            if not able:
                break
            now = [t for t in able if t.ready() or (t.until_us is not None and t.until_us <= self.true_us)]
            if not now:
                next_us = min((t.until_us for t in able if t.until_us is not None), default=None)
                if next_us is None:
                    raise RuntimeError("everybody waits for somebody else")
                self.pass_until(next_us)
                continue
            self._hand_to(now[self.choose(len(now)) if len(now) > 1 else 0])
        self._tidy()

    def pass_until(self, until_us: int) -> None:
        """Let time pass; what the world does by itself happens at its time."""
        self._inside_world += 1
        try:
            while (due_us := self.due()) is not None and due_us <= until_us:
                self.true_us = max(self.true_us, due_us)
                self.happen()
        finally:
            self._inside_world -= 1
        self.true_us = max(self.true_us, until_us)

    def wake(self, process: Process, plan: Plan) -> None:
        """Let a stopped process go on, with a new plan for the points that it meets from now."""
        if process.stopped == "suspend":
            process.asleep_us += self.true_us - process.stopped_us
        process.stopped, process.plan, process.points, process.named = None, plan, 0, 0

    def kill(self, process: Process) -> None:
        """End a process wherever it stands."""
        process.dead, process.stopped = True, "kill"
        for task in process.tasks:
            while not task.over:
                self._hand_to(task)
        self._tidy()

    def _hand_to(self, task: Task) -> None:
        task.until_us = 0
        task.resume()
        self.running = None
        process = task.process
        if process.dead or process.stopped == "switch":
            if process.dead:
                for each in process.tasks:
                    while not each.over:
                        each.resume()
                        self.running = None
            else:
                process.stopped = None
                self.processes.remove(process)  # to the end of the line: somebody else goes first
                self.processes.append(process)

    def _tidy(self) -> None:
        self.processes = [p for p in self.processes if not p.over]
