"""The check of the note beside the user's settings, by which a ledger that goes missing is noticed."""

from typing import TYPE_CHECKING

from mpesa_cli.floor.errors import LedgerBusy, LedgerUnusable
from mpesa_cli.ledger.guarding import check_there
from mpesa_cli.upkeep.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Callable

    from mpesa_cli.ledger.engine.marker import Marker
    from mpesa_cli.ledger.ledger import Ledger
    from mpesa_cli.settings.profile import Profile


def marked(
    profile: "Profile", marker: "Marker | None", opened: "Callable[[], Ledger]", is_there: "Callable[[], bool]"
) -> Finding:
    """The one finding about that note. Only real money is guarded in this way: else ``marker`` is None."""
    if marker is None:
        return Finding(
            "ledger-known", "ok", f"Nothing is noted of a ledger of the {profile.environment}: one that goes missing "
            "is begun anew. In production that is refused.",
        )
    try:
        check_there(marker, profile.ledger_place, is_there)
        if is_there():
            opened().check_known()
    except LedgerUnusable as missing:
        if missing.code == "ledger-missing":
            return Finding("ledger-known", "fail", missing.message, missing.hint)
    except LedgerBusy:
        pass  # the next check says so
    if not marker.can_be_written():
        return Finding(
            "ledger-known", "warn", f"{marker.file.parent} can't be written: this is not guarded, and nobody would "
            "notice if the ledger went missing and another began in its place.", f"mkdir -p {marker.file.parent}",
        )
    return Finding("ledger-known", "ok", f"Where the ledger is stands in {marker.file} too: if it went missing, no "
                   "prompt would go out.")
