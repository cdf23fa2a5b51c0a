"""The POSIX half for processes: signals, event loops, sockets, limits, terminals and printers."""

import contextlib
import fcntl
import os
import signal
import stat
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    import socket

assert sys.platform != "win32"  # mypy reads this half for POSIX alone

STOPPING = (signal.SIGTERM,)
"""The signals that ask a program to end, besides Ctrl-C's."""
HANG_UP: int | None = signal.SIGHUP
"""The signal of a terminal that hangs up, which also has a server read its certificate again. None where none does."""
A_PRINTER = "/dev/usb/lp0"
"""A printer's device, as an example."""


def has_ended(process: int) -> bool:
    """Whether no process of this number runs; False where the system can't say."""
    return not Path(f"/proc/{process}").exists() and Path("/proc/self").exists()


def system() -> str:
    """The name, the release and the processor of this system: ``Linux 6.1.0 x86_64``."""
    told = os.uname()
    return f"{told.sysname} {told.release} {told.machine}"


def since_boot_s() -> float:
    """Seconds on a clock that nobody sets, and that also runs while the machine sleeps, where the system has one."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


def this_machine() -> str:
    """The name of this machine, as others on its network know it."""
    return os.uname().nodename


def unconfirmed_bytes(connection: "socket.socket") -> int:
    """The number of bytes that the other side of a connection has not confirmed; 0 where the system can't say."""
    import termios

    if not sys.platform.startswith("linux"):
        return 0
    return int.from_bytes(fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4)), sys.byteorder)


def take_port(listening: "socket.socket") -> None:
    """Let a socket that is to be bound have a port that was in use a moment ago, and share it with nobody."""
    import socket

    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


def run_loop(main: Coroutine[Any, Any, None]) -> None:
    """Run an event loop that can watch sockets until ``main`` is done."""
    import asyncio

    asyncio.run(main)


@contextlib.contextmanager
def on_signals(handlers: Mapping[int, Callable[[], None]]) -> Iterator[None]:
    """Call these in the running event loop when their signals come, until the block is left."""
    import asyncio

    loop = asyncio.get_running_loop()
    for number, handler in handlers.items():
        loop.add_signal_handler(number, handler)
    try:
        yield
    finally:
        for number in handlers:
            loop.remove_signal_handler(number)


def may_open(wanted: int) -> int:
    """The number of files and connections that this process may have open, at most ``wanted``.

    Its own limit is raised as far as it may be.
    """
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return wanted if soft == resource.RLIM_INFINITY else min(wanted, soft)


def write_no_core() -> None:
    """See to it that no crash of this process leaves its memory, and the secrets in it, on a disk.

    By the limit and not by PR_SET_DUMPABLE: that takes ctypes, whose import is 2 ms of every push.
    """
    import resource

    # Linux hands a dump to a collector behind a pipe in spite of a limit of 0, but not of 1, and no file is that small.
    wanted = 1 if sys.platform.startswith("linux") else 0
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0 if hard == 0 else wanted, hard))


@contextlib.contextmanager
def typed_unseen(terminal: TextIO) -> Iterator[None]:
    """Turn the terminal's echo off, and on again whatever happens; what was typed meanwhile and not read is dropped.

    Does nothing where it is no terminal, or where the process is in the background: there the system would stop it.
    """
    import termios

    try:
        handle = terminal.fileno()
        before = termios.tcgetattr(handle)
    except (OSError, termios.error):
        yield
        return
    if _is_in_background(handle):
        yield
        return
    silent = before.copy()
    silent[3] &= ~termios.ECHO
    with contextlib.suppress(termios.error):
        termios.tcsetattr(handle, termios.TCSAFLUSH, silent)
    try:
        yield
    finally:
        if not _is_in_background(handle):
            with contextlib.suppress(termios.error):  # a terminal that has hung up takes nothing
                termios.tcsetattr(handle, termios.TCSAFLUSH, before)


def drop_typed_ahead(terminal: TextIO) -> None:
    """Forget what was typed before this moment and not read. Does nothing where it is no terminal."""
    import termios

    try:
        handle = terminal.fileno()
        if not _is_in_background(handle):
            termios.tcflush(handle, termios.TCIFLUSH)
    except (OSError, ValueError, termios.error):
        return


def _is_in_background(handle: int) -> bool:
    """Whether the system would stop this process for a change of its terminal: it was started with ``&``."""
    try:
        return os.tcgetpgrp(handle) != os.getpgrp()
    except OSError:  # it is not the terminal that rules this process
        return False


def prepare(stream: TextIO) -> None:
    """Do nothing: what a stream writes here is what the user's locale says."""


def write_at_once(stream: TextIO, data: bytes) -> int:
    """Write past Python's own buffer, and give the number of bytes that were taken."""
    return os.write(stream.fileno(), data)


def reader_has_gone(failed: OSError) -> bool:
    """Whether a write failed because nobody reads any more."""
    return isinstance(failed, BrokenPipeError)


def names_a_device(target: str) -> bool:
    """Whether this is meant as a device's path."""
    return bool(target) and (target.startswith(("/", "./", "../")) or Path(target).exists())


def is_printer(device: str) -> bool:
    """Whether bytes written to it are printed, and not kept as a file's."""
    mode = Path(device).stat().st_mode
    return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)


def printing(device: str, data: bytes, wait_s: float) -> Iterator[int]:
    """Write all of ``data`` to a printer's device. Yields how many bytes it took, each time it took some.

    Raises TimeoutError where it takes nothing for ``wait_s`` seconds.
    """
    import select

    handle, sent = os.open(device, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC), 0
    try:
        while sent < len(data):
            if not select.select([], [handle], [], wait_s)[1]:
                raise TimeoutError(f"it took nothing for {wait_s:g} s")
            taken = os.write(handle, data[sent:])
            sent += taken
            yield taken
    finally:
        os.close(handle)
