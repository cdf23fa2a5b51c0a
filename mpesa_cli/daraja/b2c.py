"""B2C: money of the shop's utility account sent to a phone, in v3 or v1 (daraja.md 7.4).

v3 carries an OriginatorConversationID of ours, by which M-PESA knows a request again; v1 has none, and is never sent
again in doubt.
"""

import re
from typing import Literal

from mpesa_cli.daraja.callbacks import read_amount, read_receipt
from mpesa_cli.daraja.endpoints import B2C_V1, B2C_V3
from mpesa_cli.daraja.initiator import Again, Command
from mpesa_cli.daraja.results import Result
from mpesa_cli.daraja.transaction_status import party_number
from mpesa_cli.floor.moments import from_daraja_stamp
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.values.amount import cents_to_json

COMMAND_ID = "BusinessPayment"
ORIGINATOR = "OriginatorConversationID"
B2cVersion = Literal["v3", "v1"]
_STAMP = re.compile(r"(\d\d)\.(\d\d)\.(\d{4}) (\d\d):(\d\d):(\d\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Paid:
    """A payout as a successful result tells it. ``receiver`` is a number without the name that stands behind it."""

    receipt: str
    amount_cents: int | None
    receiver: str
    completed_us: int | None


def b2c_command(
    version: B2cVersion, payout_id: str, originator: str, msisdn: str, amount_cents: int, shortcode: str
) -> Command:
    """The command that sends money from ``shortcode`` to a phone. ``originator`` is M-PESA's name for it, in v3."""
    shared = {
        "Amount": str(cents_to_json(amount_cents)), "PartyA": shortcode, "PartyB": msisdn, "Remarks": "payout",
    }
    if version == "v1":
        return Command(B2C_V1, COMMAND_ID, payout_id, {**shared, "Occasion": ""}, Again.NEVER, amount_cents,
                       initiator_field="InitiatorName")
    fields = {ORIGINATOR: originator, **shared, "Occassion": ""}  # as Daraja spells it
    return Command(
        B2C_V3, COMMAND_ID, payout_id, fields, Again.SAME_ID, amount_cents, initiator_field="InitiatorName",
        remedies={
            "not authorized": 'The app may have B2C in its first version only. Set version = "v1" in the profile\'s '
            "section payouts, then run the same command again",
        },
    )


def read_paid(result: Result) -> Paid | None:
    """The payout in a successful result; None where it does not name its receipt. Never raises."""
    receipt = read_receipt(result.first("TransactionReceipt")) or read_receipt(result.transaction_id)
    if receipt is None:
        return None
    stamp = result.first("TransactionCompletedDateTime")
    found = _STAMP.fullmatch(stamp.strip()) if isinstance(stamp, str) else None
    return Paid(
        receipt=receipt,
        amount_cents=read_amount(result.first("TransactionAmount")),
        receiver=party_number(result.first("ReceiverPartyPublicName")),
        completed_us=from_daraja_stamp("".join(found[part] for part in (3, 2, 1, 4, 5, 6))) if found else None,
    )
