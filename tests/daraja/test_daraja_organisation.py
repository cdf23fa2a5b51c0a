"""Whose number is it? Judged by the message and a name, whatever the code of success is."""

import json

import pytest

from mpesa_cli.daraja.questions.organisation import read_organisation
from mpesa_cli.floor.errors import RequestRefused, Temporary

GOOD = {"ConversationID": "1", "ResponseCode": "4000", "ResponseMessage": "Success", "OrganizationShortCode": "600100",
        "OrganizationName": "DUKA NGONG", "ChargeProfileID": "20013"}


def read(status: int = 200, **other: object) -> object:
    document = {name: value for name, value in {**GOOD, **other}.items() if value is not None}
    return read_organisation(status, json.dumps(document).encode(), "600100")


@pytest.mark.parametrize("other", [
    {}, {"ResponseCode": "0"}, {"ResponseCode": 4000}, {"ResponseCode": 0}, {"ResponseMessage": "SUCCESS"},
    {"OrganizationShortCode": None}, {"OrganizationShortCode": 600100},
])
def test_a_name_is_told_in_every_form_of_success(other: dict[str, object]) -> None:
    found = read(**other)
    assert (found.number, found.name) == ("600100", "DUKA NGONG")  # type: ignore[attr-defined]


@pytest.mark.parametrize("other", [
    {"ResponseMessage": "Failed", "ResponseCode": "1"}, {"ResponseCode": "1"}, {"ResponseMessage": "Rejected"},
])
def test_a_no_is_nobody(other: dict[str, object]) -> None:
    assert read(**other) is None


@pytest.mark.parametrize("other", [
    {"OrganizationName": None}, {"OrganizationName": "  "}, {"OrganizationName": 5}, {"ResponseMessage": None},
    {"OrganizationShortCode": "600101"}, {"OrganizationShortCode": True, "OrganizationName": ""},
])
def test_what_does_not_fit_names_nobody_and_denies_nobody(other: dict[str, object]) -> None:
    with pytest.raises(Temporary):
        read(**other)


@pytest.mark.parametrize(("status", "body", "error"), [
    (401, b'{"requestId": "1", "errorCode": "401.003.01", "errorMessage": "no apiproduct match found"}',
     RequestRefused),
    (404, b'{"requestId": "1", "errorCode": "404.001.01", "errorMessage": "Resource not found"}', RequestRefused),
    (503, b"<html>", Temporary), (200, b"", Temporary), (200, b"[]", Temporary), (500, b"{}", Temporary),
])
def test_what_is_no_answer_is_an_error(status: int, body: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        read_organisation(status, body, "600100")
