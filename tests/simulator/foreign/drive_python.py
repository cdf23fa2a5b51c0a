"""One foreign Python client drives a served simulator. Run by the foreign client's own interpreter. Not a test.

Reads {client, base, credential, sink, receipt} from stdin; prints what each call came to as one JSON object.
"""

import json
import sys
from typing import Any

asked = json.load(sys.stdin)
BASE, CREDENTIAL, SINK, RECEIPT = asked["base"], asked["credential"], asked["sink"], asked["receipt"]
SHOP, PHONE = "174379", "254708374149"
SIGNED = {"SecurityCredential": CREDENTIAL, "Remarks": "foreign", "QueueTimeOutURL": f"{SINK}/timeout",
          "ResultURL": f"{SINK}/result"}


def mpesakit() -> dict[str, Any]:
    from mpesakit.account_balance import AccountBalance, AccountBalanceRequest
    from mpesakit.auth import TokenManager
    from mpesakit.b2c import B2C, B2CRequest
    from mpesakit.business_paybill import BusinessPayBill, BusinessPayBillRequest
    from mpesakit.dynamic_qr_code import DynamicQRCode, DynamicQRGenerateRequest
    from mpesakit.http_client import MpesaHttpClient
    from mpesakit.reversal import Reversal, ReversalRequest
    from mpesakit.tax_remittance import TaxRemittance, TaxRemittanceRequest

    http = MpesaHttpClient(trust_env=False)
    http.base_url = BASE
    parts = {"http_client": http,
             "token_manager": TokenManager(consumer_key="k", consumer_secret="s", http_client=http)}
    signed = {**SIGNED, "Initiator": "testapi"}
    answers = {
        "balance": AccountBalance(**parts).query(AccountBalanceRequest(**signed, PartyA=SHOP, IdentifierType=4)),
        "reversal": Reversal(**parts).reverse(
            ReversalRequest(**signed, TransactionID=RECEIPT, Amount=150, ReceiverParty=SHOP)),
        "b2c v3": B2C(**parts).send_payment(B2CRequest(
            **SIGNED, InitiatorName="testapi", OriginatorConversationID=f"kit-{RECEIPT}", CommandID="BusinessPayment",
            Amount=20, PartyA=SHOP, PartyB=PHONE)),
        "b2b": BusinessPayBill(**parts).paybill(BusinessPayBillRequest(
            **signed, Amount=30, PartyA=SHOP, PartyB="600000", AccountReference="A1")),
        "tax": TaxRemittance(**parts).remittance(TaxRemittanceRequest(
            **signed, Amount=40, PartyA=SHOP, AccountReference="PRN1")),
    }
    code = DynamicQRCode(**parts).generate(DynamicQRGenerateRequest(
        MerchantName="SHOP", RefNo="1", Amount=10, TrxCode="PB", CPI=SHOP, Size="300"))
    return {name: answer.is_successful() for name, answer in answers.items()} | {"qr": len(code.QRCode) > 100}


def daraja_v3() -> dict[str, Any]:
    from mpesa.client import MpesaClient

    client = MpesaClient("k", "s", SHOP, base_url=BASE)
    signed = {"callback_url": f"{SINK}/result", "queue_timeout_url": f"{SINK}/timeout", "initiator_name": "testapi",
              "security_credential": CREDENTIAL}
    return {
        "balance": client.account_balance(**signed)["ResponseCode"] == "0",
        "b2c v3": bool(client.b2c(PHONE, 20, **signed).conversation_id),
    }


def noriapay() -> dict[str, Any]:
    from noriapay.mpesa import MpesaClient

    client = MpesaClient(consumer_key="k", consumer_secret="s", base_url=BASE)
    signed = {**SIGNED, "Initiator": "testapi"}
    answers = {
        "balance": client.account_balance(
            {**signed, "CommandID": "AccountBalance", "PartyA": SHOP, "IdentifierType": "4"}),
        "reversal": client.reversal({
            **signed, "CommandID": "TransactionReversal", "TransactionID": RECEIPT, "Amount": 150,
            "ReceiverParty": SHOP, "RecieverIdentifierType": "11"}),
        "b2c v1": client.b2c_payment({
            **SIGNED, "InitiatorName": "testapi", "CommandID": "BusinessPayment", "Amount": 20, "PartyA": SHOP,
            "PartyB": PHONE}),
        "b2b": client.b2b_payment({
            **signed, "CommandID": "BusinessPayBill", "SenderIdentifierType": "4", "RecieverIdentifierType": "4",
            "Amount": 30, "PartyA": SHOP, "PartyB": "600000", "AccountReference": "A1"}),
    }
    return {name: answer["ResponseCode"] == "0" for name, answer in answers.items()}


def results() -> dict[str, Any]:
    """What mpesakit makes of the results that came."""
    from mpesakit.account_balance.schemas import AccountBalanceResultCallback
    from mpesakit.b2c.schemas import B2CResultCallback
    from mpesakit.business_paybill.schemas import BusinessPayBillResultCallback
    from mpesakit.reversal.schemas import ReversalResultCallback
    from mpesakit.tax_remittance.schemas import TaxRemittanceResultCallback

    readers = {"balance": AccountBalanceResultCallback, "reversal": ReversalResultCallback, "b2c": B2CResultCallback,
               "b2b": BusinessPayBillResultCallback, "tax": TaxRemittanceResultCallback}
    read = {}
    for name, document in asked["results"].items():
        try:
            read[name] = str(readers[name](**document).Result.ResultCode) == "0"
        except ValueError as wrong:
            read[name] = str(wrong)[:300]
    return read


print(json.dumps({"mpesakit": mpesakit, "daraja-v3": daraja_v3, "noriapay": noriapay, "results": results}[
    asked["client"]]()))
