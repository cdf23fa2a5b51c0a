"""Erase a phone number from a ledger: recorded first, then scrubbed from the files, then looked for."""

import contextlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from mpesa_cli.floor.errors import LedgerBusy
from mpesa_cli.floor.records import dataclass
from mpesa_cli.ledger.engine.scrubbing import BytesLeft
from mpesa_cli.ledger.erasing import Erasing, scrub_is_due
from mpesa_cli.rules.values.pseudonym import Erased

if TYPE_CHECKING:
    from mpesa_cli.ledger.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Erasure:
    """The erased number (None where the ledger did not hold it), and the files or tables that still hold its digits."""

    erased: Erased | None
    left: Mapping[str, int]


class _RehearsalOverError(Exception):
    """The error that ends a transaction which shall leave nothing."""


def rehearse(ledger: "Ledger", msisdn: str, now_us: int) -> Erased | None:
    """The outcome that ``erase`` would have. Raises the same errors; changes nothing."""
    counted: Erased | None = None
    with contextlib.suppress(_RehearsalOverError), ledger.write() as tx:
        counted = Erasing(tx).erase(msisdn, now_us)
        raise _RehearsalOverError
    return counted


def erase(ledger: "Ledger", msisdn: str, now_us: int, say: Callable[[str], None]) -> Erasure:
    """Erase ``msisdn`` (``254…``). Killed anywhere, the same call again finishes.

    Raises Conflict ``payment-open`` where money may still move on the number; LedgerBusy where the disk has too little
    room; BytesLeft where the number is erased, and the call is to be repeated.
    """
    ledger.engine.check_room()
    with ledger.write() as tx:
        erased = Erasing(tx).erase(msisdn, now_us)
    is_due = erased is not None or scrub_is_due(ledger)
    try:
        if is_due:
            say("Erased. Writing the ledger anew, so that nothing is left in it…")
            ledger.engine.scrub()
        return Erasure(erased, ledger.engine.search(msisdn[3:]))
    except BytesLeft:
        raise
    except LedgerBusy as busy:  # it speaks of what it was asked last, as if nothing had been kept
        if not is_due:
            raise
        raise BytesLeft(
            f"The number is erased, but old bytes of it may still be in the ledger: {busy.message}",
            hint="Run the same command again in a minute, which goes on here; if it stays so: mpesa doctor",
            code=busy.code,
        ) from busy
