"""C2B: registration, payments from the menu, validation with its time limit, confirmation."""

import hashlib
import json

import pytest
from simulated_daraja import PAYS, START_US, VirtualDaraja, apart_from_id, payload, seen, shape

from mpesa_cli.simulator import behaviour
from mpesa_cli.simulator.deliveries import Delivery

VALIDATION, CONFIRMATION = "https://pay.example.co.ke/hooks/k7d2/validate", "https://pay.example.co.ke/hooks/k7d2/confirm"
ACCEPT = b'{"ResultCode":"0","ResultDesc":"Accepted","ThirdPartyTransID":"V-9001"}'


def register(daraja: VirtualDaraja, version: str = "v2", **other: object) -> behaviour.Reply:
    return daraja.post(f"/mpesa/c2b/{version}/registerurl", payload("c2b-register.request") | other)


def simulate(daraja: VirtualDaraja, version: str = "v2", **other: object) -> behaviour.Reply:
    return daraja.post(f"/mpesa/c2b/{version}/simulate", payload("c2b-simulate.request.paybill") | other)


def step(daraja: VirtualDaraja, seconds: float) -> list[Delivery]:
    """Let time pass, claim what is due, and leave answers to the test."""
    daraja.now_us += int(seconds * 1_000_000)
    found = behaviour.due(daraja.state, daraja.now_us)
    for delivery in found:
        behaviour.delivered(daraja.state, delivery, daraja.now_us)
    return found


def asked(daraja: VirtualDaraja, **other: object) -> Delivery:
    """A payment whose validation request has just left."""
    simulate(daraja, **other)
    (validation,) = step(daraja, 1)
    assert validation.kind == "validation"
    return validation


def test_registration_answers_in_the_example_shape() -> None:
    daraja = VirtualDaraja()
    for version, words in (("v2", "Success"), ("v1", "success")):
        reply = register(daraja, version)
        assert reply.status == 200
        assert shape(seen(reply)) == shape(payload("c2b-register.response.ok"))
        assert seen(reply)["ResponseDescription"] == words


@pytest.mark.parametrize("word", ["mpesa", "MPESA", "M-Pesa", "safaricom", "exe", "exec", "cmd", "sql", "query"])
@pytest.mark.parametrize("name", ["ValidationURL", "ConfirmationURL"])
def test_a_forbidden_word_is_refused_by_name_in_host_and_path(word: str, name: str) -> None:
    for url in (f"https://pay.example.co.ke/{word}/c2b", f"https://{word}.example.co.ke/c2b"):
        reply = register(VirtualDaraja(), **{name: url})
        assert reply.status == 400
        assert seen(reply)["errorCode"] == "400.003.02"
        assert seen(reply)["errorMessage"] == f"Bad Request - Invalid {name} - URL has the word {word.upper()}"


def test_the_forbidden_word_is_worded_like_the_example() -> None:
    told = seen(register(VirtualDaraja(), ValidationURL="https://pay.example.co.ke/mpesa/x"))
    assert apart_from_id(told) == apart_from_id(payload("c2b-register.error.400.word-mpesa"))


@pytest.mark.parametrize(("field", "wrong"), [
    ("ResponseType", "completed"), ("ResponseType", "Canceled"), ("ShortCode", "x"), ("ConfirmationURL", "/confirm"),
    ("ValidationURL", None),
])
def test_a_wrong_registration_is_refused_and_nothing_is_registered(field: str, wrong: object) -> None:
    daraja = VirtualDaraja()
    assert seen(register(daraja, **{field: wrong}))["errorMessage"] == f"Bad Request - Invalid {field}"
    assert not daraja.state.registrations


def test_the_sandbox_registers_again_and_production_does_not() -> None:
    sandbox, production = VirtualDaraja(), VirtualDaraja(production=True)
    assert [register(sandbox).status for _ in range(2)] == [200, 200]
    assert register(production).status == 200
    again = register(production)
    assert apart_from_id(seen(again)) == apart_from_id(payload("c2b-register.error.500.already-registered"))
    assert simulate(production).status == 404
    plain_http = register(VirtualDaraja(production=True), ConfirmationURL="http://a.example/x")
    assert seen(plain_http)["errorCode"] == "400.003.02"


def test_an_app_with_one_version_of_the_product_is_refused_the_other() -> None:
    daraja = VirtualDaraja()
    daraja.fresh_token("c2b-v1")
    assert apart_from_id(seen(register(daraja, "v2"))) == apart_from_id(payload("c2b-register.error.401.no-apiproduct"))
    assert register(daraja, "v1").status == 200


def test_tokens_and_bodies_are_refused_in_this_familys_form() -> None:
    daraja = VirtualDaraja()
    assert seen(daraja.post("/mpesa/c2b/v2/registerurl", []))["errorCode"] == "400.002.05"
    daraja.token = "stale"
    assert apart_from_id(seen(register(daraja))) == apart_from_id(payload("c2b-register.error.400.invalid-token"))


def test_an_accepted_payment_is_validated_then_confirmed_once() -> None:
    daraja = VirtualDaraja()
    register(daraja)
    validation = asked(daraja, Amount=500, BillRefNumber="INV-00418")
    assert validation.url == VALIDATION
    assert (validation.limit_s, daraja.charges()) == (8, [])
    body = json.loads(validation.body)
    assert shape(body) == shape(payload("c2b-validation.request.v2"))
    assert (body["OrgAccountBalance"], body["MSISDN"], body["TransAmount"]) == ("", "2547 ***** 149", "500.00")

    behaviour.answered(daraja.state, validation, 200, ACCEPT, daraja.now_us)
    (confirmation,) = step(daraja, 1)
    told = json.loads(confirmation.body)
    assert confirmation.url == CONFIRMATION
    assert shape(told) == shape(payload("c2b-confirmation.request.v2"))
    assert (told["TransID"], told["ThirdPartyTransID"]) == (body["TransID"], "V-9001")
    assert told["OrgAccountBalance"] == "42250.00"
    assert step(daraja, 100) == []
    assert [charge.amount_cents for charge in daraja.charges()] == [50_000]
    assert behaviour.next_due_us(daraja.state) is None


@pytest.mark.parametrize("code", [f"C2B0001{n}" for n in range(1, 7)])
def test_a_rejected_payment_takes_no_money_and_is_never_confirmed(code: str) -> None:
    daraja = VirtualDaraja()
    register(daraja)
    validation = asked(daraja)
    answer = json.dumps(payload(f"c2b-validation.reply.reject.{code}")).encode()
    behaviour.answered(daraja.state, validation, 200, answer, daraja.now_us)
    assert step(daraja, 100) == []
    assert daraja.charges() == []


@pytest.mark.parametrize(("response_type", "paid"), [("Completed", True), ("Cancelled", False)])
@pytest.mark.parametrize("answer", ["none", "late", "late, nobody looked", "500", "page"])
def test_without_a_usable_answer_in_eight_seconds_the_response_type_decides(
    response_type: str, paid: bool, answer: str
) -> None:
    daraja = VirtualDaraja()
    register(daraja, ResponseType=response_type)
    validation = asked(daraja)
    contrary = json.dumps(payload("c2b-validation.reply.reject.C2B00012")).encode() if paid else ACCEPT
    found = step(daraja, 7.9)
    if answer in {"500", "page"}:
        status = 500 if answer == "500" else 200
        behaviour.answered(daraja.state, validation, status, b"<html>", daraja.now_us)
    assert found == []
    assert behaviour.next_due_us(daraja.state) is not None or not paid
    if answer == "late, nobody looked":
        behaviour.answered(daraja.state, validation, 200, contrary, daraja.now_us + 200_000)
    found += step(daraja, 0.2)
    if answer == "late":
        behaviour.answered(daraja.state, validation, 200, contrary, daraja.now_us)
    found += step(daraja, 2)
    assert [delivery.kind for delivery in found] == (["confirmation"] if paid else [])
    assert len(daraja.charges()) == int(paid)


def test_an_integer_zero_accepts_too() -> None:
    daraja = VirtualDaraja()
    register(daraja)
    behaviour.answered(daraja.state, asked(daraja), 200, b'{"ResultCode":0,"ResultDesc":"Accepted"}', daraja.now_us)
    assert len(step(daraja, 1)) == 1


def test_v1_hashes_the_number_and_v2_masks_it() -> None:
    daraja = VirtualDaraja()
    register(daraja, "v1")
    simulate(daraja, "v1")
    (validation,) = step(daraja, 1)
    body = json.loads(validation.body)
    assert shape(body) == shape(payload("c2b-validation.request.v1-hashed"))
    assert body["MSISDN"] == hashlib.sha256(PAYS.encode()).hexdigest()


def test_a_till_payment_has_no_reference() -> None:
    daraja = VirtualDaraja()
    register(daraja)
    validation = asked(daraja, **payload("c2b-simulate.request.till"))
    behaviour.answered(daraja.state, validation, 200, ACCEPT, daraja.now_us)
    (confirmation,) = step(daraja, 1)
    told = json.loads(confirmation.body)
    assert shape(told) == shape(payload("c2b-confirmation.request.till"))
    assert (told["TransactionType"], told["BillRefNumber"]) == ("Buy Goods", "")


def test_without_registered_urls_the_payment_just_completes() -> None:
    daraja = VirtualDaraja()
    reply = simulate(daraja, Amount="12.50")
    assert shape(seen(reply)) == shape(payload("c2b-simulate.response.ok"))
    assert step(daraja, 100) == []
    assert [charge.amount_cents for charge in daraja.charges()] == [1250]
    assert not daraja.state.unsettled_c2b


def test_a_payment_through_the_other_version_is_refused() -> None:
    daraja = VirtualDaraja()
    register(daraja, "v2")
    assert seen(simulate(daraja, "v1"))["errorCode"] == "401.003.01"


@pytest.mark.parametrize(("field", "wrong"), [
    ("ShortCode", ""), ("CommandID", "Pay"), ("Amount", 0), ("Amount", "1.234"), ("Amount", "x"), ("Amount", 1e9),
    ("Msisdn", 708374149), ("BillRefNumber", "x" * 21), ("BillRefNumber", None),
])
def test_a_wrong_payment_is_refused_by_field(field: str, wrong: object) -> None:
    assert seen(simulate(VirtualDaraja(), **{field: wrong}))["errorMessage"] == f"Bad Request - Invalid {field}"


def test_numbers_that_lose_or_double_callbacks_do_so_with_confirmations() -> None:
    for msisdn, times in ((254722200003, 0), (254722200004, 2)):
        daraja = VirtualDaraja()
        register(daraja)
        behaviour.answered(daraja.state, asked(daraja, Msisdn=msisdn), 200, ACCEPT, daraja.now_us)
        found = step(daraja, 60)
        assert len(found) == times
        assert len({delivery.body for delivery in found}) <= 1
        assert len(daraja.charges()) == 1


def test_a_push_that_c2b_reports_too_has_one_receipt_and_is_one_charge() -> None:
    daraja = VirtualDaraja()
    register(daraja, ShortCode="174379")
    daraja.push("254722200031", 70)
    daraja.run(60)
    kinds = sorted(delivery.kind for _, delivery in daraja.delivered)
    assert kinds == ["confirmation", "stk"]
    (confirmed,) = [json.loads(row.body) for _, row in daraja.delivered if row.kind == "confirmation"]
    (charge,) = daraja.charges()
    assert confirmed["TransID"] == charge.receipt
    assert confirmed["TransAmount"] == "70.00"


def test_ended_payments_are_forgotten_after_a_day() -> None:
    daraja = VirtualDaraja()
    simulate(daraja)
    daraja.now_us = START_US + (24 * 3600 + 1) * 1_000_000
    daraja.fresh_token()
    simulate(daraja)
    assert len(daraja.state.c2b) == 1
