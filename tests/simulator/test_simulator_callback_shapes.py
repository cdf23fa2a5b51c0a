"""Callbacks have the keys and types of the recorded examples."""

import pytest
from simulated_daraja import PAYS, VirtualDaraja, callback_of, items_of, payload, shape

from mpesa_cli.floor.moments import daraja_stamp


@pytest.mark.parametrize(("msisdn", "example"), [
    (PAYS, "stk-callback.success"),
    ("254722200024", "stk-callback.success.balance-no-value"),
    ("254722200025", "stk-callback.success.balance-struct-string"),
    ("254711111111", "stk-callback.failure.1-insufficient"),
    ("254700001032", "stk-callback.failure.1032-cancelled"),
    ("254700001037", "stk-callback.failure.1037-unreachable"),
    ("254722200027", "stk-callback.failure.1037-no-response"),
    ("254700001001", "stk-callback.failure.1001-locked"),
    ("254700001019", "stk-callback.failure.1019-expired"),
    ("254700001025", "stk-callback.failure.1025-push-error"),
    ("254700000017", "stk-callback.failure.17-rule-limited"),
    ("254700000026", "stk-callback.failure.26-busy"),
    ("254700002001", "stk-callback.failure.2001-wrong-pin"),
    ("254700002028", "stk-callback.failure.2028-product-assignment"),
    ("254700008006", "stk-callback.failure.8006-locked"),
    ("254700009999", "stk-callback.failure.9999-push-error"),
    ("254722200026", "stk-callback.failure.SFC_IC0003-string-code"),
])
def test_a_callback_is_shaped_and_worded_like_the_example(msisdn: str, example: str) -> None:
    daraja = VirtualDaraja()
    daraja.push(msisdn)
    (body,) = daraja.run(300)
    assert shape(body) == shape(payload(example))
    expected, told = callback_of(payload(example)), callback_of(body)
    assert (told["ResultCode"], told["ResultDesc"]) == (expected["ResultCode"], expected["ResultDesc"])


def test_a_success_tells_amount_receipt_number_and_the_time_of_payment_in_nairobi() -> None:
    daraja = VirtualDaraja()
    ref = daraja.accepted(PAYS, 150)
    (body,) = daraja.run(10)
    prompt = daraja.state.prompts[ref]
    assert items_of(body) == {
        "Amount": 150, "MpesaReceiptNumber": prompt.receipt, "PhoneNumber": 254708374149,
        "TransactionDate": int(daraja_stamp(prompt.decided_us or 0)),
    }
    assert items_of(body)["TransactionDate"] == 20261124103003
