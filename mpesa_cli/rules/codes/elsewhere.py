"""Codes that a shop meets and that are not about a prompt of ours: refused payments by hand, other Daraja products.

One number can mean one thing for a prompt and another here, so none of these is ever looked up for a prompt.
"""

from mpesa_cli.rules.codes.rows import Actor, Api, Code, NewAttempt, Outcome
from mpesa_cli.rules.codes.words import CHECKING

_C2B = "Safaricom's C2B Register URL page, validation (as of December 2025)"
_RATIBA = "Safaricom's M-Pesa Ratiba codes, in two transcriptions"
_BONGA = "one report of the Lipa na Bonga codes"


def _refused(code: str, what: str, actor: Actor) -> Code:
    return Code(
        Api.VALIDATION, code, f"Payment by hand refused: {what}", Outcome.FAILED, actor, NewAttempt.AFTER_FIX, 0,
        staff=f"Not paid: our side told M-PESA to refuse a payment from the menu, because of the {what}. Nothing was "
              "taken.",
        customer="The shop's system refused this payment. Nothing was taken. Please check account number and amount, "
                 "or ask us.",
        customer_sw="Mfumo wa duka umekataa malipo haya. Hakuna pesa iliyokatwa. Tafadhali hakiki akaunti na kiasi, au "
                    "utuulize.",
        source=_C2B,
    )


def _of(api: Api, code: str, title: str, staff: str, actor: Actor, source: str) -> Code:
    return Code(
        api, code, title, Outcome.UNSURE, actor, NewAttempt.AFTER_CHECK, 0,
        staff=f"{staff} For a prompt of ours it proves nothing.",
        customer=CHECKING.en, customer_sw=CHECKING.sw, source=source,
    )


VALIDATION_CODES: tuple[Code, ...] = (
    _refused("C2B00011", "phone number", Actor.CUSTOMER),
    _refused("C2B00012", "account number", Actor.CUSTOMER),
    _refused("C2B00013", "amount", Actor.CUSTOMER),
    _refused("C2B00014", "customer's details", Actor.CUSTOMER),
    _refused("C2B00015", "shortcode", Actor.OWNER),
    _refused("C2B00016", "rules of the shop", Actor.OWNER),
)

RATIBA_CODES: tuple[Code, ...] = (
    _of(Api.RATIBA, "1050", "Standing order of that name exists",
        "The customer has a standing order of the same name already.", Actor.STAFF, _RATIBA),
    _of(Api.RATIBA, "1051", "Request not understood", "M-PESA did not understand the standing order.", Actor.OWNER,
        _RATIBA),
)

BONGA_CODES: tuple[Code, ...] = (
    _of(Api.BONGA, "1031", "PIN not entered in time", "The customer did not enter the PIN in time.", Actor.CUSTOMER,
        _BONGA),
    _of(Api.BONGA, "6001", "Not carried out", "The payment in points was not carried out.", Actor.SYSTEM, _BONGA),
    _of(Api.BONGA, "6004", "Server fault", "The points' own server had a fault.", Actor.SYSTEM, _BONGA),
    _of(Api.BONGA, "6005", "Credentials refused", "The credentials were refused.", Actor.OWNER, _BONGA),
    _of(Api.BONGA, "6006", "Something is missing", "A part of the request was missing.", Actor.OWNER, _BONGA),
)

ELSEWHERE_CODES: tuple[Code, ...] = VALIDATION_CODES + RATIBA_CODES + BONGA_CODES
