"""Result codes of requests that move money out: a reversal, and a payout (B2C).

FAILED is a proof that nothing went out. What is not listed proves nothing, and is never asked again by itself.
"""

from mpesa_cli.rules.codes.rows import Actor, Api, Code, NewAttempt, Outcome

_REVERSAL = "Safaricom's Reversal page, result codes (as of December 2025)"
_GENERAL = "Safaricom's general M-Pesa result codes, Account Balance page (as of December 2025)"

_BACK = ("Your money is on its way back to your M-PESA account.", "Pesa yako inarudi kwenye akaunti yako ya M-PESA.")
_NOT_YET = (
    "We could not send the money just now. We are looking into it.",
    "Hatukuweza kutuma pesa kwa sasa. Tunalishughulikia.",
)


def _no(api: Api, code: str, title: str, staff: str, source: str, *, actor: Actor = Actor.OWNER,
        again: NewAttempt = NewAttempt.AFTER_FIX) -> Code:
    what = "Nothing was given back." if api is Api.REVERSAL else "Nothing was paid out."
    return Code(api, code, title, Outcome.FAILED, actor, again, 0, staff=f"{what} {staff}",
                customer=_NOT_YET[0], customer_sw=_NOT_YET[1], source=source)


def _shared(api: Api, source: str, role: str) -> tuple[Code, ...]:
    """The rows that both APIs have: most blame the initiator, and none of them moved money."""
    return (
        _no(api, "1", "Too little in the account",
            "The shop's M-PESA account holds too little for it. Move money there, then run the same command again.",
            source),
        _no(api, "11", "Account in the wrong state",
            "M-PESA says that the account that is to pay is not in a state to do so. Call Safaricom.", source),
        _no(api, "18", "Initiator's credential refused",
            "The API user's password or the certificate is wrong. Correct it first: more tries lock the user.",
            _GENERAL),
        _no(api, "20", "Initiator not found",
            "The name of the API user is wrong, or it belongs to another shortcode.", _GENERAL),
        _no(api, "21", "Initiator lacks a role", f"The API user lacks the role for it: {role}.", source),
        _no(api, "22", "Initiator not active",
            "The API user is not active. A business administrator can change that.", _GENERAL),
        _no(api, "2001", "Initiator information invalid",
            "The API user's name, password or certificate is wrong. Correct it first: more tries lock the user.",
            source),
        _no(api, "2006", "Account does not allow it",
            "The status of an account does not allow it. Call Safaricom.", source),
        _no(api, "2028", "Not allowed for this shortcode",
            "This shortcode may not do it: M-PESA has not given it the product. Call Safaricom.", source),
        _no(api, "8006", "Initiator locked",
            "The API user is locked. A business administrator unlocks it in the portal.", source),
        _no(api, "TP40153", "Initiator lacks permission", "The API user may not do this.",
            "one live report; not in Safaricom's table"),
    )


REVERSAL_CODES: tuple[Code, ...] = (
    Code(Api.REVERSAL, "0", "Given back", Outcome.PAID, Actor.NOBODY, NewAttempt.NEVER, 0,
         staff="The money went back to the customer.", customer=_BACK[0], customer_sw=_BACK[1], source=_REVERSAL),
    *_shared(Api.REVERSAL, _REVERSAL, "Org Reversals Initiator"),
    Code(Api.REVERSAL, "R000001", "Given back before", Outcome.PAID, Actor.NOBODY, NewAttempt.NEVER, 0,
         staff="M-PESA says that this payment was reversed already: its money is back with the customer.",
         customer=_BACK[0], customer_sw=_BACK[1], source=_REVERSAL),
    _no(Api.REVERSAL, "R000002", "No such payment", "M-PESA knows no such payment of this shop: check the receipt "
        "on the statement.", _REVERSAL, actor=Actor.STAFF, again=NewAttempt.AFTER_CHECK),
)

_B2C = "Safaricom's Business To Customer page, result codes (as of December 2025)"
_SENT = ("The money has been sent to your M-PESA account.", "Pesa imetumwa kwenye akaunti yako ya M-PESA.")


def _limit(code: str, title: str, staff: str, *, actor: Actor = Actor.STAFF) -> Code:
    return _no(Api.B2C, code, title, staff, _B2C, actor=actor)


B2C_CODES: tuple[Code, ...] = (
    Code(Api.B2C, "0", "Paid out", Outcome.PAID, Actor.NOBODY, NewAttempt.NEVER, 0,
         staff="The money is with the phone that was asked for.", customer=_SENT[0], customer_sw=_SENT[1],
         source=_B2C),
    *_shared(Api.B2C, _B2C, "ORG B2C API Initiator"),
    _limit("2", "Below M-PESA's least", "M-PESA sends no amount that is so small."),
    _limit("3", "Above M-PESA's most", "It is more than M-PESA sends at once. Split it under two references."),
    _limit("4", "Above M-PESA's daily limit", "This phone has received as much as it may in a day. Do it tomorrow."),
    _limit("8", "The account would be too full", "This phone's account may not hold so much. Send less, or tomorrow."),
    Code(Api.B2C, "15", "Had by M-PESA before", Outcome.UNSURE, Actor.STAFF, NewAttempt.AFTER_CHECK, 0,
         staff="M-PESA had this very request already. This proves nothing of what came of it: look at the statement.",
         customer=_NOT_YET[0], customer_sw=_NOT_YET[1], source=_GENERAL),
    _limit("2040", "Not an M-PESA customer", "The number is not registered for M-PESA. Ask for another number."),
    _limit("SFC_IC0003", "No such number", "M-PESA knows no such number. Check it digit by digit."),
)

_OUT = {(row.api, row.code): row for row in (*REVERSAL_CODES, *B2C_CODES)}


def out_outcome(api: Api, code: str) -> Outcome:
    """The outcome that a result code of a reversal or a payout proves; UNSURE for one that is in no table."""
    row = _OUT.get((api, code))
    return row.outcome if row else Outcome.UNSURE
