"""The refusal of a request: one of the three error words of RFC 6750, and a sentence for people.

Whatever fails before the signature was verified has one text and one code: who has no key learns nothing by
trying. After it, the bearer is told what is wrong with a token that is genuine.
"""

from typing import ClassVar, Literal

from mpesa_cli.floor.errors import ExitStatus, MpesaError

REALM = "mpesa"
BearerError = Literal["", "invalid_request", "invalid_token", "insufficient_scope"]

_HTTP_STATUS: dict[BearerError, int] = {
    "": 401, "invalid_request": 400, "invalid_token": 401, "insufficient_scope": 403,
}
_NOTHING = "Nothing was sent. "
_MAKE = f"{_NOTHING}Make one: mpesa token issue --name shop --scope payments:write --scope payments:read"
_LOOK = f"{_NOTHING}Look at the tokens: mpesa token list"
HINTS = {
    "token-missing": f"{_NOTHING}Send the header:  Authorization: Bearer TOKEN  (mpesa token issue makes one)",
    "token-unreadable": f"{_NOTHING}Send exactly one header:  Authorization: Bearer TOKEN",
    "token-refused": _MAKE,
    "token-expired": _MAKE,
    "token-not-yet-valid": f"{_NOTHING}Set the clocks of both machines, then send the request again.",
    "token-for-another": _LOOK,
    "token-incomplete": f"{_NOTHING}It needs exp, jti, aud, iss and scope. {_MAKE.removeprefix(_NOTHING)}",
    "token-revoked": _LOOK,
    "scope-missing": _MAKE,
}
"""Every code of this room, with what to do next."""


class TokenRefused(MpesaError):
    """A request whose token is missing, bad, or does not allow what it asks for. Nothing was done.

    ``error`` is RFC 6750's word, empty where no token came at all; ``message`` is plain ASCII without quotes,
    fit to be its ``error_description``; ``scope`` is the one that would have been needed, or empty.
    """

    exit_status: ClassVar[ExitStatus] = ExitStatus.CREDENTIALS
    code = "token-refused"

    def __init__(self, message: str, *, code: str, error: BearerError = "invalid_token", scope: str = "") -> None:
        """``code`` is one of the codes that this room has hints for."""
        super().__init__(message, hint=HINTS[code], code=code)
        self.error: BearerError = error
        self.scope = scope

    @property
    def http_status(self) -> int:
        """400, 401 or 403, as RFC 6750 3.1 has it."""
        return _HTTP_STATUS[self.error]

    @property
    def challenge(self) -> str:
        """The value of the ``WWW-Authenticate`` header (RFC 6750 3)."""
        parts = [f'realm="{REALM}"']
        if self.error:
            parts += [f'error="{self.error}"', f'error_description="{self.message}"']
        if self.scope:
            parts.append(f'scope="{self.scope}"')
        return "Bearer " + ", ".join(parts)


def not_genuine() -> TokenRefused:
    """Everything that fails before the signature was verified: one answer for all of it."""
    return TokenRefused("The token is not valid.", code="token-refused")
