"""C2B: URL registration, and payments from the phone's menu with validation and confirmation (daraja.md 5).

In life external validation is off until a shop asks for it; here it is on for every registered shortcode.
"""

import json
import re

from mpesa_cli.simulator import wire
from mpesa_cli.simulator.accounts import balances
from mpesa_cli.simulator.apis import checks
from mpesa_cli.simulator.apis.checks import text_of
from mpesa_cli.simulator.identifiers import TokenHex, receipt, request_id
from mpesa_cli.simulator.scenarios import scenario_for
from mpesa_cli.simulator.state import SECOND_US, C2BPayment, Prompt, Registration, Sending, State
from mpesa_cli.simulator.wire import Reply, Request

VALIDATION_LIMIT_S = 8
NO_ANSWER = "no answer"
NO_PRODUCT = "Error Occurred - Invalid Access Token - Invalid API call as no apiproduct match found"
# Safaricom's list for the URLs of this API, in any letter case.
FORBIDDEN_WORDS = ("m-pesa", "mpesa", "safaricom", "exec", "exe", "cmd", "sql", "query")
_AMOUNT = re.compile(r"\d{1,9}(\.\d{1,2})?", re.ASCII)


def register(state: State, request: Request, version: str, token_hex: TokenHex) -> Reply:
    """Answer a URL registration whose token is good."""
    made = request_id(token_hex)
    body = request.json_object()
    if not body:
        return wire.error(made, "400.002.05", "Invalid Request Payload")
    wrong = _wrong_registration(state, body)
    if wrong:
        return wire.error(made, "400.003.02", f"Bad Request - Invalid {wrong}")
    shortcode = text_of(body["ShortCode"])
    if state.rules.production and shortcode in state.registrations:
        return wire.error(made, "500.003.1001", "Urls are already registered.")
    state.registrations[shortcode] = Registration(
        version, str(body["ResponseType"]), str(body["ConfirmationURL"]), str(body["ValidationURL"])
    )
    words = "Success" if version == "v2" else "success"
    return wire.ok({"OriginatorCoversationID": made, "ResponseCode": "0", "ResponseDescription": words})


def simulate(state: State, request: Request, version: str, now_us: int, token_hex: TokenHex) -> Reply:
    """Answer a simulated payment whose token is good, and let a customer begin to pay."""
    made = request_id(token_hex)
    body = request.json_object()
    if state.rules.production:
        return wire.error(made, "404.003.01", "Resource not found")
    if not body:
        return wire.error(made, "400.002.05", "Invalid Request Payload")
    wrong = _wrong_payment(body)
    if wrong:
        return wire.error(made, "400.003.02", f"Bad Request - Invalid {wrong}")
    registration = state.registrations.get(text_of(body["ShortCode"]))
    if registration is not None and registration.version != version:
        return wire.error(made, "401.003.01", NO_PRODUCT)
    _begin(state, body, registration, now_us, token_hex)
    words = "Accept the service request successfully."
    return wire.ok({"OriginatorCoversationID": made, "ResponseCode": "0", "ResponseDescription": words})


def report_push(state: State, prompt: Prompt) -> None:
    """Report a paid push to the registered confirmation URL too, under the same receipt."""
    registration = state.registrations.get(prompt.shortcode)
    if registration is None or prompt.decided_us is None:
        return
    payment = C2BPayment(
        trans_id=prompt.receipt, msisdn=prompt.msisdn, amount_cents=prompt.amount * 100,
        shortcode=prompt.shortcode, buy_goods=False, bill_ref=prompt.account_reference,
        created_us=prompt.accepted_us, registration=registration, confirm_after_s=[1.0], from_push=True,
    )
    complete(state, payment, prompt.decided_us)
    state.add_c2b(payment)


def complete(state: State, payment: C2BPayment, at_us: int) -> None:
    """Move the money at ``at_us``; confirmations follow where a URL is registered."""
    known = balances(state, payment.shortcode, at_us).shop_cents
    # A push that is reported here too is among what is known.
    payment.balance_cents = known if payment.from_push else known + payment.amount_cents
    payment.completed_us = at_us
    if payment.registration is not None:
        payment.confirmations = [Sending(at_us + state.rules.us(after)) for after in payment.confirm_after_s]


def take_answer(state: State, payment: C2BPayment, status: int | None, body: bytes, now_us: int) -> None:
    """Decide a payment by the merchant's answer to its validation request.

    No answer, one other than HTTP 200, an unreadable one and a late one leave it to the ResponseType.
    """
    asked = payment.validation
    if asked is None or asked.sent_us is None or payment.completed_us is not None or payment.cancelled:
        return
    asked.status = status or 0
    answer = _read_answer(body) if status == 200 else None
    late = now_us > asked.sent_us + VALIDATION_LIMIT_S * SECOND_US
    if answer is None or late:
        decide_without_answer(state, payment, now_us)
    elif answer[0] in {"0", "00000000"}:
        payment.third_party_id = answer[1]
        complete(state, payment, now_us)
    else:
        payment.cancelled = answer[0]


def decide_without_answer(state: State, payment: C2BPayment, now_us: int) -> None:
    """Decide by the registration's ResponseType, where validation got no usable answer in time."""
    if payment.registration is not None and payment.registration.response_type == "Completed":
        complete(state, payment, now_us)
    else:
        payment.cancelled = NO_ANSWER


def _begin(
    state: State, body: dict[str, object], registration: Registration | None, now_us: int, token_hex: TokenHex
) -> None:
    state.serial += 1
    state.forget_old(now_us)
    msisdn = text_of(body["Msisdn"])
    buy_goods = body["CommandID"] == "CustomerBuyGoodsOnline"
    callbacks = scenario_for(msisdn).callbacks_s
    payment = C2BPayment(
        trans_id=receipt(now_us, state.serial, state.receipts, token_hex),
        msisdn=msisdn,
        amount_cents=_cents(body["Amount"]),
        shortcode=text_of(body["ShortCode"]),
        buy_goods=buy_goods,
        bill_ref="" if buy_goods else text_of(body["BillRefNumber"]),
        created_us=now_us,
        registration=registration,
        confirm_after_s=list(callbacks),
    )
    if registration is None:
        complete(state, payment, now_us)
    else:
        payment.validation = Sending(now_us + state.rules.us(1.0))
    state.add_c2b(payment)


def _wrong_registration(state: State, body: dict[str, object]) -> str:
    """The fault, as it follows ``Invalid`` in the error message; empty where all is well."""
    if not checks.is_shortcode(body.get("ShortCode")):
        return "ShortCode"
    if body.get("ResponseType") not in {"Completed", "Cancelled"}:
        return "ResponseType"
    for name in ("ValidationURL", "ConfirmationURL"):
        url = body.get(name)
        if not wire.is_web_address(url):
            return name
        lowered = str(url).lower()
        if state.rules.production and not lowered.startswith("https:"):
            return name
        word = next((word for word in FORBIDDEN_WORDS if word in lowered), None)
        if word is not None:
            return f"{name} - URL has the word {word.upper()}"
    return ""


def _wrong_payment(body: dict[str, object]) -> str:
    """The first field of a simulated payment that is missing or wrong; empty where all is well."""
    if not checks.is_shortcode(body.get("ShortCode")):
        return "ShortCode"
    if body.get("CommandID") not in checks.TRANSACTION_TYPES:
        return "CommandID"
    if not 100 <= _cents(body.get("Amount")) <= checks.AMOUNT_MAX * 100:
        return "Amount"
    if not checks.is_msisdn(body.get("Msisdn")):
        return "Msisdn"
    reference = text_of(body.get("BillRefNumber"))
    if body["CommandID"] == "CustomerPayBillOnline" and not 1 <= len(reference.strip()) <= 20:
        return "BillRefNumber"
    return ""


def _cents(value: object) -> int:
    """The cents of an amount with up to two decimals; 0 where it is none."""
    text = str(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else ""
    if not _AMOUNT.fullmatch(text):
        return 0
    whole, _, part = text.partition(".")
    return int(whole) * 100 + int((part + "00")[:2])


def _read_answer(body: bytes) -> tuple[str, str] | None:
    """The result code and ThirdPartyTransID of the merchant's answer, or None where there is no code."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not text_of(found.get("ResultCode")):
        return None
    return text_of(found["ResultCode"]), text_of(found.get("ThirdPartyTransID"))
