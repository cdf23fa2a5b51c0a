"""Breaks: where the ledger and M-Pesa's own record do not say the same. Values, ages and classes; pure."""

from collections.abc import Iterable
from typing import Literal, get_args

from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.records import dataclass

BreakKind = Literal[
    "missing_at_provider",
    "refund_in_doubt",
    "payout_in_doubt",
    "conflict",
    "amount_mismatch",
    "phone_mismatch",
    "duplicate_receipt",
    "double_payment",
    "status_conflict",
    "missing_in_ledger",
    "unmatched_order",
    "balance_drift",
    "reversed",
    "fee",
    "closed_day_changed",
    "rules_changed",
    "unknown_row",
]
"""What differs, the worst first. docs/shop/reconcile.md says what to do about each."""

KINDS: tuple[BreakKind, ...] = get_args(BreakKind)
CRITICAL: frozenset[BreakKind] = frozenset({"missing_at_provider"})
ONE_BY_ONE: frozenset[BreakKind] = frozenset(
    {"missing_at_provider", "refund_in_doubt", "payout_in_doubt", "conflict", "double_payment", "balance_drift"}
)
"""Never accepted with "all" or by a date: money that may be missing, may have gone back, is contradicted, or owed."""

DAY_US = 86_400 * SECOND_US
AGES: tuple[tuple[str, int], ...] = (("0-1", 1), ("1-2", 2), ("3-7", 7), ("8-30", 30))
"""Bands of days. Pull Transactions looks back 48 hours: what is older only a statement file can tell."""
OLDEST = ">30"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A person's acceptance of a break, which is no longer counted as a difference."""

    by: str
    reason: str
    at_us: int


@dataclass(frozen=True, slots=True)
class Break:
    """One difference. ``ref`` is the receipt or the payment that it is about, so its id is the same in every run.

    ``detail`` is a sentence without names and numbers of people; ``suggested`` the order that it looks like.
    """

    kind: BreakKind
    ref: str
    at_us: int
    amount_cents: int | None = None
    receipt: str = ""
    payment_id: str = ""
    order_id: str = ""
    account: str = ""
    detail: str = ""
    suggested: str = ""
    accepted: Accepted | None = None

    @property
    def id(self) -> str:
        """The stable id that ``mpesa reconcile --accept`` takes."""
        return f"{self.kind}-{self.ref}"

    @property
    def basis(self) -> str:
        """The facts that an acceptance is tied to: with another amount or payment of ours, the break counts again."""
        ours = self.payment_id if self.kind == "reversed" else ""
        return f"{'' if self.amount_cents is None else self.amount_cents} {ours}".strip()

    @property
    def critical(self) -> bool:
        """Whether goods may have been given for money that never came."""
        return self.kind in CRITICAL


def age_band(at_us: int, now_us: int) -> str:
    """The band of days that a break is old: ``0-1``, ``1-2``, ``3-7``, ``8-30`` or ``>30``."""
    days = max(0, now_us - at_us) / DAY_US
    return next((name for name, most in AGES if days <= most), OLDEST)


def in_order(breaks: Iterable[Break]) -> list[Break]:
    """The breaks, each once, by class, the worst first; in a class the oldest first."""
    once = {each.id: each for each in breaks}
    return sorted(once.values(), key=lambda b: (KINDS.index(b.kind), b.at_us, b.ref))


def kind_of(break_id: str) -> tuple[BreakKind, str] | None:
    """The class and the reference that an id is made of, or None where it is no id."""
    for kind in KINDS:
        if break_id.startswith(f"{kind}-") and len(break_id) > len(kind) + 1:
            return kind, break_id[len(kind) + 1 :]
    return None
