"""How much one token may bring, and whose address is worth a warning."""

from pathlib import Path

import pytest
from daraja.callbacks.callback_bodies import encode, paid
from listener.listening import ACCEPTED_BODY, Bench, listener, prompt

from mpesa_cli.floor.world import World
from mpesa_cli.ledger.values import BODIES_OF_ATTEMPT_MAX
from mpesa_cli.listener.server.options import ListenerOptions
from mpesa_cli.listener.server.peer import CallbackIps, Tunnel, is_doubtful
from mpesa_cli.rules.state import PaymentStatus

SAFARICOM = "196.201.214.200"


@pytest.fixture
def bench(tmp_path: Path):
    with listener(tmp_path / "ledger.db") as running:
        yield running


def test_one_token_brings_so_many_different_bodies_and_no_more(bench: Bench) -> None:
    token, _ = prompt(bench.ledger)
    other, ref = prompt(bench.ledger, answered=False)
    answers = [bench.callback(token, b"%d" % n) for n in range(BODIES_OF_ATTEMPT_MAX + 3)]

    assert answers[:BODIES_OF_ATTEMPT_MAX] == [(200, ACCEPTED_BODY)] * BODIES_OF_ATTEMPT_MAX
    assert answers[BODIES_OF_ATTEMPT_MAX:] == [(429, b'{"error":"too many requests"}')] * 3
    assert bench.stored() == BODIES_OF_ATTEMPT_MAX
    assert bench.until("refused")[0].detail == "too many different bodies on one token"

    assert bench.callback(token, b"7") == (200, ACCEPTED_BODY)  # it is on disk: a repeat is still answered so
    assert bench.callback(other, encode(paid())) == (200, ACCEPTED_BODY)
    bench.until("settled")
    assert bench.payment(ref).status is PaymentStatus.PAID


def test_a_full_token_beside_others_fails_none_of_them(bench: Bench) -> None:
    """Those that come in one commit with it are stored: it is left out, and the transaction goes on."""
    from mpesa_cli.floor.wire.addresses import secret_hash
    from mpesa_cli.listener.intake.deliveries import ACCEPTED, TOO_MANY, StkDelivery
    from mpesa_cli.listener.intake.intake import Intake

    full, other = (secret_hash(prompt(bench.ledger)[0]) for _ in range(2))
    intake = Intake(bench.ledger, World(lambda: 1), lambda event: None)
    intake.receive([StkDelivery(full, b"%d" % n, "127.0.0.1") for n in range(BODIES_OF_ATTEMPT_MAX)])
    verdicts = intake.receive([StkDelivery(each, b"new", "127.0.0.1") for each in (other, full, other)])

    assert verdicts == [ACCEPTED, TOO_MANY, ACCEPTED]
    assert bench.stored() == BODIES_OF_ATTEMPT_MAX + 1
    assert intake.healthy


@pytest.mark.parametrize(
    ("policy", "tunnel", "address", "doubtful"),
    [
        ("warn", "none", "127.0.0.1", False),
        ("warn", "none", "::1", False),
        ("warn", "none", "203.0.113.9", True),
        ("warn", "none", SAFARICOM, False),
        ("warn", "nginx", "127.0.0.1", True),
        ("warn", "cloudflare", "127.0.0.1", True),
        ("warn", "nginx", SAFARICOM, False),
        ("warn", "none", "", True),
        ("off", "nginx", "203.0.113.9", False),
    ],
)
def test_a_warning_is_for_addresses_that_say_something(
    policy: CallbackIps, tunnel: Tunnel, address: str, doubtful: bool
) -> None:
    assert is_doubtful(policy, tunnel, address) is doubtful


def test_this_machines_own_address_is_warned_of_only_where_a_tunnel_should_name_another(tmp_path: Path) -> None:
    told = {}
    for tunnel in ("none", "nginx"):
        options = ListenerOptions(port=0, tunnel=tunnel, callback_ips="warn")  # type: ignore[arg-type]
        with listener(tmp_path / f"{tunnel}.db", options) as bench:
            token, _ = prompt(bench.ledger)
            assert bench.callback(token, b"{}")[0] == 200
        told[tunnel] = [event.peer for event in bench.told("address")]

    assert told == {"none": [], "nginx": ["127.0.0.1"]}
