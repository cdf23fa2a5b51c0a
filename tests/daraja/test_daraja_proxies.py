"""Proxies that the environment names: used on the way to Daraja alone; one that fails proves that nothing was sent."""

import base64
import socket
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest
from daraja_servers import OK, REQUEST, TOKEN, Seen, answer, loopback, read_request, says, with_token

from mpesa_cli.daraja.answers import Accepted, Undelivered
from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.floor.web_address import base_address
from mpesa_cli.floor.wire.exchange import Limits
from mpesa_cli.floor.wire.proxies import proxy_to

NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
DARAJA = base_address("https://daraja.invalid", "do harm")


@pytest.fixture(autouse=True)
def named(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Set what the environment names, and nothing else."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return lambda **names: [monkeypatch.setenv(name, value) for name, value in names.items()]


def test_a_proxy_is_never_used_on_the_way_to_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with loopback(says(OK)) as server:
        assert isinstance(with_token(server.url, tmp_path).push(REQUEST), Accepted)


def test_a_proxy_that_refuses_is_not_delivered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with loopback() as proxy:
        proxy.behaviours = {"": says(answer(403, b""))}
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        answered = with_token("https://daraja.invalid", tmp_path).push(REQUEST)
        assert isinstance(answered, Undelivered)
        assert (answered.error_code, answered.retry) == ("proxy", "connect")
        assert proxy.seen[0].method == "CONNECT"


def test_a_proxy_hears_who_asks_and_for_which_host_alone(tmp_path: Path, named: Any) -> None:
    with loopback() as proxy:
        proxy.behaviours = {"": says(answer(407, b""))}
        named(HTTPS_PROXY=f"http://till:a%40b@127.0.0.1:{proxy.port}/")
        assert isinstance(with_token("https://daraja.invalid", tmp_path).push(REQUEST), Undelivered)
        [asked] = proxy.seen
        assert asked.head.startswith("CONNECT daraja.invalid:443 ")
        assert base64.b64encode(b"till:a@b").decode() in asked.head
        assert "authorization: bearer" not in asked.head.lower()


@pytest.mark.parametrize(
    ("proxy", "said"),
    [
        ("http://127.0.0.1:1", "the proxy 127.0.0.1 refused the connection"),
        ("http://proxy.invalid:3128", "the name proxy.invalid could not be looked up (DNS)"),
    ],
)
def test_a_proxy_that_is_not_there_is_named_and_not_daraja(tmp_path: Path, named: Any, proxy: str, said: str) -> None:
    named(HTTPS_PROXY=proxy)
    found = with_token("https://daraja.invalid", tmp_path).push(REQUEST)
    assert isinstance(found, Undelivered)
    assert found.description == said


class Tunnel:
    """A proxy that lets everything through, and Daraja behind it: what is told over TLS, inside the tunnel."""

    def __init__(self, folder: Path, *answers: bytes) -> None:
        certificate, key = folder / "daraja.pem", folder / "daraja.key"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=daraja.invalid",
             "-addext", "subjectAltName=DNS:daraja.invalid", "-keyout", key, "-out", certificate],
            check=True, capture_output=True,
        )  # fmt: skip
        self.certificate, self.answers, self.asked = certificate, list(answers), []
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate, key)

    def __call__(self, connection: socket.socket, _: Seen) -> None:
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with self._tls.wrap_socket(connection, server_side=True) as inside:
            self.asked.append(read_request(inside))
            if self.answers:
                inside.sendall(self.answers.pop(0))
            else:
                inside.recv(1)  # never, until the client goes away


@pytest.mark.parametrize(("answers", "ends"), [((OK,), "Accepted"), ((), "Ambiguous read-timeout")])
def test_what_passes_a_proxy_is_told_to_daraja_alone_and_once(
    tmp_path: Path, named: Any, monkeypatch: pytest.MonkeyPatch, answers: tuple[bytes, ...], ends: str
) -> None:
    tunnel = Tunnel(tmp_path, *answers)
    monkeypatch.setenv("SSL_CERT_FILE", str(tunnel.certificate))
    with loopback() as proxy:
        proxy.behaviours = {"": tunnel}
        named(HTTPS_PROXY=proxy.url)
        limits = Limits(connect_s=5, read_s=0.4, write_s=5, total_s=20)
        found = with_token("https://daraja.invalid", tmp_path, limits=limits).push(REQUEST)
    assert f"{type(found).__name__} {getattr(found, 'error_code', '')}".strip() == ends
    [through], [asked] = proxy.seen, tunnel.asked
    assert (through.method, through.body, asked.method) == ("CONNECT", b"", "POST")
    assert asked.path == "/mpesa/stkpush/v1/processrequest"
    assert "\r\nHost: daraja.invalid\r\n" in asked.head
    assert TOKEN.reveal() in asked.head
    assert TOKEN.reveal() not in through.head


@pytest.mark.parametrize(
    ("names", "used"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://one.invalid:3128", "ALL_PROXY": "http://two.invalid"}, b"one.invalid"),
        ({"all_proxy": "two.invalid:3128"}, b"two.invalid"),
        ({"HTTP_PROXY": "http://one.invalid:3128"}, None),
        ({"HTTPS_PROXY": ""}, None),
        ({"HTTPS_PROXY": "http://b\u00fccher.invalid:3128"}, b"xn--bcher-kva.invalid"),
        ({"https_proxy": "http://[::1]:3128", "NO_PROXY": "example.com"}, b"::1"),
        ({"HTTPS_PROXY": "http://one.invalid", "NO_PROXY": "daraja.invalid"}, None),
        ({"HTTPS_PROXY": "http://one.invalid", "no_proxy": ".invalid"}, None),
        ({"HTTPS_PROXY": "http://one.invalid", "NO_PROXY": "*"}, None),
    ],
)
def test_the_proxy_is_the_one_of_https_else_of_all_unless_the_host_is_excepted(
    named: Any, names: dict[str, str], used: bytes | None
) -> None:
    named(**names)
    found = proxy_to(DARAJA)
    assert (found and found.url.host) == used


@pytest.mark.parametrize(
    "url", ["gopher://127.0.0.1:1", "http://", "http://one.invalid:port", "http://one.invalid:0", "http://[::1"]
)
def test_a_proxy_that_can_not_be_used_is_told_before_anything_is_sent(tmp_path: Path, named: Any, url: str) -> None:
    named(HTTPS_PROXY=url)
    with pytest.raises(SettingsError, match="can't be used"):
        with_token("https://daraja.invalid", tmp_path).ready()


def test_a_proxy_that_takes_a_package_which_is_not_here_is_told_before_anything_is_sent(
    tmp_path: Path, named: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mpesa_cli.floor.wire.proxies.find_spec", lambda _: None)
    named(ALL_PROXY="socks5://127.0.0.1:1080")
    with pytest.raises(SettingsError, match="can't be used"):
        with_token("https://daraja.invalid", tmp_path).ready()


@pytest.mark.parametrize(
    ("name", "value"), [("HTTPS_PROXY", "gopher://127.0.0.1:1"), ("SSL_CERT_FILE", "/nonexistent/ca.pem")]
)
def test_an_unusable_proxy_or_trust_store_is_a_settings_error_before_anything_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    client = with_token("https://daraja.invalid", tmp_path)
    with pytest.raises(SettingsError):
        client.ready()
    assert isinstance(client.push(REQUEST), Undelivered)
