"""A code means what it means where it came from: ``explain`` knows each family, and hints name theirs."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

Run = Callable[..., Any]
SANDBOX = {
    "MPESA_ENVIRONMENT": "sandbox", "MPESA_CONSUMER_KEY": "canary-key", "MPESA_CONSUMER_SECRET": "right",
    "APP_URL": "https://pay.example.co.ke",
}


@pytest.mark.parametrize(
    ("code", "families"),
    [
        ("1031", ["bonga"]), ("1050", ["ratiba"]), ("1051", ["ratiba"]), ("1002", ["sms"]), ("1001", ["stk", "sms"]),
        ("403.002.1001", ["error"]), ("429", ["http"]), ("503", ["http"]), ("404", ["sms", "http"]),
        ("1", ["stk", "response", "reversal", "b2c"]), ("c2b00011", ["validation"]),
        ("2001", ["stk", "initiator", "reversal", "b2c"]),
        *((f"C2B000{n}", ["validation"]) for n in range(11, 17)),
    ],
)
def test_every_family_of_a_code_is_known_with_its_source(mpesa: Run, code: str, families: list[str]) -> None:
    told = json.loads(mpesa("explain", code, "--json").stdout)
    assert told["listed"]
    assert [m["api"] for m in told["meanings"]] == families
    assert all(m["source"] and m["source"] != "not in any table" for m in told["meanings"])
    for family in families:
        (only,) = {m["api"] for m in json.loads(mpesa("explain", code, "--json", "--api", family).stdout)["meanings"]}
        assert only == family


def test_what_is_not_known_in_one_family_is_said_to_be_so(mpesa: Run) -> None:
    told = mpesa("explain", "1032", "--api", "response")
    assert told.status == 0
    assert "Cancelled" not in told.stdout
    assert "none of the tables" in told.stderr


@pytest.mark.parametrize("code", ["1031", "1050", "1002", "429", "C2B00011"])
def test_no_code_of_another_family_decides_about_a_prompt(code: str) -> None:
    from mpesa_cli.rules.codes.lookup import Outcome, stk_result

    assert (stk_result(code).outcome, stk_result(code).listed) == (Outcome.UNSURE, False)


def test_the_hint_under_a_refusal_at_once_names_the_family_of_its_code(mpesa: Run) -> None:
    """ResponseCode 1 is no result code 1: nobody may be told that the customer has too little money."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth/v1/generate":
            return httpx.Response(200, json={"access_token": "canary-access-token-0001", "expires_in": "3599"})
        said = {"ResponseCode": "1", "ResponseDescription": "Request Rejected", "CheckoutRequestID": "ws_CO_1"}
        return httpx.Response(200, json=said)

    refused = mpesa("push", "0708374149", "5", "--order", "1", env=SANDBOX, transport=httpx.MockTransport(answer))
    assert refused.status == 3
    assert "What the code means: mpesa explain 1 --api response" in refused.stderr
    meant = mpesa("explain", "1", "--api", "response").stdout
    assert "Refused at once" in meant
    assert "Not enough money" not in meant


def test_the_hint_under_a_failed_prompt_names_its_result_code(mpesa: Run) -> None:
    failed = mpesa("push", "254700000001", "5", "--order", "1", "-v")
    assert (failed.status, "mpesa explain 1\n" in failed.stderr) == (3, True)
