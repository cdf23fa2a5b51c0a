"""Where the money is real, the amount is typed before it goes back: nothing else, and no flag where a person must."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from daraja_servers import payload
from initiator_parts import PAYS, RECEIPT, ledger_of, open_order

from mpesa_cli.rules.evidence import Received, RefundAsked, RefundInDoubt
from mpesa_cli.simulator.initiator_key import FILE_NAME

ARGV = ("refund", "1042", "--reason", "brought it back", "--by", "Asha", "--timeout", "5")
DAY_US = 86_400_000_000


class Daraja:
    """Takes reversals, and remembers them."""

    def __init__(self) -> None:
        self.reversals: list[dict[str, str]] = []
        self.transport = httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/oauth/"):
            return httpx.Response(200, json={"access_token": "t" * 28, "expires_in": "3599"})
        assert request.url.path == "/mpesa/reversal/v1/request"
        self.reversals.append(json.loads(request.content))
        return httpx.Response(200, content=payload("async.ack.ok.json"))


@pytest.fixture
def daraja() -> Daraja:
    return Daraja()


@pytest.fixture
def environ(home: Path, clock: Any) -> dict[str, str]:
    """A production profile that may give money back, and its order 1042 of KES 150, paid."""
    with ledger_of(home, "env-production") as ledger:
        open_order(ledger, "1042", clock.now, Received(clock.now, "callback", RECEIPT, 15_000, msisdn=PAYS))
    return {
        "MPESA_ENVIRONMENT": "production", "MPESA_SHORTCODE": "247247", "APP_URL": "https://pay.example.co.ke",
        "MPESA_CONSUMER_KEY": "k", "MPESA_CONSUMER_SECRET": "s", "MPESA_PASSKEY": "p", "MPESA_INITIATOR_NAME": "api",
        "MPESA_INITIATOR_PASSWORD": "Safaricom999#", "MPESA_INITIATOR_CERTIFICATE": str(home / "state" / FILE_NAME),
        "MPESA_REFUNDS_ENABLED": "true", "MPESA_REFUNDS_MAX": "1000", "MPESA_REFUNDS_DAILY_MAX": "1000",
    }


@pytest.mark.parametrize("typed", ["150", " 150 "])
def test_the_amount_typed_back_sends_one_reversal_of_it(
    mpesa: Callable[..., Any], environ: dict[str, str], daraja: Daraja, typed: str
) -> None:
    done = mpesa(*ARGV, env=environ, transport=daraja.transport, tty=True, stdin=f"{typed}\n")
    assert done.status == 8, done
    assert "Give KES 150 of receipt UKO4Q7WX2B (order 1042) back to" in done.stderr
    assert [(each["TransactionID"], each["Amount"]) for each in daraja.reversals] == [(RECEIPT, "150")]


@pytest.mark.parametrize("typed", ["15", "1500", "149", "y", "yes", "1042", "", "150.00", "KES 150", "-150"])
def test_anything_else_sends_nothing_and_leaves_no_trace(
    mpesa: Callable[..., Any], environ: dict[str, str], daraja: Daraja, home: Path, typed: str
) -> None:
    done = mpesa(*ARGV, env=environ, transport=daraja.transport, tty=True, stdin=f"{typed}\n")
    assert (done.status, "Nothing was sent." in done.stderr) == (1, True)
    assert daraja.reversals == []
    with ledger_of(home, "env-production") as ledger:
        assert ledger.rows("SELECT count(*) FROM requests") == [(0,)]


def test_a_flag_stands_for_it_within_the_limits_and_nobody_at_all_does_not(
    mpesa: Callable[..., Any], environ: dict[str, str], daraja: Daraja
) -> None:
    nobody = mpesa(*ARGV, "--json", env=environ, transport=daraja.transport)
    assert (nobody.status, json.loads(nobody.stdout)["error"]["code"]) == (9, "needs-yes")
    tight = {**environ, "MPESA_REFUNDS_MAX": "149"}
    over = mpesa(*ARGV, "--yes", "--json", env=tight, transport=daraja.transport)
    assert (json.loads(over.stdout)["error"]["code"], daraja.reversals) == ("above-max", [])
    assert mpesa(*ARGV, "--yes", env=environ, transport=daraja.transport).status == 8
    assert len(daraja.reversals) == 1


def test_to_ask_once_more_a_person_types_it_whatever_flag_is_there(
    mpesa: Callable[..., Any], environ: dict[str, str], daraja: Daraja, home: Path, clock: Any
) -> None:
    with ledger_of(home, "env-production") as ledger, ledger.write() as tx:
        payment = tx.payment_by_order("1042")
        assert payment
        for each in (
            RefundAsked(clock.now, "REQ-1", RECEIPT, 15_000, "Asha", "brought it back"),
            RefundInDoubt(clock.now, "REQ-1", "no-answer", "no whole answer"),
        ):
            tx.append(payment.last.ref, each)
    clock.now += DAY_US + 1
    again = (*ARGV, "--again", "--yes")
    for env in (environ, {**environ, "MPESA_YES": "1"}):
        done = mpesa(*again, "--json", env=env, transport=daraja.transport)
        assert (done.status, json.loads(done.stdout)["error"]["code"]) == (9, "needs-yes")
        assert mpesa(*again, env=env, transport=daraja.transport, tty=True, stdin="y\n").status == 1
    assert daraja.reversals == []
    assert mpesa(*again, env=environ, transport=daraja.transport, tty=True, stdin="150\n").status == 8
    assert len(daraja.reversals) == 1
