"""What needs a person: one line each, with its number, what it is, and the command that shows it. Pure.

Silence means that all is well, so a number that could not be read, or that rests on something old, is said to be so:
it is never 0 and never good.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple, TypeVar

from mpesa_cli.floor.moments import SECOND_US, day_and_time
from mpesa_cli.floor.records import dataclass
from mpesa_cli.owner.figures import Unread
from mpesa_cli.rules.state import PaymentStatus
from mpesa_cli.rules.values.amount import format_cents
from mpesa_cli.terminal.amount_words import counted

T = TypeVar("T")
_DAYS_NAMED = 3


class Tone(StrEnum):
    """How a line is meant. The page shows it as a colour; the words say it too."""

    GOOD = "good"
    BAD = "bad"  # a person must act
    DOUBT = "doubt"  # it can't be told, or rests on something old
    OFF = "off"  # not used by this shop


class Unmatched(NamedTuple):
    """Money that came by hand in seven days and pays no order."""

    payments: int
    cents: int


class OpenRefunds(NamedTuple):
    """Refunds on their way, those of which nobody knows, and those that wait for a second person."""

    pending: int
    in_doubt: int
    to_approve: int


class StuckSms(NamedTuple):
    """SMS of seven days that were given up or may have been sent, and those that wait for more than ten minutes."""

    lost: int
    late: int


class Compared(NamedTuple):
    """The open differences, and up to when M-PESA's own record was compared; None where it never was."""

    open: int
    until_us: int | None


class DaysOpen(NamedTuple):
    """The last seven days, before today, with money and without a closing; whether any day ever was closed."""

    days: tuple[str, ...]
    ever_closed: bool


class Example(NamedTuple):
    """One payment that a line is about. ``phone`` is masked."""

    order_id: str
    amount_cents: int
    phone: str
    asked_us: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What the lines are made of; each may be Unread. ``statuses`` counts payments by status, and under ``accepted``
    those overpaid of which somebody took note. ``since`` is the day from which money by hand is counted."""

    held: int | Unread
    statuses: Mapping[str, int] | Unread
    unmatched: Unmatched | Unread
    refunds: OpenRefunds | Unread
    sms: StuckSms | Unread
    compared: Compared | Unread
    days: DaysOpen | Unread
    examples: Mapping[str, Sequence[Example]]
    sends_sms: bool
    compare_within_us: int | None
    since: str


@dataclass(frozen=True, slots=True)
class Need:
    """One line. ``count`` None: it could not be told, or is not used here; ``words`` then say why."""

    key: str
    title: str
    count: int | None
    words: str
    command: str
    tone: Tone
    examples: tuple[Example, ...] = ()


def needs(facts: Facts, now_us: int) -> tuple[Need, ...]:
    """Every line, always all of them and in this order."""
    return (
        *_payments(facts),
        _or_unread("unmatched", "Money that pays no order", f"mpesa history --unclaimed --since {facts.since}",
                   facts.unmatched, _unmatched),
        _or_unread("refunds", "Refunds open", "mpesa approve", facts.refunds, _refunds),
        _or_unread("held", "Messages not read", "mpesa held", facts.held,
                   lambda n, need: need(n, "came in and could not be used." if n else "None is held.")),
        _or_unread("sms", "SMS stuck", "mpesa receipt --failed", facts.sms, lambda s, n: _sms(facts, s, n)),
        _or_unread("differences", "Open differences", "mpesa reconcile --open", facts.compared,
                   lambda c, need: _differences(facts, c, now_us, need)),
        _or_unread("days", "Days not closed", "mpesa reconcile --statement FILE --close DATE --by NAME", facts.days,
                   _days),
    )


def verdict(found: Sequence[Need], not_watched: Sequence[str]) -> tuple[str, Tone]:
    """One sentence over all lines: what needs a person, what can't be told, or that nothing needs anybody."""
    # Lines are counted and not their numbers: a payment may be on two of them.
    bad = sum(need.tone is Tone.BAD for need in found)
    doubt = sum(need.tone is Tone.DOUBT for need in found) + len(not_watched)
    untold = f"{doubt} of these can't be told" if doubt else ""
    if bad:
        return f"{bad} of these need{'s' if bad == 1 else ''} a person{'; ' + untold if untold else ''}.", Tone.BAD
    if doubt:
        return f"Nothing is known to need a person, but {untold}.", Tone.DOUBT
    return "Nothing needs a person.", Tone.GOOD


_Make = Callable[..., Need]
_STATUSES = (
    (PaymentStatus.UNKNOWN, "Unknown", "may have been paid. Do not ask again.", "No payment is in doubt."),
    (PaymentStatus.REVIEW, "To look at", "got an answer that does not fit what was asked.", "None."),
    (PaymentStatus.OVERPAID, "Paid too much", "got more than was asked; some is owed back.", "None."),
    (PaymentStatus.PARTIAL, "Partly paid", "got less than was asked.", "None."),
)


def _payments(facts: Facts) -> Iterator[Need]:
    for status, title, words, none in _STATUSES:

        def of_status(
            counts: Mapping[str, int], need: _Make, status: str = status, words: str = words, none: str = none
        ) -> Need:
            accepted = counts.get("accepted", 0) if status == PaymentStatus.OVERPAID else 0
            noted = f" {counted(accepted, 'further one')}: somebody took note." if accepted else ""
            count = counts.get(status, 0) - accepted
            return need(count, (words if count else none) + noted)

        yield _or_unread(
            str(status), title, f"mpesa history --status {status}", facts.statuses, of_status,
            tuple(facts.examples.get(status, ())),
        )


def _or_unread(
    key: str, title: str, command: str, fact: T | Unread, make: Callable[[T, _Make], Need],
    examples: tuple[Example, ...] = (),
) -> Need:
    if isinstance(fact, Unread):
        return Need(key, title, None, f"Can't be told: {fact.why}", command, Tone.DOUBT)

    def need(count: int | None, words: str, tone: Tone | None = None, command: str = command) -> Need:
        meant = tone or (Tone.BAD if count else Tone.GOOD)
        return Need(key, title, count, words, command, meant, examples)

    return make(fact, need)


def _unmatched(money: Unmatched, need: _Make) -> Need:
    if not money.payments:
        return need(0, "None in seven days.")
    return need(money.payments, f"{format_cents(money.cents)} came by hand in seven days. Whose order is it?")


def _refunds(refunds: OpenRefunds, need: _Make) -> Need:
    parts = (
        (refunds.to_approve, "to be agreed to by a second person"), (refunds.pending, "on the way"),
        (refunds.in_doubt, "in doubt: nobody knows whether the money went back"),
    )
    said = "; ".join(f"{count:,} {words}" for count, words in parts if count)
    return need(sum(refunds), f"{said}." if said else "None.",
                command="mpesa approve" if refunds.to_approve else "mpesa reconcile")


def _sms(facts: Facts, sms: StuckSms, need: _Make) -> Need:
    if not facts.sends_sms and not sum(sms):
        return need(None, "Receipts by SMS are not switched on.", Tone.OFF)
    parts = ((sms.lost, "not sent, or perhaps"), (sms.late, "waiting for more than ten minutes"))
    said = "; ".join(f"{count:,} {words}" for count, words in parts if count)
    return need(sum(sms), f"{said}." if said else "None in seven days.")


def _differences(facts: Facts, compared: Compared, now_us: int, need: _Make) -> Need:
    if compared.until_us is None:
        words = "M-PESA's own record was never compared, so none could be found."
        asked = f"{counted(compared.open, 'difference')} within our own books. " if compared.open else ""
        return need(compared.open or None, asked + words, Tone.BAD if compared.open else Tone.DOUBT,
                    command="mpesa reconcile --open" if compared.open else "mpesa reconcile --statement FILE")
    old = facts.compare_within_us is not None and compared.until_us < now_us - facts.compare_within_us
    until = f"Compared with M-PESA's record up to {day_and_time(compared.until_us)}"
    if compared.open:
        return need(compared.open, f"{until}{' only' if old else ''}.")
    if old:
        return need(None, f"{until} only.", Tone.DOUBT, command="mpesa reconcile --statement FILE")
    return need(0, f"{until}.")


def _days(days: DaysOpen, need: _Make) -> Need:
    if not days.ever_closed:
        return need(None, "No day was ever closed here.", Tone.OFF)
    named = ", ".join(days.days[:_DAYS_NAMED]) + (" …" if len(days.days) > _DAYS_NAMED else "")
    if not days.days:
        return need(0, "Every day of the last seven that had money is closed.")
    return need(len(days.days), f"{named}.",
                command=f"mpesa reconcile --statement FILE --close {days.days[0]} --by NAME")




def age_words(at_us: int, now_us: int) -> str:
    """The time since: ``40 s``, ``12 min``, ``3 h``, ``5 days``; ``0 s`` of what is yet to come."""
    seconds = max(0, now_us - at_us) // SECOND_US
    for size, word in ((86_400, "day"), (3_600, "h"), (60, "min")):
        if seconds >= size * (2 if size > 60 else 1):
            return counted(seconds // size, word) if word == "day" else f"{seconds // size} {word}"
    return f"{seconds} s"
