"""Our own names for failures that come without a Daraja error body: the network, gateways, half answers.

They stand where an error code would stand. The split is *before it left* / *after it left*: the first
kind proves that no phone rang, the second proves nothing, and nobody sends again on it.
"""

from mpesa_cli.rules.codes.rows import Actor, Api, Code, NewAttempt, Outcome
from mpesa_cli.rules.codes.words import CHECKING, NO_NETWORK

_BEFORE = "nothing of the request reaches a server in this case: measured against misbehaving servers"
_AFTER = "the sender can't tell whether the server read the request: measured against misbehaving servers"
_GATEWAY = "four independent live reports of such pages; they prove nothing about the request"
_APIGEE = "the gateway product's own documented form; not confirmed from Safaricom (docs/reference/assumptions.md A9)"


def _not_delivered(code: str, title: str, staff: str, source: str = _BEFORE, *, wait_s: int = 0) -> Code:
    return Code(
        Api.ERROR, code, title, Outcome.FAILED, Actor.SYSTEM,
        NewAttempt.AFTER_WAIT if wait_s else NewAttempt.NOW, wait_s,
        staff=f"{staff} Nothing was sent and nothing was taken.", customer=NO_NETWORK.en,
        customer_sw=NO_NETWORK.sw, source=source, automatic=True,
    )


def _needs_owner(code: str, title: str, staff: str, source: str = _BEFORE, text: str = "") -> Code:
    return Code(
        Api.ERROR, code, title, Outcome.FAILED, Actor.OWNER, NewAttempt.AFTER_FIX, 0,
        staff=f"{staff} Nothing was sent and nothing was taken.", customer=NO_NETWORK.en,
        customer_sw=NO_NETWORK.sw, source=source, text=text,
    )


def _ambiguous(code: str, title: str, staff: str, source: str = _AFTER) -> Code:
    return Code(
        Api.ERROR, code, title, Outcome.UNSURE, Actor.SYSTEM, NewAttempt.AFTER_CHECK, 120,
        staff=f"{staff} The prompt may have gone out and money may move: check before asking again.",
        customer=CHECKING.en, customer_sw=CHECKING.sw, source=source,
    )


TRANSPORT_CODES: tuple[Code, ...] = (
    _not_delivered("connect-failed", "No connection", "M-PESA could not be reached: no connection."),
    _not_delivered("connect-refused", "Connection refused",
                   "M-PESA could not be reached: connection refused."),
    _not_delivered("dns", "Name not found", "M-PESA could not be reached: its internet name was not found."),
    _not_delivered("connect-timeout", "No connection in time", "M-PESA could not be reached in time."),
    _not_delivered("late", "Not sent in time", "The time in which it could be sent was over."),
    _needs_owner("tls", "No safe connection",
                 "M-PESA could not be reached safely. Check this machine's clock and network."),
    _needs_owner("proxy", "Proxy in the way",
                 "The proxy did not let the request through. Check HTTPS_PROXY."),
    _needs_owner("invalid-proxy", "Proxy setting unusable",
                 "The proxy setting can't be used. Check HTTPS_PROXY."),
    _needs_owner("local-error", "Request could not be made", "This machine could not make the request."),
    _ambiguous("read-timeout", "No answer in time", "M-PESA did not answer in time."),
    _ambiguous("total-timeout", "Answer took too long", "M-PESA's answer did not end in time."),
    _ambiguous("write-timeout", "Request not taken in time", "M-PESA did not take the request in time."),
    _ambiguous("connection-closed", "Connection closed",
               "The connection closed before M-PESA's answer came."),
    _ambiguous("connection-reset", "Connection broke", "The connection broke before M-PESA's answer came."),
    _ambiguous("truncated", "Half an answer", "M-PESA's answer broke off in the middle."),
    _ambiguous("too-large", "Answer too large", "M-PESA's answer was too large to be one."),
    _ambiguous("bad-json", "Answer not understood", "M-PESA's answer could not be understood."),
    _ambiguous("odd-answer", "Answer that says nothing",
               "M-PESA's answer does not say if it took the request."),
    _ambiguous("empty-200", "Empty answer", "M-PESA's answer was empty."),
    _ambiguous("bad-http", "Not an answer at all", "What came back was not an answer."),
    _ambiguous("html", "A web page instead of an answer", "A gateway answered with a web page.", _GATEWAY),
    _ambiguous("http-5xx", "Server fault", "M-PESA's gateway reported a fault."),
    _ambiguous("http-4xx", "Refused by a gateway",
               "A gateway answered without Daraja's own words.", _GATEWAY),
    _ambiguous("interrupted", "Stopped in the middle", "This program was stopped before the answer came.",
               "our own ledger: a second Ctrl-C, or a fault of this program"),
    _ambiguous("sender-lost", "Our program was stopped",
               "This program was stopped before it could note the answer.",
               "our own ledger: an announced request without a recorded answer"),
    _ambiguous("empty-400", "Empty refusal", "A gateway answered with an empty refusal."),
    _needs_owner("empty-400", "Consumer key or secret refused",
                 "Safaricom refused the consumer key and secret.",
                 "two independent live reports: the token endpoint answers wrong keys with an empty 400",
                 "consumer key and secret"),
    _needs_owner("credentials-refused", "Consumer key or secret refused",
                 "Safaricom refused the consumer key and secret.",
                 "our own name, whatever form Daraja's has"),
    _needs_owner("secret-missing", "A secret is missing",
                 "The consumer key, secret or passkey was not found.",
                 "our own name: mpesa secrets list"),
    _not_delivered("http-429", "Too many requests", "M-PESA's gateway asks us to slow down.", _APIGEE,
                   wait_s=5),
    _not_delivered("policies.ratelimit.SpikeArrestViolation", "Too many requests at once",
                   "M-PESA's gateway asks us to slow down.", _APIGEE, wait_s=5),
    _not_delivered("policies.ratelimit.QuotaViolation", "Request quota used up",
                   "M-PESA's gateway asks us to slow down.", _APIGEE, wait_s=60),
)
