"""Ctrl-C, SIGTERM and a terminal that hangs up: answered at once, except while one POST is on its way.

A first signal during :meth:`Interrupts.hold` is kept until the answer has been recorded; a second one
leaves at once, but not a SIGHUP, which shell and kernel both send. ``listen`` and the simulator's server
bring their own handlers.
"""

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType

from mpesa_cli.floor import machine
from mpesa_cli.floor.errors import ExitStatus


class Interrupted(BaseException):
    """A request by a person or the system to stop this process. Carries the exit status."""

    def __init__(self, status: ExitStatus) -> None:
        """``status`` is 130 for Ctrl-C, 143 for SIGTERM and SIGHUP."""
        super().__init__(status.name)
        self.status = status


class Interrupts:
    """Signal handling for one process. Does nothing until :meth:`install`."""

    def __init__(self, say: Callable[[str], None]) -> None:
        """``say`` tells a person that the stop has to wait for an answer."""
        self._say = say
        self._held = False
        self._pending: ExitStatus | None = None

    def install(self) -> None:
        """Take over SIGINT, SIGTERM and the like, and SIGHUP where it was not ignored (nohup). Main thread only."""
        signal.signal(signal.SIGINT, self._on_signal)
        for number in machine.STOPPING:
            signal.signal(number, self._on_signal)
        if machine.HANG_UP is not None and signal.getsignal(machine.HANG_UP) is not signal.SIG_IGN:
            signal.signal(machine.HANG_UP, self._on_signal)

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Keep a first signal back inside the block; it is raised when the block has been left."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._pending is not None:
            raise Interrupted(self._pending)

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        status = ExitStatus.INTERRUPTED if number == signal.SIGINT else ExitStatus.TERMINATED
        if self._held and self._pending is None:
            self._pending = status
            self._say(
                "Stopping once Daraja's answer is stored (at most 45 s). "
                "Again Ctrl-C leaves at once, and the outcome is then unknown."
            )
            return
        if self._held and number == machine.HANG_UP:
            return
        raise Interrupted(status)
