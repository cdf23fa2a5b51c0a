"""Where the money is real, the amount is typed before it goes out, beside the name of the account that pays."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from daraja_servers import payload
from initiator_parts import ledger_of

from mpesa_cli.simulator.initiator_key import FILE_NAME

PHONE = "254708374149"
ARGV = ("pay", PHONE, "150", "--for", "wages", "--reason", "wages of November", "--by", "Asha", "--timeout", "5")


class Daraja:
    """Takes payouts, and remembers them; tells the name behind a shortcode, or ``says`` otherwise."""

    def __init__(self) -> None:
        self.payouts: list[dict[str, str]] = []
        self.says = httpx.Response(200, json={
            "ConversationID": "a", "ResponseCode": "4000", "ResponseMessage": "Success",
            "OrganizationShortCode": "247247", "OrganizationName": "DUKA LA ASHA",
        })
        self.transport = httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/oauth/"):
            return httpx.Response(200, json={"access_token": "t" * 28, "expires_in": "3599"})
        if request.url.path == "/sfcverify/v1/query/info":
            return self.says
        assert request.url.path == "/mpesa/b2c/v3/paymentrequest"
        self.payouts.append(json.loads(request.content))
        return httpx.Response(200, content=payload("async.ack.ok.json"))


@pytest.fixture
def daraja() -> Daraja:
    return Daraja()


@pytest.fixture
def environ(home: Path) -> dict[str, str]:
    """A production profile that may pay out."""
    return {
        "MPESA_ENVIRONMENT": "production", "MPESA_SHORTCODE": "247247", "APP_URL": "https://pay.example.co.ke",
        "MPESA_CONSUMER_KEY": "k", "MPESA_CONSUMER_SECRET": "s", "MPESA_PASSKEY": "p", "MPESA_INITIATOR_NAME": "api",
        "MPESA_INITIATOR_PASSWORD": "Safaricom999#", "MPESA_INITIATOR_CERTIFICATE": str(home / "state" / FILE_NAME),
        "MPESA_PAYOUTS_ENABLED": "true", "MPESA_PAYOUTS_MAX": "1000", "MPESA_PAYOUTS_DAILY_MAX": "1000",
    }


@pytest.mark.parametrize(("says", "payer"), [
    (None, "from 247247 (DUKA LA ASHA) to 0708 374 149 for wages?"),
    (httpx.Response(404, json={"errorCode": "404.001.01", "errorMessage": "Resource not found"}), "from 247247 to"),
    (httpx.Response(200, json={"ResponseCode": "4104", "ResponseMessage": "Unknown"}), "which M-PESA says it does not"),
])
def test_the_amount_typed_back_sends_one_payout_and_who_pays_is_named_where_m_pesa_tells(
    mpesa: Callable[..., Any], environ: dict[str, str], daraja: Daraja, says: httpx.Response | None, payer: str
) -> None:
    daraja.says = says or daraja.says
    done = mpesa(*ARGV, env=environ, transport=daraja.transport, tty=True, stdin="150\n")
    assert (done.status, payer in done.stderr) == (8, True), done
    assert [(each["PartyA"], each["PartyB"], each["Amount"]) for each in daraja.payouts] == [("247247", PHONE, "150")]


def test_anything_else_sends_nothing_and_leaves_no_trace(
    mpesa: Callable[..., Any], environ: dict[str, str], daraja: Daraja, home: Path
) -> None:
    for typed in ("15", "1500", "y", "yes", "wages", "", "150.00"):
        done = mpesa(*ARGV, env=environ, transport=daraja.transport, tty=True, stdin=f"{typed}\n")
        assert (done.status, "Nothing was sent." in done.stderr) == (1, True)
    assert daraja.payouts == []
    with ledger_of(home, "env-production") as ledger:
        assert ledger.rows("SELECT (SELECT count(*) FROM requests), (SELECT count(*) FROM payouts)") == [(0, 0)]


def test_a_flag_stands_for_it_within_the_limits_and_nobody_at_all_does_not(
    mpesa: Callable[..., Any], environ: dict[str, str], daraja: Daraja
) -> None:
    nobody = mpesa(*ARGV, "--json", env=environ, transport=daraja.transport)
    assert (nobody.status, json.loads(nobody.stdout)["error"]["code"]) == (9, "needs-yes")
    tight = {**environ, "MPESA_PAYOUTS_MAX": "149"}
    over = mpesa(*ARGV, "--yes", "--json", env=tight, transport=daraja.transport)
    assert (json.loads(over.stdout)["error"]["code"], daraja.payouts) == ("above-max", [])
    assert mpesa(*ARGV, "--yes", env=environ, transport=daraja.transport).status == 8
    assert len(daraja.payouts) == 1


def test_in_production_payouts_without_limits_are_no_profile(
    mpesa: Callable[..., Any], environ: dict[str, str], daraja: Daraja
) -> None:
    del environ["MPESA_PAYOUTS_DAILY_MAX"]
    done = mpesa(*ARGV, "--yes", env=environ, transport=daraja.transport)
    assert (done.status, "payouts.daily_max is missing" in done.stderr, daraja.payouts) == (10, True, [])
