"""The report of a check-up as a file to pass on, without secrets: the system, what it does, and what was found."""

import os
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from mpesa_cli.floor import machine
from mpesa_cli.floor.files.lock import take_lock
from mpesa_cli.floor.files.whole_file import write_whole
from mpesa_cli.upkeep.findings import Finding

_PACKAGES = ("mpesa-cli", "cryptography", "httpcore", "keyring", "rich", "sqlite-utils", "textual", "typer", "uvicorn")
_READS_S = 0.1
_NAMES = ("USER", "LOGNAME", "USERNAME", "COMPUTERNAME", "HOSTNAME")


def report(
    findings: Iterable[Finding], folder: Path, streams: Mapping[str, str], environ: Mapping[str, str], now: str
) -> str:
    """The report's text. ``folder`` is the ledger's, in which files of its own are tried; ``streams``: what each is."""
    lines = [f"mpesa doctor --report, {now}", "", *_system()]
    lines += [*(f"{name}: {kind}" for name, kind in streams.items()), ""]
    lines += [f"{found.verdict:<4} {found.check}: {found.words}" for found in findings]
    lines += ["", "What this system does with files:"]
    lines += [f"{'ok  ' if held else 'FAIL'} {what}" for what, held in tried(folder)]
    return _without_names("\n".join(lines) + "\n", environ)


def tried(folder: Path) -> Iterator[tuple[str, bool]]:
    """The ground that the program stands on: each thing, tried with a file in ``folder``, and whether it held."""
    path = folder / f".mpesa-report.{os.getpid()}"
    other = path.with_name(f"{path.name}.other")
    trials: list[tuple[str, Callable[[], bool]]] = [
        ("a new file is for its owner only", lambda: _is_private(path)),
        ("a lock is held once", lambda: _is_held_once(path)),
        ("a lock is free again when its holder ends", lambda: _is_free(path)),
        ("a file is replaced while somebody reads it", lambda: _is_replaced(path)),
        ("a finished file never takes another's place", lambda: _is_refused(other, path)),
        ("room on the disk is told", lambda: machine.free_bytes(folder) > 0),
    ]
    try:
        for what, trial in trials:
            try:
                yield what, trial()
            except OSError as refused:
                yield f"{what} ({type(refused).__name__}: {refused.strerror})", False
    finally:
        for each in (path, other):
            each.unlink(missing_ok=True)


def _is_private(path: Path) -> bool:
    write_whole(path, b"tried")
    standing = machine.standing(path)
    return standing.is_regular and standing.is_ours and standing.is_private


def _is_held_once(path: Path) -> bool:
    held = take_lock(path)
    second = take_lock(path)
    for each in (held, second):
        if each is not None:
            os.close(each)
    return held is not None and second is None


def _is_free(path: Path) -> bool:
    handle = take_lock(path)
    if handle is not None:
        os.close(handle)
    return handle is not None


def _is_replaced(path: Path) -> bool:
    reader = machine.open_to_read(path)
    closing = threading.Timer(_READS_S, os.close, (reader,))  # Windows lets it be replaced only then
    closing.start()
    try:
        write_whole(path, b"tried again")
    finally:
        closing.join()
    return path.read_bytes() == b"tried again"


def _is_refused(scratch: Path, path: Path) -> bool:
    write_whole(scratch, b"other")
    try:
        machine.give_name(scratch, path)
    except FileExistsError:
        return path.read_bytes() == b"tried again"
    return False


def _system() -> Iterator[str]:
    from importlib.metadata import PackageNotFoundError, version

    yield f"system: {machine.system()}"
    yield f"Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}"
    for name in _PACKAGES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"{name}: not installed"


def _without_names(text: str, environ: Mapping[str, str]) -> str:
    """The text without the names of the user and of the machine, which stand in paths."""
    text = text.replace(str(Path.home()), "~")
    for name in _NAMES:
        known = environ.get(name, "")
        if len(known) > 2:
            text = text.replace(known, f"<{name}>")
    return text
