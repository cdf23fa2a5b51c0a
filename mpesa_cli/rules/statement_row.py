"""One row of M-Pesa's own record of a shortcode: from a statement file, or from Pull Transactions."""

from typing import Literal

from mpesa_cli.floor.records import dataclass

RowKind = Literal["received", "charge", "reversal", "other"]
"""The kind of movement. ``received``: a customer's money. ``charge``: Safaricom's fee, on the receipt of what it is
for. ``reversal``: money that came and went back, on a receipt of its own. ``other``: such as a withdrawal."""


@dataclass(frozen=True, slots=True)
class StatementRow:
    """A completed movement of money. Money came where ``amount_cents`` is positive and went where it is negative.

    ``party`` is the other side's number as far as it is shown (``2547****4149``), without the name; ``linked`` the
    receipt that a reversal undoes; ``line`` the row's line in its file, for a person who looks it up.
    Empty text where the row does not say.
    """

    receipt: str
    kind: RowKind
    amount_cents: int
    completed_us: int
    balance_cents: int | None
    account: str
    party: str
    linked: str
    line: int
