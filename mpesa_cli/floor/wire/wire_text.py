"""Small pieces of text from the wire: ids, sentences, times. Made safe to keep and to show."""

import re
import unicodedata

from mpesa_cli.floor.moments import from_daraja_stamp
from mpesa_cli.floor.wire.strict_json import Json, UnreadableError

_ID = re.compile(r"[!-~]{0,100}")


def plain_text(value: Json, most: int) -> str:
    """A sentence from outside, at most ``most`` characters of it; empty where the value is no text.

    Control, format and private characters are dropped: what is shown on a terminal or printed on a
    receipt must not be able to move the cursor or to hide a digit.
    """
    if not isinstance(value, str):
        return ""
    kept = (c if not c.isspace() else " " for c in value[: 4 * most])
    return "".join(c for c in kept if unicodedata.category(c)[0] != "C")[:most].strip()


def wire_id(value: Json) -> str:
    """A CheckoutRequestID, MerchantRequestID and the like: up to 100 visible ASCII characters.

    Absent is the empty string. Raises UnreadableError for what can't be an id: ids are never cut, since
    two that are cut alike would look the same.
    """
    if value is None:
        return ""
    if isinstance(value, str) and _ID.fullmatch(value.strip()):
        return value.strip()
    raise UnreadableError("bad-id", "a CheckoutRequestID or MerchantRequestID that is none")


def stamp_us(value: Json) -> int | None:
    """Microseconds of a 14-digit EAT time, number or text; None where it is no time. Times decide nothing."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return from_daraja_stamp(str(value).strip())
