"""PostgreSQL's own words: its catalogue, cursors on the server, what is changed row by row."""

from __future__ import annotations

import contextlib
import itertools
from typing import TYPE_CHECKING, Any

import psycopg

from mpesa_cli.floor.errors import MpesaError
from mpesa_cli.ledger.engine.sqlite_dialect import MOVED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OURS = ("chain_head", "commit_marks")
"""Tables that only this engine has: they hold no payment."""
_COUNT = itertools.count()  # several may be open at once
_ROWS_AT_ONCE = 2_000
_KINDS = {"bigint": "INTEGER", "bytea": "BLOB", "text": "TEXT"}
_LIKE = {"bytea": "encode({column}, 'escape')", "text": "{column}"}

_GROWN = (
    "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' "
    "AND pg_relation_size(oid) > (1.2 * greatest(relpages, 0) + 8) * current_setting('block_size')::int"
)


class PostgresDialect:
    """PostgreSQL's dialect (engine/dialect.py)."""

    def stream(self, connection: Any, sql: str, parameters: Any) -> Iterator[Any]:
        """The rows of a question, some thousand at a time, from a cursor on the server."""
        from mpesa_cli.ledger.engine.postgres.failures import in_words
        from mpesa_cli.ledger.engine.postgres.text import in_postgres

        try:
            name = f"streamed_{next(_COUNT)}"
            with connection.streaming() as (raw, beyond), raw.cursor(name=name, withhold=beyond) as cursor:
                cursor.itersize = _ROWS_AT_ONCE
                cursor.execute(in_postgres(sql), parameters)
                yield from cursor
        except psycopg.Error as error:
            connection.look_on()
            raise in_words(error, connection.database) from error

    def tables(self, connection: Any) -> list[str]:
        """The ledger's tables, but for the engine's own."""
        rows = connection.execute_once(
            "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
        )
        return [str(name) for (name,) in rows if name not in OURS]

    def columns(self, connection: Any, table: str) -> dict[str, str]:
        """The columns of a table in their order, each with INTEGER, TEXT or BLOB; not the number of the row."""
        rows = connection.execute_once(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = current_schema() "
            "AND table_name = %s AND column_name <> 'rowid' ORDER BY ordinal_position",
            (table,),
        )
        return {str(name): _KINDS[str(kind)] for name, kind in rows}

    def triggers(self, connection: Any) -> set[str]:
        """The names of the triggers that are in force."""
        rows = connection.execute_once(
            "SELECT tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')"
        )
        return {str(name) for (name,) in rows}

    def damage(self, connection: Any, most: int) -> list[str]:
        """Nothing: the server checks its pages itself, where it was made with checksums."""
        return []

    def rewrite(
        self, connection: Any, table: str, column: str, digits: str, rewritten: Callable[[Any], Any]
    ) -> int:
        """Put ``rewritten`` in the place of every value of a column that holds these digits. Returns how many."""
        kind = "bytea" if self.columns(connection, table)[column] == "BLOB" else "text"
        searched = _LIKE[kind].format(column=f'"{column}"')
        found = connection.execute_once(
            f'SELECT DISTINCT "{column}" FROM "{table}" WHERE strpos({searched}, %s) > 0', (digits,)
        ).fetchall()
        return sum(
            connection.execute_once(
                f'UPDATE "{table}" SET "{column}" = %s WHERE "{column}" = %s', (rewritten(value), value)
            ).rowcount
            for (value,) in found
        )

    def occurrences(self, connection: Any, table: str, digits: str) -> int:
        """The number of times that these digits are in a table's words and bodies."""
        kinds = self.columns(connection, table).items()
        read = [_LIKE["bytea" if kind == "BLOB" else "text"].format(column=f'"{name}"')
                for name, kind in kinds if kind != "INTEGER"]
        if not read:
            return 0
        row = connection.execute_once(
            "SELECT coalesce(sum(length(x) - length(replace(x, %s, ''))), 0) FROM "
            f"(SELECT concat_ws(' ', {', '.join(read)}) AS x FROM \"{table}\") one WHERE strpos(x, %s) > 0",
            (digits, digits),
        ).fetchone()
        return int(row[0]) // len(digits)

    def expect_many_rows(self, connection: Any, kilobytes: int) -> None:
        """Make so much room for sorting; pages are the server's business. Have it count tables that have grown."""
        if not connection.raw.is_pooled:  # through a pooler it would be somebody else's
            connection.execute_once(f"SET work_mem = '{kilobytes}kB'")
        count_anew(connection)

    def expect_pauses(self, connection: Any) -> None:
        """Have the server keep the open transaction, which it would end after 15 s of silence."""
        connection.execute_once("SET LOCAL idle_in_transaction_session_timeout = 0")

    def close_for_good(self, connection: Any, place: str) -> None:
        """Have every further write refused, by whichever machine: the payments are at ``place`` from now on."""
        said = f"{MOVED} {place}".replace("'", "''").replace("%", "%%")
        connection.execute_once(
            "CREATE FUNCTION refuse_moved() RETURNS trigger LANGUAGE plpgsql "
            f"AS $$ BEGIN RAISE EXCEPTION '{said}'; END $$"
        )
        for table in ("journal", "callbacks"):
            connection.execute_once(
                f"CREATE TRIGGER {table}_moved BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_moved()"
            )


def count_anew(connection: Any) -> None:
    """Have the server count what has grown since it last did, as it would by itself within minutes.

    Until then it takes a table that was filled just now for a small one, and reads it once for each of its rows.
    """
    with contextlib.suppress(MpesaError):  # a question is slow then, and nothing else
        for (table,) in connection.execute_once(_GROWN).fetchall():
            connection.execute_once(f'ANALYZE "{table}"')


POSTGRES = PostgresDialect()
