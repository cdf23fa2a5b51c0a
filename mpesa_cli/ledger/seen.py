"""Many attempts read at once, each with its payment and its evidence: what a batch of callbacks is decided on.

One by one they are three questions a body, and those were a fifth of what settling it costs.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from mpesa_cli.ledger.claiming import Claims
from mpesa_cli.ledger.rows import ATTEMPT_COLUMNS, PAYMENT_COLUMNS, attempt_from, payment_from, read_evidence
from mpesa_cli.rules.payment import AttemptRef

if TYPE_CHECKING:
    from collections.abc import Collection

    from mpesa_cli.ledger.reads import Reads
    from mpesa_cli.rules import evidence as ev
    from mpesa_cli.rules.payment import Attempt, Payment

_AMONG = "payment_id IN (SELECT value FROM json_each(?))"
_PAYMENTS = f"SELECT {PAYMENT_COLUMNS} FROM payments WHERE {_AMONG}"
_ATTEMPTS = f"SELECT {ATTEMPT_COLUMNS} FROM attempts WHERE {_AMONG} ORDER BY payment_id, number"
# The plus keeps SQLite from walking the journal from its beginning, to have it in order.
_EVIDENCE = (
    "SELECT j.payment_id, j.attempt, j.kind, j.at_us, j.facts, p.facts FROM journal j "
    f"LEFT JOIN journal_private p USING (seq) WHERE j.{_AMONG} AND j.attempt IS NOT NULL "
    "AND j.kind<>'attempt_created' ORDER BY +j.seq"
)


class Seen(NamedTuple):
    """A payment as it stands, and the evidence of one of its attempts in the order in which it was appended.

    It is true until something is appended to the payment, and no longer than the transaction that read it.
    """

    payment: Payment
    evidence: list[ev.Evidence]


class Attempts:
    """Questions about many attempts at once."""

    def __init__(self, reads: Reads) -> None:
        """``reads`` is the ledger, or an open write transaction."""
        self._reads = reads

    def seen_of(self, attempts: Collection[AttemptRef]) -> dict[AttemptRef, Seen]:
        """Each of these attempts with its payment and its evidence; those that nobody knows are left out."""
        owners = (json.dumps(list({ref.payment_id for ref in attempts})),)
        tries: dict[object, list[Attempt]] = {}
        for row in self._reads.rows(_ATTEMPTS, owners):
            tries.setdefault(row[0], []).append(attempt_from(row))
        evidence: dict[AttemptRef, list[ev.Evidence]] = {}
        for owner, number, kind, at_us, facts, private in self._reads.rows(_EVIDENCE, owners):
            ref = AttemptRef(str(owner), int(str(number)))
            if ref in attempts:
                evidence.setdefault(ref, []).append(read_evidence(kind, at_us, facts, private))
        claims = Claims(self._reads)
        found = {
            str(row[0]): claims.with_claims(payment_from(row, tries.get(row[0], ()), self._reads.environment))
            for row in self._reads.rows(_PAYMENTS, owners)
        }
        return {
            ref: Seen(found[ref.payment_id], evidence.get(ref, [])) for ref in attempts if ref.payment_id in found
        }
