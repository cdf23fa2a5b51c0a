"""Reversal: a customer's payment given back, whole (daraja.md 7.3).

Whether a part can be given back nobody could try: here another amount than the payment's is refused.
"""

from mpesa_cli.simulator.accounts import account_line, balances, give_back, movements, shop_account
from mpesa_cli.simulator.apis import asynchronous
from mpesa_cli.simulator.apis.asynchronous import Api, Outcome, Taken, item, named, one_of, refusal
from mpesa_cli.simulator.apis.checks import is_shortcode, text_of
from mpesa_cli.simulator.asynchronous_scenarios import AsyncScenario
from mpesa_cli.simulator.movement import Movement
from mpesa_cli.simulator.state import State

_OTHER = "254700000000"


def _reverse(state: State, taken: Taken) -> Outcome:
    row, now_us = taken.row, taken.now_us
    paid = _payment(state, row.shortcode, row.asked["TransactionID"], now_us)
    if paid is None:
        return refusal("R000002")
    remarks = row.asked["Remarks"]
    if taken.scenario.reversed_before and not _is_back(state, paid, now_us):
        give_back(state, paid, now_us, taken.token_hex)
    if _is_back(state, paid, now_us):
        return refusal("R000001")
    if int(row.asked["Amount"]) * 100 != paid.amount_cents:
        return refusal("25")
    if balances(state, row.shortcode, now_us).shop_cents < paid.amount_cents:
        return refusal("1")
    back = give_back(state, paid, now_us, taken.token_hex, conversation=row.originator_conversation_id, note=remarks)
    left = balances(state, row.shortcode, now_us).shop_cents
    customer = _OTHER if taken.scenario.other_party else paid.msisdn
    return Outcome(receipt=back.receipt, items=(
        item("DebitAccountBalance", account_line(shop_account(state, row.shortcode, now_us), left)),
        item("Amount", float(taken.told_amount)),
        item("TransCompletedTime", asynchronous.stamp(now_us)),
        item("OriginalTransactionID", paid.receipt),
        item("Charge", 0.0),
        item("CreditPartyPublicName", f"{customer} - WANJIKU KAMAU"),
        item("DebitPartyPublicName", f"{row.shortcode} - Simulated Shop"),
    ))


def _refuses(_state: State, body: dict[str, object], scenario: AsyncScenario) -> tuple[str, str] | None:
    if scenario.name == "identifier-4" and text_of(body["RecieverIdentifierType"]) != "4":
        return "400.002.02", "Bad Request - Invalid RecieverIdentifierType"
    return None


def _payer(state: State, body: dict[str, object], now_us: int) -> str:
    paid = _payment(state, text_of(body["ReceiverParty"]), text_of(body["TransactionID"]), now_us)
    return paid.msisdn if paid else ""


def _payment(state: State, shortcode: str, receipt: str, now_us: int) -> Movement | None:
    every = movements(state, shortcode, now_us)
    return next((row for row in every if row.receipt == receipt.upper() and row.kind == "payment"), None)


def _is_back(state: State, paid: Movement, now_us: int) -> bool:
    return any(row.linked == paid.receipt for row in movements(state, paid.shortcode, now_us))


API = Api(
    name="reversal",
    results="reversal",
    party="ReceiverParty",
    checks=(
        named("Initiator", asynchronous.given),
        asynchronous.CREDENTIAL,
        named("CommandID", one_of("TransactionReversal")),
        named("TransactionID", asynchronous.given),
        asynchronous.AMOUNT,
        named("ReceiverParty", is_shortcode),
        named("RecieverIdentifierType", one_of("11", "4")),
        *asynchronous.ADDRESSES,
        asynchronous.REMARKS,
        named("Occasion", asynchronous.is_occasion),
    ),
    moves=_reverse,
    refuses=_refuses,
    number=_payer,
    bare_failure=True,
)
