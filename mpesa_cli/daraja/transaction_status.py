"""Transaction Status: the fate of one M-PESA transaction, asked by its receipt (daraja.md 7.1). Moves no money.

The API also takes the OriginatorConversationID of an earlier request, as ``OriginalConversationID``, in place of the
receipt; a CheckoutRequestID it does not take.
"""

from mpesa_cli.daraja.callbacks import read_amount, read_receipt
from mpesa_cli.daraja.endpoints import TRANSACTION_STATUS
from mpesa_cli.daraja.initiator import Again, Command
from mpesa_cli.daraja.results import Result
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.wire.wire_text import plain_text, stamp_us

COMMAND_ID = "TransactionStatusQuery"
SHORTCODE_IDENTIFIER = "4"


@dataclass(frozen=True, slots=True)
class TransactionStatus:
    """A transaction as Daraja describes it. Parties are numbers without the names that stand behind them.

    ``debit`` paid and ``credit`` was paid: phone numbers or shortcodes, empty where they were not told.
    ``conversation`` is the OriginatorConversationID of what the status is about.
    """

    receipt: str
    status: str
    amount_cents: int | None
    debit: str
    credit: str
    finalised_us: int | None
    conversation: str = ""


def status_command(receipt: str, shortcode: str) -> Command:
    """The command that asks about a receipt which ``shortcode`` took part in."""
    return Command(
        TRANSACTION_STATUS,
        COMMAND_ID,
        receipt,
        {
            "TransactionID": receipt,
            "PartyA": shortcode,
            "IdentifierType": SHORTCODE_IDENTIFIER,
            "Remarks": "verify",
            "Occasion": "",
        },
        Again.FREE,
    )


def request_status_command(originator_conversation_id: str, shortcode: str) -> Command:
    """The command that asks what became of an earlier request with an initiator, by Daraja's id for it."""
    return Command(
        TRANSACTION_STATUS,
        COMMAND_ID,
        originator_conversation_id,
        {
            "TransactionID": "",
            "OriginalConversationID": originator_conversation_id,
            "PartyA": shortcode,
            "IdentifierType": SHORTCODE_IDENTIFIER,
            "Remarks": "reconcile",
            "Occasion": "",
        },
        Again.FREE,
    )


def read_status(result: Result) -> TransactionStatus | None:
    """The status in a successful result; None where it names no receipt. Never raises.

    The second party may come under the first one's key, once more (daraja.md 6.3).
    """
    receipt = read_receipt(result.first("ReceiptNo"))
    if receipt is None:
        return None
    paying = [party_number(value) for value in result.every("DebitPartyName")]
    paid = [party_number(value) for value in result.every("CreditPartyName")] or paying[1:]
    return TransactionStatus(
        receipt=receipt,
        status=plain_text(result.first("TransactionStatus"), 40),
        amount_cents=read_amount(result.first("Amount")),
        debit=paying[0] if paying else "",
        credit=paid[0] if paid else "",
        finalised_us=stamp_us(result.first("FinalisedTime")),
        conversation=plain_text(result.first("OriginatorConversationID"), 100),
    )


def party_number(value: object) -> str:
    """The number alone of ``254708374149 - A NAME``; empty where it begins with none."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    first = plain_text(text if isinstance(text, str) else None, 100).partition(" - ")[0].replace(" ", "")
    return first if first and set(first) <= set("0123456789*+") else ""
