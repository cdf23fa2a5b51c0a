"""The gap of a restored ledger, read in the same way for every decision to send a prompt."""

from dataclasses import replace

from mpesa_cli.ledger.reads import Reads
from mpesa_cli.ledger.restoring import Restores
from mpesa_cli.payments.sending import PushContext
from mpesa_cli.rules.restored import InTheGap


def gap_of(context: PushContext, known: Reads, order_id: str, amount_cents: int, msisdn: str) -> InTheGap | None:
    """The gap in ``known`` for an order on these terms, with a person's answer about it; None for no gap."""
    gap = Restores(known).in_the_gap(order_id, amount_cents, msisdn, context.takes_money_on)
    return None if gap is None else replace(gap, answer=context.not_paid)
