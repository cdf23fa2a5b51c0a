"""docs/reference/json.md says what is in the documents: its tables against what commands really print."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from mpesa_cli.terminal.json_words import ATTEMPT_FIELDS, ERROR_FIELDS, PAYMENT_FIELDS, REFUND_FIELDS

Run = Callable[..., Any]
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+03:00")
KINDS: dict[str, Callable[[Any], bool]] = {
    "text": lambda v: isinstance(v, str) and v != "",
    "number": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
    "time": lambda v: isinstance(v, str) and MOMENT.fullmatch(v) is not None,
    "list": lambda v: isinstance(v, list),
    "list of text": lambda v: isinstance(v, list) and all(isinstance(each, str) for each in v),
    "true or false": lambda v: isinstance(v, bool),
    "refund": lambda v: isinstance(v, dict) and list(v) == list(REFUND_FIELDS),
    "null": lambda v: v is None,
}
# One number for each way a payment can go: paid, not paid, waiting, unknown, refused, never delivered.
NUMBERS = ["254708374149", "254700001032", "254700001037", "254722200001", "254722200002", "254722200003",
           "254722200004", "254722200005", "254722200006", "254722200010", "254722200012"]


def fits(document: dict[str, Any], fields: dict[str, tuple[str, str]]) -> None:
    assert list(document) == list(fields)
    for name, (kind, _) in fields.items():
        kinds = [kind] if kind in KINDS else kind.split(" or ")
        assert any(KINDS[k](document[name]) for k in kinds), (name, kind, document[name])


@pytest.mark.parametrize("msisdn", NUMBERS)
def test_a_payment_has_the_fields_that_are_written_down(mpesa: Run, msisdn: str) -> None:
    result = mpesa("push", msisdn, "100", "--order", "demo-1", "--json")
    found = mpesa("status", "demo-1", "--json")
    documents = [json.loads(found.stdout)]
    if "error" not in json.loads(result.stdout):
        documents.append(json.loads(result.stdout))
    for document in documents:
        fits(document, PAYMENT_FIELDS)
        assert document["attempts"]
        for attempt in document["attempts"]:
            fits(attempt, ATTEMPT_FIELDS)


def test_an_error_has_the_fields_that_are_written_down(mpesa: Run) -> None:
    for argv in (["status", "nosuch"], ["push"], ["push", "254708374149", "0"], ["explain", ""]):
        document = json.loads(mpesa(*argv, "--json").stdout)
        assert list(document) == ["error"]
        fits(document["error"], ERROR_FIELDS)
