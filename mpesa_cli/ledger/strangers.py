"""What came without our secret and reads as a payment to us: kept within bounds, never believed."""

from mpesa_cli.ledger.bodies import BodyWrites
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.rules.strangers import KEPT_FOR_US, KEPT_MAX, SHARE_MAX, Report

# Old, and M-PESA's own record of that time is here: whoever looks for its receipt finds it there.
_OVER = """received_us < ? AND EXISTS (SELECT 1 FROM statements s WHERE s.complete = 1
    AND s.from_us <= stranger_reports.received_us AND s.until_us > stranger_reports.received_us)"""


class StrangerReads(Reads):
    """What can be asked about such reports."""

    def stranger_reports(self, receipt: str) -> list[Report]:
        """Reports of a receipt (in capitals) that came without our secret, oldest first."""
        rows = self.rows(
            "SELECT received_us, share, receipt, amount_cents FROM stranger_reports WHERE receipt = ? "
            "ORDER BY received_us",
            (receipt,),
        )
        return [Report(int(str(t)), str(s), str(r), int(str(a))) for t, s, r, a in rows]


class StrangerWrites(StrangerReads, BodyWrites):
    """What is written about them."""

    def keep_report(self, channel: str, body: bytes, report: Report, *, shared: bool) -> str | None:
        """Keep a body within the bounds. Returns its id; None where it was kept before, or there is no room for it.

        ``shared`` is whether the address behind it has only its share of the room.
        """
        self._expire_reports(report.received_us)
        if self._reports_kept("", ()) >= KEPT_MAX:
            return None
        if shared and self._reports_kept(" WHERE share = ?", (report.share,)) >= SHARE_MAX:
            return None
        callback_id = self.store_body(channel, body, report.share, report.received_us)
        if callback_id is None:
            return None
        self.mark_callback(callback_id, "untrusted")
        self._open.execute(
            "INSERT INTO stranger_reports VALUES (?,?,?,?,?)",
            (callback_id, report.received_us, report.share, report.receipt, report.amount_cents),
        )
        return callback_id

    def _reports_kept(self, condition: str, parameters: tuple[object, ...]) -> int:
        sql = f"SELECT count(*) FROM stranger_reports{condition}"  # noqa: S608 - fixed text
        return int(str(self.rows(sql, parameters)[0][0]))

    def _expire_reports(self, now_us: int) -> None:
        over = self.rows(f"SELECT callback_id FROM stranger_reports WHERE {_OVER}", (now_us - KEPT_FOR_US,))  # noqa: S608
        for (callback_id,) in over:
            self._open.execute("DELETE FROM stranger_reports WHERE callback_id = ?", (callback_id,))
            self._open.execute("DELETE FROM callbacks WHERE callback_id = ?", (callback_id,))
