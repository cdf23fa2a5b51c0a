"""The ledger behind the page's door: who has a cookie that is good, and who brings a code."""

from mpesa_cli.floor.world import World
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.owner.viewers.store import Viewers, ViewerWrites
from mpesa_cli.owner.viewers.values import COOKIE_BYTES, Viewer


class Gate:
    """The door of one ledger. Any thread may ask it."""

    def __init__(self, ledger: Ledger, world: World) -> None:
        """``ledger`` may be used from any thread."""
        self._ledger, self._world = ledger, world

    def of_cookie(self, cookie: str) -> Viewer | None:
        """The browser whose cookie this is; None where it opens nothing. Raises LedgerBusy."""
        return Viewers(self._ledger).of_cookie(cookie, self._world.now_us())

    def pair(self, code: str) -> str | None:
        """The cookie of a browser that this code has just paired; None where it opens nothing. Raises LedgerBusy."""
        cookie = self._world.token_hex(COOKIE_BYTES)
        if not Viewers(self._ledger).knows_code(code):  # a stranger's guess must not wait for the ledger's one writer
            return None
        with self._ledger.write() as tx:
            return cookie if ViewerWrites(tx).pair(code, cookie, self._world.now_us()) is not None else None
