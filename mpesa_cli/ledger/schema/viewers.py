"""The table of the browsers that may see the owner's page."""

import sqlite3


def m016_viewers(connection: sqlite3.Connection) -> None:
    """Pairing codes and the cookies that came of them: of both only the SHA-256."""
    connection.execute(
        """CREATE TABLE IF NOT EXISTS viewers (
            viewer_id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            code_sha256 TEXT NOT NULL UNIQUE,
            made_us INTEGER NOT NULL,
            code_until_us INTEGER NOT NULL,
            cookie_sha256 TEXT UNIQUE,      -- NULL until the code was used
            paired_us INTEGER,
            until_us INTEGER,
            revoked_us INTEGER,
            CHECK ((cookie_sha256 IS NULL) = (paired_us IS NULL) AND (paired_us IS NULL) = (until_us IS NULL))
        ) STRICT"""
    )
