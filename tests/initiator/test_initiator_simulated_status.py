"""The simulator's Transaction Status: its shapes are the documented ones, and its answers follow from what was paid."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from initiator_parts import body
from simulated_daraja import VirtualDaraja, payload, seen, shape

from mpesa_cli.daraja.security_credential import security_credential
from mpesa_cli.floor.secret import Secret
from mpesa_cli.simulator.initiator_key import InitiatorKey

PATH = "/mpesa/transactionstatus/v1/query"


class Asked:
    """A Daraja that takes this certificate's credentials, and a paid prompt in it."""

    def __init__(self, tmp_path: Path) -> None:
        key = InitiatorKey()
        self.certificate = tmp_path / "simulator.cer"
        self.certificate.write_bytes(key.certificate())
        self.daraja = VirtualDaraja(initiator_key=key)
        ref = self.daraja.accepted(amount=150)
        self.daraja.run(10)
        self.receipt = self.daraja.state.prompts[ref].receipt

    def ask(self, receipt: str = "", *, password: str = "right", **other: Any) -> dict[str, object]:
        credential = security_credential(Secret(password), self.certificate).reveal()
        document = payload("transactionstatus.request.by-receipt")
        document |= {"PartyA": "174379", "TransactionID": receipt or self.receipt, "SecurityCredential": credential}
        return seen(self.daraja.post(PATH, document | other))

    def result(self, *args: Any, **more: Any) -> dict[str, Any]:
        assert self.ask(*args, **more)["ResponseCode"] == "0"
        (told,) = self.daraja.run(3)
        return told["Result"]  # type: ignore[return-value]


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    return Asked(tmp_path)


def test_the_acknowledgement_and_both_results_have_the_documented_shapes(asked: Asked) -> None:
    assert shape(asked.ask()) == shape(payload("async.ack.ok"))
    (told,) = asked.daraja.run(3)
    assert shape(told) == shape(payload("transactionstatus.result.success"))
    assert shape({"Result": asked.result(password="wrong")}) == shape(payload("transactionstatus.result.failure"))


def test_what_was_paid_is_told_with_its_amount_and_payer(asked: Asked) -> None:
    parameters = {p["Key"]: p.get("Value") for p in asked.result()["ResultParameters"]["ResultParameter"]}
    assert (parameters["ReceiptNo"], parameters["Amount"]) == (asked.receipt, 150.0)
    assert parameters["DebitPartyName"].startswith("254708374149 - ")
    assert parameters["TransactionStatus"] == "Completed"


def test_the_result_is_about_the_question_by_its_own_names(asked: Asked) -> None:
    acknowledged = asked.ask()
    (told,) = asked.daraja.run(3)
    assert told["Result"]["ConversationID"] == acknowledged["ConversationID"]  # type: ignore[index]
    assert told["Result"]["TransactionID"].endswith("0000000")  # type: ignore[index]


@pytest.mark.parametrize(("how", "code"), [
    ({"password": "wrong"}, 2001), ({"Initiator": "no-role"}, 21), ({"receipt": "short"}, 25),
    ({"receipt": "UKO0000000"}, "R000002"), ({"SecurityCredential": base64.b64encode(b"x" * 256).decode()}, 2001),
    ({"SecurityCredential": "not base64!"}, 2001), ({"PartyA": "600984"}, "R000002"),
])
def test_what_is_wrong_is_told_by_the_result_and_not_at_once(asked: Asked, how: dict[str, Any], code: Any) -> None:
    assert asked.result(**how)["ResultCode"] == code


def test_one_that_is_given_up_in_the_queue_comes_back_as_it_was_sent(asked: Asked) -> None:
    asked.ask(Initiator="times-out", Remarks="so")
    (told,) = asked.daraja.run(10)
    assert set(told) == set(json.loads(body("transactionstatus.request.by-receipt")))
    (_, delivery) = asked.daraja.delivered[-1]
    assert delivery.url.endswith("/timeout")


def test_one_that_is_lost_is_never_answered(asked: Asked) -> None:
    asked.ask(Initiator="no-result")
    assert asked.daraja.run(3600) == []


@pytest.mark.parametrize("field", ["Initiator", "SecurityCredential", "CommandID", "PartyA", "IdentifierType",
                                   "ResultURL", "QueueTimeOutURL", "Remarks", "TransactionID"])
def test_a_field_that_is_missing_is_refused_at_once(asked: Asked, field: str) -> None:
    assert asked.ask(**{field: ""})["errorMessage"] == f"Bad Request - Invalid {field}"


def test_without_a_token_nothing_is_asked(asked: Asked) -> None:
    asked.daraja.token = "gone"
    assert asked.ask()["errorCode"] == "404.001.03"
