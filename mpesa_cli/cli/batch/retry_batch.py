"""``mpesa retry --failed``: ask again for every payment that failed in a way that needs no person."""

import dataclasses
from typing import TYPE_CHECKING

from mpesa_cli.batch.plan import retry_row_status, row_status
from mpesa_cli.cli.batch.batching import Batch, Entry, carry_out, confirm_batch
from mpesa_cli.cli.consent.restored_gap import Wanted, check_batch
from mpesa_cli.cli.payments.ports import push_context
from mpesa_cli.cli.result import Result
from mpesa_cli.rules.retry_advice import Advice, CheckFirst, FixFirst, Refuse, RetryAfter, RetryNow, advise
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.batch.run import Task
    from mpesa_cli.payments.sending import PushContext
    from mpesa_cli.rules.payment import Payment
    from mpesa_cli.rules.restored import NotPaid
    from mpesa_cli.settings.profile import Profile

WAIT_MAX_S = 300


def retry_failed(
    runtime: Runtime, profile: "Profile", since: str, watch_s: float | None, answer: "NotPaid | None", *, yes: bool
) -> Result:
    """Ask again for every failed payment since then whose code's row allows it without a person.

    ``watch_s`` None does not wait for the customers' answers.
    """
    from mpesa_cli.rules.values.dates import parse_since

    since_us = parse_since(since, runtime.world.now_us())
    outside = dataclasses.replace(push_context(runtime, profile), say=lambda _: None, not_paid=answer)
    with runtime.ledger(profile).alone():
        failed = _failed(runtime, profile, since_us)
        batch = Batch(
            [_entry(outside, runtime, each) for each in failed],
            status_of=lambda payment: retry_row_status(payment) if payment else row_status(payment),
            left_out_count=False,
        )
        check_batch(runtime, profile, [Wanted(e.order_id, e.amount_cents, e.msisdn) for e in batch.entries if e.task],
                    answer)
        if not failed:
            runtime.streams.say("No payment has failed in that time.")
        confirm_batch(
            runtime, batch, f"Ask for these again, to {profile.kind} {profile.party_b} (profile {profile.name})?",
            yes=yes, may_ask=runtime.streams.may_prompt(), needs_yes=True,
        )
        return carry_out(runtime, profile, batch, watch_s)


def _failed(runtime: Runtime, profile: "Profile", since_us: int) -> "list[Payment]":
    """The failed payments, once all that came in is applied and the attempts of dead processes are given up."""
    from mpesa_cli.listener.ports import callback_intake
    from mpesa_cli.payments.retry import withdraw_abandoned
    from mpesa_cli.payments.told import shop_of, take_in
    from mpesa_cli.rules.state import AttemptState

    ledger = runtime.ledger(profile)
    callback_intake(runtime, profile)()
    take_in(ledger, shop_of(profile, runtime.world))
    for payment in ledger.unfinished():
        if payment.last.state is AttemptState.CREATED:
            withdraw_abandoned(ledger, payment, runtime.world)
    return list(ledger.failed_since(since_us))


def _entry(outside: "PushContext", runtime: Runtime, payment: "Payment") -> Entry:
    advice = advise(payment, runtime.world.now_us())
    to_ask = _is_automatic(advice)
    when = f"in {advice.wait_s} s, {_reason(payment)}" if isinstance(advice, RetryAfter) else _reason(payment)
    return Entry(
        payment.order_id, payment.last.msisdn, payment.amount_cents,
        _task(outside, payment) if to_ask else None,
        left_out="" if to_ask else _left_out(advice), note=when,
    )


def _is_automatic(advice: Advice) -> bool:
    match advice:
        case RetryNow(_, automatic):
            return automatic
        case RetryAfter(wait_s, _, automatic):
            return automatic and wait_s <= WAIT_MAX_S
        case _:
            return False


def _reason(payment: "Payment") -> str:
    """The reason why the last attempt failed, in a few words."""
    from mpesa_cli.rules.codes.lookup import no_prompt_meaning, stk_result
    from mpesa_cli.rules.state import AttemptState

    view = payment.last.view
    if view.source == "person":
        return "a person decided that no money came"
    if view.result_code is None:
        return "nothing was sent"
    if payment.last.state is AttemptState.FAILED:
        return stk_result(view.result_code).title.lower()
    return no_prompt_meaning(view.result_code, view.result_desc or "").title.lower()


def _left_out(advice: Advice) -> str:
    """The reason why this one is not asked without a person, and the way instead."""
    match advice:
        case RetryAfter(wait_s, reason, True):
            return f"only in {wait_s} s: {reason}"
        case RetryNow(reason) | RetryAfter(_, reason) | FixFirst(_, reason):
            return f"needs a person: {reason}"
        case CheckFirst(reason) | Refuse(reason):
            return reason


def _task(outside: "PushContext", payment: "Payment") -> "Task":
    from mpesa_cli.batch.run import Task
    from mpesa_cli.payments.push import PHONE_LOOKBACK_US
    from mpesa_cli.payments.retry import new_attempt
    from mpesa_cli.payments.wait import look
    from mpesa_cli.rules.asking_again import ByItself
    from mpesa_cli.rules.push_rules import phone_wait_s

    def wait_s() -> int:
        now_us = outside.world.now_us()
        advice = advise(outside.ledger.payment(payment.payment_id) or payment, now_us)
        prompts = outside.ledger.prompts_on(payment.last.msisdn, now_us - PHONE_LOOKBACK_US)
        asked_s = advice.wait_s if isinstance(advice, RetryAfter) else 0
        return max(asked_s, phone_wait_s(prompts, payment.amount_cents, now_us))

    def send() -> "Payment":
        latest = look(outside.ledger, payment.payment_id, outside.world.now_us())
        return new_attempt(outside, latest, latest.last.msisdn, ByItself()).payment

    return Task(payment.order_id, payment.last.msisdn, wait_s, send)
