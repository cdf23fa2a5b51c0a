"""What a restored ledger lacks, read for a decision to ask: the one way in which every way to a prompt learns it."""

from mpesa_cli.domain.restored import Gap
from mpesa_cli.ledger.ledger import LedgerReads


def gap_of(known: LedgerReads, *, accepted: bool) -> Gap:
    """The gap as ``known`` has it. ``accepted``: a person says that the order was not paid in it."""
    return Gap(known.restored(), accepted)
