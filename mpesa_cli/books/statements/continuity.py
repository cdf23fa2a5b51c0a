"""The continuity of balances from row to row: a row that was taken out of a statement shows here.

The order, newest or oldest first, shows itself at the first two different times. Rows of one second (or one
minute, after Excel) may stand in any order, so they are looked at together. Charges and movements between
accounts carry another account's balance in some exports and the shop's in others (daraja.md 10.2): they
count where they fit, and a gap is only ever reported between rows that customers' money moved.
"""

from collections import Counter
from collections.abc import Sequence

from mpesa_cli.books.statements.values import Gap
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.statement_row import StatementRow

GAPS_KEPT = 1_000
# So many rows of one time can't be set in order any more; no shop takes so many in a minute.
BLOCK_AT_MOST = 5_000


@dataclass(frozen=True, slots=True)
class _Step:
    """One row as a step between two balances, in the direction in which the file is read."""

    before: int
    after: int
    row: StatementRow


class Continuity:
    """The check of one file: ``add`` each row in its order, then ``finish``. ``gaps`` holds the first thousand.

    ``edge_cents`` are the balances before the first row and after the last, in the file's order; None where
    unknown. ``newest_first`` is None while no two times differ. ``unchecked`` says why nothing is known.
    """

    def __init__(self) -> None:
        self.gaps: list[Gap] = []
        self.unchecked = ""
        self.newest_first: bool | None = None
        self.first_edge_cents: int | None = None
        self._last: int | None = None
        self._block: list[StatementRow] = []
        self._at_us = 0
        self._begun = False
        self._is_shops = False  # whether the balance followed is known to be that of customers' money
        self._charges_apart = False  # whether charges are known to have a balance of their own

    def add(self, row: StatementRow) -> None:
        """Take the next row of the file."""
        if row.completed_us != self._at_us and self._block:
            self._turn(row.completed_us)
        self._at_us = row.completed_us
        if not self.unchecked:
            self._block.append(row)
            if len(self._block) > BLOCK_AT_MOST:
                self._give_up("too many rows have the same time")

    def lost(self) -> None:
        """Note that a row stood here which could not be read: the next one begins anew."""
        self._close_block()
        self._begin(None)
        self._last = None
        self._is_shops = False

    def finish(self) -> None:
        """Note that the file has ended."""
        if self.newest_first is None:
            self.newest_first = True
        self._close_block()

    @property
    def opening_cents(self) -> int | None:
        """The balance before the oldest row; None where it can't be told."""
        return self._last if self.newest_first else self.first_edge_cents

    @property
    def closing_cents(self) -> int | None:
        """The balance after the newest row; None where it can't be told."""
        return self.first_edge_cents if self.newest_first else self._last

    def _turn(self, next_us: int) -> None:
        if self.newest_first is None:
            self.newest_first = next_us < self._at_us
        elif (next_us < self._at_us) is not self.newest_first:
            self._give_up("the rows are not in order of time")
        self._close_block()

    def _give_up(self, why: str) -> None:
        self.unchecked = why
        self.gaps.clear()
        self._last = self.first_edge_cents = None
        self._block.clear()

    def _close_block(self) -> None:
        block = self._block
        if not block or self._follows(block):
            block.clear()
            return
        steps = [self._step(row, row.balance_cents) for row in block if row.balance_cents is not None]
        if any(row.balance_cents is None and row.kind != "charge" for row in block):
            self._begin(None)
            self._last = None
        else:
            self._walk(steps)
        block.clear()

    def _follows(self, block: list[StatementRow]) -> bool:
        """Whether the rows follow from what is known in the order in which they stand. Nearly all do."""
        at = self._last
        for row in block:
            balance = row.balance_cents
            if balance is None:
                return False
            earlier = balance - row.amount_cents
            before, after = (balance, earlier) if self.newest_first else (earlier, balance)
            if before == at:
                at = after
            elif row.kind != "charge" or not self._charges_apart:
                return False
        self._last = at
        self._is_shops = self._is_shops or any(row.kind in {"received", "reversal"} for row in block)
        return True

    def _step(self, row: StatementRow, balance: int) -> _Step:
        earlier = balance - row.amount_cents
        return _Step(balance, earlier, row) if self.newest_first else _Step(earlier, balance, row)

    def _walk(self, steps: Sequence[_Step]) -> None:
        """Follow the block's rows from the balance before them, in whatever order they belong."""
        without_charges = [s for s in steps if s.row.kind != "charge"]
        customers = [s for s in without_charges if s.row.kind != "other"]
        for chosen in (steps, without_charges, customers):
            ends = _ends(chosen, self._last)
            if ends is not None:
                self._begin(ends[0])
                self._is_shops = bool(customers) or (self._is_shops and self._last is not None)
                self._last = ends[1]
                self._charges_apart |= bool(customers) and chosen is without_charges and chosen != steps
                return
        if self._is_shops or self._last is None:
            self._is_shops = True
            self._report(customers)
        else:
            # It began with charges or transfers alone, and with the balance of another account.
            self._last = self.first_edge_cents = None
            self._walk(steps)

    def _begin(self, edge_cents: int | None) -> None:
        if not self._begun:
            self._begun = True
            self.first_edge_cents = edge_cents

    def _report(self, steps: Sequence[_Step]) -> None:
        """Report that the rows don't follow: one gap for the block, and on from the balance its own rows lead to."""
        ends = _ends(steps, None)
        before, after = ends if ends is not None else (steps[0].before, steps[-1].after)
        self._begin(before)
        if self._last is not None and before is not None:
            missing = self._last - before if self.newest_first else before - self._last
            if len(self.gaps) < GAPS_KEPT:
                self.gaps.append(Gap(steps[0].row.line, missing))
        self._last = after


def _ends(steps: Sequence[_Step], start: int | None) -> tuple[int | None, int | None] | None:
    """The balances before and after these rows, set in an order in which each follows from the one before.

    None where no order does, or none that begins at ``start`` (None: anywhere). No rows end where they began.
    """
    if not steps:
        return start, start
    flow: Counter[int] = Counter()
    for step in steps:
        flow[step.before] += 1
        flow[step.after] -= 1
    if not _connected(steps):
        return None
    open_ends = {balance: count for balance, count in flow.items() if count}
    if not open_ends:  # they lead round in a circle
        known = start if start is not None and any(step.before == start for step in steps) else None
        return None if start is not None and known is None else (known, known)
    if len(open_ends) != 2 or sorted(open_ends.values()) != [-1, 1]:
        return None
    begin = next(balance for balance, count in open_ends.items() if count == 1)
    end = next(balance for balance, count in open_ends.items() if count == -1)
    return (begin, end) if start in {None, begin} else None


def _connected(steps: Sequence[_Step]) -> bool:
    """Whether every step can be reached from every other, over balances that they share."""
    neighbours: dict[int, list[int]] = {}
    for step in steps:
        neighbours.setdefault(step.before, []).append(step.after)
        neighbours.setdefault(step.after, []).append(step.before)
    reached, waiting = {steps[0].before}, [steps[0].before]
    while waiting:
        for balance in neighbours[waiting.pop()]:
            if balance not in reached:
                reached.add(balance)
                waiting.append(balance)
    return len(reached) == len(neighbours)
