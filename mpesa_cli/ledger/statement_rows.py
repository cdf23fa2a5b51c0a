"""Rows of M-PESA's own record, as they were stored: those of one receipt, and what went back of it."""

from collections.abc import Sequence
from typing import Any

from mpesa_cli.ledger.reads import Reads
from mpesa_cli.rules.statement_row import StatementRow

ROW_COLUMNS = "receipt, kind, amount_cents, completed_us, balance_cents, account, party, linked, line"


def statement_row(columns: Sequence[Any]) -> StatementRow:
    """A row from ROW_COLUMNS."""
    return StatementRow(*columns)


class StatementRows:
    """Questions about single rows; whole times are the books' (books/store/books.py)."""

    def __init__(self, reads: Reads) -> None:
        """``reads`` is the ledger, or an open write transaction."""
        self._reads = reads

    def of(self, receipt: str) -> Sequence[StatementRow]:
        """Every stored row of one receipt."""
        rows = self._reads.rows(
            f"SELECT {ROW_COLUMNS} FROM statement_rows WHERE receipt=? ORDER BY completed_us",
            (receipt,),
        )
        return list(map(statement_row, rows))

    def reversals_of(self, receipt: str) -> Sequence[StatementRow]:
        """Statement rows that say that this receipt's money went back, oldest first."""
        rows = self._reads.rows(
            f"SELECT {ROW_COLUMNS} FROM statement_rows WHERE linked=? AND linked<>'' "
            f"AND kind='reversal' UNION ALL SELECT {ROW_COLUMNS} FROM statement_rows "
            "WHERE receipt=? AND kind='reversal' AND linked='' ORDER BY completed_us",
            (receipt, receipt),
        )
        return [statement_row(row) for row in rows]
