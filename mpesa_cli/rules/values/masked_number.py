"""A number of which only some digits show, as a receipt or a statement prints it: ``0708•••149``."""

import re

from mpesa_cli.floor.errors import InvalidInput

_HIDDEN = re.compile(r"[•*·xX]+")


def parse_masked(typed: str) -> tuple[str, str] | None:
    """The digits before and behind the hidden ones, the first as stored (``254708``). None where nothing is hidden.

    Raises InvalidInput where the rest is no part of a number, or fewer than three digits show.
    """
    shown = re.sub(r"[\s-]", "", typed).removeprefix("+")
    if not _HIDDEN.search(shown):
        return None
    head, _, tail = _HIDDEN.sub("*", shown).partition("*")
    if not (head + tail).isdecimal() or not (head + tail).isascii() or len(head + tail) < 3:
        raise InvalidInput(
            f"{typed!r} is not a masked phone number.", hint="Right: --phone '0708•••149', or 0708***149",
            code="invalid-phone",
        )
    return ("254" + head[1:] if head.startswith("0") else head), tail
