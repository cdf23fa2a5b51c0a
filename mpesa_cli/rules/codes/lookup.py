"""Result codes: what each means, who must act, and whether a new attempt is safe. Data and look-up.

Codes are strings and are keyed by API, because one code means different things in different APIs
(2001 is a wrong PIN in STK push and a wrong initiator in B2C). A code that is not in the table is never
retried by itself. Sources are cited row by row.
"""

import re
from dataclasses import replace

from mpesa_cli.rules.codes.elsewhere import ELSEWHERE_CODES
from mpesa_cli.rules.codes.errors import ERROR_CODES
from mpesa_cli.rules.codes.initiator import INITIATOR_CODES
from mpesa_cli.rules.codes.money_out import B2C_CODES, REVERSAL_CODES
from mpesa_cli.rules.codes.rows import Actor, Api, Code, NewAttempt, Outcome
from mpesa_cli.rules.codes.sms import SMS_CODES
from mpesa_cli.rules.codes.stk import STK_CODES
from mpesa_cli.rules.codes.transport import TRANSPORT_CODES
from mpesa_cli.rules.codes.words import CHECKING, NOT_TAKEN

__all__ = [
    "ALL_CODES", "Actor", "Api", "Code", "NewAttempt", "Outcome",
    "can_be_a_code", "doubtful_meaning", "error_meaning", "explain", "explain_refusal", "no_prompt_meaning",
    "response_meaning", "stk_result",
]


RESPONSE_CODES: tuple[Code, ...] = (
    Code(
        Api.RESPONSE, "0", "Accepted, not paid", Outcome.NOT_FINAL, Actor.CUSTOMER, NewAttempt.NEVER, 0,
        staff="M-PESA has taken the request: the prompt is on its way. This is not a payment yet.",
        customer="Please look at your phone and enter your M-PESA PIN.",
        customer_sw="Tafadhali angalia simu yako na uweke PIN yako ya M-PESA.",
        source="Safaricom's M-Pesa Express page (as of December 2025)",
    ),
    Code(
        Api.RESPONSE, "1", "Refused at once", Outcome.FAILED, Actor.OWNER, NewAttempt.AFTER_FIX, 0,
        staff="Not sent, no phone rang. M-PESA refused the request itself; the words beside the code say why.",
        customer=NOT_TAKEN.en, customer_sw=NOT_TAKEN.sw,
        source="Safaricom's M-Pesa Express page (as of December 2025): 0 is accepted, any other code is not",
    ),
)

ALL_CODES: tuple[Code, ...] = (
    STK_CODES + RESPONSE_CODES + ERROR_CODES + TRANSPORT_CODES + INITIATOR_CODES + REVERSAL_CODES + B2C_CODES
    + ELSEWHERE_CODES + SMS_CODES
)

_STK = {row.code: row for row in STK_CODES}
_ERRORS: dict[str, list[Code]] = {}
for _row in ERROR_CODES + TRANSPORT_CODES:
    _ERRORS.setdefault(_row.code, []).append(_row)
for _rows in _ERRORS.values():
    _rows.sort(key=lambda row: -len(row.text))  # the most particular text first, the row without one last

# Compiled when they are first needed: most codes are in the tables.
_CAN_BE = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?"
_BARE_STATUS = r"http-([45])\d\d"
_STATUS = r"[45][0-9][0-9]"
_REFUSED_WITH_BODY = r"4\d\d(?:\.\d+)+"  # `HTTP.API.reason`: the first part is the HTTP status


def stk_result(code: str) -> Code:
    """The meaning of a result code of an STK callback or query. Never raises; exactly ``"0"`` alone is PAID.

    An unlisted code gives a row with ``listed=False``, outcome UNSURE and new attempt NEVER.
    """
    return _STK.get(code) or _unlisted(Api.STK, code)


def error_meaning(error_code: str, message: str) -> Code:
    """The meaning of an error code with this message. The message decides, by substring, whatever its case.

    Never raises. An unlisted code with an HTTP status of 4xx in it was refused before any phone rang; any
    other unlisted code is UNSURE.
    """
    said = message.casefold()
    rows = _ERRORS.get(error_code) or _ERRORS.get(_family(error_code)) or []
    for row in rows:
        if row.text.casefold() in said:
            return row
    return _unlisted(Api.ERROR, error_code)


def no_prompt_meaning(error_code: str, message: str) -> Code:
    """The meaning, as error_meaning, for an attempt that is *proven* not to have rung: not_sent or rejected.

    The proof overrules the table: fetching a token may time out too, and that leaves nothing in doubt.
    """
    row = error_meaning(error_code, message)
    if row.outcome is Outcome.FAILED:
        return row
    return replace(
        row, outcome=Outcome.FAILED, actor=Actor.SYSTEM, new_attempt=NewAttempt.NOW, wait_s=0,
        staff="M-PESA did not take the request. No phone rang and nothing was taken.",
        customer=NOT_TAKEN.en, customer_sw=NOT_TAKEN.sw,
    )


def doubtful_meaning(error_code: str, message: str) -> Code:
    """The meaning, as error_meaning, for an attempt that is ``unknown``: whatever the code, a phone may have rung."""
    row = error_meaning(error_code, message)
    if row.outcome is Outcome.UNSURE:
        return row
    return replace(
        row, outcome=Outcome.UNSURE, actor=Actor.SYSTEM, new_attempt=NewAttempt.AFTER_CHECK, wait_s=120,
        staff="It is not known whether M-PESA took the request. Money may move: check before asking again.",
        customer=CHECKING.en, customer_sw=CHECKING.sw, automatic=False,
    )


def response_meaning(code: str) -> Code:
    """The meaning of the ResponseCode of a synchronous answer: ``"0"`` is accepted, anything else refused."""
    return next((row for row in RESPONSE_CODES if row.code == code), None) or _unlisted(Api.RESPONSE, code)


def explain_refusal(code: str) -> str:
    """The command that explains the code of a request that was refused at once. It names the kind of a bare number: the
    same number may be a result code, which means something else.
    """
    return f"mpesa explain {code}" + (" --api response" if code.isdecimal() else "")


def explain(code: str, api: Api | None = None) -> list[Code]:
    """Every meaning of a code, over all APIs or in one of them, whatever its case and spaces.

    A code that is in no table gives one row with ``listed=False``. Empty where ``code`` can't be one.
    """
    wanted = _key(code)
    found = [row for row in ALL_CODES if _key(row.code) == wanted]
    found = found or [row for row in ALL_CODES if row.code == _family(wanted)]
    found = [row for row in (*found, *_as_status(wanted)) if api in {None, row.api}]
    if found or not can_be_a_code(code):
        return sorted(found, key=lambda row: (list(Api).index(row.api), not row.text))
    compact = re.sub(r"\s+", "", code)
    is_error = "." in compact or "-" in compact
    return [_unlisted(api or (Api.ERROR if is_error else Api.STK), compact)]


def _as_status(wanted: str) -> list[Code]:
    """The meaning of a bare number as the HTTP status of an answer that has none of Daraja's words."""
    if not re.fullmatch(_STATUS, wanted):
        return []
    name = f"http-{wanted}"
    rows = [row for row in TRANSPORT_CODES if row.code == name]
    rows = rows or [row for row in TRANSPORT_CODES if row.code == _family(name)]
    return [replace(row, api=Api.HTTP, code=wanted) for row in rows]


def can_be_a_code(typed: str) -> bool:
    """Whether this could be a code at all: letters, digits, dots, dashes, underscores, at most 64."""
    return re.fullmatch(_CAN_BE, re.sub(r"\s+", "", typed)) is not None


def _family(code: str) -> str:
    """The class of a bare HTTP status, which says no more than that: ``http-503`` → ``http-5xx``."""
    return re.sub(_BARE_STATUS, r"http-\1xx", code) if re.fullmatch(_BARE_STATUS, code) else code


def _key(code: str) -> str:
    return re.sub(r"[\s_]+", "", code).casefold()


def _unlisted(api: Api, code: str) -> Code:
    if api is Api.RESPONSE or (api is Api.ERROR and re.fullmatch(_REFUSED_WITH_BODY, code)):
        return Code(
            api, code, "Refused, reason unknown to us", Outcome.FAILED, Actor.OWNER, NewAttempt.AFTER_FIX, 0,
            staff="Not sent, no phone rang. M-PESA refused the request for a reason unknown to this program. "
                  "Tell the owner.",
            customer=NOT_TAKEN.en, customer_sw=NOT_TAKEN.sw, source="not in any table", listed=False,
        )
    return Code(
        api, code, "Not known to us", Outcome.UNSURE, Actor.OWNER, NewAttempt.NEVER, 0,
        staff="This program does not know the code, so it proves nothing: money may have moved. Look at the "
              "M-PESA statement before asking again.",
        customer=CHECKING.en, customer_sw=CHECKING.sw, source="not in any table", listed=False,
    )
