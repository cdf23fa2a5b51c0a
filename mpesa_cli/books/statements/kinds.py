"""The kind of a movement, by its direction and its Reason Type, whose texts are an open list (daraja.md 10.2)."""

from functools import lru_cache

from mpesa_cli.rules.statement_row import RowKind

# Money that comes and is no customer's, where no phone number stands on the other side.
_NOT_A_CUSTOMER = ("fund", "deposit", "settlement", "interest", "organization", "organisation")
_PHONE = ("254", "07", "01")


def kind_of(reason: str, details: str, party: str, *, came: bool) -> RowKind:
    """The kind of a row. ``came``: the money came. ``party`` is the other side's number, empty where unknown.

    Money that came is a customer's unless its reason says otherwise: better one row too many for a person to
    look at than a payment that nobody sees.
    """
    decided = _by_reason(reason, came)
    if decided is not None:
        return decided
    words = details.partition(" - ")[0]  # up to the other side's name, which may hold any word
    if not came:
        return _by_reason(words, came) or "other"
    if not reason.strip():
        return _by_reason(words, came) or ("other" if words.strip() and not party.startswith(_PHONE) else "received")
    return "received" if party.startswith(_PHONE) else "other"


@lru_cache(maxsize=1_024)
def _by_reason(words: str, came: bool) -> RowKind | None:
    """The kind where these words decide it, else None."""
    lowered = words.casefold()
    if "charge" in lowered:
        return "other" if came else "charge"
    if "reversal" in lowered:
        return "other" if came else "reversal"
    if not came or not lowered.strip() or any(word in lowered for word in _NOT_A_CUSTOMER):
        return None
    return "received"
