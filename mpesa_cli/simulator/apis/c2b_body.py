"""The validation and confirmation requests as Daraja posts them: flat, all strings (daraja.md 5.6)."""

import hashlib

from mpesa_cli.floor.moments import daraja_stamp
from mpesa_cli.simulator.state import C2BPayment


def c2b_request(payment: C2BPayment, *, confirmation: bool) -> dict[str, object]:
    """The document for one of the two URLs. Only a confirmation has the balance and ThirdPartyTransID."""
    return {
        "TransactionType": "Buy Goods" if payment.buy_goods else "Pay Bill",
        "TransID": payment.trans_id,
        "TransTime": daraja_stamp(payment.created_us),
        "TransAmount": shillings(payment.amount_cents),
        "BusinessShortCode": payment.shortcode,
        "BillRefNumber": payment.bill_ref,
        "InvoiceNumber": "",
        "OrgAccountBalance": shillings(payment.balance_cents) if confirmation else "",
        "ThirdPartyTransID": payment.third_party_id if confirmation else "",
        "MSISDN": _hidden(payment),
        "FirstName": "WANJIKU",
        "MiddleName": "",
        "LastName": "",
    }


def shillings(cents: int) -> str:
    """Cents as shillings: ``150000`` → ``1500.00``."""
    return f"{cents // 100}.{cents % 100:02d}"


def _hidden(payment: C2BPayment) -> str:
    """The payer's number as each version shows it: v1 hashed, v2 masked with spaces."""
    if payment.registration is not None and payment.registration.version == "v1":
        return hashlib.sha256(payment.msisdn.encode()).hexdigest()
    return f"{payment.msisdn[:4]} ***** {payment.msisdn[-3:]}"
