"""The question before a prompt in a restored ledger, which does not know the payments made after its backup."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from mpesa_cli.floor.errors import Conflict, Declined, InvalidInput
from mpesa_cli.rules.restored import NotPaid, check_gap
from mpesa_cli.runtime import Runtime

Sent = TypeVar("Sent")

if TYPE_CHECKING:
    from mpesa_cli.settings.profile import Profile

FLAG = "--not-paid-since-backup"
NAME_AT_MOST = 60
SAID_AT_TERMINAL = "typed the order id at the terminal"


class Wanted(NamedTuple):
    """An order that somebody wants to ask for, on its terms."""

    order_id: str
    amount_cents: int
    msisdn: str


def flag_answer(runtime: Runtime, *, not_paid: bool, reason: str | None) -> NotPaid | None:
    """The answer that the flags give, for every order of the command. Raises InvalidInput where they don't fit."""
    from mpesa_cli.cli.consent.reasons import checked_reason

    if not not_paid:
        if reason is not None:
            raise InvalidInput(f"--reason goes with {FLAG}.", hint="Nothing was sent. See: mpesa push --help",
                               code="usage")
        return None
    said = checked_reason(reason or "", example=f"{FLAG} --reason 'asked her, she has paid nothing today'")
    return NotPaid(_whoever(runtime), said)


def answered(
    runtime: Runtime, order_id: str, flags: NotPaid | None, send: "Callable[[NotPaid | None], Sent]"
) -> "Sent":
    """The result of ``send`` with the flags' answer; or, where it wants one and a person is here, with what they type.

    Raises what ``send`` raises, and Declined where the person does not answer: then nothing was sent.
    """
    try:
        return send(flags)
    except Conflict as refused:
        if refused.code != "restored-gap" or not runtime.streams.may_prompt():
            raise
        from mpesa_cli.cli.consent.asking import ask

        runtime.streams.complain(refused.message)
        question = f"Only if you know that order {order_id} was not paid since, type its id"
        if ask(runtime.streams, question, None, str.strip) != order_id:
            raise Declined("That is not the order id.", hint=refused.hint) from None
        return send(NotPaid(_whoever(runtime), SAID_AT_TERMINAL))


def _whoever(runtime: Runtime) -> str:
    """The system's user, for a reason that came without a name, as from a script."""
    name = runtime.environ.get("USER") or runtime.environ.get("LOGNAME") or ""
    return name if name.isprintable() and 0 < len(name) <= NAME_AT_MOST else "nobody named"


def check_batch(runtime: Runtime, profile: "Profile", wanted: Sequence[Wanted], flags: NotPaid | None) -> None:
    """Raise Conflict ``restored-gap`` before the first prompt where the flags did not answer for a batch's orders.

    One that may be paid already is left out when its turn comes, and the others are asked for.
    """
    from mpesa_cli.ledger.restoring import Restores

    if flags is not None or Restores(runtime.ledger(profile)).restored() is None:
        return
    for each in wanted:
        known = Restores(runtime.ledger(profile)).in_the_gap(*each, profile.takes_money_on)
        if known is not None and known.open_gaps and not known.free:
            check_gap(known, each.order_id)

