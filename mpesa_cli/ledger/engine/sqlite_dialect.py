"""SQLite's own words: pragmas, its table of tables, functions of ours inside a statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOVED = "this ledger was moved to"


class SqliteDialect:
    """SQLite's dialect (dialect.py)."""

    def stream(self, connection: Any, sql: str, parameters: Any) -> Iterator[Any]:
        """The rows of a question one by one: SQLite steps through them anyway."""
        yield from connection.execute(sql, parameters)

    def tables(self, connection: Any) -> list[str]:
        """The ledger's tables."""
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%'")
        return [str(name) for (name,) in rows.fetchall()]

    def columns(self, connection: Any, table: str) -> dict[str, str]:
        """The columns of a table in their order, each with INTEGER, TEXT or BLOB."""
        rows = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
        return {str(name): str(kind) for _, name, kind, *_ in rows}

    def triggers(self, connection: Any) -> set[str]:
        """The names of the triggers that are in force."""
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type='trigger'")
        return {str(name) for (name,) in rows.fetchall()}

    def damage(self, connection: Any, most: int) -> list[str]:
        """Damage that SQLite sees. Reads the whole file."""
        rows = connection.execute(f"PRAGMA quick_check({most})").fetchall()
        return [str(said) for (said,) in rows if said != "ok"]

    def rewrite(
        self, connection: Any, table: str, column: str, digits: str, rewritten: Callable[[Any], Any]
    ) -> int:
        """Put ``rewritten`` in the place of every value of a column that holds these digits. Returns how many."""
        connection.create_function("rewritten", 1, rewritten, deterministic=True)
        changed: int = connection.execute(
            f'UPDATE "{table}" SET "{column}" = rewritten("{column}") WHERE instr(CAST("{column}" AS TEXT), ?)',
            (digits,),
        ).rowcount
        return changed

    def expect_many_rows(self, connection: Any, kilobytes: int) -> None:
        """Make so much room in memory for pages: they are read once, not once a question."""
        connection.execute(f"PRAGMA cache_size=-{kilobytes}")

    def expect_pauses(self, connection: Any) -> None:
        """Nothing: a file waits for its transactions."""

    def close_for_good(self, connection: Any, place: str) -> None:
        """Have every further write refused, by whichever process: the payments are at ``place`` from now on."""
        said = f"{MOVED} {place}".replace("'", "''")
        for table in ("journal", "callbacks"):
            connection.execute(
                f"CREATE TRIGGER {table}_moved BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, '{said}'); END"
            )


SQLITE = SqliteDialect()
