"""The simulator's accounts, B2B and tax, QR codes and organisations, and the APIs that it says it does not play."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from initiator_desk import B2B, B2C_V1, B2C_V3, BALANCE, REVERSAL, SHOP, STATUS, TAX, Desk, parameters
from simulated_daraja import payload, seen, shape

from mpesa_cli.simulator.behaviour import PUSH_PATH, QUERY_PATH
from mpesa_cli.simulator.wire import Request

QR, ORGANISATION = "/mpesa/qrcode/v1/generate", "/sfcverify/v1/query/info"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def accounts(desk: Desk, **other: Any) -> dict[str, float]:
    """The current balances by account, in shillings."""
    text = parameters(desk.result(BALANCE, **other))["AccountBalance"]
    return {name: float(current) for name, _, current, *_ in (each.split("|") for each in text.split("&"))}


def test_the_balance_is_told_in_the_documented_shapes(desk: Desk) -> None:
    assert shape(seen(desk.ask(BALANCE))) == shape(payload("async.ack.ok"))
    (told,) = desk.results()
    assert shape({"Result": told}) == shape(payload("accountbalance.result.success"))
    assert parameters(told)["AccountBalance"].count("|") == parameters(
        payload("accountbalance.result.success")["Result"])["AccountBalance"].count("|")  # type: ignore[arg-type]
    refused = desk.result(BALANCE, password="wrong")
    assert shape({"Result": refused}) == shape(payload("accountbalance.result.failure.single-object"))
    text = desk.result(BALANCE, Initiator="texts")
    assert shape({"Result": text}) == shape(payload("accountbalance.result.success.string-codes"))


def test_every_account_follows_what_moved(desk: Desk) -> None:
    before = accounts(desk)
    receipt = desk.paid(1_000)
    desk.paid(300, "254700000000")
    desk.result(REVERSAL, TransactionID=receipt, Amount="1000")
    desk.result(B2C_V1, Amount=40)
    desk.result(B2B, Amount=500)
    desk.result(TAX, Amount=20)
    after = accounts(desk)
    moved = {name: round(after[name] - before[name], 2) for name in after}
    assert moved == {
        "Utility Account": 260.0, "Working Account": -520.0, "Charges Paid Account": -(5.5 + 1.65 + 5.0),
        "Float Account": 0.0, "Organization Settlement Account": 0.0,
    }


def test_a_till_has_a_merchant_account_and_no_utility_account(desk: Desk) -> None:
    assert "Utility Account" in accounts(desk)
    assert "Merchant Account" in accounts(desk, IdentifierType="2")
    desk.daraja.accepted(TransactionType="CustomerBuyGoodsOnline", PartyB="300584")
    desk.daraja.run(10)
    till = accounts(desk)
    assert (till["Merchant Account"], "Utility Account" in till) == (41_850.0, False)


def test_a_payment_from_the_menu_tells_the_balance_that_the_account_then_has(desk: Desk) -> None:
    register = {**payload("c2b-register.request"), "ShortCode": SHOP}
    desk.daraja.post("/mpesa/c2b/v2/registerurl", register)
    desk.paid(1_000)
    desk.result(REVERSAL, TransactionID=desk.paid(70, "254700000000"), Amount="70")
    paid = {**payload("c2b-simulate.request.paybill"), "ShortCode": SHOP, "Amount": 30}
    assert desk.daraja.post("/mpesa/c2b/v2/simulate", paid).status == 200
    desk.daraja.run(20)
    (made,) = desk.daraja.state.c2b.values()
    assert made.balance_cents / 100 == accounts(desk)["Utility Account"] == 42_780.0


def test_another_shortcode_has_its_own_money(desk: Desk) -> None:
    desk.paid(1_000)
    assert accounts(desk, PartyA="600984")["Utility Account"] == 41_750.0


@pytest.mark.parametrize(("path", "example"), [(B2B, "b2b-paybill"), (B2B, "b2b-buygoods"), (TAX, "remittax")])
def test_money_for_a_business_is_told_in_the_documented_shapes(desk: Desk, path: str, example: str) -> None:
    asked = {name: value for name, value in payload(f"{example}.request").items() if name != "SecurityCredential"}
    told = desk.result(path, **{**asked, "PartyA": SHOP})
    assert shape({"Result": told}) == shape(payload("b2b.result.success"))
    (made,) = desk.record()["b2b"]
    assert (made["party"], made["amount"], made["account"]) == (asked["PartyB"], "239.00", asked["AccountReference"])
    poor = desk.result(path, **{**asked, "PartyA": SHOP, "Amount": 91_262})
    assert poor["ResultCode"] in {1, "1"}


def test_a_business_cannot_pay_itself(desk: Desk) -> None:
    told = desk.result(B2B, PartyB=SHOP)
    assert shape({"Result": told}) == shape(payload("b2b.result.failure.SFC_IC0003"))
    assert desk.record()["b2b"] == []


def test_tax_goes_to_the_tax_office_alone(desk: Desk) -> None:
    assert seen(desk.ask(TAX, PartyB="600000"))["errorMessage"] == "Bad Request - Invalid PartyB"


@pytest.mark.parametrize("path", [BALANCE, B2B, TAX])
def test_every_field_of_the_example_is_needed_but_what_is_optional(desk: Desk, path: str) -> None:
    names = [name for name in desk.body(path) if name not in {"Requester", "Occassion"}]
    said = {name: seen(desk.ask(path, **{name: None})).get("errorMessage") for name in names}
    assert said == {name: f"Bad Request - Invalid {name}" for name in names}


def test_a_qr_code_is_a_picture_in_the_documented_shape(desk: Desk) -> None:
    reply = seen(desk.daraja.post(QR, payload("dynamicqr.request")))
    assert shape(reply) == shape(payload("dynamicqr.response.ok"))
    assert base64.b64decode(str(reply["QRCode"])).startswith(b"\x89PNG")


@pytest.mark.parametrize("field", ["MerchantName", "RefNo", "Amount", "TrxCode", "CPI"])
def test_a_qr_code_needs_its_fields(desk: Desk, field: str) -> None:
    reply = desk.daraja.post(QR, {**payload("dynamicqr.request"), field: ""})
    assert (reply.status, seen(reply)["errorMessage"]) == (400, f"Bad Request - Invalid {field}")


def test_a_qr_code_can_be_out_of_reach_as_in_the_sandbox(desk: Desk) -> None:
    reply = desk.daraja.post(QR, {**payload("dynamicqr.request"), "MerchantName": "unavailable"})
    assert (reply.status, reply.content_type) == (503, "text/html")


def test_an_organisation_has_a_name_unless_its_number_is_nobody_s(desk: Desk) -> None:
    def asked(number: object, kind: object = "4") -> dict[str, object]:
        return seen(desk.daraja.post(ORGANISATION, {"IdentifierType": kind, "Identifier": number}))

    found = asked(SHOP)
    assert (found["ResponseCode"], found["ResponseMessage"], found["OrganizationName"]) == (
        "4000", "Success", "SIMULATED SHOP")
    assert "OrganizationName" not in asked("600404")
    assert asked(SHOP, 2)["OrganizationShortCode"] == SHOP
    assert asked("nobody")["errorMessage"] == "Bad Request - Invalid Identifier"
    assert asked(SHOP, "9")["errorMessage"] == "Bad Request - Invalid IdentifierType"


@pytest.mark.parametrize(("path", "name"), [
    ("/mpesa/b2pochi/v1/paymentrequest", "B2Pochi"), ("/v1/ussdpush/get-msisdn", "B2B Express"),
    ("/standingorder/v1/createStandingOrderExternal", "Ratiba"), ("/imsi/v2/checkATI", "SIM swap"),
    ("/v1/billmanager-invoice/optin", "Bill Manager"), ("/mpesa/b2c/hakikisha/v1/hakikisha", "Hakikisha"),
])
def test_what_is_not_played_says_so(desk: Desk, path: str, name: str) -> None:
    reply = desk.daraja.post(path, payload("b2pochi.request"))
    assert reply.status == 501
    assert f"does not play {name}" in str(seen(reply)["errorMessage"]) or name in str(seen(reply)["errorMessage"])


def test_the_top_up_is_not_played_either_and_moves_nothing(desk: Desk) -> None:
    reply = desk.ask(B2B, CommandID=payload("b2c-topup.request")["CommandID"])
    assert (reply.status, desk.record()["b2b"]) == (501, [])


def test_a_path_that_daraja_lacks_is_not_found(desk: Desk) -> None:
    assert seen(desk.daraja.post("/mpesa/teapot/v1/brew", {}))["errorCode"] == "404.001.01"


PATHS = [PUSH_PATH, QUERY_PATH, STATUS, REVERSAL, B2C_V1, B2C_V3, BALANCE, B2B, TAX, QR, ORGANISATION]
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8),
    st.sampled_from(["٣٤", "²", "\ud800", "\x00", "1e9", "-1", "0",
                     "99999999999999999999", "254²00000000", "http://", " "]),
    st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


@settings(max_examples=30)
@given(path=st.sampled_from(PATHS), data=st.data())
def test_whatever_stands_in_a_field_is_answered_in_daraja_s_way(path: str, data: st.DataObject) -> None:
    desk = Desk()
    example = {QR: "dynamicqr.request", PUSH_PATH: "stkpush.request.paybill", QUERY_PATH: "stkquery.request"}
    body = (payload(example[path]) if path in example else {"IdentifierType": "4", "Identifier": SHOP}
            if path == ORGANISATION else desk.body(path))
    names = data.draw(st.lists(st.sampled_from(sorted(body)), min_size=1, max_size=3))
    reply = desk.daraja.post(path, body | {name: data.draw(ODD) for name in names})
    answer = seen(reply)
    assert reply.status == 200 or (reply.status < 500 and "errorCode" in answer) or "Wrong credentials" in str(answer)
    desk.daraja.run(10)


@pytest.mark.parametrize("body", [
    b"", b"[]", b"null", b"1", b'"x"', b"{", b"\xff\xfe", b"a=b", b"[" * 5_000, b'{"Amount": NaN}',
    b'{"Initiator": {"a": [1]}}', json.dumps({"Amount": "9" * 5_000}).encode(), b"\xef\xbb\xbf{}",
    b'{"Amount": ' + b"9" * 5_000 + b"}", b'{"Initiator": "\\ud800"}',
])
@pytest.mark.parametrize("path", PATHS)
def test_a_body_that_is_none_is_refused_and_never_breaks_the_simulator(desk: Desk, path: str, body: bytes) -> None:
    bearer = {"authorization": f"Bearer {desk.daraja.token}"}
    reply = desk.daraja.handle(Request("POST", path, bearer, body))
    assert (reply.status, seen(reply)["errorCode"]) == (400, "400.002.02")
