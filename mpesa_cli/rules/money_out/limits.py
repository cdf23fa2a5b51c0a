"""Limits on what goes out: at once, in a day, and from which amount on a second person must agree. Pure."""

from mpesa_cli.floor.errors import Conflict
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.values.amount import format_cents


@dataclass(frozen=True, slots=True)
class OutLimits:
    """The limits of one section, ``refunds`` or ``payouts``, in cents; None where there is none.

    Above ``approve_above_cents`` a second person must agree.
    """

    section: str
    enabled: bool
    max_cents: int | None = None
    daily_max_cents: int | None = None
    approve_above_cents: int | None = None


def check_limits(limits: OutLimits, amount_cents: int, today_cents: int) -> None:
    """Raise Conflict where this amount may not go out, ``today_cents`` having gone out, or perhaps, this day."""
    name = limits.section
    if not limits.enabled:
        raise Conflict(
            f"Money may not go out by {name} here.",
            hint=f"Nothing was sent. Whoever keeps this configuration sets  enabled = true  in its section {name}, "
            "with max and daily_max: mpesa config show",
            code=f"{name}-off",
        )
    if limits.max_cents is not None and amount_cents > limits.max_cents:
        raise Conflict(
            f"{format_cents(amount_cents)} is more than may go out at once: {format_cents(limits.max_cents)}.",
            hint=f"Nothing was sent. Whoever keeps this configuration sets it: {name}.max (mpesa config show)",
            code="above-max",
        )
    if limits.daily_max_cents is not None and today_cents + amount_cents > limits.daily_max_cents:
        raise Conflict(
            f"With {format_cents(amount_cents)} more than {format_cents(limits.daily_max_cents)} would go out today: "
            f"{format_cents(today_cents)} went out already, or may have.",
            hint=f"Nothing was sent. Do it tomorrow, or have {name}.daily_max raised: mpesa config show",
            code="above-daily-max",
        )


def needs_approval(limits: OutLimits, amount_cents: int) -> bool:
    """Whether a second person must agree."""
    return limits.approve_above_cents is not None and amount_cents > limits.approve_above_cents


def not_alone(cents: int, command: str) -> Conflict:
    """The refusal where a second person must agree, and this way of asking can't wait for one."""
    return Conflict(
        f"{format_cents(cents)} goes out only if a second person agrees.",
        hint=f"Nothing was sent. Ask for it at a terminal: {command}", code="needs-approval",
    )
