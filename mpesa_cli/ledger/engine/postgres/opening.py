"""Opening a ledger in a database, where psycopg is installed: it is an extra, since most shops need none."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from mpesa_cli.floor.errors import LedgerUnusable

if TYPE_CHECKING:
    from pathlib import Path

    from mpesa_cli.floor.secret import Secret
    from mpesa_cli.floor.world import SharedClock
    from mpesa_cli.ledger.engine.postgres.engine import PostgresEngine
    from mpesa_cli.rules.values.database import Database


def open_engine(
    database: Database, password: Secret | None, beside: Path, *, environment: str, may_create: bool = True,
    clock: SharedClock | None = None,
) -> PostgresEngine:
    """The engine; ``beside`` is the name of what this machine keeps beside the ledger. It sets ``clock`` right.

    Raises LedgerUnusable or LedgerBusy.
    """
    try:
        from mpesa_cli.ledger.engine.postgres.engine import PostgresEngine
    except ImportError as missing:
        raise LedgerUnusable(
            f"The ledger {database} is in PostgreSQL, and what speaks to it is not installed.",
            hint="Nothing was sent. Install it: pip install 'mpesa-cli[postgres]'",
            code="postgres-missing",
        ) from missing
    from mpesa_cli.floor import machine
    from mpesa_cli.ledger.schema.current import CURRENT

    machine.make_private_folder(beside.parent)
    return PostgresEngine(
        database, password, CURRENT, environment=environment, may_create=may_create, clock=clock,
        timeline=beside.with_name(f"{beside.name}.timeline"),
    )


def is_there(database: Database, password: Secret | None, beside: Path) -> bool:
    """Whether there is a ledger. Makes none. Raises LedgerUnusable or LedgerBusy where nobody can tell."""
    environment = database.holds.partition("/")[0]
    try:
        with contextlib.closing(
            open_engine(database, password, beside, environment=environment, may_create=False)
        ):
            return True
    except LedgerUnusable as unusable:
        if unusable.code == "no-ledger":
            return False
        raise
