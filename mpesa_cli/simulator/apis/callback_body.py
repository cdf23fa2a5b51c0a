"""The STK callback as Daraja posts it (daraja.md 3.1)."""

from mpesa_cli.floor.moments import daraja_stamp
from mpesa_cli.simulator.state import Prompt


def stk_callback(prompt: Prompt) -> dict[str, object]:
    """The callback's document. A repeat is equal to the first."""
    callback: dict[str, object] = {
        "MerchantRequestID": prompt.merchant_request_id,
        "CheckoutRequestID": prompt.checkout_request_id,
        "ResultCode": int(prompt.result_code) if prompt.result_code.isdecimal() else prompt.result_code,
        "ResultDesc": prompt.result_desc,
    }
    if prompt.result_code == "0":
        callback["CallbackMetadata"] = {"Item": _items(prompt)}
    return {"Body": {"stkCallback": callback}}


def _items(prompt: Prompt) -> list[dict[str, object]]:
    decided_us = prompt.decided_us or prompt.accepted_us
    items: list[dict[str, object]] = [
        {"Name": "Amount", "Value": float(prompt.callback_amount)},
        {"Name": "MpesaReceiptNumber", "Value": prompt.receipt},
        {"Name": "TransactionDate", "Value": int(daraja_stamp(decided_us))},
        {"Name": "PhoneNumber", "Value": int(prompt.msisdn)},
    ]
    if prompt.balance == "no-value":
        items.insert(2, {"Name": "Balance"})
    elif prompt.balance == "text":
        text = "{Amount={CurrencyCode=KES, MinimumAmount=4175000, BasicAmount=41750.00}}"
        items.insert(2, {"Name": "Balance", "Value": text})
    return items
