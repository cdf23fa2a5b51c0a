"""A ledger as a restore leaves it, made by the operations themselves; its gap is told, so that prompts may go out.
Not a test."""

import contextlib
import secrets
from pathlib import Path

from mpesa_cli.ledger.hooks import HookWrites
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.restoring import Restores, RestoreWrites
from mpesa_cli.upkeep.backup import backup
from mpesa_cli.upkeep.restore import Place, restore

SHORTCODE = "174379"


def open_at(path: Path) -> Ledger:
    return Ledger(path, environment="simulator", token_hex=secrets.token_hex)


def restored_at(path: Path, now_us: int) -> None:
    """Make a ledger, back it up, lose it, and restore the backup to ``path``."""
    elsewhere = path.parent / "lost"
    elsewhere.mkdir(parents=True)
    copy = elsewhere / "backup.db"
    with contextlib.closing(open_at(elsewhere / "ledger.db")) as lost:
        with lost.write() as tx:
            HookWrites(tx).add(secrets.token_hex(32), now_us)
            RestoreWrites(tx).name_receipt("UKO4Q7WX2B", by="Wanjiku", reason="so that there is a row", at_us=now_us)
        backup(lost, copy)
    restore(copy, Place(path, "simulator", open_at), now_us)
    with contextlib.closing(open_at(path)) as ledger, ledger.write() as tx:
        found = Restores(tx).restored()
        assert found is not None
        RestoreWrites(tx).note_told(SHORTCODE, *found.last.span)
    for each in elsewhere.iterdir():
        each.unlink()
    elsewhere.rmdir()
