"""One look at the ledger for the owner's page: every number as of one moment, or why it could not be read."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from mpesa_cli.board.cards import Card
from mpesa_cli.board.store import Boards
from mpesa_cli.books.silence import Watch
from mpesa_cli.daraja.questions.account_balance import Balance
from mpesa_cli.floor.errors import MpesaError
from mpesa_cli.floor.moments import day_and_time, day_begin_us
from mpesa_cli.floor.records import dataclass
from mpesa_cli.history.query import day_of
from mpesa_cli.initiator.balance import last_balance
from mpesa_cli.ledger.held import Held
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.restoring import Restores
from mpesa_cli.owner.figures import WEEK_US, Reason, Slice, Takings, Unread, reasons, takings, week_begin_us
from mpesa_cli.owner.needs import Example, Facts, Need, needs
from mpesa_cli.owner.store import Figures

CARDS_MAX = 8
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shop:
    """The shop whose page it is, of its profile. ``answered_us`` tells when its listener last could store a body."""

    shortcode: str
    shortcodes: tuple[str, ...]
    sends_sms: bool
    compare_within_us: int | None
    needs_listener: bool
    answered_us: Callable[[], int | None]


@dataclass(frozen=True, slots=True)
class Look:
    """Everything that the page shows, as of ``at_us``. ``callback_us`` and ``balance`` None: there is none.

    ``not_watched`` are lines on why silence would prove nothing.
    """

    at_us: int
    takings: Takings | Unread
    reasons: tuple[Reason, ...] | Unread
    cards: tuple[Card, ...] | Unread
    needs: tuple[Need, ...]
    callback_us: int | Unread | None
    balance: Balance | Unread | None
    not_watched: tuple[str, ...]


def look(ledger: Ledger, shop: Shop, now_us: int) -> Look:
    """Read everything, of one moment of the ledger. Raises LedgerBusy or LedgerUnusable where nothing can be read."""
    with ledger.snapshot():
        return _look(ledger, shop, now_us)


def _look(ledger: Ledger, shop: Shop, now_us: int) -> Look:
    figures = Figures(ledger)
    today_us, week_us = day_begin_us(now_us), week_begin_us(now_us)
    # What was asked for is older than now but for a clock that was set back; it counts as `history` counts it.
    slices = _told(lambda: figures.slices(week_us - WEEK_US, today_us + WEEK_US))

    def compared() -> Takings:
        if isinstance(slices, Unread):
            raise _Again(slices)
        then_us = now_us - WEEK_US
        before_today, before_week = (figures.sums(us - WEEK_US, then_us) for us in (today_us, week_us))
        return takings(slices, before_today, before_week, figures.begins_us(), now_us)

    def failed() -> tuple[Reason, ...]:
        return reasons(figures.failed(week_us, today_us, today_us + WEEK_US))

    return Look(
        at_us=now_us,
        takings=_told(compared),
        reasons=_told(failed),
        cards=_told(lambda: Boards(ledger).board(today_us, now_us, CARDS_MAX)),
        needs=needs(_facts(ledger, shop, slices, now_us), now_us),
        callback_us=_told(Boards(ledger).last_callback_us),
        balance=_told(lambda: last_balance(ledger, shop.shortcode)),
        not_watched=(*_not_watched(shop, now_us), *_missing(ledger, shop)),
    )


def _facts(ledger: Ledger, shop: Shop, slices: Sequence[Slice] | Unread, now_us: int) -> Facts:
    figures, today_us, week_us = Figures(ledger), day_begin_us(now_us), week_begin_us(now_us)
    examples: Mapping[str, Sequence[Example]] | Unread = _told(figures.examples)
    return Facts(
        held=_told(Held(ledger).waiting_count),
        statuses=_told(figures.statuses),
        unmatched=_told(lambda: figures.unmatched(week_us)),
        refunds=_told(lambda: figures.refunds(now_us)),
        sms=_told(lambda: figures.sms(week_us, now_us)),
        compared=_told(lambda: figures.compared(shop.shortcodes)),
        days=slices if isinstance(slices, Unread) else _told(
            lambda: figures.days_open(shop.shortcodes, slices, today_us)
        ),
        examples={} if isinstance(examples, Unread) else examples,
        sends_sms=shop.sends_sms,
        compare_within_us=shop.compare_within_us,
        since=day_of(week_us),
    )


def _not_watched(shop: Shop, now_us: int) -> Sequence[str]:
    """The listener's silence. How far M-PESA's record was compared stands beside the differences."""
    watch = Watch(None, None, shop.answered_us(), shop.needs_listener)
    return [line] if (line := watch.missing(now_us)) else []


def _missing(ledger: Ledger, shop: Shop) -> Sequence[str]:
    """The times that a restored ledger lacks: takings and counts of then are not whole."""
    restored = _told(Restores(ledger).restored)
    if isinstance(restored, Unread):
        return [f"Whether times are missing after a restore can't be told: {restored.why}"]
    if restored is None:
        return []
    return [
        f"Missing since a restore: {hole.shortcode} from {day_and_time(hole.from_us)} to "
        f"{day_and_time(hole.until_us)}. mpesa reconcile --statement FILE"
        for hole in restored.missing(shop.shortcodes)
    ]


class _Again(MpesaError):
    """What was not read before."""

    def __init__(self, unread: Unread) -> None:
        super().__init__(unread.why, hint="")


def _told(question: Callable[[], T]) -> T | Unread:
    """The answer, or why there is none: one table that can't be read must not hide all others."""
    try:
        return question()
    except MpesaError as error:
        return Unread(error.message)
