"""The audit of a ledger at one moment: everything that is wrong, the journal's first wrong row before all."""

import itertools

from mpesa_cli.floor.progress import Told, unheard
from mpesa_cli.floor.records import dataclass
from mpesa_cli.ledger.audit.anchor import anchor_flaws
from mpesa_cli.ledger.audit.ledger import Chain, Flaw, flaws
from mpesa_cli.ledger.reads import Reads

KEPT_MAX = 1_000
"""How many flaws are kept to be listed; all are counted."""


@dataclass(frozen=True, slots=True)
class Audited:
    """The findings of an audit. ``flaws`` are the first KEPT_MAX of ``flaw_count``, the journal's rows first."""

    chain: Chain
    flaws: tuple[Flaw, ...]
    flaw_count: int

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.flaw_count

    @property
    def words(self) -> list[str]:
        """Each flaw in a sentence."""
        return [_sentence(flaw) for flaw in self.flaws]


def audited(
    ledger: Reads, anchored: tuple[str, int | None] | None = None, told: Told = unheard
) -> Audited:
    """Verify a ledger, and that it still holds a head that was kept (its hash, and its row where known).

    Reads one snapshot; writers go on. ``told`` hears how far it has come. Raises LedgerUnusable where the file can't be
    read at all.
    """
    chain, kept, count = Chain(), list[Flaw](), 0
    with ledger.snapshot():
        anchor = anchor_flaws(ledger, *anchored) if anchored else iter(())
        for flaw in itertools.chain(anchor, flaws(ledger, chain, told)):
            count += 1
            if len(kept) < KEPT_MAX:
                kept.append(flaw)
    kept.sort(key=lambda flaw: flaw.seq or 1 << 62)  # stable: what is no row keeps its order behind those that are
    return Audited(chain, tuple(kept), count)


def _sentence(flaw: Flaw) -> str:
    if flaw.seq:
        return f"Row {flaw.seq} {flaw.words}."
    return f"{flaw.words[0].upper()}{flaw.words[1:]}."
