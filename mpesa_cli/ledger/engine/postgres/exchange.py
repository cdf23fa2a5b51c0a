"""Several statements that go to the server in one piece, and their answers, in libpq's pipeline mode.

psycopg's own pipeline sends each statement as it comes, and waits for the socket each time: that was a third of what a
payment costs this process. Here all of it is put together first, so that there is one wait.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

import psycopg
from psycopg import pq
from psycopg.adapt import PyFormat
from psycopg.waiting import Ready, Wait

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from psycopg.abc import Buffer, PQGen
    from psycopg.pq.abc import PGconn, PGresult

    from mpesa_cli.ledger.engine.postgres.attentive import Attentive, Prepared

Told: TypeAlias = "Answered | psycopg.Cursor[Any]"
_PLACE = re.compile(r"%(?:\((\w+)\))?s|%%")
_FAILED = frozenset({pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.PIPELINE_ABORTED})
_SYNC = pq.ExecStatus.PIPELINE_SYNC
_COPIES = frozenset({pq.ExecStatus.COPY_IN, pq.ExecStatus.COPY_OUT, pq.ExecStatus.COPY_BOTH})
_FORGOTTEN = ("26000", "42P05", "0A000")
"""What a server says that keeps others prepared than we think, or whose tables were changed since."""


class Answered:
    """The answer to one statement: its rows, or the number of rows that it changed."""

    def __init__(self, rows: list[Any], rowcount: int, statusmessage: str) -> None:
        """``statusmessage`` is the server's word for what it did."""
        self.rowcount = rowcount
        self.statusmessage = statusmessage
        self._rows = iter(rows)

    def fetchone(self) -> Any:
        """The next row, None where there is none."""
        return next(self._rows, None)

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        return list(self._rows)

    def __iter__(self) -> Iterator[Any]:
        """The rows one by one."""
        return self._rows


def exchanged(raw: Attentive, statements: Sequence[tuple[str, Any]]) -> list[Told]:
    """The answers to these statements, each with its parameters. Where one fails, those after it are not done.

    Parameters that are None, not only empty: the statement is taken as it stands, and not kept prepared.
    Raises psycopg.Error.
    """
    if not psycopg.Pipeline.is_supported():  # by a libpq before 14
        return [raw.execute(statement, parameters) for statement, parameters in statements]
    libpq = raw.pgconn
    if libpq.status == pq.ConnStatus.OK and libpq.pipeline_status != pq.PipelineStatus.OFF:
        raw.close()  # somebody was interrupted while he left it
    libpq.enter_pipeline_mode()
    new: list[Prepared] = []
    try:
        answers_before = [_send(raw, statement, parameters, new) for statement, parameters in statements]
        libpq.pipeline_sync()
        results = raw.wait(_results(libpq))
    except BaseException as error:
        for each in new:  # perhaps the server did not come to it
            raw.prepared.pop(each, None)
        if isinstance(error, psycopg.Error) and error.sqlstate in _FORGOTTEN:
            raw.prepared.clear()
        raise
    finally:
        if libpq.status == pq.ConnStatus.OK:
            with contextlib.suppress(psycopg.Error):
                libpq.exit_pipeline_mode()
            if libpq.pipeline_status != pq.PipelineStatus.OFF:
                raw.close()  # answers are on their way that nobody could tell from those to the next question
    found = iter(results)
    return [_answer(raw, [next(found) for _ in range(1 + before)][-1]) for before in answers_before]


def _send(raw: Attentive, statement: str, parameters: Any, new: list[Prepared]) -> int:
    """Put one statement behind those before it. Returns how many answers come before its own."""
    if parameters is None:
        raw.pgconn.send_query_params(statement.encode(), None)
        return 0
    text, names = _numbered(statement)
    values = [parameters[name] for name in names] if names else parameters
    given: Sequence[Buffer | None] | None = None
    types: tuple[int, ...] = ()
    formats: Sequence[pq.Format] | None = None
    if values:
        given = raw.transformer.dump_sequence(values, [PyFormat.AUTO] * len(values))
        types, formats = raw.transformer.types or (), raw.transformer.formats
    key = text, types
    name = raw.prepared.get(key)
    if name is not None:
        raw.pgconn.send_query_prepared(name, given, param_formats=formats)
        return 0
    name = None if raw.is_pooled else raw.new_name()
    if name is None:
        raw.pgconn.send_query_params(text.encode(), given, param_types=types, param_formats=formats)
        return 0
    raw.prepared[key] = name
    new.append(key)
    raw.pgconn.send_prepare(name, text.encode(), param_types=types)
    raw.pgconn.send_query_prepared(name, given, param_formats=formats)
    return 1


@lru_cache(maxsize=1_024)
def _numbered(statement: str) -> tuple[str, tuple[str, ...]]:
    """A statement of psycopg's with libpq's placeholders, and the names of its parameters, where they have names."""
    names: list[str] = []
    count = itertools.count(1)

    def number(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        if found[1] is None:
            return f"${next(count)}"
        if found[1] not in names:
            names.append(found[1])
        return f"${names.index(found[1]) + 1}"

    return _PLACE.sub(number, statement), tuple(names)


def _results(libpq: PGconn) -> PQGen[list[PGresult]]:
    """What the server says to each, up to the end of the piece. Raises psycopg.Error."""
    while libpq.flush():
        while not (ready := (yield Wait.RW)):
            continue
        if ready & Ready.R:
            libpq.consume_input()
    found: list[PGresult] = []
    while True:
        try:
            while libpq.is_busy():
                while not (yield Wait.R):
                    continue
                libpq.consume_input()
            result = libpq.get_result()
            if result is None and libpq.status != pq.ConnStatus.OK:
                raise psycopg.OperationalError("the server ended the connection")
        except psycopg.Error:
            _checked(found)  # what it said before it hung up tells more
            raise
        if result is None:  # the end of one answer
            continue
        if result.status in _COPIES:
            raise psycopg.NotSupportedError("rows that are copied have no end in one piece with others")
        if result.status == _SYNC:
            return _checked(found)
        found.append(result)


def _checked(results: list[PGresult]) -> list[PGresult]:
    """The results. Raises psycopg.Error for the first that is a failure; those behind it were not done."""
    for each in results:
        if each.status in _FAILED:
            raise psycopg.errors.error_from_result(each)
    return results


def _answer(raw: Attentive, result: PGresult) -> Answered:
    rows: list[Any] = []
    if result.ntuples:
        raw.transformer.set_pgresult(result)
        rows = raw.transformer.load_rows(0, result.ntuples, tuple)
    return Answered(rows, result.command_tuples or 0, (result.command_status or b"").decode())
