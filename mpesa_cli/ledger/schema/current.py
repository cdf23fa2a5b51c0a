"""The schema of today. Its migrations are loaded only for a ledger that lacks some: most openings need a number."""

from collections.abc import Callable, Sequence
from sqlite3 import Connection

from mpesa_cli.ledger.engine.connection import Schema

LATEST = 17


def _migrations() -> Sequence[Callable[[Connection], None]]:
    from mpesa_cli.ledger.schema.migrations import MIGRATIONS

    return MIGRATIONS


CURRENT = Schema(LATEST, _migrations)
