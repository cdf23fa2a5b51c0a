"""The scenarios as data: result codes by phone number, and the numbers where the network misbehaves.

``2547000`` and a result code padded to five digits ends in that code, as a callback tells it.
Times are chosen to be watched from a terminal: refusals by time-out come sooner than with Safaricom.
"""

from mpesa_cli.floor.records import dataclass
from mpesa_cli.simulator.scenario import PushAnswer, Scenario

CODE_PATTERN = "2547000"
LOCKED_TEXT = "Unable to lock subscriber, a transaction is already in process for the current subscriber"

_CODES = "Safaricom M-Pesa Express page, result codes"
_ERRORS = "Safaricom M-Pesa Express page, error codes"
_COMMUNITY = "community code lists, not in Safaricom's own table"
_NETWORK = "any network: a client can't tell how far a request got"
_GATEWAY = "live reports of the gateway's HTML pages"
_CALLBACKS = "Safaricom: callbacks are not repeated; duplicates and losses are reported from production"


@dataclass(frozen=True, slots=True)
class ResultCode:
    """A result code with which a customer or the network can end a prompt."""

    code: str
    desc: str
    story: str
    decided_s: float | None
    source: str = _CODES


UNLISTED = ResultCode(
    "7777", "The request ended in a state that is not described.", "ends in a code that no table lists", 3.0,
    "result codes outside Safaricom's tables are reported from production",
)

RESULT_CODES: dict[str, ResultCode] = {row.code: row for row in (
    ResultCode("0", "The service request is processed successfully.", "pays", 3.0),
    ResultCode("1", "The balance is insufficient for the transaction.", "has too little money", 4.0),
    ResultCode("2", "Declined due to limit rule.", "amount below the minimum", 2.0),
    ResultCode("3", "Declined due to limit rule: greater than the maximum transaction amount.",
               "amount above the maximum", 2.0),
    ResultCode("4", "Declined due to limit rule: would exceed daily transfer limit",
               "daily limit reached", 2.0),
    ResultCode("8", "Declined due to limit rule: would exceed the maximum balance.",
               "the shop's account is full", 2.0),
    ResultCode("17", "Rule limited.", "same amount too soon after an earlier prompt", 1.0),
    ResultCode("26", "System busy. Traffic blocking condition in place.", "M-Pesa is overloaded", 2.0,
               "Safaricom Account Balance page, result codes"),
    ResultCode("1001", LOCKED_TEXT,
               "line busy with another transaction, told by callback", 1.0,
               "Safaricom M-Pesa Ratiba page, result codes"),
    ResultCode("1019", "Transaction has expired.", "takes too long", 60.0),
    ResultCode("1025", "An error occurred while sending a push request.", "the prompt can't be shown", 1.0),
    ResultCode("1032", "Request cancelled by user", "presses Cancel", 4.0),
    ResultCode("1037", "DS timeout user cannot be reached.", "phone is off or never answers", 30.0),
    ResultCode("2001", "The initiator information is invalid.", "types a wrong PIN", 5.0),
    ResultCode("2006", "Declined due to account rule", "account is not active", 2.0,
               "Safaricom Account Balance page, result codes"),
    ResultCode("2028", "The request is not permitted according to product assignment.",
               "shortcode and transaction type don't match", 1.0),
    ResultCode("4999", "The transaction is still under processing", "never answers: pending for ever", None,
               "live query answers, 2025 and 2026"),
    ResultCode("8006", "The security credential is locked.", "PIN is locked", 5.0),
    ResultCode("9999", "An error occurred while sending a push request.", "the push fails, nobody knows why",
               1.0, _COMMUNITY),
)}


def ends_in_code(row: ResultCode) -> Scenario:
    """The scenario of the number that ends in this code."""
    return Scenario(
        msisdn=f"{CODE_PATTERN}{int(row.code):05d}", name=f"code {row.code}", story=row.story,
        source=row.source, code=row.code, desc=row.desc, decided_s=row.decided_s,
    )


_NO_MONEY = RESULT_CODES["1"]

FIXED: dict[str, Scenario] = {row.msisdn: row for row in (
    Scenario("254708374149", "pays", "pays after 3 s, callback at once", "Safaricom's sandbox test number"),
    Scenario("254711111111", "insufficient", _NO_MONEY.story, _CODES,
             code="1", desc=_NO_MONEY.desc, decided_s=_NO_MONEY.decided_s),
    Scenario("254722200001", "answer lost", "pays; the answer to the push is lost, the callback comes",
             _NETWORK, answer=PushAnswer.LOST, answer_delay_s=1.0),
    Scenario("254722200002", "connection dropped", "no prompt: the connection is cut before Daraja accepts",
             _NETWORK, answer=PushAnswer.DROPPED),
    Scenario("254722200003", "callback lost", "pays; no callback ever comes, a query knows", _CALLBACKS,
             callbacks_s=()),
    Scenario("254722200004", "callback twice", "pays; the same callback comes twice", _CALLBACKS,
             callbacks_s=(0.5, 2.5)),
    Scenario("254722200005", "late", "pays after 180 s, when most tills have stopped waiting",
             "production reports of callbacks minutes late", decided_s=180.0),
    Scenario("254722200006", "callback first", "pays; the callback overtakes the answer to the push",
             "one production report; nothing rules it out",
             decided_s=0.5, callbacks_s=(0.0,), answer_delay_s=2.0, callback_first=True),
    Scenario("254722200007", "HTML 503", "no prompt: the gateway answers a page with HTTP 503", _GATEWAY,
             answer=PushAnswer.HTML_503),
    Scenario("254722200008", "HTML 403", "no prompt: the firewall answers a page with HTTP 403", _GATEWAY,
             answer=PushAnswer.HTML_403),
    Scenario("254722200009", "empty 400", "no prompt: HTTP 400 with an empty body",
             "live sandbox reports, there for wrong keys", answer=PushAnswer.EMPTY_400),
    Scenario("254722200010", "spike arrest", "two pushes are refused as too many, the third is paid",
             _ERRORS, answer=PushAnswer.SPIKE_ARREST, answer_times=2),
    Scenario("254722200011", "token expired", "the first push is refused for its token, the next is paid",
             _ERRORS, answer=PushAnswer.TOKEN_EXPIRED, answer_times=1),
    Scenario("254722200012", "slow answer", "the answer takes 10 s, then the customer pays", _NETWORK,
             decided_s=12.0, answer_delay_s=10.0),
    Scenario("254722200013", "line busy at once", "no prompt: another transaction holds the line", _ERRORS,
             answer=PushAnswer.LOCKED),
    Scenario("254722200014", "never answers", "no result and no callback ever; a query says 4999 for ever",
             "live query answers, 2025 and 2026", decided_s=None, callbacks_s=()),
    Scenario("254722200015", "pending as HTTP 500", "pays after 20 s; until then a query answers HTTP 500",
             "live query answers since 2018", decided_s=20.0, pending="http-500"),
    Scenario("254722200016", "not yet known", "pays after 20 s; for 12 s a query knows no such transaction",
             "one live sandbox report", decided_s=20.0, unknown_s=12.0),
    Scenario("254722200017", "answer and callback lost", "pays; neither the answer nor a callback arrives",
             _NETWORK, answer=PushAnswer.LOST, answer_delay_s=1.0, callbacks_s=()),
    Scenario("254722200018", "query contradicts", "pays, as the callback says; a query says unreachable",
             "one sandbox report of March 2026", query_code="1037",
             query_desc="DS timeout user cannot be reached"),
    Scenario("254722200019", "wrong amount", "pays; the callback tells 1 shilling more than was asked",
             "invented: a forged or foreign callback", amount_error=1),
    Scenario("254722200020", "system busy", "no prompt: Daraja is busy", _ERRORS, answer=PushAnswer.BUSY),
    Scenario("254722200021", "quota", "no prompt: the app's quota is used up", _ERRORS, answer=PushAnswer.QUOTA),
    Scenario("254722200022", "internal error", "pays, though the push was answered Internal Server Error",
             _ERRORS, answer=PushAnswer.INTERNAL_ERROR),
    Scenario("254722200023", "truncated answer", "pays; half of the answer to the push arrives", _NETWORK,
             answer=PushAnswer.TRUNCATED),
    Scenario("254722200024", "balance without value", "pays; the callback's Balance item has no value",
             "live callbacks, safaricom/mpesa-php-sdk issue 5", balance="no-value"),
    Scenario("254722200025", "balance as text", "pays; the callback has the balance as a string",
             "one live sandbox report", balance="text"),
    Scenario("254722200026", "code of letters", "ends in SFC_IC0003, a string where others are numbers",
             _CODES, code="SFC_IC0003", desc="The operator does not exist."),
    Scenario("254722200027", "no response", "1037 in its other words: the customer never answers",
             "one live report of 2026", code="1037", desc="No response from user.", decided_s=60.0),
    Scenario("254722200028", "page instead of answer", "pays, though a page with HTTP 200 answered the push",
             "inferred from challenge pages of the firewall", answer=PushAnswer.HTML_200),
    Scenario("254722200029", "gateway fault", "no prompt: HTTP 429 in the gateway product's own form",
             "the gateway product's manual; not confirmed for Safaricom", answer=PushAnswer.APIGEE_429),
    Scenario("254722200030", "no such merchant", "no prompt: the shortcode is not set up for STK push",
             _ERRORS, answer=PushAnswer.NO_MERCHANT),
    Scenario("254722200031", "told by C2B too", "pays; registered C2B URLs hear of the same receipt as well",
             "a tutorial by a former Daraja supporter, 2018", also_c2b=True),
)}
