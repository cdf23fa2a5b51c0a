"""The one question before real money moves, or before what can't be undone: default No, and never an assumption."""

from typing import TYPE_CHECKING

from mpesa_cli.cli.consent.asking import ask, ask_yes
from mpesa_cli.floor.errors import Conflict, Declined
from mpesa_cli.floor.records import dataclass
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.settings.profile import Profile


@dataclass(frozen=True, slots=True)
class Question:
    """A question to a person. ``unattended`` is said where nobody is there, ``nothing`` what has not happened then.

    With ``typed`` the answer is that order id, or what ``wrong`` names, in place of y. ``asks_always``: no flag answers
    it beforehand.
    """

    words: str
    unattended: str
    nothing: str = "Nothing was sent."
    typed: str = ""
    wrong: str = "That is not the order id."
    asks_always: bool = False


def confirm_in_production(runtime: Runtime, profile: "Profile", question: Question, *, yes: bool) -> None:
    """Ask where the money is real. Raises as :func:`confirm` does."""
    if profile.environment == "production":
        confirm(runtime, question, yes=yes)


def confirm(runtime: Runtime, question: Question, *, yes: bool, may_ask: bool = True) -> None:
    """Ask, unless ``--yes`` or MPESA_YES=1 has answered. ``may_ask`` False: standard input is taken already.

    Raises Declined where a person says no, and Conflict ``needs-yes`` where nobody can be asked.
    """
    if is_answered(runtime, yes=yes) and not question.asks_always:
        return
    if not may_ask or not runtime.streams.may_prompt():
        way = "Run it at a terminal; --yes does not answer this." if question.asks_always else (
            "Add --yes (or MPESA_YES=1) to the same command.")
        hint = f"{question.nothing} {way}"
        raise Conflict(question.unattended, hint=hint, code="needs-yes")
    again = f"{question.nothing} To do it after all, run the same command again."
    if question.typed:
        if ask(runtime.streams, question.words, None, str.strip) != question.typed:
            raise Declined(question.wrong, hint=again)
    elif not ask_yes(runtime.streams, question.words):
        raise Declined("You said no.", hint=again)


def is_answered(runtime: Runtime, *, yes: bool) -> bool:
    """Whether ``--yes`` or MPESA_YES=1 has said it beforehand."""
    return yes or runtime.environ.get("MPESA_YES") == "1"
