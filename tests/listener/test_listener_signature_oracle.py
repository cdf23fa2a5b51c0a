"""The signature of an event held against the receiver's library that others keep: standardwebhooks."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from mpesa_cli.floor.moments import rfc3339
from mpesa_cli.listener.forwarding.webhook import new_secret, signed_headers, signing_key


@given(st.binary(min_size=24, max_size=64), st.dictionaries(st.text(max_size=8), st.text(max_size=40), max_size=4))
def test_what_we_sign_the_receivers_library_takes_and_nothing_else(random_bytes: bytes, data: dict[str, str]) -> None:
    secret = new_secret(random_bytes)
    at_us = time.time_ns() // 1000
    document = {"type": "order.paid", "timestamp": rfc3339(at_us), "data": data}
    body = json.dumps(document, separators=(",", ":")).encode()
    headers = signed_headers(signing_key(secret), "evt_1", at_us, body)
    receiver = Webhook(secret.reveal())
    assert receiver.verify(body, headers) == json.loads(body)
    with pytest.raises(WebhookVerificationError):
        receiver.verify(body + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        receiver.verify(body, {**headers, "webhook-id": "evt_2"})
