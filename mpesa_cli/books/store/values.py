"""Values that the stores of the books take and give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mpesa_cli.floor.records import dataclass

if TYPE_CHECKING:
    from mpesa_cli.books.break_values import BreakKind
    from mpesa_cli.rules.statement_row import StatementRow


@dataclass(frozen=True, slots=True)
class Scope:
    """The movements of one shop in a time. ``shortcodes`` are all of its own; ``until_us`` is not included."""

    shortcodes: tuple[str, ...]
    from_us: int
    until_us: int


@dataclass(frozen=True, slots=True)
class StoredStatement:
    """A statement that brought something new. ``findings`` is JSON: what reading it found besides its rows."""

    statement_id: str
    source: Literal["statement", "pull"]
    name: str
    sha256: str
    from_us: int
    until_us: int
    read_us: int
    shortcode: str
    row_count: int = 0
    complete: bool = False
    findings: str = "{}"


@dataclass(frozen=True, slots=True)
class KnownRow:
    """A row with the payment that the ledger has for it; or a payment without a row (``row`` None)."""

    payment_id: str
    order_id: str
    attempt: int
    amount_cents: int
    at_us: int
    receipt: str
    row: StatementRow | None = None


Origin = Literal["record", "file", "ledger", "given_back", "balance", "day", "upgrade"]
"""Who can say that a difference is gone: comparing with M-PESA's record, or a better file; the payments themselves,
what of their money went back, the balances that were told, and the books of a closed day, which every run looks at; of
an upgrade nobody."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Differences of one class: how many wait for somebody, and how many were accepted."""

    kind: BreakKind
    open: int
    accepted: int


@dataclass(frozen=True, slots=True)
class Span:
    """A time of which M-PESA's record was compared. ``until_us`` is not included; an empty one lists nothing."""

    shortcode: str
    source: Literal["statement", "pull"]
    from_us: int
    until_us: int
