"""Transaction Status: the fate of a transaction, by its receipt or by the request that made it (daraja.md 7.1).

Any movement of the shortcode is known by its receipt. By the OriginatorConversationID of an earlier request its money
is found where it was done; a request that was refused is Declined, one that was given up in the queue Expired.
"""

import re

from mpesa_cli.simulator.accounts import movements
from mpesa_cli.simulator.apis import asynchronous
from mpesa_cli.simulator.apis.asynchronous import Api, Item, Outcome, item, named, one_of, refusal
from mpesa_cli.simulator.apis.checks import text_of
from mpesa_cli.simulator.asynchronous_scenarios import async_scenario
from mpesa_cli.simulator.movement import Movement
from mpesa_cli.simulator.state import AsyncRequest, State

_RECEIPT = re.compile(r"[A-Z0-9]{10}")


def _status(state: State, asked: AsyncRequest, now_us: int) -> Outcome:
    receipt = asked.asked.get("TransactionID", "")
    if not receipt:
        return _of_request(state, asked, now_us)
    if not _RECEIPT.fullmatch(receipt):
        return refusal("25")
    found = _movement(state, asked.shortcode, receipt, now_us)
    return _told(asked, found) if found is not None else refusal("R000002")


def _of_request(state: State, asked: AsyncRequest, now_us: int) -> Outcome:
    """The fate of an earlier request, by its OriginatorConversationID."""
    wanted = asked.asked["OriginalConversationID"]
    made = next((row for row in movements(state, asked.shortcode, now_us) if row.conversation == wanted), None)
    if made is not None:
        return _told(asked, made)
    requests = [row for row in state.asked.values() if row.originator_conversation_id == wanted]
    first = next((row for row in requests if row.shortcode == asked.shortcode and "Amount" in row.asked), None)
    if first is None:
        return refusal("R000002")
    given_up = async_scenario(first.scenario, "").times_out
    undone = Movement("", "payout", int(first.asked["Amount"]) * 100, first.accepted_us, first.shortcode,
                      first.asked.get("PartyB", ""), "", conversation=wanted)
    return _told(asked, undone, "Expired" if given_up else "Declined")


def _movement(state: State, shortcode: str, receipt: str, now_us: int) -> Movement | None:
    return next((row for row in movements(state, shortcode, now_us) if row.receipt == receipt), None)


def _told(asked: AsyncRequest, row: Movement, status: str = "Completed") -> Outcome:
    came = row.kind == "payment"
    shop, other = f"{asked.shortcode} - Simulated Shop", f"{row.msisdn} - WANJIKU KAMAU"
    stamp = asynchronous.stamp(row.at_us)
    fee = f"Fee For B2C Payment|KES|{row.charge_cents / 100:.2f}" if row.kind == "payout" and row.receipt else ""
    items: list[Item] = [
        item("DebitPartyName", other if came else shop),
        item("CreditPartyName", shop if came else other),
        item("OriginatorConversationID", row.conversation or asked.originator_conversation_id),
        item("InitiatedTime", stamp),
        item("DebitAccountType", "MMF Account For Customer" if came else "Utility Account"),
        item("DebitPartyCharges", fee),
        {"Key": "TransactionReason"},
        item("ReasonType", row.reason or _reason(row)),
        item("TransactionStatus", status),
        item("FinalisedTime", stamp),
        item("Amount", row.amount_cents / 100),
        item("ConversationID", asked.conversation_id),
        item("ReceiptNo", row.receipt),
    ]
    return Outcome(items=tuple(items), reference={"Key": "Occasion"})


def _reason(row: Movement) -> str:
    product = "Pay Merchant" if row.buy_goods else "Pay Bill Online"
    return f"{product} Reversal" if row.kind == "reversal" else product


def _is_named(body: dict[str, object]) -> bool:
    return bool(text_of(body.get("TransactionID")) or text_of(body.get("OriginalConversationID")))


API = Api(
    name="status",
    results="transactionstatus",
    checks=(
        named("Initiator", asynchronous.given),
        asynchronous.CREDENTIAL,
        named("CommandID", one_of("TransactionStatusQuery")),
        asynchronous.PARTY_A,
        named("IdentifierType", one_of("1", "2", "4")),
        *asynchronous.ADDRESSES,
        asynchronous.REMARKS,
    ),
    answers=_status,
    refuses=lambda _state, body, _scenario: (
        None if _is_named(body) else ("400.002.02", "Bad Request - Invalid TransactionID")
    ),
)
