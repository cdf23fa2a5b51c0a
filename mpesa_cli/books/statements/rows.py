"""The reader that makes a row of one line's cells, or says what is wrong with it. Nothing is guessed."""

import re
from collections import Counter
from collections.abc import Callable
from operator import itemgetter

from mpesa_cli.books.statements.cells import plain
from mpesa_cli.books.statements.columns import FIELDS, Table, normal
from mpesa_cli.books.statements.kinds import kind_of
from mpesa_cli.books.statements.money import read_balance, read_cents
from mpesa_cli.books.statements.parties import fuller, number_first, number_in_details
from mpesa_cli.books.statements.times import Times
from mpesa_cli.books.statements.totals import Totals
from mpesa_cli.books.statements.unread import unread_row
from mpesa_cli.books.statements.values import Problem, UnreadRow, shape_of
from mpesa_cli.rules.statement_row import RowKind, StatementRow

PROBLEMS_KEPT = 1_000
STATUSES_AT_MOST = 64
# Prices and customers come again and again; balances don't.
AMOUNTS_KEPT = PARTIES_KEPT = 32_768

# Ten characters today, nine before about 2016 (daraja.md 10.1); a letter for the year comes first until 2032.
_RECEIPT = re.compile(r"[A-Z][A-Z0-9]{7,11}", re.ASCII)
_NUMBER = re.compile(r"[-+]?\d[\d.,]*(?:E[-+]?\d+)?", re.ASCII | re.IGNORECASE)
_ACCOUNT_IN_DETAILS = re.compile(r"\bAcc\.\s*(.+)$")
_STATUS = re.compile(r"[A-Z][a-z ]{1,29}", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{2,4}", re.ASCII)
_SHILLINGS = frozenset({"KES", "KSH", "KSHS"})


class _OddError(Exception):
    """A row that can't be taken: its fault, and the text that shows it."""

    def __init__(self, what: str, text: str) -> None:
        super().__init__(what)
        self.what = what
        self.text = text


class RowReader:
    """The reader of the lines below the headings of one file, one after the other.

    ``problems`` holds the first thousand of ``problem_count``, ``unread`` those of rows; ``skipped`` counts rows by
    Transaction Status that is not Completed, and under ``Completed, no amount`` those that moved nothing; ``totals``
    adds up.
    """

    def __init__(self, table: Table, times: Times, lost: Callable[[], None], currency: str = "") -> None:
        """``lost`` is called for each row that moved money, perhaps, and could not be read. ``currency`` is that of
        rows that name none; empty for shillings."""
        self.problems: list[Problem] = []
        self.problem_count = 0
        self.unread: list[UnreadRow] = []
        self.skipped: Counter[str] = Counter()
        self.totals = Totals()
        self._lost = lost
        self._times = times
        self._currency = currency
        self._columns = table.columns
        self._known: dict[str, int] = {}
        self._parties: dict[str, str] = {}
        self._moved = self.totals.moved
        self._width = len(table.headings)
        self._headings = tuple(normal(cell) for cell in table.headings)
        # A column that is not there is the last cell: an empty one, put behind each row.
        self._pick = itemgetter(*(table.columns.get(name, -1) for name in FIELDS))

    def read(self, cells: list[str], line: int) -> StatementRow | None:
        """The row in these cells, or None where there is none: then it was counted, or a problem noted."""
        cells = plain(cells)
        if len(cells) != self._width and not self._fits(cells, line):
            return None
        cells.append("")
        (receipt, when, status, paid_in, withdrawn, balance, reason, details, party, linked, account,
         currency) = self._pick(cells)
        if status != "Completed" and not self._counts(cells, status, receipt, when, line):
            return None
        try:
            if _RECEIPT.fullmatch(receipt) is None:
                receipt = _receipt(receipt)
            if currency or self._currency:
                _check_currency(currency.strip() or self._currency)
            at_us = self._times.read(when) or _odd_time(when)
            known = self._known
            amount_cents = known.get(paid_in) if not withdrawn else None
            if amount_cents is None:
                amount_cents = self._amount(paid_in, withdrawn)
            balance_cents = self._balance(balance) if balance else None
        except _OddError as odd:
            self._odd(line, odd.what, odd.text, cells)
            return None
        if not amount_cents:
            self.skipped["Completed, no amount"] += 1
            return None
        self._moved[amount_cents > 0] += amount_cents
        number = self._parties.get(party) or self._number(party, details)
        if "*" in number and "*" not in details:
            number = fuller(number, details)
        kind = kind_of(reason, details, number, came=amount_cents > 0)
        account = account.strip()
        if not account:
            account = _account_in(details, kind)
        elif details.endswith(f"0{account}"):
            account = _with_zeros(account, _account_in(details, kind))
        linked = linked.strip().upper() if linked else ""
        return StatementRow(receipt, kind, amount_cents, at_us, balance_cents, account, number, linked, line)

    def _amount(self, paid_in: str, withdrawn: str) -> int:
        """The amount in cents, above 0 where it came; 0 only where a zero is written."""
        came, went = read_cents(paid_in), read_cents(withdrawn)
        if came is None or went is None or came < 0:
            raise _OddError("An amount can't be read", paid_in if went is not None else withdrawn)
        if came and went:
            raise _OddError("There is an amount in both Paid In and Withdrawn", f"{paid_in} {withdrawn}")
        if not paid_in.strip() and not withdrawn.strip():
            raise _OddError("There is no amount", "")
        if not withdrawn and len(self._known) < AMOUNTS_KEPT:
            self._known[paid_in] = came
        return came or -abs(went)

    def _number(self, party: str, details: str) -> str:
        """The other side's number, from the one column or else the other; empty where neither shows it."""
        number = number_first(party)
        if not number:
            return number_in_details(details)
        if len(self._parties) < PARTIES_KEPT:
            self._parties[party] = number
        return number

    def _balance(self, text: str) -> int | None:
        cents = read_balance(text)
        if cents is None and text.strip():
            raise _OddError("The balance can't be read", text)
        return cents

    def _fits(self, cells: list[str], line: int) -> bool:
        """Bring a line of other length to the table's width; a cell too many may have pushed others aside."""
        if not any(cells):
            return False
        if any(cell.strip() for cell in cells[self._width :]):
            self._odd(line, "There are more cells than headings", ",".join(cells[self._width :]), self._sure(cells))
            return False
        cells[self._width :] = [""] * (self._width - len(cells))
        return True

    def _sure(self, cells: list[str]) -> list[str]:
        """The receipt alone, where others may stand in a column that is not theirs: a name as well."""
        place = self._columns["receipt"]
        return [*[""] * place, cells[place]]

    def _counts(self, cells: list[str], status: str, receipt: str, when: str, line: int) -> bool:
        """Whether a row whose status is not written ``Completed`` is a completed one all the same."""
        word = " ".join(status.split()).capitalize()
        if word == "Completed":
            return True
        if not any(cell.strip() for cell in cells) or tuple(map(normal, cells[:-1])) == self._headings:
            return False
        if not when.strip() and normal(receipt) in {"", "total", "totals", "grandtotal"}:
            self._total(cells, line)
        elif "status" not in self._columns:
            return True
        elif _STATUS.fullmatch(word) is None:
            self._odd(line, "The transaction status can't be read", status, cells)
        else:
            known = word in self.skipped or len(self.skipped) < STATUSES_AT_MOST
            self.skipped[word if known else "Other"] += 1
            self.totals.add_aside(*self._money(cells))
        return False

    def _total(self, cells: list[str], line: int) -> None:
        """A line without receipt and time: a totals row, or words below the table."""
        came, went = self._money(cells)
        if came is None or went is None or not (came or went):
            return
        if not self.totals.agree(came, went):
            self._note(line, "The totals row does not agree with the rows above it", ",".join(cells))

    def _money(self, cells: list[str]) -> tuple[int | None, int | None]:
        return read_cents(cells[self._columns["paid_in"]]), read_cents(cells[self._columns["withdrawn"]])

    def _odd(self, line: int, what: str, text: str, cells: list[str] | None = None) -> None:
        """Note a row that could not be read."""
        self._note(line, what, text)
        if len(self.unread) < PROBLEMS_KEPT:
            self.unread.append(unread_row(line, what, self._columns, cells or []))
        self._lost()

    def _note(self, line: int, what: str, text: str) -> None:
        self.problem_count += 1
        if len(self.problems) < PROBLEMS_KEPT:
            self.problems.append(Problem(line, what, shape_of(text)))

    def lost(self, line: int, what: str, text: str) -> None:
        """Note lines of which not even the cells could be told apart."""
        self._odd(line, what, text)


def _odd_time(text: str) -> int:
    """Raise _OddError: no time of a statement is that of 1970."""
    raise _OddError("The completion time can't be read", text)


def _receipt(text: str) -> str:
    """A receipt that is not written as usual. Raises _OddError for what is none."""
    receipt = text.strip().upper()
    if _RECEIPT.fullmatch(receipt):
        return receipt
    if _NUMBER.fullmatch(receipt):
        raise _OddError("The receipt is a number: a spreadsheet changed it", text)
    raise _OddError("The receipt can't be read" if receipt else "There is no receipt", text)


def _account_in(details: str, kind: RowKind) -> str:
    """The account that the customer typed, from the details of a payment."""
    typed = _ACCOUNT_IN_DETAILS.search(details) if kind == "received" else None
    return typed[1].strip() if typed else ""


def _with_zeros(account: str, typed: str) -> str:
    """The account number with the zeros at its beginning that a spreadsheet dropped and the details still show."""
    return typed if typed.isdecimal() and typed.lstrip("0") == account.lstrip("0") else account


def _check_currency(text: str) -> None:
    """Raise _OddError for money that is not in shillings."""
    code = text.upper()
    if code and code not in _SHILLINGS:
        is_code = _CURRENCY.fullmatch(code) is not None
        raise _OddError(f"The currency is {code}, not KES" if is_code else "The currency can't be read", text)
