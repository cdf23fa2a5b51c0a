"""The browsers that may see the owner's page, as the ledger keeps them. Codes and cookies are stored nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mpesa_cli.floor.wire.addresses import secret_hash
from mpesa_cli.owner.viewers.values import CODE_LIFE_US, COOKIE_LIFE_US, Viewer
from mpesa_cli.rules import evidence as ev

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mpesa_cli.ledger.reads import Reads
    from mpesa_cli.ledger.writes import Write

_COLUMNS = "viewer_id, name, made_us, code_until_us, paired_us, until_us, revoked_us"


class Viewers:
    """Questions about browsers."""

    def __init__(self, reads: Reads) -> None:
        """``reads`` is the ledger, or an open write transaction."""
        self._reads = reads

    def viewer(self, viewer_id: str) -> Viewer | None:
        """The browser with this id, or None."""
        return self._where("viewer_id=?", viewer_id)

    def of_cookie(self, cookie: str, now_us: int) -> Viewer | None:
        """The browser whose cookie this is; None where it opens nothing: unknown, expired, revoked."""
        found = self._where("cookie_sha256=?", secret_hash(cookie))
        return found if found is not None and found.standing(now_us) == "paired" else None

    def knows_code(self, code: str) -> bool:
        """Whether this code was ever made; whether it still opens anything is decided where it is used up."""
        return self._where("code_sha256=?", secret_hash(code)) is not None

    def all(self) -> Sequence[Viewer]:
        """Every browser and every code, newest first."""
        rows: list[Any] = self._reads.rows(f"SELECT {_COLUMNS} FROM viewers ORDER BY made_us DESC, viewer_id")
        return [Viewer(*row) for row in rows]

    def _where(self, condition: str, value: str) -> Viewer | None:
        rows: list[Any] = self._reads.rows(f"SELECT {_COLUMNS} FROM viewers WHERE {condition}", (value,))
        return Viewer(*rows[0]) if rows else None


class ViewerWrites(Viewers):
    """Changes to browsers, in one transaction."""

    def __init__(self, tx: Write) -> None:
        """``tx`` is an open write transaction."""
        super().__init__(tx)
        self._tx = tx

    def expect(self, viewer_id: str, name: str, code: str, at_us: int) -> Viewer:
        """Remember a code, never its text, before anybody is told it."""
        until_us = at_us + CODE_LIFE_US
        self._tx.execute(
            "INSERT INTO viewers (viewer_id, name, code_sha256, made_us, code_until_us) VALUES (?,?,?,?,?)",
            (viewer_id, name, secret_hash(code), at_us, until_us),
        )
        facts = {"viewer": viewer_id, "name": name, "until_us": until_us}
        self._tx.chain(ev.Record("viewer_expected", at_us, facts, {}), "", None)
        return self._known(viewer_id)

    def pair(self, code: str, cookie: str, at_us: int) -> Viewer | None:
        """Use a code up: whoever has ``cookie`` sees the page from now on. None where the code opens nothing: no such
        one, used before, too old, revoked."""
        found = self._where("code_sha256=?", secret_hash(code))
        if found is None or found.standing(at_us) != "waiting":
            return None
        known_by, until_us = secret_hash(cookie), at_us + COOKIE_LIFE_US
        self._tx.execute(
            "UPDATE viewers SET cookie_sha256=?, paired_us=?, until_us=? WHERE viewer_id=?",
            (known_by, at_us, until_us, found.viewer_id),
        )
        facts = {"viewer": found.viewer_id, "cookie_sha256": known_by, "until_us": until_us}
        self._tx.chain(ev.Record("viewer_paired", at_us, facts, {}), "", None)
        return self._known(found.viewer_id)

    def revoke(self, viewer_id: str, at_us: int) -> Viewer | None:
        """The browser sees nothing from now on, and a code that waits is used up. None where there is no such one."""
        known = self.viewer(viewer_id)
        if known is None or known.revoked_us is not None:
            return known
        self._tx.execute("UPDATE viewers SET revoked_us=? WHERE viewer_id=?", (at_us, viewer_id))
        self._tx.chain(ev.Record("viewer_revoked", at_us, {"viewer": viewer_id}, {}), "", None)
        return self._known(viewer_id)

    def _known(self, viewer_id: str) -> Viewer:
        found = self.viewer(viewer_id)
        assert found is not None  # it was written in the line above
        return found
