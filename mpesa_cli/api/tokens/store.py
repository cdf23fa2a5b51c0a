"""Bearer tokens as the ledger keeps them: their ids, whom they were made for, and whether they still open anything.

The token itself is stored nowhere, so whoever reads the ledger, or a backup of it, can't use one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mpesa_cli.rules import evidence as ev

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mpesa_cli.api.tokens.values import KnownToken
    from mpesa_cli.ledger.reads import Reads
    from mpesa_cli.ledger.writes import Write

COLUMNS = "jti, name, scopes, issued_us, expires_us, revoked_us"
"""The columns that :func:`token_from` reads."""


class Tokens:
    """Questions about tokens."""

    def __init__(self, reads: Reads) -> None:
        """``reads`` is the ledger, or an open write transaction."""
        self._reads = reads

    def token(self, jti: str) -> KnownToken | None:
        """The token with this id, made or revoked here; None where the ledger never heard of it."""
        rows = self._reads.rows(f"SELECT {COLUMNS} FROM api_tokens WHERE jti=?", (jti,))
        return token_from(rows[0]) if rows else None

    def all(self) -> Sequence[KnownToken]:
        """Every bearer token the ledger has heard of, newest first."""
        rows = self._reads.rows(
            f"SELECT {COLUMNS} FROM api_tokens ORDER BY coalesce(issued_us, revoked_us) DESC, jti"
        )
        return [token_from(row) for row in rows]


class TokenWrites(Tokens):
    """Changes to tokens, in one transaction."""

    def __init__(self, tx: Write) -> None:
        """``tx`` is an open write transaction."""
        super().__init__(tx)
        self._tx = tx

    def add(self, token: KnownToken, at_us: int) -> None:
        """Remember a bearer token, never its text, before anybody is told it."""
        scopes = sorted(token.scopes)
        self._tx.execute(
            f"INSERT INTO api_tokens ({COLUMNS}) VALUES (?,?,?,?,?,NULL)",
            (token.jti, token.name, " ".join(scopes), token.issued_us, token.expires_us),
        )
        facts = {
            "jti": token.jti, "name": token.name, "scopes": scopes, "issued_us": token.issued_us,
            "expires_us": token.expires_us,
        }
        self._tx.chain(ev.Record("token_issued", at_us, facts, {}), "", None)

    def revoke(self, jti: str, at_us: int) -> KnownToken:
        """The token opens nothing from now on, also one that another issuer made. What was revoked stays so."""
        known = self.token(jti)
        if known is not None and known.revoked_us is not None:
            return known
        self._tx.execute(
            f"INSERT INTO api_tokens ({COLUMNS}) VALUES (?,'','',NULL,NULL,?) "
            "ON CONFLICT (jti) DO UPDATE SET revoked_us=excluded.revoked_us",
            (jti, at_us),
        )
        name = "" if known is None else known.name
        self._tx.chain(ev.Record("token_revoked", at_us, {"jti": jti, "name": name}, {}), "", None)
        revoked = self.token(jti)
        assert revoked is not None  # it was written in the line above
        return revoked


def token_from(row: tuple[object, ...]) -> KnownToken:
    """A token from a row of COLUMNS."""
    from mpesa_cli.api.tokens.values import KnownToken

    jti, name, scopes, issued_us, expires_us, revoked_us = row
    return KnownToken(
        jti=str(jti), name=str(name), scopes=frozenset(str(scopes).split()), issued_us=_moment(issued_us),
        expires_us=_moment(expires_us), revoked_us=_moment(revoked_us),
    )


def _moment(column: object) -> int | None:
    return None if column is None else int(str(column))
