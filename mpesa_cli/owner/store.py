"""Questions of the owner's page to the ledger. Each counts within SQLite by an index, and holds up no writer."""

from collections.abc import Sequence
from typing import Any

from mpesa_cli.books.store.books import Books
from mpesa_cli.books.store.differences import Differences
from mpesa_cli.history.query import day_of
from mpesa_cli.initiator.people.store import open_proposals
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.ledger.refunds import Refunds
from mpesa_cli.owner.figures import DAY_US, HOUR_US, Failed, Slice, Sums, add_up
from mpesa_cli.owner.needs import Compared, DaysOpen, Example, OpenRefunds, StuckSms, Unmatched
from mpesa_cli.rules.money_out.refund_state import RefundState
from mpesa_cli.rules.values.msisdn import mask_msisdn

EXAMPLES = 5
_LATE_US = 600_000_000
_SUMS = "status, count(*), sum(received_cents + reversed_cents), sum(reversed_cents)"  # received is what stayed
_PROVEN = "state IN ('rejected', 'not_sent')"
_FOR_A_PERSON = ("unknown", "review", "overpaid", "partial")


class Figures:
    """Questions to one ledger."""

    def __init__(self, reads: Reads) -> None:
        """``reads`` is the ledger; several questions of one moment are asked within its snapshot."""
        self._reads = reads

    def begins_us(self) -> int | None:
        """The time at which the first payment was asked for; None where there is none."""
        rows: list[Any] = self._reads.rows("SELECT min(created_us) FROM payments")
        found: int | None = rows[0][0]
        return found

    def slices(self, from_us: int, until_us: int) -> list[Slice]:
        """Payments asked for within a time, by hour and status."""
        rows: list[Any] = self._reads.rows(
            f"SELECT created_us / {HOUR_US} * {HOUR_US}, {_SUMS} FROM payments "
            "WHERE created_us >= ? AND created_us < ? GROUP BY 1, 2",
            (from_us, until_us),
        )
        return [Slice(*row) for row in rows]

    def sums(self, from_us: int, until_us: int) -> Sums:
        """The same time added up."""
        rows: list[Any] = self._reads.rows(
            f"SELECT 0, {_SUMS} FROM payments WHERE created_us >= ? AND created_us < ? GROUP BY status",
            (from_us, until_us),
        )
        return add_up(Slice(*row) for row in rows)

    def failed(self, week_us: int, today_us: int, until_us: int) -> list[Failed]:
        """Payments that failed and were asked for within a time, by what was said of them."""
        rows: list[Any] = self._reads.rows(
            f"SELECT result_code, {_PROVEN}, CASE WHEN {_PROVEN} THEN coalesce(result_desc, '') ELSE '' END, "
            "sum(CASE WHEN created_us >= ? THEN 1 ELSE 0 END), count(*) FROM payments "
            "WHERE status='failed' AND created_us >= ? AND created_us < ? GROUP BY 1, 2, 3",
            (today_us, week_us, until_us),
        )
        return [Failed(code, bool(proven), text, today, week) for code, proven, text, today, week in rows]

    def statuses(self) -> dict[str, int]:
        """Payments that need a person by status, and under ``accepted`` overpaid ones of which somebody took note."""
        marks = ",".join("?" * len(_FOR_A_PERSON))
        rows: list[Any] = self._reads.rows(
            f"SELECT status, count(*) FROM payments WHERE status IN ({marks}) GROUP BY status", _FOR_A_PERSON
        )
        noted: list[Any] = self._reads.rows(
            "SELECT count(*) FROM payments p JOIN accepted_breaks a ON a.break_id='double_payment-' || p.payment_id "
            "JOIN differences d ON d.break_id=a.break_id AND coalesce(a.basis, d.basis)=d.basis "
            "WHERE p.status='overpaid'"
        )
        return {**dict(rows), "accepted": noted[0][0]}

    def examples(self) -> dict[str, list[Example]]:
        """The newest payments of each status that needs a person, phones masked."""
        return {status: self._examples(status) for status in _FOR_A_PERSON}

    def _examples(self, status: str) -> list[Example]:
        rows: list[Any] = self._reads.rows(
            "SELECT order_id, amount_cents, msisdn, created_us FROM payments WHERE status=? "
            "ORDER BY created_us DESC, payment_id DESC LIMIT ?",
            (status, EXAMPLES),
        )
        return [Example(order, cents, mask_msisdn(msisdn), at_us) for order, cents, msisdn, at_us in rows]

    def unmatched(self, since_us: int) -> Unmatched:
        """Money by hand since that pays no order, as `history --unclaimed` finds it."""
        rows: list[Any] = self._reads.rows(
            "SELECT count(*), coalesce(sum(received_cents), 0) FROM payments WHERE created_us >= ? "
            "AND order_id GLOB 'C2B-*' AND order_id = 'C2B-' || receipt AND received_cents > 0 "
            "AND attempt_count = 1 AND receipt NOT IN (SELECT receipt FROM named_receipts)",
            (since_us,),
        )
        return Unmatched(*rows[0])

    def refunds(self, now_us: int) -> OpenRefunds:
        """Refunds that are not over, and those that wait for a second person."""
        found = [refund.state for _, refund in Refunds(self._reads).open()]
        pending = sum(state is RefundState.PENDING for state in found)
        return OpenRefunds(pending, len(found) - pending, len(open_proposals(self._reads, now_us)))

    def sms(self, since_us: int, now_us: int) -> StuckSms:
        """SMS since that did not go out, or may not have; those that wait, however old, for more than ten minutes."""
        lost: list[Any] = self._reads.rows(
            "SELECT count(*) FROM outbox WHERE queue='sms' AND state IN ('given_up', 'ambiguous') AND created_us >= ?",
            (since_us,),
        )
        late: list[Any] = self._reads.rows(
            "SELECT count(*) FROM outbox WHERE queue='sms' AND state IN ('waiting', 'sending') AND created_us < ?",
            (now_us - _LATE_US,),
        )
        return StuckSms(lost[0][0], late[0][0])

    def compared(self, shortcodes: Sequence[str]) -> Compared:
        """The differences that wait for somebody, and how far M-PESA's record was compared."""
        differences = Differences(self._reads)
        waiting = sum(each.open for each in differences.counts(shortcodes))
        return Compared(waiting, differences.compared_until(shortcodes))

    def days_open(self, shortcodes: Sequence[str], slices: Sequence[Slice], today_us: int) -> DaysOpen:
        """The days of the slices, before today and since seven days, that have money and no closing."""
        closed = {each.day for each in Books(self._reads).closings(shortcodes)}
        since_us = today_us - 7 * DAY_US
        money = {day_of(s.hour_us) for s in slices if s.gross_cents and since_us <= s.hour_us < today_us}
        return DaysOpen(tuple(sorted(money - closed)), bool(closed))
