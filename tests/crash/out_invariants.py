"""What must hold of refunds and payouts at every moment, in the ledger and at the simulator. Not a test."""

import hashlib
from typing import Any

from mpesa_cli.ledger.audit.ledger import flaws
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.payouts import PayoutFilter, Payouts
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.money_out.payout_state import Payout, PayoutState


def out_broken(ledger: Ledger, record: dict[str, Any]) -> list[str]:
    """Everything that is wrong with money that went out, in words; it must be empty at every moment."""
    found = [f"chain or projection: {flaw.words}" for flaw in flaws(ledger)]
    known = {str(row[0]) for row in ledger.rows(
        "SELECT token_hash FROM requests UNION SELECT token_hash FROM request_tokens")}
    taken = [row for row in record["requests"] if row["api"] in {"reversal", "b2c"}]
    found += [f"a request that the ledger does not know: {r['api']}, {r['asked']}"
              for r in taken if _token_hash(r["asked"]["ResultURL"]) not in known]
    return found + _refunds_broken(ledger, record) + _payouts_broken(ledger, record)


def went_to(record: dict[str, Any], payout: Payout) -> int:
    """How often the simulator sent a payout's money. Its phone and amount are no other's here."""
    view = payout.view
    return sum(row["party"] == view.msisdn and round(float(row["amount"]) * 100) == view.amount_cents
               for row in record["payouts"])


def _payouts_broken(ledger: Ledger, record: dict[str, Any]) -> list[str]:
    found, listed = [], Payouts(ledger).listed(PayoutFilter())
    for payout in listed:
        times, name = went_to(record, payout), f"{payout.reference} ({payout.state})"
        if times > 1:
            found.append(f"{name}: paid {times} times")
        if payout.state is PayoutState.PAID and not times:
            found.append(f"{name}: M-PESA paid nothing")
        if payout.state is PayoutState.FAILED and times:
            found.append(f"{name}: it went out")
    if sum(went_to(record, each) for each in listed) < len(record["payouts"]):
        found.append("M-PESA paid something that the ledger does not have")
    return found


def _refunds_broken(ledger: Ledger, record: dict[str, Any]) -> list[str]:
    back = {row["reverses"] for row in record["reversals"]}
    taken = [row for row in record["requests"] if row["api"] == "reversal"]
    found = []
    for payment_id, in ledger.rows("SELECT payment_id FROM payments"):
        payment = ledger.payment(str(payment_id))
        assert payment
        for receipt, attempt in payment.receipts.items():
            found += [f"{payment.order_id}: {words}" for words in _of_receipt(
                receipt, ledger.evidence(attempt.ref), attempt.view, receipt in back,
                [r for r in taken if r["asked"]["TransactionID"] == receipt],
            )]
    return found


def _of_receipt(
    receipt: str, evidence: list[ev.Evidence], view: Any, went_back: bool, taken: list[dict[str, Any]]
) -> list[str]:
    asked = [e for e in evidence if isinstance(e, ev.RefundAsked) and e.receipt == receipt]
    refused = {e.request_id for e in evidence if isinstance(e, ev.RefundRefused)}
    open_or_done = [e for e in asked if e.request_id not in refused]
    again = sum(e.again for e in open_or_done)
    found = []
    if len(open_or_done) > 1 + again or again > 1:
        found.append(f"{len(open_or_done)} reversals of {receipt} in doubt or done, {again} of them by a person")
    if len(taken) > len(asked):
        found.append(f"{len(taken)} requests taken for {len(asked)} that were recorded")
    if view.reversed_cents and not went_back:
        found.append(f"called given back, and {receipt} was not reversed")
    if sum(isinstance(e, ev.Reversed) and bool(e.reversal_receipt) for e in evidence) > 1:
        found.append(f"{receipt} was reversed twice, says the journal")
    return found


def _token_hash(address: str) -> str:
    return hashlib.sha256(address.rsplit("/", 1)[-1].encode()).hexdigest()
