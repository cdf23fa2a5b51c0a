"""The ledger for commands that prove, copy or clean one: where there is none they must not make an empty one."""

from typing import TYPE_CHECKING

from mpesa_cli.floor.errors import LedgerUnusable

if TYPE_CHECKING:
    from mpesa_cli.ledger.ledger import Ledger
    from mpesa_cli.runtime import Runtime
    from mpesa_cli.settings.profile import Profile


def existing_ledger(runtime: "Runtime", settings: "Profile") -> "Ledger":
    """The profile's ledger. Raises LedgerUnusable where it is not there.

    An empty ledger in the place of one that is gone is whole, and its backup a success: nobody would notice.
    """
    if not runtime.has_ledger(settings):
        raise LedgerUnusable(
            f"There is no ledger {settings.ledger_place}: nothing was recorded here yet, or it is gone.",
            hint=f"Nothing was made or changed. Which ledger it should be: mpesa config show -P {settings.name}. "
            "Where it was lost: mpesa restore FILE",
            code="no-ledger",
        )
    return runtime.ledger(settings)
