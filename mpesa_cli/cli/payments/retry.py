"""``mpesa retry``: a new attempt of a payment, where and only where that is safe."""

from typing import TYPE_CHECKING, Annotated

import typer

from mpesa_cli.cli.consent.restored_gap import flag_answer
from mpesa_cli.cli.options import (
    REF,
    JsonOption,
    NotPaidOption,
    ProfileOption,
    QuietOption,
    ReasonOption,
    VerboseOption,
    WaitTurnOption,
    YesOption,
    runtime_of,
)
from mpesa_cli.cli.payments.push import confirm, timeout_s_of
from mpesa_cli.cli.payments.retry_attempts import Wish, attempts, send_once
from mpesa_cli.cli.payments.show import by_hand, show_and_exit, show_sent
from mpesa_cli.cli.payments.status import find, settle
from mpesa_cli.cli.payments.turns import Turn
from mpesa_cli.cli.payments.watching import watch_payment
from mpesa_cli.floor.errors import InvalidInput, Temporary
from mpesa_cli.rules.values.msisdn import parse_msisdn
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.rules.payment import Payment
    from mpesa_cli.rules.restored import NotPaid
    from mpesa_cli.settings.profile import Profile

ATTEMPTS_MAX = 5


def retry(
    ctx: typer.Context,
    ref: Annotated[str | None, REF] = None,
    phone: Annotated[
        str | None, typer.Option("--phone", help="Ask another line of the same customer.", metavar="PHONE")
    ] = None,
    force: Annotated[
        str | None,
        typer.Option("--force", help="Ask although the last prompt may still be paid; say why.", metavar="REASON"),
    ] = None,
    max_attempts: Annotated[
        int | None,
        typer.Option(
            "--max-attempts", min=1, max=ATTEMPTS_MAX, metavar="N",
            help="Ask up to N times, with waits, while no person need act.",
        ),
    ] = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="Every failed payment that needs no person, instead of one.")
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", help="With --failed: today (the default), yesterday, 7d, 2026-11-24.", metavar="DAY"
        ),
    ] = None,
    wait: Annotated[
        bool | None,
        typer.Option(
            "--wait/--no-wait", help="Wait for the answer, or not [default: wait; don't, with --failed].",
            show_default=False,
        ),
    ] = None,
    timeout: Annotated[
        int | None, typer.Option("--timeout", help="Seconds to wait [default: the profile's, 120].", metavar="S")
    ] = None,
    wait_turn: WaitTurnOption = False,
    not_paid_since_backup: NotPaidOption = False,
    reason: ReasonOption = None,
    yes: YesOption = False,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> None:
    """Ask again for a payment that failed, after making sure that it did.

    \b
    Examples:
      mpesa retry 1042
      mpesa retry 1042 --phone 0712345678
      mpesa retry 1042 --max-attempts 3
      mpesa retry 1042 --force 'customer showed that her phone has no prompt'
      mpesa retry --failed --since yesterday

    The last attempt is settled first. A prompt that may still be paid is never asked again, unless you
    force it with a reason, which is kept. Where it is too early, it is counted down on a terminal and then
    asked, in a script with --wait-turn. By itself it asks again only where nobody has anything to decide:
    the line was busy, the phone was not reached, nothing was sent. With --failed the others are listed.

    Exit status: as push. With --failed, by the payments that were asked: 0 all accepted or paid, 5 the same
    again asks the rest, 6 some unknown, 7 some not paid, 8 some still waiting (with --wait).
    """
    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose)
    settings = runtime.profile(profile)
    timeout_s = timeout_s_of(timeout, settings)
    _check_usage(ref, [phone, force, max_attempts], since, failed=failed)
    answer = flag_answer(runtime, not_paid=not_paid_since_backup, reason=reason)
    if failed or ref is None:
        _retry_failed(
            runtime, settings, since, watch_s=timeout_s if wait else None, yes=yes, as_json=json_, answer=answer
        )
        return
    if wait is False and (max_attempts or 1) > 1:
        raise _usage("--max-attempts watches each attempt, so it can't go with --no-wait.")
    turn = Turn(runtime, timeout_s, typed=timeout is not None, may_wait=wait_turn or runtime.streams.may_prompt())
    payment, wish = _in_turn(runtime, settings, ref, phone, force, max_attempts, turn, yes=yes)
    if max_attempts is not None:
        payment = attempts(runtime, settings, payment, wish, timeout_s, answer)
        show_and_exit(runtime, payment, as_json=json_, profile=settings)
    payment = send_once(runtime, settings, payment, wish.msisdn, wish.first, turn, answer)
    if wait is False:
        show_sent(runtime, payment, as_json=json_, profile=settings)
    payment = watch_payment(runtime, settings, payment, timeout_s=turn.until.left_s())
    show_and_exit(runtime, payment, as_json=json_, profile=settings)


def _check_usage(ref: str | None, of_one: list[str | int | None], since: str | None, *, failed: bool) -> None:
    if failed and (ref is not None or any(each is not None for each in of_one)):
        raise _usage("--failed takes no REF, --phone, --force or --max-attempts: each payment follows its own code.")
    if not failed and ref is None:
        raise _usage("Missing argument 'REF'.")
    if not failed and since is not None:
        raise _usage("--since goes with --failed.")


def _usage(message: str) -> InvalidInput:
    return InvalidInput(message, hint="Nothing was sent. See: mpesa retry --help", code="usage")


def _retry_failed(
    runtime: Runtime, profile: "Profile", since: str | None, *, watch_s: float | None, yes: bool, as_json: bool,
    answer: "NotPaid | None",
) -> None:  # fmt: skip
    from mpesa_cli.cli.batch.retry_batch import retry_failed
    from mpesa_cli.rules.values.dates import parse_since

    from_us = parse_since(since or "today", runtime.world.now_us())
    retry_failed(runtime, profile, from_us, watch_s=watch_s, yes=yes, as_json=as_json, answer=answer)


def _in_turn(
    runtime: Runtime, profile: "Profile", ref: str, phone: str | None, force: str | None, most: int | None,
    turn: Turn, *, yes: bool,
) -> "tuple[Payment, Wish]":  # fmt: skip
    """The payment, settled, and what may be done about it now, after waiting for its turn. Confirmed once."""
    confirmed = False
    while True:
        payment = _settled(runtime, profile, ref)
        msisdn = parse_msisdn(phone) if phone else payment.last.msisdn
        early: Temporary | None = None
        try:
            wish = _wish(runtime, profile, payment, msisdn, force, most)
        except Temporary as not_yet:
            early = not_yet
            turn.check(early)
        if not confirmed:
            confirm(runtime, profile, msisdn, payment.amount_cents // 100, payment.order_id, yes=yes)
            confirmed = True
            turn.begin()
        if early is None:
            return payment, wish
        turn.wait(msisdn, early)


def _settled(runtime: Runtime, profile: "Profile", ref: str) -> "Payment":
    """The payment as it stands, with what a dead process recorded and never sent given up."""
    from mpesa_cli.payments.retry import withdraw_abandoned

    payment = settle(runtime, profile, find(runtime, profile, ref))
    return withdraw_abandoned(runtime.ledger(profile), payment, runtime.world)


def _wish(
    runtime: Runtime, profile: "Profile", payment: "Payment", msisdn: str, force: str | None, most: int | None
) -> Wish:
    """What was asked for, once it is clear that it may be done, now or after a wait. Raises where it may not."""
    from mpesa_cli.payments.retry_loop import would_wait
    from mpesa_cli.rules.asking_again import ByPerson, decide_again, may_be_forced, refused
    from mpesa_cli.rules.retry_advice import CheckFirst, FixFirst, Refuse, RetryAfter, advise

    now_us = runtime.world.now_us()
    advice = advise(payment, now_us, msisdn)
    # A blank reason is one that says too little, which is not the same as none.
    first = ByPerson(force or " ") if force is not None and may_be_forced(payment, advice) else ByPerson()
    match advice:
        case Refuse() if not first.forced_because:
            ways = ["If you know better: --force 'why'."] if may_be_forced(payment, advice) else []
            raise refused(payment, advice, way=" ".join([*ways, by_hand(profile, payment)]).strip())
        case RetryAfter() | CheckFirst() if most is not None and not first.forced_because:
            if would_wait(payment, advice):
                return Wish(msisdn, most, at_once=False, first=first)
    decide_again(payment, first, msisdn, (), None, now_us)
    if isinstance(advice, FixFirst):
        runtime.streams.say(f"{advice.reason} Asking again because you say so.")
    return Wish(msisdn, most or 1, at_once=True, first=first)
