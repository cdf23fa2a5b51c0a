"""The bodies of push and query, compared with the examples, and what of them may be shown."""

import dataclasses
import json
import subprocess
import sys

from daraja_servers import CALLBACK_TOKEN, NOW_US, PASSKEY, REQUEST, payload

from mpesa_cli.daraja.stk_push import PushRequest, hidden, push_body, query_body
from mpesa_cli.floor.secret import Secret

SANDBOX_PASSKEY = Secret("bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919")
EXAMPLE_URL = "https://pay.example.co.ke/hooks/k7d2/stk"


def test_a_paybill_push_is_the_example_byte_for_byte() -> None:
    request = dataclasses.replace(REQUEST, callback_url=EXAMPLE_URL)
    assert push_body(request, SANDBOX_PASSKEY, NOW_US) == json.loads(payload("stkpush.request.paybill.json"))


def test_a_till_push_names_the_store_as_shortcode_and_the_till_as_party_b() -> None:
    request = dataclasses.replace(
        REQUEST, kind="till", shortcode="4012345", party_b="5198765", callback_url=EXAMPLE_URL
    )
    assert push_body(request, Secret("0" * 64), NOW_US) == json.loads(payload("stkpush.request.till.json"))


def test_a_query_is_the_example_byte_for_byte() -> None:
    body = query_body("ws_CO_24112026103001482708374149", "174379", SANDBOX_PASSKEY, NOW_US)
    assert body == json.loads(payload("stkquery.request.json"))


def test_what_is_shown_has_neither_the_password_nor_the_callback_token() -> None:
    shown = hidden(push_body(REQUEST, PASSKEY, NOW_US))
    assert shown["Password"] == "•••"
    assert shown["CallBackURL"] == "https://pay.example.co.ke/hooks/stk/•••"
    assert shown["Amount"] == "150"
    assert hidden({"CheckoutRequestID": "ws_CO_1"}) == {"CheckoutRequestID": "ws_CO_1"}


def test_a_request_prints_neither_token_nor_number() -> None:
    assert CALLBACK_TOKEN not in repr(REQUEST)
    assert REQUEST.msisdn not in repr(REQUEST)
    assert isinstance(REQUEST, PushRequest)


def test_the_stamp_is_nairobis_wherever_the_machine_is() -> None:
    code = (
        "import time; time.tzset()\n"
        "from mpesa_cli.daraja.stk_push import query_body\n"
        "from mpesa_cli.floor.secret import Secret\n"
        f"print(query_body('x', '174379', Secret('k'), {NOW_US})['Timestamp'], time.tzname[0])"
    )
    for zone, name in (("America/New_York", "EST"), ("Pacific/Auckland", "NZST"), ("Africa/Nairobi", "EAT")):
        ran = subprocess.run(
            [sys.executable, "-c", code], env={"TZ": zone}, capture_output=True, text=True, check=True
        )
        assert ran.stdout.split() == ["20261124103000", name]
