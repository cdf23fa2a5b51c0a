"""A COMMIT that counts only where it is certain.

It is certain where the server said COMMIT and nothing beside it. A warning beside it (class 01 or 57) means that the
wait for the standby was given up: the server has it, its successor perhaps not. No answer in time, or none any more,
says nothing either way, and so does what ``pg_xact_status`` tells of it afterwards: after a failover it was measured
calling five of five lost transactions committed. A cancel would make COMMIT return early: so the wait is ended by
closing the socket, and signals are kept until the outcome is known.
"""

from __future__ import annotations

import contextlib
import selectors
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import pq

from mpesa_cli.floor import machine

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMIT_WAIT_S = 15.0
_DOUBTFUL = ("01", "57")
_PROVEN = ("23", "40", "25", "53", "22", "P0")
"""Classes of errors by which the server says that it has rolled back, but for 40003: that says it does not know."""


def commit(raw: psycopg.Connection[Any], wait_s: float = COMMIT_WAIT_S) -> bool:
    """Whether the open transaction was kept for certain; False where nobody knows, and then the connection is closed.

    Raises psycopg.Error where the server says that it was not kept.
    """
    said: list[str] = []

    def note(diagnostic: Any) -> None:
        said.append(diagnostic.sqlstate or "")

    raw.add_notice_handler(note)
    try:
        result = _answer(raw.pgconn, b"COMMIT", wait_s)
    except (OSError, psycopg.Error):
        result = None
    finally:
        raw.remove_notice_handler(note)
    if result is not None and result.status == pq.ExecStatus.COMMAND_OK:
        if result.command_status != b"COMMIT":
            raise psycopg.errors.InFailedSqlTransaction("a statement had failed, so that nothing was kept")
        if not any(state.startswith(_DOUBTFUL) for state in said):
            return True
    elif result is not None:
        state = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode()
        if state.startswith(_PROVEN) and state != "40003":
            raise psycopg.errors.lookup(state)(result.error_message.decode("utf-8", "replace"))
    raw.close()
    return False


def _answer(connection: Any, statement: bytes, wait_s: float) -> Any:
    """The last result of a statement; None where there was none in time."""
    until = time.monotonic() + wait_s
    connection.send_query(statement)
    connection.flush()  # some twenty bytes on an idle connection: they fit
    last = None
    with selectors.DefaultSelector() as selector:
        selector.register(connection.socket, selectors.EVENT_READ)
        while True:
            while connection.is_busy():
                left_s = until - time.monotonic()
                if left_s <= 0 or not selector.select(left_s):
                    return None
                connection.consume_input()
            result = connection.get_result()
            if result is None:
                return last
            last = result


@contextlib.contextmanager
def signals_kept() -> Iterator[None]:
    """Keep signals that would end this process until the block is left: then each is raised."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread is interrupted by signals
        return
    came: list[int] = []
    names = [signal.SIGINT, *machine.STOPPING, *([machine.HANG_UP] if machine.HANG_UP is not None else [])]
    before = {number: handler for number in names if (handler := signal.getsignal(number)) is not None}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, lambda number, _frame: came.append(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for number in came:
        signal.raise_signal(number)
