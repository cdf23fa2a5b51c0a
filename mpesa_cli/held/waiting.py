"""The held messages that wait for somebody, without those that became payments by another way."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mpesa_cli.books.break_values import Accepted
from mpesa_cli.books.store.book_writes import BookWrites
from mpesa_cli.floor.errors import MessageHeld, NotFound
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.held.words import about, reported
from mpesa_cli.ledger.held import Held, HeldWrites
from mpesa_cli.ledger.strangers import Strangers
from mpesa_cli.rules.held import HeldMessage

if TYPE_CHECKING:
    from mpesa_cli.ledger.ledger import Ledger
    from mpesa_cli.ledger.reads import Reads

BODY_KEPT_US = 90 * 86_400 * SECOND_US
"""So long after a message was dealt with its body is kept; receipt, amount and time stay for ever."""


def waiting(ledger: "Ledger", now_us: int) -> Sequence[HeldMessage]:
    """Held messages that wait for somebody, oldest first. Bodies that were kept long enough are removed on the way."""
    if not Held(ledger).listed(1):
        return ()
    with ledger.write() as tx:
        HeldWrites(tx).review(now_us)
        HeldWrites(tx).remove_bodies(now_us - BODY_KEPT_US, now_us)
        return Held(tx).unnamed()


def deal_with(ledger: "Ledger", held_id: str, *, by: str, reason: str, now_us: int) -> HeldMessage:
    """Note that a person has dealt with a message, and with the difference that names it as a row of a file, if any.

    Raises Conflict ``held-done``, NotFound.
    """
    with ledger.write() as tx:
        done = HeldWrites(tx).done(held_id, by=by, reason=reason, at_us=now_us)
        if done.channel == "statement":
            BookWrites(tx).accept_break(f"unknown_row-{done.source[4:12]}-{done.line}", Accepted(by, reason, now_us))
    return done


def refuse_held(reads: "Reads", ref: str) -> None:
    """Refuse a receipt that no payment has and a held message shows. Raises MessageHeld.

    NotFound ``reported-only`` where somebody without our secret reported it; nothing where nobody did.
    """
    receipt = ref.strip().upper()
    found = Held(reads).about(receipt)
    if found:
        raise MessageHeld(
            f"No payment has receipt {receipt}. {about(found)}",
            hint=f"See what came: mpesa held show {found[-1].held_id}",
        )
    if reports := Strangers(reads).reports(receipt):
        unproven = NotFound(
            f"No payment has receipt {receipt}. {reported(reports)}",
            hint="M-PESA's own record tells: mpesa reconcile --statement FILE", code="reported-only",
        )
        unproven.money_moved = "unknown"
        raise unproven
