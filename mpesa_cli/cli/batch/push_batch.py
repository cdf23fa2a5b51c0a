"""``mpesa push --from FILE.csv``: a batch of payments, every row checked before the first is sent."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mpesa_cli.batch.file import BatchFile, Defaults, read_batch
from mpesa_cli.batch.plan import Planned, plan
from mpesa_cli.batch.text import BYTES_MAX, Fault
from mpesa_cli.cli.batch.batching import Batch, Entry, carry_out, confirm_batch
from mpesa_cli.cli.consent.restored_gap import Wanted, check_batch
from mpesa_cli.cli.payments.ports import push_context
from mpesa_cli.cli.result import Note, Result
from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.batch.run import Task
    from mpesa_cli.payments.sending import PushContext
    from mpesa_cli.rules.payment import Payment
    from mpesa_cli.rules.restored import NotPaid
    from mpesa_cli.settings.profile import Profile

STDIN = "-"


def push_batch(
    runtime: Runtime, profile: "Profile", source: str, watch_s: float | None, answer: "NotPaid | None", *, yes: bool
) -> Result:
    """Send every row of the file that was never sent. Raises InvalidInput with all that is wrong in it.

    ``watch_s`` None does not wait for the customers' answers.
    """

    file = _file(runtime, profile, source)
    outside = dataclasses.replace(push_context(runtime, profile), say=lambda _: None, not_paid=answer)
    with runtime.ledger(profile).alone():
        planned = _plan(file, source, _up_to_date(runtime, profile))
        for note in file.notes:
            runtime.streams.say(f"Note: {note}")
        to_ask = [each.row for each in planned if not each.left_out]
        check_batch(runtime, profile, [Wanted(r.order_id, r.amount * 100, r.msisdn) for r in to_ask], answer)
        batch = Batch([_entry(outside, profile, each) for each in planned])
        confirm_batch(
            runtime, batch, f"Ask for it all, to {profile.kind} {profile.party_b} (profile {profile.name})?",
            yes=yes, may_ask=runtime.streams.may_prompt() and source != STDIN,
            needs_yes=profile.environment == "production",
        )
        return carry_out(runtime, profile, batch, watch_s)


def push_batch_dry_run(runtime: Runtime, profile: "Profile", source: str) -> Result:
    """The plan of a batch: no network, nothing stored. Raises InvalidInput with all that is wrong in the file."""
    from mpesa_cli.batch.words import Line, lines_table, total_words

    known = runtime.ledger(profile).payment_by_order if runtime.has_ledger(profile) else lambda _: None
    planned = _plan(_file(runtime, profile, source), source, known)
    lines = [Line(p.row.order_id, p.row.msisdn, p.row.amount * 100, "left out" if p.left_out else "would be asked",
                  p.left_out) for p in planned]
    to_ask = [line for line, p in zip(lines, planned, strict=True) if not p.left_out]
    return Result(
        [{**dataclasses.asdict(p.row), "send": not p.left_out, "reason": p.left_out} for p in planned],
        lines_table(lines, on_screen=runtime.streams.is_terminal(runtime.streams.stdout)),
        [Note(f"Would ask: {total_words(to_ask)}. Dry run: nothing was sent and nothing was stored.")],
    )


def _file(runtime: Runtime, profile: "Profile", source: str) -> BatchFile:
    defaults = Defaults(
        profile.limits, profile.account_reference, profile.account_reference_max, profile.description
    )
    return read_batch(_bytes(runtime, source), defaults)


def _bytes(runtime: Runtime, source: str) -> bytes:
    """The file's bytes, or standard input's; one more than may be read where there are more."""
    stdin = runtime.streams.stdin
    try:
        if source == STDIN:
            buffer = getattr(stdin, "buffer", None)
            return buffer.read(BYTES_MAX + 1) if buffer else stdin.read(BYTES_MAX + 1).encode()
        with Path(source).open("rb") as file:
            return file.read(BYTES_MAX + 1)
    except OSError as refused:
        raise InvalidInput(
            f"The file {source} can't be read: {refused.strerror}.",
            hint="Nothing was sent. Right: mpesa push --from orders.csv",
            code="file-unreadable",
        ) from None


def _plan(file: BatchFile, source: str, known: Callable[[str], "Payment | None"]) -> list[Planned]:
    """The plan for each row, by the payment ``known`` of its order. Raises InvalidInput with every fault there is."""
    faults, planned = list(file.faults), []
    for row in file.rows:
        found = plan(row, known(row.order_id))
        if isinstance(found, Fault):
            faults.append(found)
        else:
            planned.append(found)
    if faults:
        raise _wrong(source, faults)
    return planned


def _up_to_date(runtime: Runtime, profile: "Profile") -> Callable[[str], "Payment | None"]:
    """Payments by order id, once all that came in for them has been taken in."""
    from mpesa_cli.listener.ports import callback_intake
    from mpesa_cli.payments.wait import is_settled, look

    ledger = runtime.ledger(profile)
    callback_intake(runtime, profile)()

    def payment(order_id: str) -> "Payment | None":
        found = ledger.payment_by_order(order_id)
        if found is None or is_settled(found):
            return found
        return look(ledger, found.payment_id, runtime.world.now_us())

    return payment


def _wrong(source: str, faults: Sequence[Fault]) -> InvalidInput:
    from mpesa_cli.batch.words import fault_lines

    name = "Standard input" if source == STDIN else source
    count = f"{len(faults):,} fault{'s' if len(faults) > 1 else ''}"
    return InvalidInput(
        "\n".join([f"{name} has {count}, so nothing was sent.", *(f"  {line}" for line in fault_lines(faults))]),
        hint="Correct the file, then look at it without sending: mpesa push --from FILE --dry-run",
        code="file-faults",
    )


def _entry(outside: "PushContext", profile: "Profile", planned: Planned) -> Entry:
    row = planned.row
    task = None if planned.left_out else _task(outside, profile, planned)
    facts = {"line": row.line, "account_reference": row.account_reference, "description": row.description}
    return Entry(row.order_id, row.msisdn, row.amount * 100, task, planned.left_out, facts=facts)


def _task(outside: "PushContext", profile: "Profile", planned: Planned) -> "Task":
    from mpesa_cli.batch.run import Task
    from mpesa_cli.payments.push import PHONE_LOOKBACK_US, Order, push
    from mpesa_cli.rules.push_rules import phone_wait_s

    row = planned.row
    own = planned.payment.payment_id if planned.payment else ""
    order = Order(
        row.order_id, profile.name, profile.shortcode, row.amount, row.msisdn, row.account_reference, row.description
    )

    def wait_s() -> int:
        now_us = outside.world.now_us()
        prompts = outside.ledger.prompts_on(row.msisdn, now_us - PHONE_LOOKBACK_US)
        return phone_wait_s([p for p in prompts if p.ref.payment_id != own], row.amount * 100, now_us)

    return Task(row.order_id, row.msisdn, wait_s, lambda: push(outside, order).payment)
