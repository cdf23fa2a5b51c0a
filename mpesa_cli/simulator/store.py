"""Stores of the simulator's memory: one file that processes share, or this process alone.

A change is on disk before the answer that it belongs to is given, so a killed caller and its simulator
can't disagree about what was accepted.
"""

import contextlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from mpesa_cli.floor import machine
from mpesa_cli.floor.files.lock import locked
from mpesa_cli.floor.files.whole_file import write_whole
from mpesa_cli.simulator.state import Rules, State
from mpesa_cli.simulator.state_json import UnreadableStateError, from_document, to_document


class Store(Protocol):
    """A store that gives the state to one holder at a time."""

    def change(self) -> contextlib.AbstractContextManager[State]:
        """The state to read and change; kept when the block ends well, dropped when it raises."""
        ...

    def read(self) -> contextlib.AbstractContextManager[State]:
        """The state to read only."""
        ...


class MemoryStore:
    """A state that lives and dies with the process; safe between threads."""

    def __init__(self, rules: Rules | None = None) -> None:
        self._state = State(rules=rules or Rules())
        self._lock = threading.RLock()

    @contextlib.contextmanager
    def change(self) -> Iterator[State]:
        """The one state there is. An error inside the block leaves the changes made before it."""
        with self._lock:
            yield self._state

    def read(self) -> contextlib.AbstractContextManager[State]:
        """The same state, locked against changes meanwhile."""
        return self.change()


class FileStore:
    """A state in one JSON file (0600), shared by processes under a lock file beside it.

    A file that can't be read is set aside as ``….corrupt-<n>`` and a fresh state begun. Raises OSError
    where the folder can't be written.
    """

    def __init__(self, path: Path, rules: Rules | None = None) -> None:
        self._path = path
        self._rules = rules or Rules()

    @contextlib.contextmanager
    def change(self) -> Iterator[State]:
        """The state of the file, under its lock; written back whole when the block ends well."""
        with self._locked():
            state = self._load()
            yield state
            self._save(state)

    @contextlib.contextmanager
    def read(self) -> Iterator[State]:
        """The state of the file, without a lock: files are replaced whole."""
        try:
            state = from_document(json.loads(self._path.read_bytes()), self._rules)
        except (FileNotFoundError, ValueError, RecursionError, UnreadableStateError):
            state = State(rules=self._rules)
        yield state

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        machine.make_private_folder(self._path.parent)
        with locked(self._path.with_name(self._path.name + ".lock")):
            yield

    def _load(self) -> State:
        try:
            return from_document(json.loads(self._path.read_bytes()), self._rules)
        except FileNotFoundError:
            return State(rules=self._rules)
        except (ValueError, RecursionError, UnreadableStateError):
            self._set_aside()
            return State(rules=self._rules)

    def _set_aside(self) -> None:
        number = 1
        while (aside := self._path.with_name(f"{self._path.name}.corrupt-{number}")).exists():
            number += 1
        self._path.rename(aside)

    def _save(self, state: State) -> None:
        document = json.dumps(to_document(state), separators=(",", ":"))
        write_whole(self._path, document.encode(), on_disk="content")
