"""Fates of a request to an initiator API, as data: refunds, payouts, B2B, balance, Transaction Status.

A scenario is chosen by the initiator's name, or by a customer's number: the one who is paid out, or who paid what is
reversed. Pushes to these numbers are paid as any. ``code-2006`` as a name ends in that code.
"""

from dataclasses import replace

from mpesa_cli.floor.records import dataclass
from mpesa_cli.simulator.scenario import PushAnswer
from mpesa_cli.simulator.scenario_table import CODE_PATTERN

RESULT_AFTER_S = 2.0
TIMEOUT_AFTER_S = 5.0

# Result codes of the initiator APIs, with Safaricom's words.
CODES: dict[str, str] = {
    "1": "The balance is insufficient for the transaction.",
    "2": "Declined due to limit rule: less than the minimum transaction amount.",
    "3": "Declined due to limit rule: greater than the maximum transaction amount.",
    "4": "Declined due to limit rule: would exceed daily transfer limit.",
    "8": "Declined due to limit rule: would exceed the maximum balance.",
    "11": "The DebitParty is in an invalid state.",
    "15": "Duplicate OriginatorConversationID.",
    "17": "Internal failure.",
    "18": "Initiator Credential Check Failure",
    "20": "The initiator could not be found.",
    "21": "The initiator is not allowed to initiate this request.",
    "22": "The initiator is not active.",
    "25": "The format of parameter null is invalid.",
    "26": "System busy. Traffic blocking condition in place.",
    "2001": "The initiator information is invalid.",
    "2006": "Declined due to account rule: The account status does not allow this transaction.",
    "2028": "The request is not permitted according to product assignment.",
    "2040": "Credit Party customer type (Unregistered or Registered Customer) can't be supported by the service .",
    "8006": "The security credential is locked.",
    "R000001": "The transaction has already been reversed.",
    "R000002": "The OriginalTransactionID is invalid.",
    "SFC_IC0003": "The operator does not exist.",
}
UNLISTED_WORDS = "The request ended in a state that is not described."

_NETWORK = "any network: a client can't tell how far a request got"
_ERRORS = "Safaricom's B2C and Reversal pages, error codes"
_RESULTS = "Safaricom's B2C and Reversal pages, result codes"
_QUEUE = "Safaricom names a time-out address; what comes to it is one production system's report"
_GATEWAY = "live reports of the gateway's HTML pages"
_INVENTED = "invented: a forged or mixed-up result"


@dataclass(frozen=True, slots=True)
class AsyncScenario:
    """One row. ``msisdn`` empty: by the initiator's ``name`` alone. Durations are in seconds at speed 1.

    ``code`` other than 0: nothing is done. ``times_out``: an echo of the request goes to its time-out address
    instead of a result; ``done`` says whether the money moved all the same.
    """

    msisdn: str
    name: str
    story: str
    source: str
    answer: PushAnswer = PushAnswer.OK
    answer_delay_s: float = 0.0
    answer_times: int | None = None  # the requests in a row that are answered so before one is OK; None: all
    results_s: tuple[float, ...] = (RESULT_AFTER_S,)  # each result, counted from acceptance; (): lost
    result_first: bool = False
    code: str = "0"
    times_out: bool = False
    done: bool = True
    amount_error: int = 0  # added to the amount in the result, not to what moved
    other_party: bool = False  # the result names another receiver than was paid
    then_refuses: bool = False  # the second result contradicts the first
    texts: bool = False  # codes and amounts as strings
    reversed_before: bool = False  # somebody at the portal is quicker


def _result_code(msisdn: str, name: str, story: str, code: str) -> AsyncScenario:
    return AsyncScenario(msisdn, name, story, _RESULTS, code=code)


ORDINARY = AsyncScenario("", "testapi", "is done; the result comes after 2 s", "Safaricom's sandbox")

TABLE: tuple[AsyncScenario, ...] = (
    AsyncScenario("254722200051", "no-result", "is done; no result ever comes", _NETWORK, results_s=()),
    AsyncScenario("254722200052", "result-first", "is done; the result overtakes the answer", _NETWORK,
                  answer_delay_s=2.0, results_s=(0.0,), result_first=True),
    AsyncScenario("254722200053", "result-twice", "is done; the same result comes twice", _NETWORK,
                  results_s=(RESULT_AFTER_S, 4.0)),
    AsyncScenario("254722200054", "two-results", "is done; a second result says that it failed", _INVENTED,
                  results_s=(RESULT_AFTER_S, 4.0), then_refuses=True),
    AsyncScenario("254722200055", "other-amount", "is done; the result tells 1 shilling more", _INVENTED,
                  amount_error=1),
    AsyncScenario("254722200056", "other-party", "is done; the result names another receiver", _INVENTED,
                  other_party=True),
    AsyncScenario("254722200057", "times-out", "is not done: given up in the queue, told to the time-out address",
                  _QUEUE, times_out=True, done=False, results_s=(TIMEOUT_AFTER_S,)),
    AsyncScenario("254722200058", "times-out-done", "is done, though the time-out address is told", _QUEUE,
                  times_out=True, results_s=(TIMEOUT_AFTER_S,)),
    AsyncScenario("254722200059", "answer-lost", "is done; the answer is lost, the result comes", _NETWORK,
                  answer=PushAnswer.LOST, answer_delay_s=1.0),
    AsyncScenario("254722200060", "all-lost", "is done; neither the answer nor a result arrives", _NETWORK,
                  answer=PushAnswer.LOST, answer_delay_s=1.0, results_s=()),
    AsyncScenario("254722200061", "page", "is done, though a page with HTTP 200 answered", _GATEWAY,
                  answer=PushAnswer.HTML_200),
    AsyncScenario("254722200062", "html-503", "is not done: the gateway answers a page with HTTP 503", _GATEWAY,
                  answer=PushAnswer.HTML_503),
    AsyncScenario("254722200063", "internal-error", "is done, though 500.003.1001 answered", _ERRORS,
                  answer=PushAnswer.INTERNAL_ERROR),
    AsyncScenario("254722200064", "system-error", "is done, though 500.002.1001 'System internal error.' answered",
                  _ERRORS, answer=PushAnswer.SYSTEM_ERROR),
    AsyncScenario("254722200065", "maintenance", "is not done: 500.002.1001 'under maintenance'", _ERRORS,
                  answer=PushAnswer.MAINTENANCE),
    AsyncScenario("254722200066", "dropped", "is not done: the connection is cut before Daraja accepts", _NETWORK,
                  answer=PushAnswer.DROPPED),
    AsyncScenario("254722200067", "spike-arrest", "the first is refused as too many, the next is done", _ERRORS,
                  answer=PushAnswer.SPIKE_ARREST, answer_times=1),
    AsyncScenario("254722200068", "token-expired", "the first is refused for its token, the next is done", _ERRORS,
                  answer=PushAnswer.TOKEN_EXPIRED, answer_times=1),
    _result_code("254722200069", "insufficient", "is not done: the shop's account has too little money", "1"),
    AsyncScenario("254722200070", "reversed-before", "somebody at the portal reverses it a moment before", _RESULTS,
                  reversed_before=True),
    _result_code("254722200071", "no-role", "is not done: the initiator lacks the role", "21"),
    _result_code("254722200072", "not-known", "is not done: the initiator's name or password is wrong", "2001"),
    _result_code("254722200073", "locked", "is not done: the initiator is locked", "8006"),
    AsyncScenario("254722200074", "texts", "is done; codes and amounts are strings", "Safaricom's samples differ",
                  texts=True),
    AsyncScenario("254722200075", "late", "is done; the result comes after 180 s", "Safaricom: some minutes",
                  results_s=(180.0,)),
    _result_code("254722200076", "unregistered", "is not done: no M-PESA customer has that number", "2040"),
    _result_code("254722200077", "no-operator", "is not done: SFC_IC0003, a string where others are numbers",
                 "SFC_IC0003"),
    AsyncScenario("254722200078", "truncated", "is done; half of the answer arrives", _NETWORK,
                  answer=PushAnswer.TRUNCATED),
    AsyncScenario("254722200079", "html-403", "is not done: the firewall answers a page with HTTP 403", _GATEWAY,
                  answer=PushAnswer.HTML_403),
    AsyncScenario("", "not-entitled", "B2C v3 is refused with 403.002.1001, v1 is done", "one production report",
                  answer=PushAnswer.NOT_ENTITLED),
    AsyncScenario("", "identifier-4", "a reversal is taken with RecieverIdentifierType 4 alone",
                  "Safaricom's Postman sample"),
)
_BY_NUMBER = {row.msisdn: row for row in TABLE if row.msisdn}
_BY_NAME = {row.name: row for row in TABLE}


def async_scenario(initiator: str, msisdn: str) -> AsyncScenario:
    """The scenario of an initiator's name, else of a customer's number (empty: nobody's)."""
    if initiator in _BY_NAME:
        return _BY_NAME[initiator]
    code = initiator.removeprefix("code-")
    if code in CODES and code != initiator:
        return _ends_in(code, initiator)
    if msisdn in _BY_NUMBER:
        return _BY_NUMBER[msisdn]
    if msisdn.startswith(CODE_PATTERN) and int(msisdn[len(CODE_PATTERN):]):
        return _ends_in(str(int(msisdn[len(CODE_PATTERN):])), msisdn)
    return replace(ORDINARY, msisdn=msisdn)


def words_of(code: str) -> str:
    """Safaricom's words for a result code."""
    return CODES.get(code, UNLISTED_WORDS)


def _ends_in(code: str, chosen_by: str) -> AsyncScenario:
    return AsyncScenario("", chosen_by, f"is not done: {words_of(code)}", _RESULTS, code=code)
