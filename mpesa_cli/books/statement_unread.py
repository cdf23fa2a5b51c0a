"""Rows of M-PESA's own record that could not be read or stored: each is held, and no other row waits for it."""

import json
from collections.abc import Sequence

from mpesa_cli.books.statements.values import UnreadRow
from mpesa_cli.books.store.book_writes import BookWrites
from mpesa_cli.books.store.values import StoredStatement
from mpesa_cli.daraja.pull_page import OddRow
from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.ledger.held import Held, HeldWrites
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.payments.each_alone import is_its_own, words_of
from mpesa_cli.rules.held import ROWS_OF_FILE_MAX, Holding
from mpesa_cli.rules.statement_row import StatementRow

UNREAD = "unread-row"


def check_readable(name: str, unread: Sequence[UnreadRow]) -> None:
    """Raise InvalidInput ``statement-not-taken`` where more rows of a file can't be read than are held."""
    if len(unread) > ROWS_OF_FILE_MAX:
        raise InvalidInput(
            f"{name}: more than {ROWS_OF_FILE_MAX} rows can't be read, the first in line {unread[0].line}: "
            f"{unread[0].what}. The file was not taken in.",
            hint="Download it again as CSV, and don't open it in a spreadsheet before. Then: "
            "mpesa reconcile --statement FILE",
            code="statement-not-taken",
        )


def hold_unread(ledger: Ledger, statement: StoredStatement, unread: Sequence[UnreadRow]) -> None:
    """Hold the rows of a file that could not be read, and close those that can be read by now."""
    lines = [each.line for each in unread]
    if not unread and not Held(ledger).of(statement.statement_id):
        return
    with ledger.write() as tx:
        for message in Held(tx).of(statement.statement_id):
            if message.code == UNREAD and message.line not in lines:
                HeldWrites(tx).applied(message.held_id, "", statement.read_us, how="its row can be read now")
        for each in unread:
            HeldWrites(tx).hold(_unread(statement, each), statement.read_us)


def add_each(ledger: Ledger, statement: StoredStatement, rows: Sequence[StatementRow]) -> int:
    """Store rows in one transaction; where that fails each alone, and hold one that fails again.

    Returns the number of new rows.
    """
    try:
        with ledger.write() as tx:
            return BookWrites(tx).add_rows(statement, rows)
    except Exception as error:  # whatever is wrong with one, the others must not wait for it
        if not is_its_own(error):
            raise
        if len(rows) == 1:
            with ledger.write() as tx:
                HeldWrites(tx).hold(_not_stored(statement, rows[0], error), statement.read_us)
            return 0
    return sum(add_each(ledger, statement, [row]) for row in rows)


def hold_odd(ledger: Ledger, odd: Sequence[OddRow], now_us: int) -> None:
    """Hold rows of Pull Transactions that could not be read."""
    if not odd:
        return
    with ledger.write() as tx:
        for each in odd:
            said = json.dumps(each.cells, ensure_ascii=False, sort_keys=True).encode()
            HeldWrites(tx).hold(
                Holding("pull", now_us, UNREAD, each.what, each.receipt, each.amount_cents, body=said), now_us
            )


def _unread(statement: StoredStatement, each: UnreadRow) -> Holding:
    said = json.dumps(each.cells, ensure_ascii=False, sort_keys=True).encode()
    return Holding(
        "statement", statement.read_us, UNREAD, f"{statement.name}, line {each.line}: {each.what}", each.receipt,
        each.amount_cents, body=said, source=statement.statement_id, line=each.line,
    )


def _not_stored(statement: StoredStatement, row: StatementRow, error: Exception) -> Holding:
    said = json.dumps({"receipt": row.receipt, "kind": row.kind, "account": row.account}, sort_keys=True).encode()
    return Holding(
        statement.source, statement.read_us, "not-applied", f"{statement.name}: {words_of(error)}", row.receipt,
        row.amount_cents, body=said, source=statement.statement_id, line=row.line,
    )
