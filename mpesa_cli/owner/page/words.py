"""Small pieces of the page: escaped text, commands, money compared, ages. Every text from outside is escaped here."""

from html import escape

from mpesa_cli.floor.moments import EAT, SECOND_US, clock_time
from mpesa_cli.floor.records import dataclass
from mpesa_cli.owner.figures import Sums
from mpesa_cli.rules.values.amount import format_cents
from mpesa_cli.terminal.amount_words import counted

NEVER = "The ledger has no such day to compare with."


@dataclass(frozen=True, slots=True)
class Commands:
    """The commands as this shop types them: with its profile, where one was named."""

    profile: str | None = None

    def __call__(self, command: str) -> str:
        """The command as HTML."""
        named = f" -P {self.profile}" if self.profile else ""
        return f'<code class="command">{escape(command + named)}</code>'


def weekday(at_us: int) -> str:
    """A day as people say it: ``Tue 24 Nov``."""
    from datetime import datetime

    return datetime.fromtimestamp(at_us // SECOND_US, EAT).strftime("%a %d %b").replace(" 0", " ")


def money(cents: int) -> str:
    """``KES 1,500``, as HTML that does not break."""
    return escape(format_cents(cents)).replace(" ", "&nbsp;")


def hour_and_minute(at_us: int) -> str:
    """``10:30``."""
    return clock_time(at_us)[:5]


def money_beside(now: Sums, before: Sums | None, when: str) -> str:
    """The money of the same time a week before, and by how much it differs."""
    if before is None:
        return NEVER
    if not before.count:
        return f"Nobody was asked {when}."
    there = f"{money(before.gross_cents)} {when}"
    if not before.gross_cents:
        return f"{there}."
    change = round(100 * (now.gross_cents - before.gross_cents) / before.gross_cents)
    sign = "+" if change > 0 else "−"
    return f"{there}: {sign}{abs(change)}&nbsp;%." if change else f"{there}: as much."


def count_beside(before: Sums | None, when: str) -> str:
    """The number of payments of the same time a week before."""
    return NEVER if before is None else f"{counted(before.count, 'payment')} {when}."


def rate(sums: Sums) -> str:
    """The success rate, or a dash where nothing has ended."""
    return "–" if sums.success_rate is None else f"{sums.success_rate:.0%}"


def rate_words(sums: Sums) -> str:
    """What the rate is made of."""
    still = f" {sums.unsettled:,} still open." if sums.unsettled else ""
    if sums.success_rate is None:
        return f"No prompt has ended yet.{still}"
    return f"{sums.paid:,} paid of {sums.paid + sums.failed:,} that ended.{still}"
