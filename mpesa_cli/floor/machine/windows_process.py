"""The Windows half for processes: signals, event loops, sockets, limits, terminals and printers."""

import contextlib
import io
import msvcrt
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    import socket
    from types import FrameType

assert sys.platform == "win32"  # mypy reads this half for Windows alone

STOPPING = (signal.SIGTERM, signal.SIGBREAK)
"""The signals that ask a program to end, besides Ctrl-C's. The second is Ctrl-Break, and a window that is closed."""
HANG_UP: int | None = None
"""No terminal hangs up here."""
A_PRINTER = r"\\localhost\Receipts"
"""A printer's share, as an example."""
_WATCHED_MAX = 512  # sockets that `select` takes in this build of Python
_ECHO, _LINE_AT_ONCE, _COLOURS = 0x4, 0x2, 0x4
_RUNS_STILL, _NO_SUCH_PROCESS, _ASK_A_LITTLE = 259, 87, 0x1000


def has_ended(process: int) -> bool:
    """Whether no process of this number runs; False where the system can't say."""
    import ctypes
    from ctypes import wintypes

    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.OpenProcess.restype = wintypes.HANDLE
    handle = kernel.OpenProcess(_ASK_A_LITTLE, False, process)
    if not handle:
        return ctypes.get_last_error() == _NO_SUCH_PROCESS
    status = wintypes.DWORD()
    try:
        return bool(
            kernel.GetExitCodeProcess(wintypes.HANDLE(handle), ctypes.byref(status)) and status.value != _RUNS_STILL
        )
    finally:
        kernel.CloseHandle(wintypes.HANDLE(handle))


def system() -> str:
    """The name, the release and the processor of this system: ``Windows 10.0.22631 AMD64``."""
    told = sys.getwindowsversion()
    return f"Windows {told.major}.{told.minor}.{told.build} {os.environ.get('PROCESSOR_ARCHITECTURE', '')}".rstrip()


def since_boot_s() -> float:
    """Seconds on a clock that nobody sets, and that also runs while the machine sleeps."""
    return time.monotonic()


def this_machine() -> str:
    """The name of this machine, as others on its network know it."""
    import socket

    return socket.gethostname()


def unconfirmed_bytes(connection: "socket.socket") -> int:
    """The number of bytes that the other side of a connection has not confirmed: 0, since the system can't say."""
    return 0


def take_port(listening: "socket.socket") -> None:
    """Let a socket that is to be bound have a port that was in use a moment ago, and share it with nobody."""
    import socket

    listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)


def run_loop(main: Coroutine[Any, Any, None]) -> None:
    """Run an event loop that can watch sockets until ``main`` is done."""
    import asyncio

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(main)


@contextlib.contextmanager
def on_signals(handlers: Mapping[int, Callable[[], None]]) -> Iterator[None]:
    """Call these in the running event loop when their signals come, until the block is left.

    Loops here know nothing of signals, and none wakes them: the loop sees it at its next timer.
    """
    import asyncio

    loop = asyncio.get_running_loop()

    def called(number: int, _: "FrameType | None") -> None:
        loop.call_soon_threadsafe(handlers[number])

    before = {number: signal.signal(number, called) for number in handlers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def may_open(wanted: int) -> int:
    """The number of files and connections that this process may have open, at most ``wanted``."""
    return min(wanted, _WATCHED_MAX)


def write_no_core() -> None:
    """See to it that no crash of this process is reported with its memory, and the secrets in it."""
    msvcrt.SetErrorMode(msvcrt.SEM_FAILCRITICALERRORS | msvcrt.SEM_NOGPFAULTERRORBOX)


@contextlib.contextmanager
def typed_unseen(terminal: TextIO) -> Iterator[None]:
    """Turn the terminal's echo off, and on again whatever happens; what was typed meanwhile and not read is dropped.

    Does nothing where it is no terminal.
    """
    try:
        handle = msvcrt.get_osfhandle(terminal.fileno())
        before = _console_mode(handle)
    except (io.UnsupportedOperation, OSError):
        before = None
    if before is None:
        yield
        return
    _set_console_mode(handle, before & ~_ECHO | _LINE_AT_ONCE)
    try:
        yield
    finally:
        drop_typed_ahead(terminal)
        _set_console_mode(handle, before)


def drop_typed_ahead(terminal: TextIO) -> None:
    """Forget what was typed before this moment and not read. Does nothing where it is no terminal."""
    if terminal.isatty():
        while msvcrt.kbhit():
            msvcrt.getwch()


def prepare(stream: TextIO) -> None:
    """Have text written as UTF-8 with the line breaks that it has, and colours shown, whatever the system's habit."""
    if not isinstance(stream, io.TextIOWrapper):
        return
    with contextlib.suppress(OSError, ValueError):  # closed, or read from before
        if not stream.isatty() or stream.writable():  # what is typed comes as the console has it
            stream.reconfigure(encoding="utf-8", newline="\n" if stream.writable() else None)
        if stream.writable() and stream.isatty():
            handle = msvcrt.get_osfhandle(stream.fileno())
            if (mode := _console_mode(handle)) is not None:
                _set_console_mode(handle, mode | _COLOURS)


def write_at_once(stream: TextIO, data: bytes) -> int:
    """Write past Python's own buffer, and give the number of bytes that were taken. Through Python's console, though:
    the C library would read them in the console's old code page."""
    raw = getattr(stream.buffer, "raw", stream.buffer)
    return int(raw.write(data) or 0)


def reader_has_gone(failed: OSError) -> bool:
    """Whether a write failed because nobody reads any more. A pipe without a reader is an invalid argument here."""
    import errno

    return isinstance(failed, BrokenPipeError) or failed.errno == errno.EINVAL


def names_a_device(target: str) -> bool:
    """Whether this is meant as a device's path."""
    return bool(target) and (is_printer(target) or target.startswith("\\\\") or Path(target).exists())


def is_printer(device: str) -> bool:
    """Whether bytes written to it are printed, and not kept as a file's: a printer's share, or a port by its name."""
    return re.fullmatch(r"\\\\[^\\/]+\\[^\\/]+|(?i:LPT|COM)[1-9]:?", device) is not None


def printing(device: str, data: bytes, wait_s: float) -> Iterator[int]:
    """Write all of ``data`` to a printer's device. Yields how many bytes it took, each time it took some.

    Raises TimeoutError where it takes nothing for ``wait_s`` seconds. Nothing here can ask whether a share is ready, so
    a thread of its own writes, and is left alone where it hangs.
    """
    import queue
    import threading

    done: queue.Queue[int | OSError] = queue.Queue()

    def write() -> None:
        try:
            # As `copy /b` opens it. The whole job is one write: the spooler prints it as one.
            handle = os.open(device, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_BINARY | os.O_NOINHERIT)
            try:
                sent = 0
                while sent < len(data):
                    sent += os.write(handle, data[sent:])
            finally:
                os.close(handle)
            done.put(sent)
        except OSError as failed:
            done.put(failed)

    threading.Thread(target=write, name="mpesa-printer", daemon=True).start()
    try:
        taken = done.get(timeout=wait_s)
    except queue.Empty:
        raise TimeoutError(f"it took nothing for {wait_s:g} s") from None
    if isinstance(taken, OSError):
        raise taken
    yield taken


def _console_mode(handle: int) -> int | None:
    """The mode of a console; None for what is none."""
    import ctypes
    from ctypes import wintypes

    mode = wintypes.DWORD()
    is_console = ctypes.windll.kernel32.GetConsoleMode(wintypes.HANDLE(handle), ctypes.byref(mode))
    return mode.value if is_console else None


def _set_console_mode(handle: int, mode: int) -> None:
    import ctypes
    from ctypes import wintypes

    ctypes.windll.kernel32.SetConsoleMode(wintypes.HANDLE(handle), mode)
