"""The check of payouts, recomputed from the journal: without their rows a reference could be paid out once more."""

import itertools
import json
from collections.abc import Iterator

from mpesa_cli.ledger.audit.chain import Flaw
from mpesa_cli.ledger.payouts import PAYOUT_COLUMNS, payout_row
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.rules.evidence import Record
from mpesa_cli.rules.money_out.payout_evidence import PAYOUT_IDS, PayoutAsked, payout_fact
from mpesa_cli.rules.money_out.payout_rules import reference_key
from mpesa_cli.rules.money_out.payout_state import Payout, payout_view

_STORY = (
    "SELECT j.payment_id, j.seq, j.kind, j.at_us, j.facts, p.facts FROM journal j LEFT JOIN journal_private p "
    f"USING (seq) WHERE j.payment_id BETWEEN '{PAYOUT_IDS[0]}' AND '{PAYOUT_IDS[1]}' ORDER BY j.payment_id, j.seq"
)


def payout_flaws(ledger: Reads) -> Iterator[Flaw]:
    """Payouts that the journal does not have, or has otherwise."""
    there = {str(row[0]): row for row in ledger.rows(f"SELECT {PAYOUT_COLUMNS}, reference_key FROM payouts")}
    for payout_id, rows in itertools.groupby(ledger.stream(_STORY), key=lambda row: str(row[0])):
        story = list(rows)
        first, shown = int(str(story[0][1])), there.pop(payout_id, None)
        try:
            recorded = _recorded(payout_id, story)
        except (KeyError, TypeError, ValueError):
            yield Flaw(first, f"begins the story of payout {payout_id}, which can't be read")
            continue
        if shown is None:
            yield Flaw(first, f"records payout {payout_id}, which is gone")
        elif tuple(shown) != recorded:
            yield Flaw(0, f"payout {payout_id} is not shown as the journal tells it")
    for payout_id in there:
        yield Flaw(0, f"payout {payout_id} was added: the journal does not know it")


def _recorded(payout_id: str, story: list[tuple[object, ...]]) -> tuple[object, ...]:
    """The row that this story makes."""
    facts = [
        payout_fact(Record(str(kind), int(str(at_us)), json.loads(str(open_)), json.loads(str(private or "{}"))))
        for _, _, kind, at_us, open_, private in story
    ]
    begun = facts[0]
    if not isinstance(begun, PayoutAsked):
        raise TypeError(begun)
    made = Payout(payout_id, begun.reference, begun.shortcode, begun.at_us, payout_view(facts))
    return (*payout_row(made), reference_key(begun.reference))
