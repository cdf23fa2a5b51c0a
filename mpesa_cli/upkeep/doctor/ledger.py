"""The check of the ledger itself: whole as far as a quick look tells, and the work that waits in it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mpesa_cli.floor.machine import commands
from mpesa_cli.floor.moments import SECOND_US, day_and_time
from mpesa_cli.floor.progress import Told, unheard
from mpesa_cli.history.query import HistoryFilter
from mpesa_cli.history.store import History
from mpesa_cli.ledger.audit.chain import tail_flaws
from mpesa_cli.ledger.audit.file import trigger_flaws
from mpesa_cli.ledger.engine.sqlite import SqliteEngine
from mpesa_cli.ledger.erasing import scrub_is_due
from mpesa_cli.ledger.held import Held
from mpesa_cli.ledger.outbox import Outbox
from mpesa_cli.ledger.restoring import Restores
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.restored import still_missing
from mpesa_cli.rules.state import OVERDUE_AFTER_S, PaymentStatus
from mpesa_cli.terminal.amount_words import counted
from mpesa_cli.upkeep.audit import audited
from mpesa_cli.upkeep.findings import Finding
from mpesa_cli.upkeep.whole_checks import DUE_AFTER_DAYS, last_whole_us, note_whole, unchecked_days

if TYPE_CHECKING:
    from mpesa_cli.ledger.ledger import Ledger

ROWS_LOOKED_AT = 1_000
LOG_LONG_BYTES = 64 << 20
_DAY_US = 24 * 3_600 * SECOND_US
_STUCK_US = 600 * SECOND_US
_FOR_A_PERSON = (PaymentStatus.REVIEW, PaymentStatus.OVERPAID)
_QUEUES = {"sms": ("SMS receipt", "mpesa receipt REF --sms"), "webhook": ("event", "mpesa help listen")}


def ledger(
    reads: "Ledger", shortcodes: tuple[str, ...], now_us: int, *, whole: bool = False, told: Told = unheard
) -> Iterator[Finding]:
    """Every check of the ledger, in the order in which they are shown; ``shortcodes`` are those that take money.

    ``whole`` proves all of it, which takes some 20 s for a million rows of the journal; ``told`` hears of it.
    """
    yield from _all_of_it(reads, now_us, told) if whole else _recent(reads, now_us)
    if scrub_is_due(reads):
        yield Finding("erasure", "fail", "A number was erased, and its old bytes may still be in the file.",
                      "mpesa erase PHONE --yes")
    if isinstance(reads.engine, SqliteEngine):
        yield _mode(reads.engine)
    yield from _restored(reads, shortcodes)
    yield from _held(reads)
    yield from _open(list(reads.unfinished()), now_us)
    for status in _FOR_A_PERSON:
        found = list(History(reads).payments(HistoryFilter(status=status.value, limit=100)))
        if found:
            count = "100 or more payments need" if len(found) == 100 else _these(len(found), "needs", "need")
            words = f"{count} a person: {status}, the newest is order {found[0].order_id}."
            yield Finding("for-a-person", "warn", words, f"mpesa history --status {status}")
    yield from _unsent(reads, "sms", now_us)
    if Outbox(reads).has_forwarded():
        yield from _unsent(reads, "webhook", now_us)


def _recent(reads: "Ledger", now_us: int) -> Iterator[Finding]:
    """The findings about the newest rows, and about how long ago all of them were looked at."""
    with reads.snapshot():
        found = [*tail_flaws(reads, ROWS_LOOKED_AT), *trigger_flaws(reads)]
    if found:
        where = f"row {found[0].seq} " if found[0].seq else ""
        yield Finding("ledger", "fail", f"The ledger is not whole: {where}{found[0].words}.", "mpesa audit verify -v")
    else:
        words = f"The last {ROWS_LOOKED_AT:,} rows of the journal are whole."
        yield Finding("ledger", "ok", words, "mpesa audit verify")
    if (days := unchecked_days(reads, now_us)) >= DUE_AFTER_DAYS:
        words = f"The whole ledger was not checked for {days} days: old rows may be damaged, and nobody would know."
        yield Finding("whole-check", "fail", words, "mpesa audit verify")
    else:
        checked = last_whole_us(reads)
        words = "The ledger is new." if checked is None else f"The whole ledger was checked {day_and_time(checked)}."
        yield Finding("whole-check", "ok", words, "mpesa audit verify")


def _all_of_it(reads: "Ledger", now_us: int, told: Told) -> Iterator[Finding]:
    found = audited(reads, told=told)
    if found.whole:
        note_whole(reads, now_us)
        rows = counted(found.chain.rows, "row")
        yield Finding("ledger", "ok", f"The whole ledger is in order: {rows} of the journal, and every payment.")
    else:
        yield Finding("ledger", "fail", f"The ledger is not whole. {found.words[0]}", "mpesa audit verify -v")


def _mode(engine: SqliteEngine) -> Finding:
    """The finding about SQLite's write-ahead mode, in which readers and writers never wait, and its log's length."""
    if not engine.is_write_ahead:
        words = "The ledger was copied or restored and is still in a mode in which a reader keeps writers waiting."
        return Finding("ledger-mode", "warn", f"{words} It changes by itself when one command has it alone.",
                       commands.who_holds(engine.path))
    size = engine.log_bytes
    if size > LOG_LONG_BYTES:
        words = f"The log beside the ledger is {size >> 20:,} MB long: somebody looks at one moment of it for long."
        words += " It is cut back once that is over."
        return Finding("ledger-mode", "warn", words, commands.who_holds(engine.path))
    return Finding("ledger-mode", "ok", f"The log beside the ledger is {size / (1 << 20):.1f} MB long.")


def _restored(reads: "Ledger", shortcodes: tuple[str, ...]) -> Iterator[Finding]:
    restored = Restores(reads).restored()
    if restored is not None and (missing := restored.missing(shortcodes)):
        yield Finding(
            "restored", "warn", "The ledger was restored and knows nothing of what was paid after "
            f"{day_and_time(restored.untold(shortcodes)[0].known_until_us)}; every prompt of an order from before is "
            f"refused. M-PESA's record still lacks: {still_missing(missing)}.",
            "mpesa reconcile --statement FILE",
        )


def _held(reads: "Ledger") -> Iterator[Finding]:
    """The findings about messages that came in, could not be applied, and wait for somebody."""
    if not (count := Held(reads).waiting_count()):
        yield Finding("held", "ok", "No message is held.")
        return
    waiting = Held(reads).waiting()
    first = waiting[0]
    words = f"{counted(count, 'message')} could not be applied, the first of {day_and_time(first.received_us)}: "
    yield Finding("held", "fail", words + "somebody must look.", "mpesa held")
    if any(each.channel == "open" for each in waiting):
        yield Finding(
            "held-open", "fail", "Payments are reported to an address without secret.", "mpesa c2b-register"
        )


def _open(payments: list[Payment], now_us: int) -> Iterator[Finding]:
    """The findings about open payments, by their age."""
    ages = [now_us - payment.last.created_us for payment in payments]
    old = sum(age > _DAY_US for age in ages)
    late = sum(OVERDUE_AFTER_S * SECOND_US < age <= _DAY_US for age in ages)
    if old:
        words = f"{_these(old, 'has', 'have')} been open for more than a day: nobody knows whether money came."
        yield Finding("open-payments", "warn", words, "mpesa reconcile --statement FILE")
    if late:
        words = f"{_these(late, 'has', 'have')} been open for more than {OVERDUE_AFTER_S // 60} minutes."
        yield Finding("open-payments", "warn", words, "mpesa reconcile")
    if not old and not late:
        waiting = f"{_these(len(ages), 'waits', 'wait')} for an answer" if ages else "No payment is open"
        yield Finding("open-payments", "ok", f"{waiting}.")


def _these(count: int, one: str, several: str) -> str:
    return f"{counted(count, 'payment')} {one if count == 1 else several}"


def _unsent(reads: "Ledger", queue: str, now_us: int) -> Iterator[Finding]:
    thing, mend = _QUEUES[queue]
    stuck = [row for row in Outbox(reads).listed(queue, ["waiting", "sending"]) if now_us - row.created_us > _STUCK_US]
    lost = Outbox(reads).listed(queue, ["given_up", "ambiguous"])
    lost = [row for row in lost if now_us - row.created_us < 7 * _DAY_US]
    if stuck:
        have = "has" if len(stuck) == 1 else "have"
        words = f"{counted(len(stuck), thing)} {have} waited for more than ten minutes."
        yield Finding(f"unsent-{queue}", "warn", words, "mpesa reconcile" if queue == "sms" else mend)
    if lost:
        were = "was" if len(lost) == 1 else "were"
        words = f"{counted(len(lost), thing)} of the last seven days {were} given up."
        yield Finding(f"unsent-{queue}", "warn", words, mend)
    if not stuck and not lost:
        yield Finding(f"unsent-{queue}", "ok", f"No {thing} is stuck.")
