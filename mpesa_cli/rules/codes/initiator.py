"""Result codes of requests that are sent with an initiator (Transaction Status), and what the shop must do.

None of them says anything about the payment that was asked about, except that M-PESA does not know it.
"""

from mpesa_cli.rules.codes.rows import Actor, Api, Code, NewAttempt, Outcome
from mpesa_cli.rules.codes.words import CHECKING

_GENERAL = "Safaricom's general M-Pesa result codes, Account Balance page (as of December 2025)"
_REVERSAL = "Safaricom's Reversal page, result codes (as of December 2025)"
_LIVE = "one live report; not in Safaricom's table"


def _row(code: str, title: str, staff: str, *, actor: Actor = Actor.OWNER, source: str = _GENERAL) -> Code:
    return Code(
        Api.INITIATOR, code, title, Outcome.UNSURE, actor, NewAttempt.AFTER_CHECK, 0,
        staff=f"{staff} This proves nothing about the payment.",
        customer=CHECKING.en, customer_sw=CHECKING.sw, source=source,
    )


INITIATOR_CODES: tuple[Code, ...] = (
    _row("18", "Initiator's credential refused",
         "The API user's password or the certificate is wrong. Correct it first: more tries lock the user."),
    _row("20", "Initiator not found", "The name of the API user is wrong, or it belongs to another shortcode."),
    _row("21", "Initiator lacks a role", "The API user lacks the role for it: Transaction Status query ORG API."),
    _row("22", "Initiator not active", "The API user is not active. A business administrator can change that."),
    _row("25", "Request not understood", "M-PESA did not understand the question."),
    _row("26", "M-PESA is overloaded", "M-PESA is too busy. Ask again in some minutes.", actor=Actor.SYSTEM),
    _row("2001", "Initiator information invalid",
         "The API user's name, password or certificate is wrong. Correct it first: more tries lock the user."),
    _row("8006", "Initiator locked", "The API user is locked. A business administrator unlocks it in the portal."),
    _row("R000002", "No such transaction", "M-PESA knows no such transaction of this shop.", actor=Actor.STAFF,
         source=_REVERSAL),
    _row("TP40153", "Initiator lacks permission", "The API user may not do this.", source=_LIVE),
)
