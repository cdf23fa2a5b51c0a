"""``mpesa retry``: a new attempt of a payment, where and only where that is safe; or of all that failed."""

from typing import Annotated

import typer

from mpesa_cli.cli.options import (
    REF,
    JsonOption,
    NotPaidOption,
    ProfileOption,
    QuietOption,
    ReasonOption,
    TimeoutOption,
    VerboseOption,
    WaitTurnOption,
    YesOption,
    runtime_of,
)
from mpesa_cli.cli.result import Result

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
    timeout: TimeoutOption = None,
    wait_turn: WaitTurnOption = False,
    not_paid_since_backup: NotPaidOption = False,
    reason: ReasonOption = None,
    yes: YesOption = False,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result:
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
    from mpesa_cli.cli.consent.restored_gap import flag_answer
    from mpesa_cli.cli.payments.turns import Waiting
    from mpesa_cli.cli.together import check_together

    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    settings = runtime.profile(profile)
    waiting = Waiting.of(runtime, settings, timeout, for_answer=wait is not False, for_turn=wait_turn)
    typed = {
        "REF": ref, "--phone": phone, "--force": force, "--max-attempts": max_attempts, "--failed": failed,
        "--since": since,
    }
    check_together("retry", typed)
    answer = flag_answer(runtime, not_paid=not_paid_since_backup, reason=reason)
    if failed:
        from mpesa_cli.cli.batch.retry_batch import retry_failed

        return retry_failed(runtime, settings, since or "today", waiting.timeout_s if wait else None, answer, yes=yes)
    from mpesa_cli.cli.payments.retry_one import Typed, retry_one

    return retry_one(runtime, settings, Typed(ref or "", phone, force, max_attempts), waiting, answer, yes=yes)
