"""The common part of the initiator APIs: who may ask, the acknowledgement, what becomes of it, the form of results.

An API (``Api``) says what its body must hold and what it does. One that moves money does it when the request is
accepted, and what came of it is told later; a question is answered when its answer is due (daraja.md 6).
"""

from collections.abc import Callable
from dataclasses import field, replace

from mpesa_cli.floor.moments import daraja_stamp
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.values.receipt_number import date_code
from mpesa_cli.simulator import wire
from mpesa_cli.simulator.apis import checks, oauth
from mpesa_cli.simulator.apis.checks import Check, is_shortcode, text_of
from mpesa_cli.simulator.apis.spoiled_answers import as_far_as_it_gets, refused
from mpesa_cli.simulator.asynchronous_scenarios import AsyncScenario, async_scenario, words_of
from mpesa_cli.simulator.identifiers import TokenHex, request_id
from mpesa_cli.simulator.scenario import PushAnswer
from mpesa_cli.simulator.state import SECOND_US, AsyncRequest, Sending, State
from mpesa_cli.simulator.wire import Reply, Request, is_web_address

BAD_TOKEN = "404.001.03"  # noqa: S105 - an error code
SUCCESS = "The service request is processed successfully."
WRONG_PASSWORD = "wrong"  # noqa: S105 - the one that is refused
LOCKS_AFTER, LOCKED_S = 3, 1800
_TEXT_MAX = 100
Item = dict[str, object]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a request. ``code`` 0: done; ``items`` are its result parameters, ``receipt`` of the money."""

    code: str = "0"
    words: str = SUCCESS
    items: tuple[Item, ...] = ()
    reference: object = None  # the ReferenceItem; None: the internal address
    receipt: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """A request on its way to being accepted: its row, its scenario, the time, and chance."""

    row: AsyncRequest
    scenario: AsyncScenario
    now_us: int
    token_hex: TokenHex

    @property
    def told_amount(self) -> int:
        """The amount that the result tells, in shillings."""
        return int(self.row.asked["Amount"]) + self.scenario.amount_error


@dataclass(frozen=True, slots=True)
class Api:
    """One initiator API. ``moves`` does it at once, ``answers`` says later how things stand: one of the two.

    ``results``: the word in Safaricom's internal address. ``refuses``: an error code and text where the request is
    refused at once for a reason of the API's own. ``number``: whose number may choose the scenario.
    ``bare_failure``: a failed result has no parameters. ``texts``: a success has codes as strings.
    """

    name: str
    results: str
    checks: tuple[tuple[str, str, Check], ...]
    initiator: str = "Initiator"
    party: str = "PartyA"
    bad_token: str = BAD_TOKEN
    moves: Callable[[State, Taken], Outcome] | None = None
    answers: Callable[[State, AsyncRequest, int], Outcome] | None = None
    refuses: Callable[[State, dict[str, object], AsyncScenario], tuple[str, str] | None] = field(
        default=lambda _state, _body, _scenario: None
    )
    number: Callable[[State, dict[str, object], int], str] = field(default=lambda _state, _body, _now_us: "")
    bare_failure: bool = False
    texts: bool = False


def named(name: str, check: Check) -> tuple[str, str, Check]:
    """A check of a field whose error names it as it is."""
    return name, name, check


def given(value: object) -> bool:
    """Whether there is any text or number."""
    return bool(text_of(value).strip())


def one_of(*allowed: str) -> Check:
    """The check that a value is one of these."""
    return lambda value: text_of(value) in allowed


def shillings(value: object) -> int | None:
    """A whole number of shillings above 0, or None."""
    text = text_of(value)
    whole = text.isascii() and text.isdecimal() and len(text) <= 9
    return int(text) or None if whole else None


def is_remark(value: object) -> bool:
    """Whether these are remarks of a length that Daraja takes."""
    return 1 <= len(text_of(value)) <= _TEXT_MAX


def is_occasion(value: object) -> bool:
    """Whether this is absent, or a text of a length that Daraja takes."""
    return value is None or (isinstance(value, str | int) and len(text_of(value)) <= _TEXT_MAX)


ADDRESSES = (named("ResultURL", is_web_address), named("QueueTimeOutURL", is_web_address))
CREDENTIAL = named("SecurityCredential", given)
PARTY_A = named("PartyA", is_shortcode)
AMOUNT = named("Amount", lambda value: shillings(value) is not None)
REMARKS = named("Remarks", is_remark)


def take(state: State, request: Request, api: Api, now_us: int, token_hex: TokenHex) -> Reply:
    """Answer a request whose token is good. What it moves has moved when this returns."""
    body, made = request.json_object(), request_id(token_hex)
    wrong = checks.first_wrong_field(body, api.checks)
    if wrong:
        return wire.bad_field(made, wrong)
    initiator = text_of(body[api.initiator])
    scenario = _due(state, async_scenario(initiator, api.number(state, body, now_us)))
    no = api.refuses(state, body, scenario)
    if no is not None:
        return wire.error(made, *no)
    if scenario.answer is PushAnswer.NOT_ENTITLED:
        scenario = replace(scenario, answer=PushAnswer.OK)  # only B2C v3 refuses for that
    if not scenario.answer.accepts:
        return _refuse(state, request, scenario, made, api.bad_token)
    state.refused_in_a_row.pop(_key(scenario), None)
    state.forget_old(now_us)
    row = _row(state, body, api, scenario, now_us, token_hex)
    _decide(state, api, Taken(row, scenario, now_us, token_hex), body, initiator)
    state.asked[row.conversation_id] = row
    acknowledged = replace(wire.ok({
        "OriginatorConversationID": row.originator_conversation_id,
        "ConversationID": row.conversation_id,
        "ResponseCode": "0",
        "ResponseDescription": "Accept the service request successfully.",
    }), delay_s=scenario.answer_delay_s / state.rules.speed, callback_first=scenario.result_first)
    return as_far_as_it_gets(acknowledged, scenario.answer, made)


def result(api: Api, row: AsyncRequest, outcome: Outcome, at_us: int, *, texts: bool = False) -> dict[str, object]:
    """The document of a result. A failed one has a single parameter, which is an object, or none."""
    failed = outcome.code != "0"
    texts = texts or (api.texts and not failed)
    code: int | str = int(outcome.code) if outcome.code.isdecimal() and not texts else outcome.code
    said: dict[str, object] = {
        "ResultType": "0" if texts else 0,
        "ResultCode": code,
        "ResultDesc": outcome.words,
        "OriginatorConversationID": row.originator_conversation_id,
        "ConversationID": row.conversation_id,
        "TransactionID": outcome.receipt or f"{date_code(at_us)}0000000",
    }
    if failed and not api.bare_failure:
        said["ResultParameters"] = {"ResultParameter": {"Key": "BOCompletedTime", "Value": stamp(at_us)}}
    elif not failed:
        said["ResultParameters"] = {"ResultParameter": [_as_text(item) if texts else item for item in outcome.items]}
    internal = {"Key": "QueueTimeoutURL", "Value": internal_url(api.results)}
    said["ReferenceData"] = {"ReferenceItem": internal if outcome.reference is None or failed else outcome.reference}
    return {"Result": said}


def item(key: str, value: object) -> Item:
    """A result parameter."""
    return {"Key": key, "Value": value}


def refusal(code: str) -> Outcome:
    """The outcome that nothing was done, for this reason."""
    return Outcome(code, words_of(code))


def stamp(at_us: int) -> int:
    """A moment as a number: ``20261124111500``."""
    return int(daraja_stamp(at_us))


def internal_url(results: str) -> str:
    """Safaricom's own address, which results repeat in the place of the merchant's."""
    return f"https://internalsandbox.safaricom.co.ke/mpesa/{results}results/v1/submit"


def _due(state: State, scenario: AsyncScenario) -> AsyncScenario:
    """The scenario, with an ordinary answer once it has refused as many times in a row as it is set to."""
    refused_before = state.refused_in_a_row.get(_key(scenario), 0)
    if scenario.answer_times is None or refused_before < scenario.answer_times:
        return scenario
    return replace(scenario, answer=PushAnswer.OK)


def _key(scenario: AsyncScenario) -> str:
    return f"initiator:{scenario.name}"


def _refuse(state: State, request: Request, scenario: AsyncScenario, made: str, bad_token: str) -> Reply:
    if scenario.answer_times is not None:
        state.refused_in_a_row[_key(scenario)] = state.refused_in_a_row.get(_key(scenario), 0) + 1
    if scenario.answer is PushAnswer.TOKEN_EXPIRED:
        oauth.revoke(state, request)
    return refused(scenario.answer, made, bad_token)


def _row(
    state: State, body: dict[str, object], api: Api, scenario: AsyncScenario, now_us: int, token_hex: TokenHex
) -> AsyncRequest:
    asked = {name: text_of(value) for name, value in body.items() if name != CREDENTIAL[0]}
    return AsyncRequest(
        conversation_id=f"AG_{daraja_stamp(now_us)[:8]}_{token_hex(10)}",
        originator_conversation_id=asked.get("OriginatorConversationID") or request_id(token_hex),
        api=api.name,
        shortcode=asked[api.party],
        asked=asked,
        scenario=scenario.name,
        url=asked["QueueTimeOutURL" if scenario.times_out else "ResultURL"],
        accepted_us=now_us,
        sendings=[Sending(now_us + state.rules.us(after)) for after in scenario.results_s],
    )


def _decide(state: State, api: Api, taken: Taken, body: dict[str, object], initiator: str) -> None:
    """Do what was asked, where it is done, and keep what is to be told of it."""
    row, scenario = taken.row, taken.scenario
    known = _refused_initiator(state, initiator, text_of(body[CREDENTIAL[0]]), taken.now_us)
    no = known or (scenario.code if scenario.code != "0" else "")
    outcome = None
    if no:
        outcome = refusal(no)
    elif api.moves is not None and scenario.done:
        outcome = api.moves(state, taken)
        row.receipt = outcome.receipt if outcome.code == "0" else ""
    if scenario.times_out:
        row.bodies = [{name: value for name, value in body.items() if isinstance(value, str)}]
    elif outcome is not None:
        row.bodies = [result(api, row, outcome, taken.now_us, texts=scenario.texts)]
        if scenario.then_refuses:
            row.bodies.append(result(api, row, refusal("17"), taken.now_us, texts=scenario.texts))


def _refused_initiator(state: State, initiator: str, credential: str, now_us: int) -> str:
    """The result code where this initiator is not let in, else empty. Wrong passwords in a row lock it for a while."""
    key = state.rules.initiator_key
    password = key.password(credential) if key else None
    wrong = state.wrong_passwords.get(initiator, [])
    if len(wrong) >= LOCKS_AFTER and now_us < wrong[-1] + LOCKED_S * SECOND_US:
        return "8006"
    if password is not None and password != WRONG_PASSWORD:
        state.wrong_passwords.pop(initiator, None)
        return ""
    state.wrong_passwords[initiator] = [*wrong, now_us][-LOCKS_AFTER:] if len(wrong) < LOCKS_AFTER else [now_us]
    return "2001"


def _as_text(entry: Item) -> Item:
    value = entry.get("Value")
    if isinstance(value, float):
        return {**entry, "Value": f"{value:.2f}"}
    return {**entry, "Value": str(value)} if isinstance(value, int) else entry
