"""The tables of a ledger in PostgreSQL: those of SQLite's migrations, in this engine's words.

A new ledger gets what all migrations together make, read from a SQLite ledger in memory, so that no table is written
down twice. An older one gets the migrations that it lacks, through the same translation.
"""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING, Any

from mpesa_cli.floor.errors import LedgerUnusable
from mpesa_cli.floor.installation import upgrading
from mpesa_cli.ledger.engine.postgres.functions import FUNCTIONS, TRIGGERS
from mpesa_cli.ledger.engine.postgres.shared_notes import DEFINITIONS
from mpesa_cli.ledger.engine.postgres.text import definition

if TYPE_CHECKING:
    from mpesa_cli.ledger.engine.connection import Schema
    from mpesa_cli.ledger.engine.postgres.connection import PostgresConnection

FIRST = 15
"""The first format that was ever made here: migrations up to it are SQLite's alone."""
_OTHERS = "SELECT nspname FROM pg_namespace WHERE obj_description(oid, 'pg_namespace') = %s AND nspname <> %s"
_LOCK = 0x6D70657361  # "mpesa": only one at a time makes tables in a database
_ENGINE = (
    # The row that every write locks first: one writer of a chain at a time, on whichever machine.
    "CREATE TABLE chain_head (one boolean PRIMARY KEY DEFAULT true CHECK (one), version bigint NOT NULL)",
    # Which transactions were kept, where the answer to COMMIT was lost (engine.py).
    "CREATE TABLE commit_marks (mark uuid PRIMARY KEY, made timestamptz NOT NULL DEFAULT now())",
    "CREATE INDEX commit_marks_made ON commit_marks (made)",
)


def make_ready(connection: PostgresConnection, schema: Schema, environment: str, *, may_create: bool) -> None:
    """Make the tables that the ledger lacks.

    Raises LedgerUnusable (``no-ledger`` where there is none and none may be made; too new, another environment's, a
    second one of the same till) or LedgerBusy.
    """
    found = version(connection)
    if found is None and not may_create:
        raise LedgerUnusable(
            f"There is no ledger at {connection.database}.",
            hint="Nothing was sent. Is it another database? See: mpesa config show",
            code="no-ledger",
        )
    if found is None or found < schema.latest:
        _change(connection, schema, environment)
    elif found > schema.latest:
        raise too_new(connection, found, schema.latest)
    _check_whose(connection, environment)


def version(connection: PostgresConnection) -> int | None:
    """The format of the ledger; None where there is none."""
    name = connection.database.schema
    rows = connection.execute_once("SELECT to_regclass(%s)", (f'"{name}".chain_head',)).fetchall()
    if rows[0][0] is None:
        return None
    return int(connection.execute_once("SELECT version FROM chain_head").fetchone()[0])


def too_new(connection: PostgresConnection, found: int, known: int) -> LedgerUnusable:
    """The error where a newer program has changed the tables."""
    return LedgerUnusable(
        f"The ledger {connection.database} was written by a newer mpesa (format {found}; this one knows {known}).",
        hint=f"Nothing was sent or changed. Upgrade: {upgrading()}",
        code="ledger-too-new",
    )


def wanted(schema: Schema, until: int | None = None) -> tuple[list[str], list[tuple[str, str]]]:
    """The definitions of all tables and indexes, in order, and the first rows of ``meta``."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        for migrate in schema.migrations()[: until or schema.latest]:
            migrate(made)
        definitions = made.execute(
            "SELECT sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql <> '' AND name NOT LIKE 'sqlite_%' "
            "ORDER BY type DESC, rowid"
        ).fetchall()
        return [definition(sql) for (sql,) in definitions], made.execute("SELECT key, value FROM meta").fetchall()


def _change(connection: PostgresConnection, schema: Schema, environment: str) -> None:
    connection.begin()
    try:
        connection.execute_once("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        found = version(connection)  # another machine may have been quicker
        if found is None:
            _create(connection, schema, environment)
        else:
            connection.execute_once("SELECT 1 FROM chain_head FOR UPDATE")
            migrations: Any = schema.migrations()
            for migrate in migrations[found : schema.latest]:
                migrate(connection)
            connection.execute_once("UPDATE chain_head SET version = %s", (schema.latest,))
        connection.execute_once("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute_once("ROLLBACK")
        raise


def _create(connection: PostgresConnection, schema: Schema, environment: str) -> None:
    name = connection.database.schema
    _check_only_one(connection)
    connection.execute_once(f'CREATE SCHEMA IF NOT EXISTS "{name}"')
    connection.execute_once(f"COMMENT ON SCHEMA \"{name}\" IS '{_said(connection)}'")
    definitions, meta = wanted(schema)
    for statement in (*FUNCTIONS, *definitions, *TRIGGERS, *_ENGINE, *DEFINITIONS):
        connection.execute_once(statement.replace("{schema}", f'"{name}"'))
    for key, value in (*meta, ("environment", environment)):
        connection.execute_once("INSERT INTO meta VALUES (%s, %s)", (key, value))
    connection.execute_once("INSERT INTO chain_head (version) VALUES (%s)", (schema.latest,))


def _check_only_one(connection: PostgresConnection) -> None:
    """Raise LedgerUnusable where another schema holds the money of the same till: a paybill has one ledger."""
    rows = connection.execute_once(_OTHERS, (_said(connection), connection.database.schema)).fetchall()
    if rows:
        raise _elsewhere(connection, rows[0][0])


def _elsewhere(connection: PostgresConnection, schema: str) -> LedgerUnusable:
    return LedgerUnusable(
        f"The payments of {connection.database.holds} are in another schema of this database: {schema}.",
        hint=f'Nothing was sent. Say so in the profile: ledger_schema = "{schema}", then: mpesa config check',
        code="ledger-elsewhere",
    )


def _said(connection: PostgresConnection) -> str:
    """What a schema says of itself."""
    return f"payments of {connection.database.holds}, kept by mpesa-cli"


def _check_whose(connection: PostgresConnection, environment: str) -> None:
    """Raise LedgerUnusable where these are not the payments of this profile, or not the only ledger of them."""
    own = connection.database.schema
    found, says, another = connection.execute_once(
        "SELECT (SELECT value FROM meta WHERE key = 'environment'), "
        f"obj_description(to_regnamespace(%s), 'pg_namespace'), ({_OTHERS} LIMIT 1)",
        (f'"{own}"', _said(connection), own),
    ).fetchone()
    if found != environment:
        raise LedgerUnusable(
            f"The ledger {connection.database} holds {found} payments, and this profile is {environment}.",
            hint="Nothing was sent. A ledger belongs to one environment for ever: see mpesa config show",
            code="ledger-other-environment",
        )
    if says not in {None, _said(connection)}:
        raise LedgerUnusable(
            f"The ledger {connection.database} says of itself: {says}. This profile is {connection.database.holds}.",
            hint="Nothing was sent. Is ledger_schema another till's? See: mpesa config show",
            code="ledger-other-till",
        )
    if another is not None:
        raise _elsewhere(connection, another)
