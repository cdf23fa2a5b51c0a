"""Addresses for C2B that were registered, known by the SHA-256 of their secrets."""

from mpesa_cli.ledger.reads import Reads
from mpesa_cli.ledger.writes import Write


class Hooks:
    """Questions about these addresses."""

    def __init__(self, reads: Reads) -> None:
        """``reads`` is the ledger, or an open write transaction."""
        self._reads = reads

    def knows(self, secret_hash: str) -> bool:
        """Whether a registered C2B URL has the secret with this SHA-256."""
        return bool(self._reads.rows("SELECT 1 FROM hooks WHERE secret_hash=?", (secret_hash,)))

    def c2b_version(self, shortcode: str) -> str:
        """The C2B version ("v1", "v2") whose addresses were registered last for a shortcode; empty where none was."""
        found = self._reads.rows("SELECT value FROM meta WHERE key=?", (f"c2b-version-{shortcode}",))
        return str(found[0][0]) if found else ""


class HookWrites(Hooks):
    """Notes about these addresses, in one transaction."""

    def __init__(self, tx: Write) -> None:
        """``tx`` is an open write transaction."""
        super().__init__(tx)
        self._tx = tx

    def add(self, secret_hash: str, at_us: int) -> None:
        """Remember the secret of a C2B URL, by its SHA-256, before the URL is registered."""
        self._tx.execute(
            "INSERT INTO hooks VALUES (?,?) ON CONFLICT (secret_hash) DO NOTHING", (secret_hash, at_us)
        )

    def note_c2b_version(self, shortcode: str, version: str) -> None:
        """Remember by which version the addresses of a shortcode were registered."""
        self._tx.execute(
            "INSERT INTO meta VALUES (?,?) ON CONFLICT (key) DO UPDATE SET value=excluded.value",
            (f"c2b-version-{shortcode}", version),
        )
