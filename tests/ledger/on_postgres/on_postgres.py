"""A run of tests whose ledgers are in PostgreSQL.

``PYTHONPATH=tests/ledger/on_postgres pytest -p on_postgres -n 2 tests/books``: one server for the run, a database for
each of pytest's processes, a schema for each ledger, dropped behind its folder of tests. Counted, and said at the end,
are the tests that had a ledger there. What can't be asked of a database is passed over (only_files.py).
"""

import contextlib
import functools
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from only_files import reason_of
from postgres_server import Cluster, a_folder
from sitecustomize import ADDRESS, part

from mpesa_cli.ledger.engine.postgres.connection import PostgresConnection

_HAD = "ledgers in PostgreSQL"
_OWN = "SELECT nspname FROM pg_namespace WHERE nspname ~ '^t[0-9a-f]{16}$'"
_BEFORE = pytest.StashKey[tuple[int, set[str]]]()
_asked = [0]
_closing = contextlib.ExitStack()
_had: dict[str, int] = {}


def pytest_configure(config: pytest.Config) -> None:
    """A server for the run, a database for this process."""
    if not hasattr(config, "workerinput"):
        folder = _closing.enter_context(a_folder())
        server = Cluster(folder / "server", fsync="off", synchronous_commit="off", max_connections="300").make()
        _closing.callback(server.kill)
        os.environ[ADDRESS] = server.url(database="postgres")
    name = f"of_{getattr(config, 'workerinput', {}).get('workerid', 'one')}"
    _sql(f"CREATE DATABASE {name}")
    os.environ[ADDRESS] = os.environ[ADDRESS].rpartition("/")[0] + f"/{name}"
    send = PostgresConnection._sent

    def counted(connection: PostgresConnection, statements: Any) -> Any:
        _asked[0] += 1
        return send(connection, statements)

    PostgresConnection._sent = counted  # type: ignore[method-assign]
    for copy in ("copy", "copy2", "copyfile", "copytree"):
        setattr(shutil, copy, _parting(getattr(shutil, copy)))


def _parting(copy: Any) -> Any:
    """A way to copy behind which a copied ledger is one of its own."""

    @functools.wraps(copy)
    def copied(source: Any, target: Any, *given: Any, **more: Any) -> Any:
        made = copy(source, target, *given, **more)
        for path in [Path(made), *Path(made).rglob("*.db")] if Path(made).is_dir() else [Path(made)]:
            part(path)
        return made

    return copied


def pytest_unconfigure() -> None:
    """End the server."""
    _closing.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what is about a file, and say why."""
    for item in items:
        if reason := reason_of(item.nodeid):
            item.add_marker(pytest.mark.skip(reason=f"only of a file: {reason}"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Drop the ledgers of a folder of tests behind its last one, and what machines share behind each."""
    try:
        return (yield)
    finally:
        _sql("DO $$ BEGIN DELETE FROM mpesa_shared.notes; EXCEPTION WHEN OTHERS THEN NULL; END $$")
        if nextitem is None or nextitem.path.parent != item.path.parent:
            _drop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Look what there was before the test."""
    item.stash[_BEFORE] = (_asked[0], {name for (name,) in _sql(_OWN)})
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Whether the test made ledgers, here or in a process of its own, or asked one."""
    try:
        return (yield)
    finally:
        asked, there = item.stash[_BEFORE]
        item.user_properties.append((_HAD, _asked[0] > asked or {name for (name,) in _sql(_OWN)} != there))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count the tests that had ledgers."""
    if report.when == "teardown" and dict(report.user_properties).get(_HAD):
        _had[report.nodeid] = 1


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how many had."""
    terminalreporter.write_line(f"{len(_had)} tests had a ledger in PostgreSQL.")
    if listed := os.environ.get("TESTS_POSTGRES_LIST"):
        Path(listed).write_text("\n".join(sorted(_had)) + "\n")


def _drop() -> None:
    with contextlib.suppress(psycopg.errors.LockNotAvailable):  # somebody still reads there; the next one drops it
        for (name,) in _sql(_OWN):
            _sql(f"SET client_min_messages = error; SET lock_timeout = '5s'; DROP SCHEMA {name} CASCADE")


def _sql(statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(os.environ[ADDRESS], autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []
