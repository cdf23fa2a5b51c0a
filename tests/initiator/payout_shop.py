"""A shop that pays out, and a Daraja that says what it is told to. Not a test."""

import json
from dataclasses import dataclass
from typing import Any

from initiator_parts import body
from refund_shop import ACK, DAY_S, START_US, RefundShop, without_ids

from mpesa_cli.initiator.api_request import ApiRequest
from mpesa_cli.initiator.payouts.asking import PayoutTerms, pay, repeat
from mpesa_cli.initiator.payouts.settling import settle_payouts
from mpesa_cli.ledger.payouts import Payouts
from mpesa_cli.rules.money_out.limits import OutLimits
from mpesa_cli.rules.money_out.payout_rules import PayoutAsking, PayoutWish
from mpesa_cli.rules.money_out.payout_state import Payout

__all__ = ["ACK", "DAY_S", "PHONE", "RECEIPT", "START_US", "PayoutShop", "paid", "refused"]

NO_LIMITS = OutLimits("payouts", enabled=True)
PHONE, RECEIPT = "254708374149", "UKO4Q7Y93D"
DUPLICATE = (500, body("b2c.error.500.duplicate-originator"))
MAINTENANCE = (500, body("b2c.error.500.maintenance"))


@dataclass
class PayoutShop(RefundShop):
    """``reference`` is what is paid for; ``answers`` are Daraja's, in order."""

    limits: OutLimits = NO_LIMITS
    version: Any = "v3"
    reference: str = "wages"
    amount_cents: int = 15_000
    msisdn: str = PHONE

    @property
    def terms(self) -> PayoutTerms:
        return PayoutTerms(self.limits, "174379", self.version)

    @property
    def wish(self) -> PayoutWish:
        return PayoutWish(self.reference, self.msisdn, self.amount_cents)

    def pay(self, *, not_paid: bool = False, **more: Any) -> ApiRequest:
        return pay(self.context, self.terms, self.wish, PayoutAsking("Asha", "wages of November", not_paid), **more)

    def repeat(self) -> ApiRequest:
        return repeat(self.context, self.terms, self.wish, "Asha")

    def settle(self) -> None:
        settle_payouts(self.ledger, self.now_us, lambda: self.context)

    @property
    def payouts(self) -> list[dict[str, str]]:
        return [each for each in self.posts if each["CommandID"] == "BusinessPayment"]

    @property
    def payout(self) -> Payout:
        found = Payouts(self.ledger).by_reference(self.reference)
        assert found
        return found

    @property
    def stands(self) -> str:
        return self.payout.state.value

    def row(self, receipt: str = RECEIPT, party: str = "2547****4149", cents: int = -15_000, at_s: int = 5) -> None:
        """A row of a statement that was read."""
        with self.ledger.write() as tx:
            tx.execute(
                "INSERT INTO statement_rows (receipt, kind, amount_cents, completed_us, balance_cents, account, party, "
                "linked, line, shortcode, statement_id) VALUES (?,'other',?,?,NULL,'',?,'',7,'174379','S-1')",
                (receipt, cents, START_US + at_s * 1_000_000, party),
            )



def paid(**other: Any) -> bytes:
    """A successful result of the payout of KES 150, or with these parameters in place of its own."""
    document = json.loads(body("b2c.result.success"))
    values = {"TransactionAmount": 150} | other
    for entry in document["Result"]["ResultParameters"]["ResultParameter"]:
        if entry["Key"] in values:
            entry["Value"] = values[entry["Key"]]
    return json.dumps(without_ids(document)).encode()


def refused(code: str, words: str = "no") -> bytes:
    """A result that says no."""
    document = json.loads(body("b2c.result.failure.1"))
    document["Result"] |= {"ResultCode": code, "ResultDesc": words}
    return json.dumps(without_ids(document)).encode()
