"""Transaction Status: taken at once, answered a moment later on the request's own address (daraja.md 6, 7.1).

The initiator chooses the answer: the password ``wrong`` is not known (2001), the name ``no-role`` lacks
the permission (21), ``times-out`` is given up in the queue, and ``no-result`` never hears anything.
"""

import re

from mpesa_cli.floor.moments import daraja_stamp
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.values.receipt_number import date_code
from mpesa_cli.simulator import wire
from mpesa_cli.simulator.apis import checks
from mpesa_cli.simulator.apis.checks import text_of
from mpesa_cli.simulator.apis.pull import paid_in
from mpesa_cli.simulator.identifiers import TokenHex, request_id
from mpesa_cli.simulator.movement import Movement
from mpesa_cli.simulator.state import AsyncRequest, Sending, State
from mpesa_cli.simulator.wire import Reply, Request, json_bytes

RESULT_AFTER_S = 2.0
TIMEOUT_AFTER_S = 5.0
_REFUSED_PASSWORDS = frozenset({"wrong"})
NO_ROLE, TIMES_OUT, NO_RESULT = "no-role", "times-out", "no-result"
_RECEIPT = re.compile(r"[A-Z0-9]{10}")
_INTERNAL_URL = "https://internalsandbox.safaricom.co.ke/mpesa/transactionstatusresults/v1/submit"
_TEXT_MAX = 100


@dataclass(frozen=True, slots=True)
class _No:
    code: int | str
    words: str


def query(state: State, request: Request, now_us: int, token_hex: TokenHex) -> Reply:
    """Answer a request whose token is good: taken, with the ids that the result will carry."""
    body = request.json_object()
    wrong = _wrong_field(body)
    if wrong:
        return wire.bad_field(request_id(token_hex), wrong)
    key = state.rules.initiator_key
    password = key.password(text_of(body["SecurityCredential"])) if key else None
    name = text_of(body["Initiator"])
    times_out = name == TIMES_OUT
    asked = AsyncRequest(
        conversation_id=f"AG_{daraja_stamp(now_us)[:8]}_{token_hex(10)}",
        originator_conversation_id=request_id(token_hex),
        transaction_id=text_of(body["TransactionID"]),
        shortcode=text_of(body["PartyA"]),
        refusal=_refusal(name, password),
        url=text_of(body["QueueTimeOutURL" if times_out else "ResultURL"]),
        echo={key: value for key, value in body.items() if isinstance(value, str)} if times_out else {},
        accepted_us=now_us,
    )
    if name != NO_RESULT:
        asked.sending = Sending(now_us + state.rules.us(TIMEOUT_AFTER_S if times_out else RESULT_AFTER_S))
    state.forget_old(now_us)
    state.asked[asked.conversation_id] = asked
    return wire.ok({
        "OriginatorConversationID": asked.originator_conversation_id,
        "ConversationID": asked.conversation_id,
        "ResponseCode": "0",
        "ResponseDescription": "Accept the service request successfully.",
    })


def result_body(state: State, asked: AsyncRequest, now_us: int) -> bytes:
    """The body that is posted: an echo of the request where it timed out, else the result as it stands now."""
    if asked.echo:
        return json_bytes(asked.echo)
    if asked.refusal:
        code, words = asked.refusal
        return json_bytes(_failure(asked, _No(int(code), words), now_us))
    if not _RECEIPT.fullmatch(asked.transaction_id):
        return json_bytes(_failure(asked, _No(25, "The format of parameter null is invalid."), now_us))
    found = next((row for row in paid_in(state, asked.shortcode, now_us) if row.receipt == asked.transaction_id), None)
    if found is None:
        return json_bytes(_failure(asked, _No("R000002", "The OriginalTransactionID is invalid."), now_us))
    return json_bytes(_success(asked, found))


def _refusal(name: str, password: str | None) -> tuple[str, str] | None:
    if password is None or password in _REFUSED_PASSWORDS:
        return "2001", "The initiator information is invalid."
    if name == NO_ROLE:
        return "21", "The initiator is not allowed to initiate this request."
    return None


def _envelope(asked: AsyncRequest, code: int | str, words: str, at_us: int) -> dict[str, object]:
    return {
        "ResultType": 0,
        "ResultCode": code,
        "ResultDesc": words,
        "OriginatorConversationID": asked.originator_conversation_id,
        "ConversationID": asked.conversation_id,
        "TransactionID": f"{date_code(at_us)}0000000",
    }


def _failure(asked: AsyncRequest, no: _No, now_us: int) -> dict[str, object]:
    return {
        "Result": {
            **_envelope(asked, no.code, no.words, now_us),
            # A single parameter is an object, not a list of one.
            "ResultParameters": {
                "ResultParameter": {"Key": "BOCompletedTime", "Value": int(daraja_stamp(now_us))}
            },
            "ReferenceData": {"ReferenceItem": {"Key": "QueueTimeoutURL", "Value": _INTERNAL_URL}},
        }
    }


def _success(asked: AsyncRequest, paid: Movement) -> dict[str, object]:
    stamp = int(daraja_stamp(paid.at_us))
    parameters: list[dict[str, object]] = [
        {"Key": "DebitPartyName", "Value": f"{paid.msisdn} - WANJIKU KAMAU"},
        {"Key": "CreditPartyName", "Value": f"{asked.shortcode} - Simulated Shop"},
        {"Key": "OriginatorConversationID", "Value": asked.originator_conversation_id},
        {"Key": "InitiatedTime", "Value": stamp},
        {"Key": "DebitAccountType", "Value": "MMF Account For Customer"},
        {"Key": "DebitPartyCharges", "Value": ""},
        {"Key": "TransactionReason"},
        {"Key": "ReasonType", "Value": "Pay Merchant" if paid.buy_goods else "Pay Bill Online"},
        {"Key": "TransactionStatus", "Value": "Completed"},
        {"Key": "FinalisedTime", "Value": stamp},
        {"Key": "Amount", "Value": paid.amount_cents / 100},
        {"Key": "ConversationID", "Value": asked.conversation_id},
        {"Key": "ReceiptNo", "Value": paid.receipt},
    ]
    return {
        "Result": {
            **_envelope(asked, 0, "The service request is processed successfully.", asked.accepted_us),
            "ResultParameters": {"ResultParameter": parameters},
            "ReferenceData": {"ReferenceItem": {"Key": "Occasion"}},
        }
    }


def _wrong_field(body: dict[str, object]) -> str:
    for name in ("Initiator", "SecurityCredential", "TransactionID"):
        if not text_of(body.get(name)):
            return name
    if body.get("CommandID") != "TransactionStatusQuery":
        return "CommandID"
    if not checks.is_shortcode(body.get("PartyA")):
        return "PartyA"
    if text_of(body.get("IdentifierType")) not in {"1", "2", "4"}:
        return "IdentifierType"
    for name in ("ResultURL", "QueueTimeOutURL"):
        if not wire.is_web_address(body.get(name)):
            return name
    return "Remarks" if not 1 <= len(text_of(body.get("Remarks"))) <= _TEXT_MAX else ""
