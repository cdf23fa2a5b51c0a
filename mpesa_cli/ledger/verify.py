"""Prove the ledger: walk the hash chain, and recompute the projections from the journal.

Used by `audit verify` and by the tests of everything that writes.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from mpesa_cli.domain.state import Terms, attempt_view
from mpesa_cli.ledger.journal import GENESIS, private_digest, row_hash
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.ledger.rows import PROJECTED_COLUMNS, payment_projection


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong. ``seq`` is the journal's row, 0 for a projection."""

    seq: int
    words: str


def flaws(ledger: Reads) -> Iterator[Flaw]:
    """Everything wrong with a ledger: broken links, changed rows, private facts or projections."""
    yield from _chain_flaws(ledger)
    yield from _projection_flaws(ledger)


def _chain_flaws(ledger: Reads) -> Iterator[Flaw]:
    previous, expected = GENESIS, 1
    rows = ledger.rows(
        "SELECT j.seq, j.at_us, j.kind, j.payment_id, j.attempt, j.facts, j.private_digest, j.previous, j.hash, "
        "p.key, p.facts FROM journal j LEFT JOIN journal_private p USING (seq) ORDER BY j.seq"
    )
    for seq, at_us, kind, payment_id, attempt, facts, digest, linked, hashed, key, private in rows:
        if seq != expected:
            yield Flaw(int(str(seq)), f"row {expected} is missing")
        if linked != previous:
            yield Flaw(int(str(seq)), "does not follow the row before it")
        computed = row_hash(
            seq=int(str(seq)), at_us=int(str(at_us)), kind=str(kind), payment_id=str(payment_id),
            attempt=None if attempt is None else int(str(attempt)), facts=str(facts), digest=str(digest),
            previous=str(linked),
        )  # fmt: skip
        if computed != hashed:
            yield Flaw(int(str(seq)), "was changed")
        if private is not None and private_digest(str(key), json.loads(str(private))) != digest:
            yield Flaw(int(str(seq)), "its personal data was changed")
        previous, expected = str(hashed), int(str(seq)) + 1


def _projection_flaws(ledger: Reads) -> Iterator[Flaw]:
    rows = ledger.rows("SELECT payment_id FROM payments ORDER BY created_us")
    for (payment_id,) in rows:
        payment = ledger.payment(str(payment_id))
        if payment is None:
            continue
        for attempt in payment.attempts:
            terms = Terms(attempt.amount_cents, attempt.msisdn, prompted=attempt.channel == "stk")
            view = attempt_view(terms, ledger.evidence(attempt.ref))
            if view != attempt.view:
                shown = f"{payment_id} attempt {attempt.ref.number} is shown as {attempt.state}"
                yield Flaw(0, f"{shown}, and its evidence says {view.state}")
        stored = ledger.rows(
            f"SELECT {PROJECTED_COLUMNS} FROM payments WHERE payment_id=?",  # noqa: S608 - fixed text
            (payment.payment_id,),
        )[0]
        if stored[0] != payment.status.value:
            yield Flaw(0, f"{payment_id} is shown as {stored[0]}, not {payment.status}")
        elif stored != payment_projection(payment):
            yield Flaw(0, f"{payment_id} is not shown as its attempts say")
