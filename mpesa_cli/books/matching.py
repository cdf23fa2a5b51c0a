"""The matching of statement rows with attempts of ours: pure, and the same in whatever order both come.

The ways, strongest first; what one way has matched, no later one sees:

1. ``receipt``: the row's receipt was reported for the attempt before, and was not believed then.
2. ``checkout_request_id``: the row's account holds it.
3. ``reference``: the row names the order, and the amount is exact.
4. ``likeness``: amount, the digits of the number that are shown, and time. A suggestion: a person decides.

A way that finds two rows for an attempt, or two attempts for a row, has found nothing.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal

from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.order_matching import keys_meant, order_key
from mpesa_cli.rules.payment import AttemptRef
from mpesa_cli.rules.statement_row import StatementRow
from mpesa_cli.rules.values.shown_number import fits, proves

NEAR_US = 600 * SECOND_US
"""How far apart a prompt and its row may be: a prompt lives for two minutes, and two clocks may differ."""

BY_HAND = 0
"""The attempt number of a candidate that stands for an order as such: the customer paid it from the menu."""

Way = Literal["receipt", "checkout_request_id", "reference", "likeness"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An attempt that a row may be about, or, with ``ref.number`` BY_HAND, an order that waits for money.

    ``keys`` name it and no other order (rules/order_matching.py). ``receipt`` was reported and not believed.
    ``open``: nobody has said for certain how it ended. ``lacks_receipt``: it is paid, and nobody told the receipt.
    """

    ref: AttemptRef
    keys: frozenset[str]
    amount_cents: int
    msisdn: str
    requested_us: int
    checkout_request_id: str = ""
    receipt: str = ""
    open: bool = True
    lacks_receipt: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """A row and the attempt that it is about, and how that is known."""

    way: Way
    row: StatementRow
    ref: AttemptRef


@dataclass(frozen=True, slots=True)
class Matching:
    """The matches that settle, and the likenesses that are only suggested. Both by time, then by receipt."""

    settled: tuple[Match, ...] = ()
    suggested: tuple[Match, ...] = ()


class Fitting:
    """The test for rows that could match one of these candidates in any way: of a large record, the few needed.

    A receipt with two amounts proves neither, so whoever leaves rows out adds the others of each receipt again.
    """

    def __init__(self, candidates: Iterable[Candidate], own_words: tuple[str, ...] = ()) -> None:
        """``own_words`` are what customers type before an order id."""
        self._own_words = own_words
        self._receipts: set[tuple[str, int]] = set()
        self._keys: set[str] = set()
        self._times: dict[int, list[int]] = defaultdict(list)
        for each in candidates:
            self._keys |= each.keys | ({order_key(each.checkout_request_id)} - {""})
            if each.receipt:
                self._receipts.add((each.receipt, each.amount_cents))
            if each.open and each.msisdn and each.ref.number != BY_HAND:
                self._times[each.amount_cents].append(each.requested_us)
        for times in self._times.values():
            times.sort()

    def fits(self, row: StatementRow) -> bool:
        """Whether the row may be about one of the candidates."""
        if (row.receipt, row.amount_cents) in self._receipts:
            return True
        if times := self._times.get(row.amount_cents):
            near = bisect_left(times, row.completed_us - NEAR_US)
            if near < len(times) and times[near] <= row.completed_us + NEAR_US:
                return True
        return bool(self._keys) and not self._keys.isdisjoint(keys_meant(row.account, self._own_words))


def match(rows: Iterable[StatementRow], candidates: Sequence[Candidate], own_words: tuple[str, ...] = ()) -> Matching:
    """Match rows of money received with attempts. No row and no attempt is matched twice."""
    told = set(rows)
    amounts = Counter(receipt for receipt, _ in {(row.receipt, row.amount_cents) for row in told})
    # A receipt is one movement: with two amounts it proves neither.
    clear = (row for row in told if amounts[row.receipt] == 1)
    left = sorted(clear, key=lambda r: (r.completed_us, r.receipt, r.amount_cents, r.line))
    free = {c.ref: c for c in sorted(candidates, key=lambda c: c.ref)}
    settled: list[Match] = []
    for way in (_by_receipt, _by_checkout_id, _by_reference):
        found = _unique(way(left, list(free.values()), own_words))
        settled += found
        left = [row for row in left if row not in {m.row for m in found}]
        for each in found:
            free.pop(each.ref)
    suggested = _unique(_by_likeness(left, list(free.values())))
    order = {row: number for number, row in enumerate([*(m.row for m in settled), *left])}
    by_time = sorted(settled, key=lambda m: (m.row.completed_us, m.row.receipt))
    return Matching(tuple(by_time), tuple(sorted(suggested, key=lambda m: order[m.row])))


def _by_receipt(rows: list[StatementRow], free: list[Candidate], _: tuple[str, ...]) -> Iterable[Match]:
    reported = defaultdict(list)
    for each in free:
        if each.receipt:
            reported[each.receipt, each.amount_cents].append(each)
    for row in rows:
        for each in reported.get((row.receipt, row.amount_cents), ()):
            yield Match("receipt", row, each.ref)


def _by_checkout_id(rows: list[StatementRow], free: list[Candidate], _: tuple[str, ...]) -> Iterable[Match]:
    named = {order_key(c.checkout_request_id): c for c in free if c.checkout_request_id}
    for row in rows:
        found = named.get(order_key(row.account))
        if found is not None and found.amount_cents == row.amount_cents:
            yield Match("checkout_request_id", row, found.ref)


def _by_reference(rows: list[StatementRow], free: list[Candidate], own_words: tuple[str, ...]) -> Iterable[Match]:
    by_key: dict[str, list[Candidate]] = defaultdict(list)
    for each in free:
        for key in each.keys:
            by_key[key].append(each)
    proposed = []
    for row in rows:
        meant = next((by_key[key] for key in keys_meant(row.account, own_words) if key in by_key), [])
        if len({c.ref.payment_id for c in meant}) == 1 and (best := _best(row, meant)) is not None:
            proposed.append(Match("reference", row, best.ref))
    taken = {m.ref for m in proposed}
    for number, found in enumerate(proposed):
        likelier = _likelier(found, by_key, taken)
        if likelier is not None:
            proposed[number] = Match(found.way, found.row, likelier)
            taken.add(likelier)
    # An order is paid by hand once: of two rows for it, neither is known to be the one that was wanted.
    wanted = Counter(m.ref.payment_id for m in proposed)
    return [m for m in proposed if m.ref.number != BY_HAND or wanted[m.ref.payment_id] == 1]


def _likelier(found: Match, by_key: dict[str, list[Candidate]], taken: set[AttemptRef]) -> AttemptRef | None:
    """The prompt of the same order that a row tells of more likely than the one found, and that no row is proposed for.

    A prompt that is paid has a row, though our clock may be off by minutes; so another one's may be this row only where
    there is a second. And one that can still be asked about may be said to be paid later.
    """
    mine = {c.ref: c for each in by_key.values() for c in each if c.ref.payment_id == found.ref.payment_id}
    before_us, row = found.row.completed_us + SECOND_US, found.row
    likelier = [
        c for c in mine.values()
        if c.ref not in taken and _likelihood(c) > _likelihood(mine[found.ref]) and c.amount_cents == row.amount_cents
        and abs(row.completed_us - c.requested_us) <= NEAR_US and (c.lacks_receipt or c.requested_us < before_us)
        and (not c.msisdn or not row.party or fits(c.msisdn, row.party))
    ]
    most = max(map(_likelihood, likelier), default=0)
    best = [c.ref for c in likelier if _likelihood(c) == most]
    return best[0] if len(best) == 1 else None


def _likelihood(each: Candidate) -> int:
    """How much speaks for it that money came by this prompt: that it did is known, or M-PESA took it and nothing is."""
    if each.lacks_receipt:
        return 2
    return 1 if each.open and each.checkout_request_id else 0


def _best(row: StatementRow, meant: list[Candidate]) -> Candidate | None:
    """The best attempt of one order: the prompt of that time, else one whose end is open, else the order itself."""
    fitting = [
        c for c in meant
        if c.amount_cents == row.amount_cents and c.requested_us <= row.completed_us + NEAR_US
        and (not c.msisdn or not row.party or c.ref.number == BY_HAND or fits(c.msisdn, row.party))
    ]
    prompts = sorted((c for c in fitting if c.ref.number != BY_HAND), key=lambda c: (c.requested_us, c.ref))
    near = [c for c in prompts if row.completed_us - c.requested_us <= NEAR_US]
    # M-PESA's record has whole seconds: what was sent in the second that a row names may be what it tells of.
    rung = [c for c in near if c.requested_us < row.completed_us + SECOND_US]
    for choice in (rung[-1:], near[:1], [c for c in prompts if c.open][-1:]):
        if choice:
            return choice[0]
    return next((c for c in fitting if c.ref.number == BY_HAND), None)


def _by_likeness(rows: list[StatementRow], free: list[Candidate]) -> Iterable[Match]:
    by_amount: dict[int, list[StatementRow]] = defaultdict(list)
    wanted = {c.amount_cents for c in free if c.open}
    for row in rows:  # they are in the order of time
        if row.amount_cents in wanted and any(c.isdigit() for c in row.party):
            by_amount[row.amount_cents].append(row)
    times = {amount: [row.completed_us for row in same] for amount, same in by_amount.items()}
    for each in free:
        if not each.open or not each.msisdn or each.ref.number == BY_HAND or each.amount_cents not in times:
            continue
        at = times[each.amount_cents]
        first, last = bisect_left(at, each.requested_us - NEAR_US), bisect_right(at, each.requested_us + NEAR_US)
        for row in by_amount[each.amount_cents][first:last]:
            if proves(each.msisdn, row.party):
                yield Match("likeness", row, each.ref)


def _unique(found: Iterable[Match]) -> list[Match]:
    """The pairs whose row has no other attempt and whose attempt has no other row."""
    kept = list(found)
    rows, refs = Counter(m.row for m in kept), Counter(m.ref for m in kept)
    return [m for m in kept if rows[m.row] == 1 and refs[m.ref] == 1]
