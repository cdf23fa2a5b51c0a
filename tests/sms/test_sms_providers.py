"""The providers over real sockets: what is sent, what each answer means, and what each failure proves."""

import json
import logging
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import HTTPServer
from pathlib import Path

import pytest
from fake_providers import (
    API_KEY,
    PARTNER_ID,
    SENDER_ID,
    USERNAME,
    AfricasTalkingHandler,
    PartnerIdHandler,
    Provider,
    serving,
)

from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.floor.secret import Secret
from mpesa_cli.floor.wire.exchange import NeverSent
from mpesa_cli.floor.wire.http import Wire
from mpesa_cli.sms.providers import post as posting
from mpesa_cli.sms.providers.africas_talking import LIVE, SANDBOX, AfricasTalking, host_of
from mpesa_cli.sms.providers.africas_talking import read_answer as read_at
from mpesa_cli.sms.providers.partner_id import PartnerId
from mpesa_cli.sms.providers.partner_id import read_answer as read_partner
from mpesa_cli.sms.providers.sender import Failed, InDoubt, Sent, SmsSender

PHONE = "254708374149"
TEXT = "Mama Njoki's: KES 1,500 received {€} & more = 100%+"


class CorrectSpelling(PartnerIdHandler):
    """The members of the family that spell the code's name right."""

    spelling = "response-code"


def at_of(provider: Provider, key: str = API_KEY, sender_id: str | None = SENDER_ID) -> AfricasTalking:
    return AfricasTalking(USERNAME, Secret(key), sender_id, provider.url)


def partner_of(provider: Provider, key: str = API_KEY, partner_id: str = PARTNER_ID) -> PartnerId:
    return PartnerId(partner_id, Secret(key), SENDER_ID, provider.url)


@pytest.fixture(params=["africas_talking", "partner_id", "partner_id, spelt right"])
def both(request: pytest.FixtureRequest) -> Iterator[tuple[Provider, SmsSender]]:
    """Each provider's fake with its sender."""
    kinds: dict[str, tuple[type, Callable[[Provider], SmsSender]]] = {
        "africas_talking": (AfricasTalkingHandler, at_of),
        "partner_id": (PartnerIdHandler, partner_of),
        "partner_id, spelt right": (CorrectSpelling, partner_of),
    }
    handler, make = kinds[request.param]
    with serving(handler) as provider:
        yield provider, make(provider)


def test_a_message_arrives_whole_with_its_id_and_the_key_stays_out_of_the_url(
    both: tuple[Provider, SmsSender], caplog: pytest.LogCaptureFixture
) -> None:
    provider, sender = both
    with caplog.at_level(logging.DEBUG):
        sent = sender.send(PHONE, TEXT, "evt_1")
    assert isinstance(sent, Sent)
    assert provider.taken == [(PHONE, TEXT)]
    assert sent.message_id in {"ATXid_000001", "8290001"}
    assert sent.parts == 1
    assert provider.keys == [API_KEY]
    assert API_KEY not in provider.requests[0]
    assert API_KEY not in caplog.text
    assert API_KEY not in repr(sender)


def test_the_cost_is_told_as_the_provider_words_it() -> None:
    with serving(AfricasTalkingHandler) as provider:
        assert at_of(provider).send(PHONE, TEXT, "e") == Sent("ATXid_000001", "KES 0.8000", 1)


@pytest.mark.parametrize("code", [100, 101, 102])
def test_each_status_that_takes_a_message_counts_as_sent(code: int) -> None:
    with serving(AfricasTalkingHandler) as provider:
        assert isinstance(at_of(provider).send(f"254700000{code}", TEXT, "e"), Sent)
        assert len(provider.taken) == 1


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (401, "failed"), (402, "again"), (403, "failed"), (404, "failed"), (405, "again"), (406, "failed"),
        (407, "failed"), (409, "failed"), (502, "failed"), (500, "doubt"), (501, "doubt"), (999, "doubt"),
    ],
)
def test_each_refusal_of_africas_talking_means_what_it_proves(code: int, outcome: str) -> None:
    with serving(AfricasTalkingHandler) as provider:
        found = at_of(provider).send(f"254700000{code}", TEXT, "e")
    assert _kind(found) == outcome
    assert found.code == str(code)  # type: ignore[union-attr]
    assert provider.taken == []


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (1001, "again"), (1002, "failed"), (1003, "failed"), (1004, "again"), (1005, "doubt"), (1006, "again"),
        (1007, "doubt"), (1008, "doubt"), (1009, "failed"), (1010, "failed"), (4090, "again"), (4091, "again"),
        (4092, "again"), (4093, "again"), (7777, "doubt"),
    ],
)
def test_each_refusal_of_the_partner_family_means_what_it_proves(code: int, outcome: str) -> None:
    with serving(PartnerIdHandler) as provider:
        found = partner_of(provider).send(f"25470000{code}", TEXT, "e")
    assert _kind(found) == outcome
    assert found.code == str(code)  # type: ignore[union-attr]
    assert provider.taken == []


def test_a_wrong_key_is_the_accounts_matter_and_sends_nothing() -> None:
    with serving(AfricasTalkingHandler) as provider:
        refused = at_of(provider, key="wrong").send(PHONE, TEXT, "e")
        assert (_kind(refused), provider.taken) == ("again", [])
        assert "key" in refused.words  # type: ignore[union-attr]
    with serving(PartnerIdHandler) as provider:
        assert _kind(partner_of(provider, key="wrong").send(PHONE, TEXT, "e")) == "again"
        assert _kind(partner_of(provider, partner_id="9").send(PHONE, TEXT, "e")) == "again"
        assert provider.taken == []


def test_an_unregistered_sender_id_is_refused_without_recipients() -> None:
    with serving(AfricasTalkingHandler) as provider:
        refused = at_of(provider, sender_id="NOBODY").send(PHONE, TEXT, "e")
    assert refused == Failed("InvalidSenderId", "Africa's Talking sent nothing: InvalidSenderId.", again=True)


@pytest.mark.parametrize(
    "fault", ["drop", "truncated", "html", "garbage", "array", "deep", "huge", "error-500", "error-503"]
)
def test_without_a_readable_answer_a_message_that_left_is_in_doubt(
    both: tuple[Provider, SmsSender], fault: str
) -> None:
    provider, sender = both
    provider.fault = fault
    assert _kind(sender.send(PHONE, TEXT, "e")) == "doubt"
    assert len(provider.requests) == 1
    assert len(provider.taken) == 1  # it really had gone out: to repeat it would have been wrong


@pytest.mark.parametrize("status", [400, 403, 404, 413, 422, 429, 301, 302, 307, 308])
def test_a_refusing_status_proves_that_nothing_was_sent(both: tuple[Provider, SmsSender], status: int) -> None:
    provider, sender = both
    provider.fault = f"before-{status}"
    found = sender.send(PHONE, TEXT, "e")
    assert _kind(found) == ("failed" if status in {400, 413, 422} else "again")
    assert len(provider.requests) == 1  # no redirect was followed
    assert provider.taken == []


def test_a_request_timeout_told_by_the_server_proves_nothing(both: tuple[Provider, SmsSender]) -> None:
    provider, sender = both
    provider.fault = "before-408"
    assert _kind(sender.send(PHONE, TEXT, "e")) == "doubt"


def test_an_answer_that_is_too_late_leaves_the_message_in_doubt(
    both: tuple[Provider, SmsSender], monkeypatch: pytest.MonkeyPatch
) -> None:
    provider, sender = both
    provider.fault = "hang"
    monkeypatch.setattr(posting, "LIMITS", replace(posting.LIMITS, read_s=0.2))
    found = sender.send(PHONE, TEXT, "e")
    assert (_kind(found), len(provider.taken)) == ("doubt", 1)


def test_the_whole_exchange_has_an_end_even_where_the_answer_drips(
    both: tuple[Provider, SmsSender], monkeypatch: pytest.MonkeyPatch
) -> None:
    provider, sender = both
    provider.fault = "hang"
    monkeypatch.setattr(posting, "LIMITS", replace(posting.LIMITS, total_s=0.3))
    assert sender.send(PHONE, TEXT, "e").code == "total-timeout"  # type: ignore[union-attr]


def test_no_connection_proves_that_nothing_was_sent() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        nowhere = Provider(url=f"http://127.0.0.1:{taken.getsockname()[1]}")
        for sender in (at_of(nowhere), partner_of(nowhere)):
            found = sender.send(PHONE, TEXT, "e")
            assert _kind(found) == "again"
            assert found.code == "connect-refused"  # type: ignore[union-attr]


def test_a_connection_that_hangs_is_given_up_and_can_never_send_later(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(AfricasTalkingHandler) as provider:
        looked_up, over = threading.Event(), threading.Event()
        real = Wire._attempt

        def after_a_long_look_up(*args: object) -> object:
            looked_up.wait(5)
            found = real(*args)  # type: ignore[arg-type]
            over.set()
            return found

        monkeypatch.setattr(Wire, "_attempt", after_a_long_look_up)
        monkeypatch.setattr(posting, "LIMITS", replace(posting.LIMITS, total_s=0.05))
        body = b"username=sandbox&to=%2B254708374149&message=late"
        found = posting.post(at_of(provider)._to, {"apiKey": API_KEY}, body)
        assert isinstance(found, NeverSent)
        looked_up.set()
        assert over.wait(5)
        assert provider.taken == []


def test_what_does_not_speak_tls_gets_no_message_and_no_key() -> None:
    with serving(AfricasTalkingHandler) as provider:
        sender = AfricasTalking(USERNAME, Secret(API_KEY), None, provider.url.replace("http:", "https:"))
        found = sender.send(PHONE, TEXT, "e")
        assert (_kind(found), found.code) == ("again", "tls")  # type: ignore[union-attr]
        assert provider.keys == []


def test_a_certificate_that_nobody_vouches_for_gets_no_message(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )
    provider = Provider()
    server = HTTPServer(("127.0.0.1", 0), type("Handler", (AfricasTalkingHandler,), {"provider": provider}))
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.handle_request, daemon=True)
    thread.start()
    sender = AfricasTalking(USERNAME, Secret(API_KEY), None, f"https://localhost:{server.server_address[1]}")
    found = sender.send(PHONE, TEXT, "e")
    thread.join()
    server.server_close()
    assert (_kind(found), found.code) == ("again", "tls")  # type: ignore[union-attr]
    assert provider.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.co.ke", "ftp://127.0.0.1", "https://", "https://user:pw@example.co.ke", "example.co.ke",
        "https://example.co.ke?key=1", "https://example.co.ke#x", "https://exa mple.co.ke", "http://[::1",
        "http://127.0.0.1.example.co.ke", "http://0.0.0.0:1",
    ],
)
def test_an_address_that_could_leak_the_key_is_refused_and_not_repeated(url: str) -> None:
    for make in (lambda: AfricasTalking("me", Secret("k"), None, url), lambda: PartnerId("1", Secret("k"), "S", url)):
        with pytest.raises(SettingsError) as refused:
            make()
        assert refused.value.code == "invalid-sms-base-url"
        assert "pw" not in refused.value.message + refused.value.hint


def test_the_sandbox_and_the_live_api_are_different_hosts() -> None:
    assert (host_of("sandbox"), host_of("shop")) == (SANDBOX, LIVE)
    assert AfricasTalking("sandbox", Secret("k"), None, None)._to.url == SANDBOX + "/version1/messaging"


@pytest.mark.parametrize(
    "base", ["https://sms.example.co.ke", "https://sms.example.co.ke/", "https://sms.example.co.ke/api/services/sendsms",
             "https://sms.example.co.ke/api/services/sendsms/"],
)
def test_the_partner_address_may_be_given_with_or_without_its_path(base: str) -> None:
    assert PartnerId("1", Secret("k"), "S", base)._to.url == "https://sms.example.co.ke/api/services/sendsms/"


AT_ONE = {"statusCode": 101, "messageId": "ATXid_1", "cost": "KES 0.8000"}
AT_NONE = {"number": "+254708374149", "status": "InvalidPhoneNumber", "cost": "0", "messageId": "None"}


@pytest.mark.parametrize(
    ("data", "outcome"),
    [
        ({"Message": "Sent to 1/1", "Recipients": [AT_ONE]}, "sent"),
        ({"Message": "Sent to 1/1", "Recipients": [AT_ONE | {"statusCode": "101"}]}, "sent"),
        ({"Message": "Sent to 1/1", "Recipients": [AT_ONE, AT_ONE]}, "doubt"),
        ({"Message": "Sent to 1/1", "Recipients": []}, "doubt"),
        ({"Message": "Sent to 0/1 Total Cost: 0", "Recipients": []}, "failed"),
        ({"Message": "InvalidPhoneNumber", "Recipients": []}, "failed"),
        ({"Message": "", "Recipients": []}, "doubt"),
        ({"Recipients": []}, "doubt"),
        ({"Message": "Sent"}, "doubt"),
        ({"Recipients": ["x"]}, "doubt"),
        ({"Recipients": [AT_ONE | {"statusCode": True}]}, "doubt"),
        ({"Recipients": [AT_ONE | {"statusCode": None}]}, "doubt"),
        ({"Recipients": {"statusCode": 101}}, "doubt"),
        ({"Message": "Sent to 0/1 Total Cost: 0", "Recipients": [AT_NONE]}, "failed"),
        ({"Message": "sent to 0/1", "Recipients": [AT_NONE | {"statusCode": "x"}]}, "failed"),
        ({"Message": "Sent to 0/1", "Recipients": [{}]}, "failed"),
        ({"Message": "Sent to 0/1", "Recipients": [AT_NONE | {"status": "InsufficientBalance"}]}, "again"),
        ({"Message": "Sent to 0/1", "Recipients": [AT_NONE | {"status": "Success"}]}, "doubt"),
        ({"Message": "Sent to 0/1", "Recipients": [AT_NONE | {"statusCode": 500}]}, "doubt"),
        ({"Message": "Sent to 1/1", "Recipients": [AT_NONE]}, "doubt"),
        ({"Message": "Sent to 01/1", "Recipients": [AT_NONE]}, "doubt"),
        ([], "doubt"),
    ],
)
def test_only_a_whole_answer_of_africas_talking_is_believed(data: object, outcome: str) -> None:
    assert _kind(read_at(json.dumps({"SMSMessageData": data}).encode(), 1)) == outcome


def test_the_provider_counts_its_own_parts_where_it_does() -> None:
    body = json.dumps({"SMSMessageData": {"Recipients": [AT_ONE | {"messageParts": 2}]}}).encode()
    assert read_at(body, 1) == Sent("ATXid_1", "KES 0.8000", 2)


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ({"responses": [{"respose-code": 200, "messageid": 1}]}, "sent"),
        ({"responses": [{"response-code": "200", "messageid": "a"}]}, "sent"),
        ({"respose-code": 200, "messageid": 1}, "sent"),
        ({"responses": [{"respose-code": 200}, {"respose-code": 200}]}, "doubt"),
        ({"responses": []}, "doubt"),
        ({"responses": [{}]}, "doubt"),
        ({"responses": [[200]]}, "doubt"),
        ({"response-code": 1004}, "again"),
        ({}, "doubt"),
    ],
)
def test_only_a_whole_answer_of_the_partner_family_is_believed(said: object, outcome: str) -> None:
    assert _kind(read_partner(json.dumps(said).encode(), "host", 1)) == outcome


def test_what_a_provider_says_is_kept_short_and_printable() -> None:
    odd = {"Message": "\x1b[2J" + "x" * 500, "Recipients": []}
    refused = read_at(json.dumps({"SMSMessageData": odd}).encode(), 1)
    assert isinstance(refused, Failed)
    assert refused.words.isprintable()
    assert len(refused.words) < 200


def _kind(outcome: object) -> str:
    match outcome:
        case Sent():
            return "sent"
        case Failed(again=True):
            return "again"
        case Failed():
            return "failed"
        case InDoubt():
            return "doubt"
    raise AssertionError(outcome)
