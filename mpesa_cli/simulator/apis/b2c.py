"""B2C, v1 and v3: money from the utility account to a phone (daraja.md 7.4).

v3 has an OriginatorConversationID of the merchant's own: one that was used is refused. v1 has none.
"""

from dataclasses import replace

from mpesa_cli.floor.moments import daraja_stamp
from mpesa_cli.simulator.accounts import balances, book, movements
from mpesa_cli.simulator.apis import asynchronous
from mpesa_cli.simulator.apis.asynchronous import Api, Outcome, Taken, item, named, one_of, refusal
from mpesa_cli.simulator.apis.checks import is_msisdn, text_of
from mpesa_cli.simulator.asynchronous_scenarios import AsyncScenario
from mpesa_cli.simulator.identifiers import receipt
from mpesa_cli.simulator.movement import Movement
from mpesa_cli.simulator.scenario import PushAnswer
from mpesa_cli.simulator.state import DAY_S, SECOND_US, State
from mpesa_cli.simulator.wire import is_web_address

MIN_CENTS, MAX_CENTS, DAY_CENTS = 1_000, 25_000_000, 50_000_000
REASON = "Business Payment to Customer via API"
_OTHER = "254700000000"
_COMMANDS = ("SalaryPayment", "BusinessPayment", "PromotionPayment")


def _pay(state: State, taken: Taken) -> Outcome:
    row, now_us, cents = taken.row, taken.now_us, int(taken.row.asked["Amount"]) * 100
    payout = Movement("", "payout", cents, now_us, row.shortcode, row.asked["PartyB"], "", reason=REASON,
                      conversation=row.originator_conversation_id, note=row.asked["Remarks"])
    no = _refused(state, payout)
    if no:
        state.serial += 1
        return replace(refusal(no), receipt=receipt(now_us, state.serial, state.receipts, taken.token_hex))
    paid = book(state, payout, taken.token_hex)
    left = balances(state, row.shortcode, now_us)
    customer = _OTHER if taken.scenario.other_party else paid.msisdn
    stamp = daraja_stamp(now_us)
    return Outcome(receipt=paid.receipt, items=(
        item("TransactionAmount", taken.told_amount),
        item("TransactionReceipt", paid.receipt),
        item("ReceiverPartyPublicName", f"{customer} - WANJIKU KAMAU"),
        item("TransactionCompletedDateTime",
             f"{stamp[6:8]}.{stamp[4:6]}.{stamp[:4]} {stamp[8:10]}:{stamp[10:12]}:{stamp[12:]}"),
        item("B2CUtilityAccountAvailableFunds", left.shop_cents / 100),
        item("B2CWorkingAccountAvailableFunds", left.working_cents / 100),
        item("B2CRecipientIsRegisteredCustomer", "Y"),
        item("B2CChargesPaidAccountAvailableFunds", left.charges_cents / 100),
    ))


def _refused(state: State, payout: Movement) -> str:
    """The result code where M-PESA's own rules forbid it; empty where they don't."""
    if payout.amount_cents < MIN_CENTS:
        return "2"
    if payout.amount_cents > MAX_CENTS:
        return "3"
    since_us = payout.at_us - DAY_S * SECOND_US
    earlier = movements(state, payout.shortcode, payout.at_us)
    received = sum(row.amount_cents for row in earlier
                   if row.kind == "payout" and row.msisdn == payout.msisdn and row.at_us > since_us)
    if received + payout.amount_cents > DAY_CENTS:
        return "4"
    return "1" if balances(state, payout.shortcode, payout.at_us).shop_cents < payout.amount_cents else ""


def _refuses(state: State, body: dict[str, object], scenario: AsyncScenario) -> tuple[str, str] | None:
    if scenario.answer is PushAnswer.NOT_ENTITLED:
        return "403.002.1001", "You are not authorized to initiate this transaction"
    wanted = text_of(body["OriginatorConversationID"])
    used = any(row.originator_conversation_id == wanted for row in state.asked.values())
    if used or any(row.conversation == wanted for row in state.booked):
        return "500.002.1001", "Duplicate OriginatorConversationID."
    return None


V1 = Api(
    name="b2c",
    results="b2c",
    initiator="InitiatorName",
    bad_token="401.002.01",  # noqa: S106 - an error code
    checks=(
        named("InitiatorName", asynchronous.given),
        asynchronous.CREDENTIAL,
        named("CommandID", one_of(*_COMMANDS)),
        asynchronous.AMOUNT,
        asynchronous.PARTY_A,
        named("PartyB", is_msisdn),
        asynchronous.REMARKS,
        named("QueueTimeOutURL", is_web_address),
        named("ResultURL", is_web_address),
        named("Occasion", asynchronous.is_occasion),
    ),
    moves=_pay,
    number=lambda _state, body, _now_us: text_of(body["PartyB"]),
    bare_failure=True,
)
V3 = replace(
    V1,
    checks=(
        named("OriginatorConversationID", asynchronous.given),
        *V1.checks[:-1],
        named("Occassion", asynchronous.is_occasion),
    ),
    refuses=_refuses,
)
