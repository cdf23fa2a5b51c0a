"""Payouts in the ledger: the facts in the journal, under the payout's id, and the table that is projected from them."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mpesa_cli.floor.records import dataclass
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.ledger.restoring import Restores
from mpesa_cli.ledger.statement_rows import ROW_COLUMNS, statement_row
from mpesa_cli.ledger.writes import Write
from mpesa_cli.rules.evidence import Record
from mpesa_cli.rules.money_out.payout_evidence import (
    PayoutAsked,
    PayoutFact,
    PayoutRepeated,
    payout_fact,
    payout_record,
)
from mpesa_cli.rules.money_out.payout_rules import PayoutLeave, PayoutWish, reference_key
from mpesa_cli.rules.money_out.payout_state import Payout, PayoutState, PayoutView, payout_view
from mpesa_cli.rules.restored import InTheGap, Word
from mpesa_cli.rules.statement_row import StatementRow
from mpesa_cli.rules.values.shown_number import fits

_VIEW = (
    "request_id, msisdn, amount_cents, asked_us, made_by, reason, tries, taken, state, since_us, receipt, paid_us, "
    "source, code, words"
)
PAYOUT_COLUMNS = f"payout_id, reference, shortcode, created_us, {_VIEW}"
_FREE = (
    "NOT EXISTS (SELECT 1 FROM payouts o WHERE o.receipt = r.receipt) "
    "AND NOT EXISTS (SELECT 1 FROM named_receipts n WHERE n.receipt = r.receipt)"
)


@dataclass(frozen=True, slots=True)
class PayoutFilter:
    """The payouts that are wanted; None for any. ``limit`` is the most of them."""

    state: str | None = None
    since_us: int | None = None
    until_us: int | None = None
    msisdn: str | None = None
    limit: int | None = None


class Payouts:
    """Questions about payouts."""

    def __init__(self, reads: Reads) -> None:
        """``reads`` is the ledger, or an open write transaction."""
        self._reads = reads

    def by_reference(self, reference: str) -> Payout | None:
        """The payout for a reference, whatever its case and blanks, or None."""
        return self._one("reference_key=?", reference_key(reference))

    def by_id(self, payout_id: str) -> Payout | None:
        """The payout, or None."""
        return self._one("payout_id=?", payout_id)

    def find(self, ref: str) -> Payout | None:
        """By any reference: the shop's own, ours, the request's, M-PESA's receipt. None where unknown."""
        typed = ref.strip().upper()
        return self.by_reference(ref) or self.by_id(typed) or self._one("request_id=?", typed) or (
            self._one("receipt=?", typed) if typed else None)

    def open(self) -> list[Payout]:
        """Payouts whose money may still go out, or has without anybody knowing, oldest first."""
        return self._all("WHERE state NOT IN ('paid', 'failed') ORDER BY created_us, payout_id", ())

    def listed(self, wanted: PayoutFilter) -> list[Payout]:
        """Those that are wanted, newest first."""
        needs = [("state=?", wanted.state), ("created_us>=?", wanted.since_us), ("created_us<?", wanted.until_us),
                 ("msisdn=?", wanted.msisdn)]
        given = [(need, value) for need, value in needs if value is not None]
        where = f"WHERE {' AND '.join(need for need, _ in given)} " if given else ""
        most = "" if wanted.limit is None else f" LIMIT {int(wanted.limit)}"
        return self._all(f"{where}ORDER BY created_us DESC, payout_id DESC{most}", tuple(value for _, value in given))

    def facts(self, payout_id: str) -> list[PayoutFact]:
        """All facts of one payout, in the order in which they were appended."""
        rows = self._reads.rows(
            "SELECT j.kind, j.at_us, j.facts, p.facts FROM journal j LEFT JOIN journal_private p USING (seq) "
            "WHERE j.payment_id=? ORDER BY j.seq", (payout_id,),
        )
        return [
            payout_fact(Record(str(kind), int(str(at_us)), json.loads(str(facts)), json.loads(str(private or "{}"))))
            for kind, at_us, facts, private in rows
        ]

    def free_rows(self, payout: Payout, from_us: int, until_us: int) -> list[StatementRow]:
        """Rows of M-PESA's record in this time that can be its money: the amount is right, no digit contradicts, and
        no payout has their receipt."""
        view = payout.view
        return self._free(view.amount_cents, view.msisdn, payout.shortcode, from_us, until_us)

    def in_the_gap(self, wish: PayoutWish, shortcode: str) -> InTheGap | None:
        """The ledger's knowledge of a reference and the time that it lacks; None where it lacks none."""
        restored = Restores(self._reads).restored()
        if restored is None:
            return None
        free = [r for gap in restored.gaps for r in self._free(wish.amount_cents, wish.msisdn, shortcode, *gap.span)]
        return InTheGap(restored, (shortcode,), self._last_asked(wish.reference), tuple(free))

    def _last_asked(self, reference: str) -> Word | None:
        rows = self._reads.rows(
            "SELECT j.at_us, j.seq FROM payouts o JOIN journal j ON j.payment_id = o.payout_id "
            "WHERE o.reference_key=? AND j.kind='payout_asked' ORDER BY j.seq DESC LIMIT 1",
            (reference_key(reference),),
        )
        return Word(int(str(rows[0][0])), int(str(rows[0][1]))) if rows else None

    def _free(self, cents: int, msisdn: str, shortcode: str, from_us: int, until_us: int) -> list[StatementRow]:
        rows = self._reads.rows(
            f"SELECT {ROW_COLUMNS} FROM statement_rows r WHERE r.completed_us BETWEEN ? AND ? AND r.shortcode=? "
            f"AND r.kind='other' AND r.amount_cents=? AND {_FREE} ORDER BY r.completed_us",
            (from_us, until_us, shortcode, -cents),
        )
        return [row for row in map(statement_row, rows) if fits(msisdn, row.party)]

    def _one(self, condition: str, value: str) -> Payout | None:
        found = self._all(f"WHERE {condition}", (value,))
        return found[0] if found else None

    def _all(self, condition: str, values: Sequence[object]) -> list[Payout]:
        rows = self._reads.rows(f"SELECT {PAYOUT_COLUMNS} FROM payouts {condition}", tuple(values))
        return [payout_from(row) for row in rows]


class PayoutWrites(Payouts):
    """Changes to payouts, in one transaction."""

    def __init__(self, tx: Write) -> None:
        """``tx`` is an open write transaction."""
        super().__init__(tx)
        self._tx = tx

    def open_payout(self, leave: PayoutLeave, payout_id: str, request_id: str, shortcode: str, at_us: int) -> Payout:
        """Record that money is about to be sent, by the request that was recorded with it. ``payout_id`` is for a
        reference that has none yet."""
        self._tx.check_known()
        wish, asking = leave.wish, leave.asking
        fact = PayoutAsked(
            at_us, request_id, wish.reference, shortcode, wish.amount_cents, asking.by, asking.reason, asking.not_paid,
            wish.msisdn,
        )
        if leave.known is None:
            view = payout_view([fact])
            made = Payout(payout_id, wish.reference, shortcode, at_us, view)
            columns = payout_row(made)
            self._tx.execute(
                f"INSERT INTO payouts ({PAYOUT_COLUMNS}, reference_key) VALUES ({'?,' * len(columns)}?)",
                (*columns, reference_key(wish.reference)),
            )
            self._tx.chain(payout_record(fact), payout_id, None)
            return made
        return self.append(leave.known.payout_id, fact)

    def append(self, payout_id: str, fact: PayoutFact) -> Payout:
        """Append one fact and bring the table up to date. One that says again what is known changes nothing, but every
        POST of a request is kept."""
        before, known = self.by_id(payout_id), self.facts(payout_id)
        if before is None:
            raise KeyError(payout_id)
        repeats = any(replace(each, at_us=0) == replace(fact, at_us=0) for each in known)
        if repeats and not isinstance(fact, PayoutRepeated):
            return before
        self._tx.chain(payout_record(fact), payout_id, None)
        now = replace(before, view=payout_view([*known, fact]))
        names = _VIEW.replace(", ", "=?, ")
        self._tx.execute(
            f"UPDATE payouts SET {names}=? WHERE payout_id=?", (*payout_row(now)[4:], payout_id)
        )
        return now


def payout_from(row: Sequence[object]) -> Payout:
    """A payout from a row of PAYOUT_COLUMNS."""
    told: list[Any] = list(row)
    payout_id, reference, shortcode, created_us, *view = told
    view[8] = PayoutState(view[8])
    return Payout(payout_id, reference, shortcode, created_us, PayoutView(*view))


def payout_row(payout: Payout) -> tuple[object, ...]:
    """The values of a row in PAYOUT_COLUMNS."""
    view = payout.view
    return (
        payout.payout_id, payout.reference, payout.shortcode, payout.created_us, view.request_id, view.msisdn,
        view.amount_cents, view.asked_us, view.by, view.reason, view.tries, view.taken, view.state.value, view.since_us,
        view.receipt, view.paid_us, view.source, view.code, view.words,
    )

