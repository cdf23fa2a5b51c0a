"""A browser that may see the owner's page, from the code that pairs it to the end of its cookie. Pure."""

import re
from typing import Literal

from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.records import dataclass

CODE_LENGTH = 10
CODE_LIFE_US = 5 * 60 * SECOND_US
COOKIE_LIFE_US = 12 * 3_600 * SECOND_US
COOKIE_BYTES = 32
# A clock that was set back must not lengthen a life: what seems to have been made later than this ahead is over.
_AHEAD_US = 60 * SECOND_US

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", re.ASCII)
_LOOKALIKES = str.maketrans("OIL", "011", " -")

Standing = Literal["waiting", "lapsed", "paired", "expired", "revoked"]


@dataclass(frozen=True, slots=True)
class Viewer:
    """One browser, or the code that is to become one. ``paired_us`` and ``until_us`` are None until then."""

    viewer_id: str
    name: str
    made_us: int
    code_until_us: int
    paired_us: int | None = None
    until_us: int | None = None
    revoked_us: int | None = None

    def standing(self, now_us: int) -> Standing:
        """The word for what it opens: ``waiting`` its code, ``paired`` the page, all others nothing."""
        if self.revoked_us is not None:
            return "revoked"
        if self.paired_us is None or self.until_us is None:
            return "waiting" if _lives(self.made_us, self.code_until_us, now_us) else "lapsed"
        return "paired" if _lives(self.paired_us, self.until_us, now_us) else "expired"


def _lives(from_us: int, until_us: int, now_us: int) -> bool:
    return from_us - _AHEAD_US <= now_us < until_us


def shown_code(code: str) -> str:
    """A code as it is read out and typed: ``7KQ2M-3F8ZD``."""
    return f"{code[: CODE_LENGTH // 2]}-{code[CODE_LENGTH // 2 :]}"


def typed_code(typed: str) -> str:
    """The code that was typed: whatever its case, spaces and dashes, and with letters read as the digits they look
    like."""
    return typed[:64].upper().translate(_LOOKALIKES)


def check_viewer_name(typed: str) -> str:
    """A browser's name: 1 to 40 letters, digits and ``. _ -``. Raises InvalidInput."""
    cleaned = typed.strip()
    if not _NAME.fullmatch(cleaned):
        raise InvalidInput(
            f"{typed[:60]!r} can't be the name of a browser.",
            hint="Nothing was paired. 1 to 40 letters, digits and . _ -  Right: mpesa owner pair --name aminas-phone",
            code="invalid-viewer-name",
        )
    return cleaned
