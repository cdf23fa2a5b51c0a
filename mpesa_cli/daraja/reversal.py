"""Reversal: money that a customer paid goes back, all of one receipt (daraja.md 7.3). Never sent again in doubt."""

from mpesa_cli.daraja.callbacks import read_amount, read_receipt
from mpesa_cli.daraja.endpoints import REVERSAL
from mpesa_cli.daraja.initiator import Again, Command
from mpesa_cli.daraja.results import Result
from mpesa_cli.daraja.transaction_status import party_number
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.wire.wire_text import stamp_us
from mpesa_cli.rules.values.amount import cents_to_json

COMMAND_ID = "TransactionReversal"
ALREADY = "R000001"
"""The result code that says that the payment was reversed before."""
_IDENTIFIER = "RecieverIdentifierType"  # as Daraja spells it


@dataclass(frozen=True, slots=True)
class Reversal:
    """A reversal as a successful result tells it. ``credit`` got the money, ``debit`` gave it: numbers, or empty."""

    receipt: str  # the payment's, which was reversed
    reversal_receipt: str
    amount_cents: int | None
    debit: str
    credit: str
    completed_us: int | None


def reversal_command(receipt: str, amount_cents: int, shortcode: str, identifier_type: str) -> Command:
    """The command that gives a receipt's money back from ``shortcode``. ``identifier_type`` is ``11`` or ``4``."""
    other = "4" if identifier_type == "11" else "11"
    return Command(
        REVERSAL,
        COMMAND_ID,
        receipt,
        {
            "TransactionID": receipt,
            "Amount": str(cents_to_json(amount_cents)),
            "ReceiverParty": shortcode,
            _IDENTIFIER: identifier_type,
            "Remarks": "refund",
            "Occasion": "",
        },
        Again.NEVER,
        amount_cents,
        remedies={
            _IDENTIFIER: f'Shortcodes differ in this field (refunds.md). Set identifier_type = "{other}" in the '
            "profile's section refunds, then run the same command again",
        },
    )


def read_reversal(result: Result) -> Reversal | None:
    """The reversal in a successful result; None where it does not name the payment that was reversed. Never raises."""
    receipt = read_receipt(result.first("OriginalTransactionID"))
    if receipt is None:
        return None
    return Reversal(
        receipt=receipt,
        reversal_receipt=read_receipt(result.transaction_id) or "",
        amount_cents=read_amount(result.first("Amount")),
        debit=party_number(result.first("DebitPartyPublicName")),
        credit=party_number(result.first("CreditPartyPublicName")),
        completed_us=stamp_us(result.first("TransCompletedTime")),
    )
