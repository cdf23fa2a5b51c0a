"""Whose address is believed behind which tunnel, and what callback_ips makes of it."""

from pathlib import Path

import pytest
from daraja.callbacks.callback_bodies import encode, paid
from listener.listening import listener, prompt

from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.listener.server.options import ListenerOptions
from mpesa_cli.listener.server.peer import Tunnel, peer_address

SAFARICOM = "196.201.214.200"
STRANGER = "203.0.113.9"
XFF = b"x-forwarded-for"
CF = b"cf-connecting-ip"


@pytest.mark.parametrize(
    ("tunnel", "socket_peer", "headers", "expected"),
    [
        ("none", "127.0.0.1", [(XFF, SAFARICOM)], "127.0.0.1"),
        ("none", STRANGER, [(CF, SAFARICOM)], STRANGER),
        ("none", f"::ffff:{SAFARICOM}", [], SAFARICOM),
        ("nginx", "127.0.0.1", [(XFF, f"{SAFARICOM}, {STRANGER}")], STRANGER),
        ("nginx", "127.0.0.1", [(XFF, SAFARICOM), (XFF, STRANGER)], STRANGER),
        ("nginx", "::1", [(XFF, f"{STRANGER},{SAFARICOM}")], SAFARICOM),
        ("nginx", "::ffff:127.0.0.1", [(XFF, f"::ffff:{SAFARICOM}")], SAFARICOM),
        ("nginx", STRANGER, [(XFF, SAFARICOM)], STRANGER),
        ("nginx", "127.0.0.1", [(CF, SAFARICOM)], "127.0.0.1"),
        ("nginx", "127.0.0.1", [(XFF, "unknown")], "127.0.0.1"),
        ("nginx", "127.0.0.1", [(XFF, f"{SAFARICOM},")], "127.0.0.1"),
        ("nginx", "127.0.0.1", [(b"forwarded", f"for={SAFARICOM}")], "127.0.0.1"),
        ("cloudflare", "127.0.0.1", [(CF, SAFARICOM)], SAFARICOM),
        ("cloudflare", "127.0.0.1", [(CF, SAFARICOM), (XFF, STRANGER)], SAFARICOM),
        ("cloudflare", "127.0.0.1", [(CF, SAFARICOM), (CF, STRANGER)], "127.0.0.1"),
        ("cloudflare", "127.0.0.1", [(XFF, SAFARICOM)], "127.0.0.1"),
        ("cloudflare", STRANGER, [(CF, SAFARICOM)], STRANGER),
        ("cloudflare", "127.0.0.1", [(CF, f"{SAFARICOM}\r\nx: y")], "127.0.0.1"),
        ("none", "", [], ""),
    ],
)
def test_only_the_declared_tunnel_speaks_for_others(
    tunnel: Tunnel, socket_peer: str, headers: list[tuple[bytes, str]], expected: str
) -> None:
    assert peer_address(tunnel, socket_peer, [(k, v.encode()) for k, v in headers]) == expected


def test_enforced_addresses_see_the_404_of_an_unknown_path(tmp_path: Path) -> None:
    options = ListenerOptions(port=0, tunnel="nginx", callback_ips="enforce")
    with listener(tmp_path / "ledger.db", options) as bench:
        token, _ = prompt(bench.ledger)
        spoofed = bench.callback(token, encode(paid()), f"X-Forwarded-For: {SAFARICOM}, {STRANGER}")
        bare = bench.callback(token, encode(paid()))
        assert spoofed == bare == (404, b'{"error":"not found"}')
        assert bench.stored() == 0

        assert bench.callback(token, encode(paid()), f"X-Forwarded-For: {STRANGER}, {SAFARICOM}")[0] == 200
        assert bench.until("stored")[0].peer == SAFARICOM


def test_warned_addresses_are_told_once_and_stored_all_the_same(tmp_path: Path) -> None:
    options = ListenerOptions(port=0, tunnel="nginx", callback_ips="warn")
    with listener(tmp_path / "ledger.db", options) as bench:
        token, _ = prompt(bench.ledger)
        for number in range(3):
            assert bench.callback(token, b"%d" % number, f"X-Forwarded-For: {STRANGER}")[0] == 200
        bench.callback(token, b"4", f"X-Forwarded-For: {SAFARICOM}")
        bench.until("stored", 4)

    assert [e.peer for e in bench.told("address")] == [STRANGER]


@pytest.mark.parametrize(
    "options",
    [
        ListenerOptions(host="0.0.0.0"),
        ListenerOptions(host="::"),
        ListenerOptions(host="192.0.2.7"),
        ListenerOptions(host="shop.example"),
        ListenerOptions(tunnel="none", callback_ips="enforce"),
    ],
)
def test_what_can_not_be_safe_is_refused_before_a_port_is_opened(options: ListenerOptions) -> None:
    with pytest.raises(SettingsError, match=r"plain HTTP|can't work"):
        options.check()


@pytest.mark.parametrize(
    "options",
    [
        ListenerOptions(),
        ListenerOptions(host="::1"),
        ListenerOptions(host="localhost"),
        ListenerOptions(host="0.0.0.0", behind_proxy=True),
        ListenerOptions(host="0.0.0.0", certificate=Path("chain.pem")),
        ListenerOptions(host="0.0.0.0", behind_proxy=True, callback_ips="enforce"),
        ListenerOptions(tunnel="cloudflare", callback_ips="enforce"),
    ],
)
def test_what_can_be_safe_is_allowed(options: ListenerOptions) -> None:
    options.check()
