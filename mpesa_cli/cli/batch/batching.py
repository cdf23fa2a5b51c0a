"""The part that `push --from` and `retry --failed` share: ask a person, send all, watch, tell how it went."""

from collections.abc import Callable, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any

from mpesa_cli.batch.plan import RowStatus, batch_status, row_status
from mpesa_cli.batch.words import ROW_STATUS_WORDS, Line, lines_table, print_plan, summary_words, total_words
from mpesa_cli.cli.consent.confirm import Question, confirm, is_answered
from mpesa_cli.cli.payments.show import send_sms
from mpesa_cli.cli.result import Note, Result, render
from mpesa_cli.floor.errors import ExitStatus, MpesaError
from mpesa_cli.floor.interrupts import Interrupted
from mpesa_cli.floor.records import dataclass
from mpesa_cli.runtime import Runtime
from mpesa_cli.terminal.progress import Bar

if TYPE_CHECKING:
    from mpesa_cli.batch.run import Task
    from mpesa_cli.rules.payment import Payment
    from mpesa_cli.settings.profile import Profile


@dataclass(frozen=True, slots=True)
class Entry:
    """One payment of a batch. ``task`` is None where it is left out, and ``left_out`` says why."""

    order_id: str
    msisdn: str
    amount_cents: int
    task: "Task | None"
    left_out: str = ""
    note: str = ""  # said of it before it is asked
    facts: dict[str, Any] = field(default_factory=dict)  # further fields of its JSON object


@dataclass(frozen=True, slots=True)
class Batch:
    """All entries, and how the command that runs them speaks of them and counts them."""

    entries: Sequence[Entry]
    status_of: "Callable[[Payment | None], RowStatus]" = row_status
    left_out_count: bool = True  # whether an entry that is left out counts for the exit status


@dataclass(slots=True)
class _Ran:
    """The record of a batch so far, which survives an interruption."""

    asked: set[str] = field(default_factory=set)
    reasons: dict[str, str] = field(default_factory=dict)
    stopped: MpesaError | None = None


def confirm_batch(
    runtime: Runtime, batch: Batch, question: str, *, yes: bool, may_ask: bool, needs_yes: bool
) -> None:
    """Show the plan and ask once. Raises Declined, or Conflict where nobody is there and ``needs_yes``."""
    chosen = [_line(e, "ask", e.note) for e in batch.entries if e.task]
    if not chosen or is_answered(runtime, yes=yes) or not (may_ask or needs_yes):
        return
    print_plan(runtime.streams, chosen)
    print_plan(runtime.streams, [_line(e, "left out:", e.left_out) for e in batch.entries if not e.task])
    runtime.streams.complain(f"To ask: {total_words(chosen)}.")
    asked = Question(question, "A batch is about to be sent, and nobody is here to confirm it.")
    confirm(runtime, asked, yes=yes, may_ask=may_ask)


def carry_out(runtime: Runtime, profile: "Profile", batch: Batch, watch_s: float | None) -> Result:
    """Send what is to be sent, and watch the answers for ``watch_s`` seconds where given.

    Raises Interrupted after printing how far it came.
    """
    ran = _Ran()
    try:
        _send(runtime, profile, batch, ran)
        if watch_s is not None and ran.stopped is None:
            _watch(runtime, profile, batch, watch_s)
    except Interrupted:
        so_far, statuses = _result(runtime, profile, batch, ran)
        render(runtime.streams, so_far)
        left = statuses.count(RowStatus.NOT_SENT)
        where = f"between two prompts. {left} of {len(batch.entries)} not sent" if left else "waiting. All were asked"
        runtime.streams.complain(
            f"Stopped {where}; what was asked can still be paid. The same command again goes on, and asks nobody twice."
        )
        raise
    result, statuses = _result(runtime, profile, batch, ran)
    status = batch_status(statuses, waited=watch_s is not None)
    if ran.stopped is not None and status is not ExitStatus.UNKNOWN:
        status = ran.stopped.exit_status
    return result._replace(status=status, then=lambda: _afterwards(runtime, profile, ran))


def _afterwards(runtime: Runtime, profile: "Profile", ran: _Ran) -> None:
    from mpesa_cli.terminal.errors import print_error

    send_sms(runtime, profile)
    if ran.stopped is not None:
        print_error(runtime.streams, ran.stopped, as_json=False)


def _send(runtime: Runtime, profile: "Profile", batch: Batch, ran: _Ran) -> None:
    from mpesa_cli.batch.run import LeftOut, Pace, Sent, Stopped, Waiting, run
    from mpesa_cli.listener.ports import callback_intake
    from mpesa_cli.rules.values.msisdn import mask_msisdn

    tasks = [entry.task for entry in batch.entries if entry.task]
    pace = Pace(profile.rate_per_s, runtime.world, callback_intake(runtime, profile))
    with Bar(runtime.streams, len(tasks), "Asked") as bar:
        for event in run(tasks, pace):
            match event:
                case Waiting(seconds, task, _):
                    words = f"waiting until {mask_msisdn(task.msisdn)} may be asked again" if task else ""
                    bar.wait(words, seconds, runtime.world.now_us())
                case Sent(task, payment):
                    ran.asked.add(task.order_id)
                    words = ROW_STATUS_WORDS[batch.status_of(payment)]
                    bar.step(f"order {task.order_id}: {words}", runtime.world.now_us())
                case LeftOut(task, error):
                    ran.reasons[task.order_id] = error.message
                    bar.step(f"order {task.order_id}: left out", runtime.world.now_us())
                case Stopped(error):
                    ran.stopped = error


def _watch(runtime: Runtime, profile: "Profile", batch: Batch, watch_s: float) -> None:
    from mpesa_cli.batch.wait import watch_all
    from mpesa_cli.listener.ports import callback_intake

    ledger = runtime.ledger(profile)
    chosen = [e for e in batch.entries if e.task or batch.left_out_count]
    found = [p for e in chosen if (p := ledger.payment_by_order(e.order_id))]
    waited = [p.payment_id for p in found if batch.status_of(p) in {RowStatus.ACCEPTED, RowStatus.UNKNOWN}]
    if not waited:
        return
    with Bar(runtime.streams, len(waited), "Answered") as bar:
        for seen in watch_all(
            ledger, runtime.daraja(profile), waited, timeout_s=watch_s,
            world=runtime.world, deliver=callback_intake(runtime, profile),
        ):
            for payment in seen.settled:
                words = ROW_STATUS_WORDS[batch.status_of(payment)]
                bar.step(f"order {payment.order_id}: {words}", runtime.world.now_us())
            bar.wait(f"waiting for {seen.open} more" if seen.open else "", seen.seconds_left, runtime.world.now_us())


def _result(runtime: Runtime, profile: "Profile", batch: Batch, ran: _Ran) -> tuple[Result, list[RowStatus]]:
    """Each entry as the ledger has it now, and the statuses that count for the exit status."""
    from mpesa_cli.payments.told import shop_of, take_in
    from mpesa_cli.rules.payment_document import payment_document
    from mpesa_cli.terminal.payment_words import environment_label

    ledger = runtime.ledger(profile)
    take_in(ledger, shop_of(profile, runtime.world))
    lines, documents, counted = [], [], []
    for entry in batch.entries:
        try:
            payment = ledger.payment_by_order(entry.order_id)
        except MpesaError as error:
            raise ran.stopped or error from error
        status = batch.status_of(payment)
        why = ran.reasons.get(entry.order_id) or (entry.left_out if not entry.task else _why(payment, status))
        lines.append(_line(entry, ROW_STATUS_WORDS[status], why))
        documents.append({
            **entry.facts, "order_id": entry.order_id, "msisdn": entry.msisdn, "amount": entry.amount_cents // 100,
            "result": status.value, "asked": entry.order_id in ran.asked, "reason": why,
            "payment": payment_document(payment, runtime.world.now_us()) if payment else None,
        })
        if entry.task or batch.left_out_count:
            counted.append(status)
    told = [summary_words(lines), environment_label(profile.environment)]
    table = lines_table(lines, on_screen=runtime.streams.is_terminal(runtime.streams.stdout))
    return Result(documents, table, told=[Note(words) for words in told if words]), counted


def _why(payment: "Payment | None", status: RowStatus) -> str:
    from mpesa_cli.terminal.payment_words import attempt_words

    if payment is None:
        return ""
    match status:
        case RowStatus.PAID | RowStatus.OVERPAID | RowStatus.PARTIAL:
            return payment.telling.view.receipt or "receipt not known yet"
        case RowStatus.ACCEPTED:
            return "waiting for the customer"
        case _:
            return attempt_words(payment.last)


def _line(entry: Entry, what: str, why: str) -> Line:
    return Line(entry.order_id, entry.msisdn, entry.amount_cents, what, why)
