"""Harmless questions to Safaricom's sandbox that test our assumptions (docs/reference/assumptions.md A2, A12)."""

from collections.abc import Callable, Iterator
from typing import assert_never

from mpesa_cli.daraja import answers
from mpesa_cli.floor.errors import Conflict, MpesaError
from mpesa_cli.payments.ask import Queries
from mpesa_cli.rules.codes.lookup import explain_refusal
from mpesa_cli.settings.profile import Profile
from mpesa_cli.upkeep.findings import Finding

UNKNOWN_ID = "ws_CO_01012020000000000254700000000"  # of no prompt: no number begins with 0


def live(profile: Profile, sign_in: Callable[[], None], daraja: Callable[[], Queries]) -> Iterator[Finding]:
    """Fetch a token, then ask about a prompt that never was. Never sends a prompt.

    Raises Conflict ``not-the-sandbox`` where the profile is for real money or for the simulator in the process.
    """
    if profile.environment == "production" or profile.embedded:
        raise Conflict(
            f"Live checks are for Safaricom's sandbox, and profile {profile.name} is {profile.environment}.",
            hint="Nothing was sent. Name a sandbox profile: mpesa doctor --live-checks -P NAME",
            code="not-the-sandbox",
        )
    try:
        sign_in()
    except MpesaError as refused:
        yield Finding("live-token", "fail", refused.message, refused.hint)
        return
    yield Finding("live-token", "ok", f"{profile.base_url} takes the consumer key and secret (assumption A2).")
    yield _unknown_prompt(daraja().query(UNKNOWN_ID, profile.shortcode))


def _unknown_prompt(answer: answers.QueryAnswer) -> Finding:
    """A query for an id that is not known must never read as a no (assumption A12)."""
    name = "live-query"
    match answer:
        case answers.Pending(reason=reason):
            return Finding(name, "ok", f"A query for an unknown prompt proves nothing, as assumed (A12): {reason}.")
        case answers.Final(result_code=code, result_desc=text):
            words = f"A query for an unknown prompt was answered with a result, {code} {text}: A12 is wrong. Tell us."
            return Finding(name, "warn", words, explain_refusal(code))
        case answers.Limited(reason=reason, retry_after_s=wait_s):
            return Finding(name, "warn", f"Not asked: {reason}.", f"sleep {wait_s}; mpesa doctor --live-checks")
        case answers.Refused(error_code=code, description=text):
            return Finding(name, "warn", f"A query for an unknown prompt was refused: {text}.", explain_refusal(code))
        case answers.Unanswered(error_code=code, description=text):
            return Finding(name, "warn", f"A query for an unknown prompt was not answered: {text}.",
                           "mpesa doctor --live-checks")
        case answers.Undelivered(description=text):
            return Finding(name, "warn", f"The query did not arrive: {text}.", "mpesa doctor --live-checks")
        case _:
            assert_never(answer)
