"""A COMMIT that counts only where it is certain.

It is certain where the server said COMMIT and nothing beside it. A warning beside it (class 01 or 57) means that the
wait for the standby was given up: the server has it, its successor perhaps not. No answer in time, or none any more,
says nothing either way, and so does what ``pg_xact_status`` tells of it afterwards: after a failover it was measured
calling five of five lost transactions committed. A cancel would make COMMIT return early: so the wait is ended by
closing the socket, and signals are kept until the outcome is known.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.pq import TransactionStatus

from mpesa_cli.floor import machine
from mpesa_cli.ledger.engine.postgres.exchange import exchanged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mpesa_cli.ledger.engine.postgres.attentive import Attentive

COMMIT_WAIT_S = 15.0
_DOUBTFUL = ("01", "57", "25P01")  # the last: there was no transaction any more
_PROVEN = ("23", "40", "25", "53", "22", "P0")
"""Classes of errors by which the server says that it has rolled back, but for 40003: that says it does not know."""


def commit(raw: Attentive, last: Sequence[tuple[str, Any]] = (), wait_s: float | None = None) -> bool:
    """Whether the open transaction was kept for certain, with the ``last`` statements of it, which go along in one
    piece; False where nobody knows, and then the connection is closed. ``wait_s`` is COMMIT_WAIT_S, unless given.

    Raises psycopg.Error where the server says that it was not kept.
    """
    said: list[str] = []

    def note(diagnostic: Any) -> None:
        said.append(diagnostic.sqlstate or "")

    raw.add_notice_handler(note)
    answer = None
    try:
        with raw.silent_for(COMMIT_WAIT_S if wait_s is None else wait_s):
            answer = _answer(raw, last)
    except psycopg.Error as error:
        state = error.sqlstate or ""
        # A transaction that has failed and is still open is one that the server did not come to commit.
        failed = raw.info.transaction_status == TransactionStatus.INERROR
        if failed or (state.startswith(_PROVEN) and state != "40003"):
            raise
    except OSError:
        pass
    finally:
        raw.remove_notice_handler(note)
    if answer is not None and answer != "COMMIT":
        raise psycopg.errors.InFailedSqlTransaction("a statement had failed, so that nothing was kept")
    if answer is not None and not any(state.startswith(_DOUBTFUL) for state in said):
        return True
    raw.close()
    return False


def _answer(raw: Attentive, last: Sequence[tuple[str, Any]]) -> str | None:
    """What the server says to COMMIT. It does not come to it where one of the statements before fails."""
    return exchanged(raw, [*last, ("COMMIT", None)])[-1].statusmessage


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
