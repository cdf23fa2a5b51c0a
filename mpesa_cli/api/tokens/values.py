"""Bearer tokens of the HTTP API as values: what they allow, how long they live, what they are called. Pure."""

import re
from collections.abc import Iterable
from typing import Literal

from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.records import dataclass

SCOPES: dict[str, str] = {
    "payments:read": "see payments, orders and receipts",
    "payments:write": "ask customers for money, try again, add orders",
    "balance:read": "see what is on the shop's M-PESA accounts",
    "refunds:write": "give customers their money back, within the shop's limits",
}
TTL_MAX_S = 366 * 86_400

_TTL = re.compile(r"([1-9]\d{0,6})([mhd])", re.ASCII)
_UNIT_S = {"m": 60, "h": 3_600, "d": 86_400}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", re.ASCII)
_JTI = re.compile(r"[\x21-\x7e]{1,128}", re.ASCII)


@dataclass(frozen=True, slots=True)
class KnownToken:
    """The ledger's record of a token: never the token itself.

    ``issued_us`` and ``expires_us`` are None for a token of an outside issuer, which is only known because it
    was revoked here; ``revoked_us`` is None while it is good.
    """

    jti: str
    name: str
    scopes: frozenset[str]
    issued_us: int | None
    expires_us: int | None
    revoked_us: int | None = None

    def standing(self, now_us: int) -> Literal["valid", "expired", "revoked"]:
        """The word for whether the token opens anything at ``now_us``."""
        if self.revoked_us is not None:
            return "revoked"
        return "expired" if self.expires_us is None or self.expires_us <= now_us else "valid"


def parse_ttl(typed: str) -> int:
    """A lifetime like ``15m``, ``12h`` or ``30d`` in microseconds. Raises InvalidInput above 366 days."""
    found = _TTL.fullmatch(typed.strip())
    seconds = int(found[1]) * _UNIT_S[found[2]] if found else 0
    if not 0 < seconds <= TTL_MAX_S:
        raise InvalidInput(
            f"--ttl {typed[:40]!r} is no lifetime of a token.",
            hint="No token was made. Right: 15m, 12h, 30d; at most 366d.", code="invalid-ttl",
        )
    return seconds * SECOND_US


def check_scopes(typed: Iterable[str]) -> frozenset[str]:
    """The scopes, where each is one that exists and there is at least one. Raises InvalidInput."""
    wanted = frozenset(scope.strip() for scope in typed)
    unknown = sorted(wanted - set(SCOPES))
    if unknown or not wanted:
        what = f"There is no scope {unknown[0][:40]!r}." if unknown else "A token without a scope opens nothing."
        raise InvalidInput(
            what, hint=f"No token was made. Right: --scope {' or --scope '.join(sorted(SCOPES))}", code="unknown-scope",
        )
    return wanted


def check_token_name(typed: str) -> str:
    """The name of the token's bearer: 1 to 40 letters, digits and ``. _ -``. Raises InvalidInput."""
    cleaned = typed.strip()
    if not _NAME.fullmatch(cleaned):
        raise InvalidInput(
            f"{typed[:60]!r} can't be the name of a token.",
            hint="No token was made. 1 to 40 letters, digits and . _ -  Right: --name web-shop",
            code="invalid-token-name",
        )
    return cleaned


def check_jti(typed: str) -> str:
    """A token's id: 1 to 128 printable ASCII characters without blanks. Raises InvalidInput."""
    cleaned = typed.strip()
    if not _JTI.fullmatch(cleaned):
        raise InvalidInput(
            "That can't be the id of a token.",
            hint="Nothing was revoked. See the ids: mpesa token list", code="invalid-jti",
        )
    return cleaned
