"""Bodies that came without our secret and read as payments to us: kept within bounds, never believed."""

from mpesa_cli.ledger.bodies import BodyWrites
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.ledger.writes import Write
from mpesa_cli.rules.strangers import KEPT_FOR_US, KEPT_MAX, SHARE_MAX, Report

# Old, and M-PESA's own record of that time is here: whoever looks for its receipt finds it there.
_OVER = """received_us < ? AND EXISTS (SELECT 1 FROM statements s WHERE s.complete = 1
    AND s.from_us <= stranger_reports.received_us AND s.until_us > stranger_reports.received_us)"""


class Strangers:
    """Questions about such reports."""

    def __init__(self, reads: Reads) -> None:
        """``reads`` is the ledger, or an open write transaction."""
        self._reads = reads

    def reports(self, receipt: str) -> list[Report]:
        """Reports of a receipt (in capitals) that came without our secret, oldest first."""
        rows = self._reads.rows(
            "SELECT received_us, share, receipt, amount_cents FROM stranger_reports WHERE receipt = ? "
            "ORDER BY received_us",
            (receipt,),
        )
        return [Report(int(str(t)), str(s), str(r), int(str(a))) for t, s, r, a in rows]


class StrangerWrites(Strangers):
    """Such reports being kept, in one transaction."""

    def __init__(self, tx: Write) -> None:
        """``tx`` is an open write transaction."""
        super().__init__(tx)
        self._tx = tx

    def keep(self, channel: str, body: bytes, report: Report, *, shared: bool) -> str | None:
        """Keep what came without our secret, within the bounds (rules/strangers.py). Returns its id, or None where
        there is no room. ``shared`` is whether the address behind it has only its share of the room."""
        self._expire_reports(report.received_us)
        if self._reports_kept("", ()) >= KEPT_MAX:
            return None
        if shared and self._reports_kept(" WHERE share = ?", (report.share,)) >= SHARE_MAX:
            return None
        callback_id = BodyWrites(self._tx).store_body(channel, body, report.share, report.received_us)
        if callback_id is None:
            return None
        self._tx.mark_callback(callback_id, "untrusted")
        self._tx.execute(
            "INSERT INTO stranger_reports VALUES (?,?,?,?,?)",
            (callback_id, report.received_us, report.share, report.receipt, report.amount_cents),
        )
        return callback_id

    def _reports_kept(self, condition: str, parameters: tuple[object, ...]) -> int:
        sql = f"SELECT count(*) FROM stranger_reports{condition}"
        return int(str(self._reads.rows(sql, parameters)[0][0]))

    def _expire_reports(self, now_us: int) -> None:
        over = self._reads.rows(f"SELECT callback_id FROM stranger_reports WHERE {_OVER}", (now_us - KEPT_FOR_US,))
        for (callback_id,) in over:
            self._tx.execute("DELETE FROM stranger_reports WHERE callback_id = ?", (callback_id,))
            self._tx.execute("DELETE FROM callbacks WHERE callback_id = ?", (callback_id,))
