"""Refusals as errors: a token that is refused twice, or a request without an answer."""

from mpesa_cli.daraja.answers import Refused, Undelivered
from mpesa_cli.floor.errors import CredentialsRefused, MpesaError, NotDelivered, Temporary
from mpesa_cli.floor.wire.exchange import NeverSent, NoAnswer

NO_PRODUCT = "401.003.01"


def second_refusal(answer: Undelivered) -> Refused | Undelivered:
    """The reading of a token refusal that came again with a fresh token: a third try would change nothing.

    The app lacks the API product: a matter of credentials. Otherwise another machine may be fetching
    tokens with the same key (assumptions.md A2); still undelivered, but no longer to be repeated by itself.
    """
    if answer.error_code == NO_PRODUCT or "no API product" in answer.description:
        return Refused(answer.error_code, answer.description, credentials=True)
    return Undelivered(answer.error_code, f"{answer.description}, a fresh one too", "no")


def to_error(outcome: NeverSent | NoAnswer) -> MpesaError:
    """The error with which a command ends for this outcome."""
    if isinstance(outcome, NeverSent):
        return NotDelivered(
            f"Daraja was not reached: {outcome.words}.",
            hint="Nothing was sent. Check the internet connection, then run the same command again. "
            "If it stays so: mpesa config check --live",
        )
    return Temporary(
        f"Daraja gave no whole answer: {outcome.words}.",
        hint="The request may have been carried out. It moves no money: run the same command again.",
        code="no-answer",
    )


def refused_again() -> CredentialsRefused:
    """The error for a fresh token that was refused as well."""
    return CredentialsRefused(
        "Daraja refused the access token, and the fresh one after it.",
        hint="Nothing was changed. Check the app's keys and products, then run: mpesa config check",
    )
