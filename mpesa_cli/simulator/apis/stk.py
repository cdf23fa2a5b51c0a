"""STK push and its query: Daraja's answers, and the fate of a prompt (daraja.md 2, 4, 11)."""

from dataclasses import replace

from mpesa_cli.simulator import wire
from mpesa_cli.simulator.apis import c2b, checks, oauth
from mpesa_cli.simulator.apis.checks import text_of
from mpesa_cli.simulator.apis.spoiled_answers import as_far_as_it_gets, refused
from mpesa_cli.simulator.identifiers import TokenHex, checkout_request_id, receipt, request_id
from mpesa_cli.simulator.scenario import PushAnswer, Scenario
from mpesa_cli.simulator.scenario_table import FIXED, LOCKED_TEXT, RESULT_CODES
from mpesa_cli.simulator.scenarios import scenario_for
from mpesa_cli.simulator.state import SECOND_US, Prompt, Sending, State
from mpesa_cli.simulator.wire import Reply, Request

SAME_AMOUNT_S = 120
QUERY_WINDOW_S = 60
_ORDINARY = FIXED["254708374149"]


def push(state: State, request: Request, now_us: int, token_hex: TokenHex) -> Reply:
    """Answer a push whose token is good."""
    body = request.json_object()
    made = request_id(token_hex)
    wrong = checks.first_wrong_field(body, checks.PUSH)
    if wrong is not None:
        return wire.bad_field(made, wrong)
    if not checks.password_fits(body):
        return wire.error(made, "500.001.1001", "[MerchantValidate] - Wrong credentials")
    msisdn = text_of(body["PhoneNumber"])
    scenario = _due_answer(state, scenario_for(msisdn))
    if not scenario.answer.accepts:
        return _refuse(state, request, scenario, made)
    if any(earlier.line_free_us() > now_us for earlier in state.prompts_on(msisdn)):
        return wire.error(made, "500.001.1001", LOCKED_TEXT)
    state.refused_in_a_row.pop(msisdn, None)
    state.serial += 1
    fate = _fate(state, body, scenario, now_us)
    return _answer(state, _accept(state, body, fate, now_us, token_hex), fate, made)


def query(state: State, request: Request, now_us: int, token_hex: TokenHex) -> Reply:
    """Answer a query whose token is good. Queries beyond the ration in 60 s get the firewall's page."""
    if not _within_ration(state, request, now_us):
        return wire.page(403, wire.IMPERVA_PAGE)
    body = request.json_object()
    made = request_id(token_hex)
    wrong = checks.first_wrong_field(body, checks.QUERY)
    if wrong is not None:
        return wire.bad_field(made, wrong)
    if not checks.password_fits(body):
        return wire.error(made, "500.001.1001", "[MerchantValidate] - Wrong credentials")
    prompt = state.prompts.get(text_of(body["CheckoutRequestID"]))
    if prompt is None or prompt.shortcode != text_of(body["BusinessShortCode"]) or now_us < prompt.known_us:
        return wire.error(made, "500.001.1001", "The transaction does not Exist")
    return answer_about(prompt, now_us)


def answer_about(prompt: Prompt, now_us: int) -> Reply:
    """The answer to a query about a known prompt: a function of the prompt and the time alone."""
    if prompt.decided_us is None or now_us < prompt.decided_us:
        if prompt.pending == "http-500":
            text = "The transaction is being processed"
            return wire.error(prompt.checkout_request_id, "500.001.1001", text)
        return wire.ok(wire.query_answer(prompt, "4999", "The transaction is still under processing"))
    code = prompt.query_code or prompt.result_code
    return wire.ok(wire.query_answer(prompt, code, prompt.query_desc or prompt.result_desc))


def _due_answer(state: State, scenario: Scenario) -> Scenario:
    """The scenario; with an ordinary answer once it has refused as many times in a row as it is set to."""
    if scenario.answer_times is None:
        return scenario
    refused = state.refused_in_a_row.get(scenario.msisdn, 0)
    return scenario if refused < scenario.answer_times else replace(scenario, answer=PushAnswer.OK)


def _refuse(state: State, request: Request, scenario: Scenario, made: str) -> Reply:
    if scenario.answer_times is not None:
        state.refused_in_a_row[scenario.msisdn] = state.refused_in_a_row.get(scenario.msisdn, 0) + 1
    if scenario.answer is PushAnswer.TOKEN_EXPIRED:
        oauth.revoke(state, request)
    return refused(scenario.answer, made, "404.001.03")


def _fate(state: State, body: dict[str, object], scenario: Scenario, now_us: int) -> Scenario:
    """The outcome M-Pesa gives an accepted push: its own rules come before the customer's wishes."""
    mismatch = checks.product_mismatch(body)
    if mismatch is not None:
        return _refused_by_rule(scenario, "product mismatch", *mismatch)
    recent_us = now_us - SAME_AMOUNT_S * SECOND_US
    amount = checks.amount_of(body["Amount"])
    for earlier in state.prompts_on(text_of(body["PhoneNumber"])):
        if earlier.accepted_us <= recent_us:
            break
        if earlier.amount == amount:
            return _refused_by_rule(scenario, "same amount too soon", "17", RESULT_CODES["17"].desc)
    if state.rules.chaos is not None and scenario.name == _ORDINARY.name:
        return state.rules.chaos.apply(scenario, state.serial)
    return scenario


def _refused_by_rule(scenario: Scenario, name: str, code: str, desc: str) -> Scenario:
    return replace(scenario, name=name, code=code, desc=desc, decided_s=1.0, query_code="", query_desc="")


def _accept(
    state: State, body: dict[str, object], fate: Scenario, now_us: int, token_hex: TokenHex
) -> Prompt:
    rules = state.rules
    msisdn, amount = text_of(body["PhoneNumber"]), checks.amount_of(body["Amount"]) or 0
    decided_us = None if fate.decided_s is None else now_us + rules.us(fate.decided_s)
    paid = fate.code == "0" and decided_us is not None
    told_us = [] if decided_us is None else [decided_us + rules.us(after) for after in fate.callbacks_s]
    prompt = Prompt(
        checkout_request_id=checkout_request_id(msisdn, now_us, state.prompts),
        merchant_request_id=request_id(token_hex),
        msisdn=msisdn,
        amount=amount,
        shortcode=text_of(body["BusinessShortCode"]),
        account_reference=text_of(body["AccountReference"]),
        callback_url=text_of(body["CallBackURL"]),
        buy_goods=body["TransactionType"] == "CustomerBuyGoodsOnline",
        scenario=fate.name,
        accepted_us=now_us,
        decided_us=decided_us,
        result_code=fate.code,
        result_desc=fate.desc,
        receipt=receipt(decided_us or now_us, state.serial, state.receipts, token_hex) if paid else "",
        pending=fate.pending,
        known_us=now_us + rules.us(fate.unknown_s) if fate.unknown_s else 0,
        query_code=fate.query_code,
        query_desc=fate.query_desc,
        callback_amount=amount + fate.amount_error,
        balance=fate.balance,
        sendings=[Sending(at_us) for at_us in told_us],
    )
    state.forget_old(now_us)
    state.add_prompt(prompt)
    if paid and fate.also_c2b:
        c2b.report_push(state, prompt)
    return prompt


def _answer(state: State, prompt: Prompt, scenario: Scenario, made: str) -> Reply:
    """The synchronous answer to an accepted push, as far as it gets."""
    plain = replace(
        wire.ok(wire.accepted_push(prompt)),
        delay_s=scenario.answer_delay_s / state.rules.speed,
        callback_first=scenario.callback_first,
    )
    return as_far_as_it_gets(plain, scenario.answer, made)


def _within_ration(state: State, request: Request, now_us: int) -> bool:
    ration = state.rules.queries_per_minute
    token = oauth.token_of(state, request, now_us)
    if ration is None or token is None:
        return True
    since_us = now_us - QUERY_WINDOW_S * SECOND_US
    recent = [at_us for at_us in state.queries.get(token.key_digest, []) if at_us > since_us]
    allowed = len(recent) < ration
    state.queries[token.key_digest] = [*recent, now_us] if allowed else recent
    return allowed
