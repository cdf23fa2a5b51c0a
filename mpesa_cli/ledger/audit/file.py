"""The check of the file itself: whole for SQLite, and with the triggers that keep the journal from being changed."""

from collections.abc import Iterator

from mpesa_cli.ledger.audit.chain import Flaw
from mpesa_cli.ledger.reads import Reads

_TRIGGERS = ("journal_is_append_only_d", "journal_is_append_only_u")
_TOLD_MAX = 20


def file_flaws(ledger: Reads) -> Iterator[Flaw]:
    """Damage that SQLite sees, and a journal that would let itself be changed by mistake. Reads the whole file."""
    yield from trigger_flaws(ledger)
    for said in ledger.damage(_TOLD_MAX):
        yield Flaw(0, f"the file is damaged: {said}")


def trigger_flaws(ledger: Reads) -> Iterator[Flaw]:
    """The flaw of a journal that could be changed by mistake: a trigger is missing."""
    there = ledger.triggers()
    for trigger in _TRIGGERS:
        if trigger not in there:
            yield Flaw(0, f"the trigger {trigger} is gone: the journal could be changed by mistake")
