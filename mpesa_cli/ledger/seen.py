"""Many attempts read at once, each with its payment and its evidence: what a batch of callbacks is decided on.

One by one they are three questions a body, and those were a fifth of what settling it costs.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple, Protocol

from mpesa_cli.ledger.rows import ATTEMPT_COLUMNS, PAYMENT_COLUMNS, attempt_from, payment_from
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.payment import AttemptRef

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from mpesa_cli.rules.payment import Attempt, Payment

_AMONG = "payment_id IN (SELECT value FROM json_each(?))"
_PAYMENTS = f"SELECT {PAYMENT_COLUMNS} FROM payments WHERE {_AMONG}"  # noqa: S608 - fixed text
_ATTEMPTS = f"SELECT {ATTEMPT_COLUMNS} FROM attempts WHERE {_AMONG} ORDER BY payment_id, number"  # noqa: S608
# The plus keeps SQLite from walking the journal from its beginning, to have it in order.
_EVIDENCE = (
    "SELECT j.payment_id, j.attempt, j.kind, j.at_us, j.facts, p.facts FROM journal j "  # noqa: S608 - fixed text
    f"LEFT JOIN journal_private p USING (seq) WHERE j.{_AMONG} AND j.attempt IS NOT NULL "
    "AND j.kind<>'attempt_created' ORDER BY +j.seq"
)


class Seen(NamedTuple):
    """A payment as it stands, and the evidence of one of its attempts in the order in which it was appended.

    It is true until something is appended to the payment, and no longer than the transaction that read it.
    """

    payment: Payment
    evidence: list[ev.Evidence]


class SeenLedger(Protocol):
    """The question, as the rest of the program asks it."""

    def seen_of(self, attempts: Collection[AttemptRef]) -> Mapping[AttemptRef, Seen]:
        """Each of these attempts with its payment and its evidence; those that nobody knows are left out."""


class SeenReads:
    """The question, to SQLite."""

    environment: str

    def rows(self, sql: str, parameters: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        """Rows of a question to the tables."""
        raise NotImplementedError

    def with_claims(self, payment: Payment) -> Payment:
        """The payment; where it is money by hand that is no order's, with the orders that it may be of."""
        raise NotImplementedError

    def seen_of(self, attempts: Collection[AttemptRef]) -> dict[AttemptRef, Seen]:
        """Each of these attempts with its payment and its evidence; those that nobody knows are left out."""
        owners = (json.dumps(list({ref.payment_id for ref in attempts})),)
        tries: dict[object, list[Attempt]] = {}
        for row in self.rows(_ATTEMPTS, owners):
            tries.setdefault(row[0], []).append(attempt_from(row))
        evidence: dict[AttemptRef, list[ev.Evidence]] = {}
        for owner, number, kind, at_us, facts, private in self.rows(_EVIDENCE, owners):
            ref = AttemptRef(str(owner), int(str(number)))
            if ref in attempts:
                evidence.setdefault(ref, []).append(read_evidence(kind, at_us, facts, private))
        found = {
            str(row[0]): self.with_claims(payment_from(row, tries.get(row[0], ()), self.environment))
            for row in self.rows(_PAYMENTS, owners)
        }
        return {
            ref: Seen(found[ref.payment_id], evidence.get(ref, [])) for ref in attempts if ref.payment_id in found
        }


def read_evidence(kind: object, at_us: object, facts: object, private: object) -> ev.Evidence:
    """One fact from its row of the journal, and what is kept apart of it."""
    kept = json.loads(str(private)) if private else {}
    return ev.from_record(ev.Record(str(kind), int(str(at_us)), json.loads(str(facts)), kept))
