"""B2B: money from the working account to a paybill, to a till, or to the tax authority (daraja.md 7).

Other B2B commands, such as the top-up of the utility account, are refused as the simulator plays no such account.
"""

from dataclasses import replace

from mpesa_cli.simulator.accounts import account_line, balances, book
from mpesa_cli.simulator.apis import asynchronous
from mpesa_cli.simulator.apis.asynchronous import Api, Outcome, Taken, item, named, one_of, refusal
from mpesa_cli.simulator.apis.checks import is_msisdn, is_shortcode, text_of
from mpesa_cli.simulator.movement import Movement
from mpesa_cli.simulator.state import State

TAX_OFFICE = "572572"
REASONS = {
    "BusinessPayBill": "Business Pay Bill", "BusinessBuyGoods": "Business Buy Goods",
    "PayTaxToKRA": "Pay Tax to KRA",
}
_REFERENCE_MAX = 13
_OTHER = "600000"


def _pay(state: State, taken: Taken) -> Outcome:
    row, now_us, cents = taken.row, taken.now_us, int(taken.row.asked["Amount"]) * 100
    asked = row.asked
    if asked["PartyB"] == row.shortcode:
        return replace(refusal("SFC_IC0003"), words="Receiver party is invalid")
    if balances(state, row.shortcode, now_us).working_cents < cents:
        return refusal("1")
    paid = book(state, Movement(
        "", "b2b", cents, now_us, row.shortcode, asked["PartyB"], asked["AccountReference"],
        reason=REASONS[asked["CommandID"]], conversation=row.originator_conversation_id, note=asked["Remarks"],
    ), taken.token_hex)
    left = balances(state, row.shortcode, now_us).working_cents
    whole = f"{{Amount={{CurrencyCode=KES, MinimumAmount={left}, BasicAmount={left / 100:.2f}}}}}"
    receiver = _OTHER if taken.scenario.other_party else paid.msisdn
    return Outcome(
        receipt=paid.receipt,
        items=(
            item("DebitAccountBalance", whole),
            item("Amount", f"{taken.told_amount}.00"),
            item("DebitPartyAffectedAccountBalance", account_line("Working Account", left)),
            item("TransCompletedTime", str(asynchronous.stamp(now_us))),
            item("DebitPartyCharges", ""),
            item("ReceiverPartyPublicName", f"{receiver} - Simulated Business"),
            item("Currency", "KES"),
            item("InitiatorAccountCurrentBalance", whole),
        ),
        reference=[
            item("BillReferenceNumber", paid.account),
            item("QueueTimeoutURL", asynchronous.internal_url("b2b")),
        ],
    )


def _is_reference(value: object) -> bool:
    return 1 <= len(text_of(value).strip()) <= _REFERENCE_MAX


API = Api(
    name="b2b",
    results="b2b",
    bad_token="401.002.01",  # noqa: S106 - an error code
    checks=(
        named("Initiator", asynchronous.given),
        asynchronous.CREDENTIAL,
        named("CommandID", one_of("BusinessPayBill", "BusinessBuyGoods")),
        named("SenderIdentifierType", one_of("4")),
        named("RecieverIdentifierType", one_of("4", "2")),
        asynchronous.AMOUNT,
        asynchronous.PARTY_A,
        named("PartyB", is_shortcode),
        named("AccountReference", _is_reference),
        named("Requester", lambda value: value is None or value == "" or is_msisdn(value)),
        asynchronous.REMARKS,
        *asynchronous.ADDRESSES,
        named("Occassion", asynchronous.is_occasion),
    ),
    moves=_pay,
    texts=True,
)
TAX = replace(API, checks=(
    *API.checks[:2],
    named("CommandID", one_of("PayTaxToKRA")),
    named("SenderIdentifierType", one_of("4")),
    named("RecieverIdentifierType", one_of("4")),
    asynchronous.AMOUNT,
    asynchronous.PARTY_A,
    named("PartyB", one_of(TAX_OFFICE)),
    named("AccountReference", _is_reference),
    asynchronous.REMARKS,
    *asynchronous.ADDRESSES,
))
