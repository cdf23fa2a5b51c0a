"""Several profiles in one command: each has a till and a ledger of its own, or nothing would tell whose money it is."""

from collections.abc import Sequence
from itertools import combinations

from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.settings.profile import Profile


def check_several(profiles: Sequence[Profile]) -> None:
    """Raise InvalidInput ``profiles-not-apart`` where two are one, share a ledger or a till, or where only some are
    of real money."""
    for one, other in combinations(profiles, 2):
        if one.name == other.name:
            raise _not_apart(f"Profile {one.name} is named twice.", "Name each once")
        both = f"Profiles {one.name} and {other.name}"
        if one.environment != other.environment:
            raise _not_apart(f"{both} are of {one.environment} and {other.environment}.", "One command is of one kind")
        if (one.shortcode, one.till) == (other.shortcode, other.till):
            raise _not_apart(f"{both} are the same till, {one.party_b}.", "Name one of them")
        if one.ledger.resolve() == other.ledger.resolve():
            raise _not_apart(f"{both} have the same ledger, {one.ledger_place}.",
                             "Each needs one of its own: ledger in the profile, and no MPESA_LEDGER")


def _not_apart(words: str, remedy: str) -> InvalidInput:
    return InvalidInput(
        words, hint=f"Nothing was done. {remedy}. See what they are:  mpesa config show", code="profiles-not-apart"
    )
