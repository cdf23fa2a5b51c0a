"""Every ledger of this process in PostgreSQL, where TESTS_POSTGRES names a database: Python reads this as it starts.

With this folder on PYTHONPATH it holds for the processes that a test starts, too. The rest of the program still names
a ledger by a file: what is in that file is the name of the schema, so that whoever moves or removes the file moves or
removes the ledger, and a copy of it is a ledger of its own from the moment at which it is opened. A file that SQLite
has written, such as a backup that was put back, is opened by SQLite.
"""

import contextlib
import fcntl
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import secrets
import sys
from math import inf
from pathlib import Path
from types import ModuleType
from typing import Any

ADDRESS = "TESTS_POSTGRES"
_AT_START = os.environ.get(ADDRESS, "")  # a test may empty the environment


def in_postgres(path: Path, schema: Any, *, environment: str, busy_timeout_s: float = inf, **others: Any) -> Any:
    """The engine in the place of SQLite's."""
    from mpesa_cli.ledger.engine.postgres.opening import open_engine
    from mpesa_cli.ledger.engine.sqlite import SqliteEngine
    from mpesa_cli.ledger.schema.current import CURRENT
    from mpesa_cli.rules.values.database import database

    url = os.environ.get(ADDRESS, _AT_START)
    if schema is not CURRENT or (named := _named(path)) is None:
        more = {} if busy_timeout_s == inf else {"busy_timeout_s": busy_timeout_s}
        return SqliteEngine(path, schema, environment=environment, **more, **others)
    name, copied_from = named
    opened = open_engine(database(url, name, name), None, path, environment=environment)
    try:
        if copied_from:
            _copy(opened, copied_from, name)
    except BaseException:
        opened.close()
        raise
    without = opened.transaction
    opened.transaction = lambda within_s=inf: without(min(within_s, busy_timeout_s))  # type: ignore[method-assign]
    return opened


def _named(path: Path) -> tuple[str, str] | None:
    """The schema of the ledger that the file names, and the one that it has to be copied from, if any."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        return None
    with os.fdopen(descriptor, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        there, own = file.read(500), str(path.resolve())
        if there and not there.startswith(b'{"schema"'):
            return None
        before = json.loads(there) if there else {}
        name, copied_from = before.get("schema", ""), ""
        if before.get("path") == own:
            return name, ""
        if not before or _is_at(before["path"], name):
            name, copied_from = f"t{secrets.token_hex(8)}", name
        file.seek(0)
        file.write(json.dumps({"schema": name, "path": own}).encode())
        file.truncate()
    return name, copied_from


def part(path: Path) -> None:
    """Make a ledger of its own of what a copied file names, as it is now."""
    with contextlib.suppress(OSError):
        if path.is_file() and path.stat().st_size < 500 and path.read_bytes().startswith(b'{"schema"'):
            import psycopg

            from mpesa_cli.ledger.schema.current import CURRENT

            old = json.loads(path.read_bytes())["schema"]
            with psycopg.connect(os.environ.get(ADDRESS, _AT_START)) as raw:
                there = raw.execute("SELECT to_regclass(%s)", (f"{old}.meta",)).fetchone()
                if there is None or there[0] is None:
                    return
                kept = raw.execute(f"SELECT value FROM {old}.meta WHERE key = 'environment'").fetchone()
            in_postgres(path, CURRENT, environment=kept[0] if kept else "simulator").close()


def _is_at(path: str, schema: str) -> bool:
    """Whether the ledger that a file was copied from is still where it was."""
    with contextlib.suppress(OSError):
        return Path(path).read_bytes().startswith(f'{{"schema": "{schema}"'.encode())
    return False


def _copy(engine: Any, old: str, new: str) -> None:
    """Put all rows of a ledger in the place of those of a new one."""
    asked = engine.connection().raw.execute
    asked("BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL session_replication_role = replica")
    tables = [table for (table,) in asked("SELECT tablename FROM pg_tables WHERE schemaname = %s", (old,)).fetchall()]
    asked("TRUNCATE " + ", ".join(f"{new}.{table}" for table in tables))
    for table in tables:
        asked(f"INSERT INTO {new}.{table} OVERRIDING SYSTEM VALUE SELECT * FROM {old}.{table}")
    counted = "SELECT table_name, column_name FROM information_schema.columns "
    for table, column in asked(f"{counted} WHERE table_schema = %s AND is_identity = 'YES'", (new,)).fetchall():
        asked(f"SELECT setval(pg_get_serial_sequence('{new}.{table}', '{column}'), max({column})) FROM {new}.{table}")
    asked("COMMIT")


class _AsItIsLoaded(importlib.abc.MetaPathFinder):
    """Changes the one name by which a ledger makes its engine, once its module is loaded."""

    def find_spec(self, fullname: str, path: object, target: object = None) -> importlib.machinery.ModuleSpec | None:
        if fullname != "mpesa_cli.ledger.ledger":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        assert spec is not None
        assert spec.loader is not None
        load = spec.loader.exec_module

        def loaded(module: ModuleType) -> None:
            load(module)
            module.SqliteEngine = in_postgres  # type: ignore[attr-defined]

        spec.loader.exec_module = loaded  # type: ignore[method-assign]
        return spec


if os.environ.get("PYTHONPATH", "").find("on_postgres") >= 0:
    sys.meta_path.insert(0, _AsItIsLoaded())
