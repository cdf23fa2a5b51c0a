"""Applying stored bodies, many in one transaction; where that fails, each alone; one that fails again is held.

So one bad body never holds up another, whatever is wrong with it.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from mpesa_cli.floor.errors import LedgerBusy, LedgerUnusable, MpesaError
from mpesa_cli.ledger.bodies import Bodies
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.ledger.values import RawBody, RawCallback, ResultBody
from mpesa_cli.ledger.writes import Write
from mpesa_cli.payments.holding import hold_body
from mpesa_cli.rules.held import HeldChannel

BODIES_OF_WRITE = 200

Raw = TypeVar("Raw", RawCallback, RawBody, ResultBody)
Step = TypeVar("Step")
Made = TypeVar("Made")


def apply_each(
    ledger: Ledger, channel: HeldChannel, unread: Callable[[Reads], Sequence[Raw]],
    apply: Callable[[Write, Raw], Made],
) -> list[Made]:
    """Apply everything that ``unread`` lists; returns each outcome. Raises where the ledger itself can't be written."""
    made: list[Made] = []
    found = unread(ledger)
    for begin in range(0, len(found), BODIES_OF_WRITE):
        made += _together(ledger, channel, found[begin : begin + BODIES_OF_WRITE], apply)
    return made


def in_steps(
    ledger: Ledger, steps: Sequence[Step], apply: Callable[[Write, Step], Made], *, at_once: int
) -> list[Made]:
    """Take steps ``at_once`` to a transaction; where that fails each alone, without those that fail again:
    a comparison with what is stored names them.
    """
    made: list[Made] = []
    for begin in range(0, len(steps), at_once):
        made += _steps(ledger, steps[begin : begin + at_once], apply)
    return made


def _steps(ledger: Ledger, steps: Sequence[Step], apply: Callable[[Write, Step], Made]) -> list[Made]:
    try:
        with ledger.write() as tx:
            return [apply(tx, each) for each in steps]
    except Exception as error:  # whatever it is, the others must not wait for it
        if not is_its_own(error):
            raise
        if len(steps) == 1:
            return []
    return [made for each in steps for made in _steps(ledger, [each], apply)]


def is_its_own(error: Exception) -> bool:
    """Whether a failure is the body's own, and not the ledger's as a whole."""
    if isinstance(error, LedgerUnusable):
        return error.code == "ledger-failed"  # a rule of a table was broken (ledger/engine/connection.py)
    return not isinstance(error, LedgerBusy)


def words_of(error: Exception) -> str:
    """The reason why something could not be applied, in words."""
    said = error.message if isinstance(error, MpesaError) else f"it broke the program ({type(error).__name__})"
    return f"it could not be applied: {said}"


def _together(
    ledger: Ledger, channel: HeldChannel, raws: Sequence[Raw], apply: Callable[[Write, Raw], Made]
) -> list[Made]:
    try:
        with ledger.write() as tx:
            return [apply(tx, raw) for raw in raws if Bodies(tx).is_unread(raw.callback_id)]
    except Exception as error:  # whatever it is, the others must not wait for it
        if not is_its_own(error):
            raise
        if len(raws) == 1:
            _hold(ledger, channel, raws[0], error)
            return []
    return [made for raw in raws for made in _together(ledger, channel, [raw], apply)]


def _hold(ledger: Ledger, channel: HeldChannel, raw: Raw, error: Exception) -> None:
    with ledger.write() as tx:
        if Bodies(tx).is_unread(raw.callback_id):
            hold_body(tx, raw, channel, "not-applied", words_of(error))
