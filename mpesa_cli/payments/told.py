"""Payments to look at, once what came in for them and was stored is taken in: a listener may have died, or be behind.

Nothing here needs a network. Where the ledger can't be written just now, it is read as it stands.
"""

from contextlib import suppress

from mpesa_cli.floor.errors import LedgerBusy, LedgerUnusable
from mpesa_cli.ledger.bodies import Bodies
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.rules.payment import AttemptRef, Payment


def find_told(ledger: Ledger, ref: str) -> Payment | None:
    """The payment by any reference, with all callbacks that are stored for it; None where there is none."""
    found = ledger.find(ref)
    if found is None:  # the receipt of a callback that nobody has read may be what names it
        take_in(ledger)
        return ledger.find(ref)
    with suppress(LedgerBusy, LedgerUnusable):
        if sum(_apply(ledger, attempt.ref) for attempt in found.attempts):
            return ledger.payment(found.payment_id)
    return found


def take_in(ledger: Ledger) -> None:
    """Apply every callback that is stored and was not read, before many payments are shown."""
    with suppress(LedgerBusy, LedgerUnusable):
        _apply(ledger, None)


def _apply(ledger: Ledger, attempt: AttemptRef | None) -> int:
    """How many were applied. What reads them is loaded where there is something to read, which is seldom."""
    if not Bodies(ledger).unread_callbacks(attempt):
        return 0
    from mpesa_cli.payments.settle import apply_unread

    return apply_unread(ledger, attempt)
