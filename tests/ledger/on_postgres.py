"""Every ledger of a test run in PostgreSQL: ``pytest -p on_postgres``, with TESTS_POSTGRES naming an empty database.

A ledger that a test names by a file is a schema that is named for the file.
"""

import hashlib
import os
from pathlib import Path
from typing import Any

from mpesa_cli.ledger import ledger
from mpesa_cli.ledger.engine.postgres.opening import open_engine
from mpesa_cli.rules.values.database import database


def in_postgres(path: Path, _schema: object, *, environment: str, **_: object) -> Any:
    """The engine in the place of SQLite's."""
    name = f"t{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:20]}"
    opened = open_engine(database(os.environ["TESTS_POSTGRES"], name, name), None, path, environment=environment)
    path.touch()  # for whoever asks whether there is a ledger
    return opened


ledger.SqliteEngine = in_postgres  # type: ignore[assignment,misc]
