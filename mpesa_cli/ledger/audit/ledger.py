"""The proof of a ledger: the hash chain walked, the projections recomputed from the journal, the rest compared.

Used by `audit verify`, by backups, and by the tests of everything that writes. Rows are streamed: memory does
not grow with the ledger, apart from a note for each flaw.
"""

from collections.abc import Iterator

from mpesa_cli.floor.progress import Told, unheard
from mpesa_cli.ledger.audit.chain import Chain, Flaw, chain_flaws
from mpesa_cli.ledger.audit.file import file_flaws
from mpesa_cli.ledger.audit.held import held_flaws
from mpesa_cli.ledger.audit.links import link_flaws
from mpesa_cli.ledger.audit.payments import payment_flaws
from mpesa_cli.ledger.audit.payouts import payout_flaws
from mpesa_cli.ledger.audit.restored import restored_flaws
from mpesa_cli.ledger.audit.tokens import token_flaws
from mpesa_cli.ledger.audit.viewers import viewer_flaws
from mpesa_cli.ledger.reads import Reads

__all__ = ["Chain", "Flaw", "chain_flaws", "flaws"]


def flaws(ledger: Reads, chain: Chain | None = None, told: Told = unheard) -> Iterator[Flaw]:
    """The flaws of a ledger, those of the journal first, in its order.

    ``chain`` is filled in with the head and with what was counted; ``told`` hears how far it has come. Whoever wants
    one moment of a ledger that is written to reads inside :meth:`Reads.snapshot`.
    """
    yield from chain_flaws(ledger, chain or Chain(), told)
    yield from payment_flaws(ledger, told)
    yield from payout_flaws(ledger)
    yield from link_flaws(ledger)
    yield from token_flaws(ledger)
    yield from viewer_flaws(ledger)
    yield from restored_flaws(ledger)
    yield from held_flaws(ledger)
    yield from file_flaws(ledger)
