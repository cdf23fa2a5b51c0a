"""The two proofs about money: what was answered 200 is never lost, and what was forged never pays."""

import contextlib
import hashlib
import random
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest
from daraja.callbacks.callback_bodies import c2b, encode, failed, paid
from listener.listening import Bench, checkout_id, listener, now_us, open_ledger, prompt, prompts, request
from listener.pressing import Callbacks, Pressed, bodies_on_disk, pressing, process
from raw_ledger import asked

from mpesa_cli.ledger.hooks import HookWrites
from mpesa_cli.listener.intake.deliveries import C2bContext
from mpesa_cli.listener.server.options import ListenerOptions
from mpesa_cli.payments.c2b import Shop
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.payment import AttemptRef, Intent
from mpesa_cli.rules.push_rules import Start
from mpesa_cli.rules.values.amount import Limits

KILLS = 20
SAFARICOM = "196.201.214.200"
SECRET = "0123456789abcdef" * 2


def test_every_200_is_on_disk_after_twenty_kills_under_load(tmp_path: Path) -> None:
    path, rng, pressed = tmp_path / "ledger.db", random.Random(20), Pressed()
    with contextlib.closing(open_ledger(path)) as ledger:
        callbacks = Callbacks([token for token, _ in prompts(ledger, 400)])
    for _ in range(KILLS):
        with process(path) as (started, port), pressing(port, callbacks, pressed):
            pressed.until(len(pressed.answered) + rng.randint(1, 120))
            started.kill()

    assert pressed.answered <= bodies_on_disk(path)
    assert len(pressed.answered) > KILLS
    assert set(pressed.statuses) == {200}
    with process(path) as (started, _):  # what the killed ones left unread is applied by the next, once each
        started.terminate()
        started.wait(60)
    assert asked(path, "SELECT count(*) FROM callbacks WHERE verdict=''") == [(0,)]
    assert asked(path, "SELECT receipt FROM receipts GROUP BY receipt HAVING count(*) > 1") == []
    with contextlib.closing(open_ledger(path)) as ledger:
        assert ledger.rows("SELECT count(*) FROM journal WHERE kind='received'")[0][0] == len(bodies_on_disk(path))


@pytest.fixture
def bench(tmp_path: Path):
    shop = Shop("test", ("600984",), ("TEST",), lambda: f"PAY-{secrets.token_hex(4)}")
    c2b_shop = C2bContext(shop, "accept", Limits(1, 1000))
    with listener(tmp_path / "ledger.db", ListenerOptions(port=0, tunnel="nginx"), c2b=c2b_shop) as running:
        with running.ledger.write() as tx:
            HookWrites(tx).add(hashlib.sha256(SECRET.encode()).hexdigest(), now_us())
        yield running


def refused(bench: Bench) -> tuple[str, AttemptRef]:
    """An attempt that Daraja said no to: no phone rang, and a success for it is somebody's invention."""
    token, ref = prompt(bench.ledger, answered=False)
    with bench.ledger.write() as tx:
        tx.append(ref, ev.Refused(now_us(), 1, "400.002.02", "Bad Request"))
    return token, ref


def never_sent(bench: Bench) -> str:
    token = secrets.token_hex(16)
    intent = Intent(
        "PAY-NEVER", "order-never", "test", "174379", 15_000, "254708374149", "T", "T",
        hashlib.sha256(token.encode()).hexdigest(),
    )
    with bench.ledger.write() as tx:
        tx.open_payment(Start(intent), now_us())
    return token


def on_an_open_path(bench: Bench) -> None:
    _, ref = prompt(bench.ledger)
    named = paid(CheckoutRequestID=checkout_id(int(ref.payment_id[-8:])))
    bench.post("/payments/mpesa/callback", encode(named), f"X-Forwarded-For: {SAFARICOM}")


def replayed(bench: Bench, body: bytes) -> None:
    token, _ = prompt(bench.ledger, answered=False)
    with bench.connect() as sock:
        stream = sock.makefile("rb")
        for _ in range(1000):
            sock.sendall(request(f"/hooks/stk/{token}", body))
            assert stream.readline().startswith(b"HTTP/1.1 200 ")
            while stream.readline() != b"\r\n":
                pass
            stream.read(40)


def with_a_receipt_that_is_claimed_already(bench: Bench) -> None:
    """The receipt was believed on no attempt yet: a wrong amount brought it, and a right one repeats it elsewhere."""
    first, second = prompt(bench.ledger, amount=20)[0], prompt(bench.ledger, amount=30)[0]
    bench.callback(first, encode(paid(amount=30)))
    bench.callback(second, encode(paid(amount=20)))


def to(bench: Bench, body: bytes, **shape: object) -> None:
    bench.callback(prompt(bench.ledger, **shape)[0], body)  # type: ignore[arg-type]


FORGERIES: dict[str, Callable[[Bench], object]] = {
    "a token that is none": lambda b: b.callback("0" * 32, encode(paid())),
    "a token with one character changed": lambda b: b.callback("f" + prompt(b.ledger)[0][1:], encode(paid())),
    "half a token": lambda b: b.callback(prompt(b.ledger)[0][:16], encode(paid())),
    "the hash in the token's place": lambda b: b.callback(
        hashlib.sha256(prompt(b.ledger)[0].encode()).hexdigest()[:32], encode(paid())
    ),
    "one shilling for an order of 150": lambda b: to(b, encode(paid(amount=1))),
    "one shilling too much": lambda b: to(b, encode(paid(amount=151))),
    "another phone": lambda b: to(b, encode(paid(phone=254711111111))),
    "another prompt's id": lambda b: to(b, encode(paid(CheckoutRequestID="ws_CO_another"))),
    "a result code twice": lambda b: to(
        b, encode(paid()).replace(b'"ResultCode": 0', b'"ResultCode": 1032, "ResultCode": 0'), answered=False
    ),
    "an amount twice": lambda b: to(
        b, encode(paid(amount=1)).replace(b'{"Name": "Balance"}', b'{"Name": "Amount", "Value": 150}'), answered=False
    ),
    "a success without a receipt": lambda b: to(b, encode(failed(0)), answered=False),
    "a failure with a receipt": lambda b: to(b, encode(paid()).replace(b'"ResultCode": 0', b'"ResultCode": 1032')),
    "a success for a prompt that was refused": lambda b: b.callback(refused(b)[0], encode(paid())),
    "a success for a prompt that never was sent": lambda b: b.callback(never_sent(b), encode(paid())),
    "two receipts that changed places": with_a_receipt_that_is_claimed_already,
    "a failure, a thousand times": lambda b: replayed(b, encode(failed())),
    "a wrong amount, a thousand times": lambda b: replayed(b, encode(paid(amount=1))),
    "a path without a secret, and Safaricom's address": on_an_open_path,
    "C2B on a path without a secret": lambda b: b.post("/payments/mpesa/c2b/confirmation", encode(c2b())),
    "C2B with a guessed secret": lambda b: b.post(f"/hooks/{'0' * 32}/c2b/confirmation", encode(c2b())),
    "C2B with a callback's token": lambda b: b.post(
        f"/hooks/{prompt(b.ledger)[0]}/c2b/confirmation", encode(c2b(BillRefNumber="order-1"))
    ),
    "C2B for another shop's shortcode": lambda b: b.post(
        f"/hooks/{SECRET}/c2b/confirmation", encode(c2b(BusinessShortCode="111111"))
    ),
    "C2B validation alone": lambda b: b.post(f"/hooks/{SECRET}/c2b/validation", encode(c2b())),
    "an STK body on the C2B path": lambda b: b.post(f"/hooks/{SECRET}/c2b/confirmation", encode(paid())),
    "a C2B body on a callback's path": lambda b: to(b, encode(c2b(TransAmount="150.00")), answered=False),
    "a callback with the C2B secret as its token": lambda b: b.callback(SECRET, encode(paid())),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=list(FORGERIES))
def test_no_forgery_pays(bench: Bench, forge: Callable[[Bench], object]) -> None:
    prompt(bench.ledger)
    forge(bench)
    bench.stop()
    wait_until_drained(bench)

    statuses = bench.ledger.rows("SELECT status, received_cents FROM payments")
    assert not {status for status, _ in statuses} & {"paid", "overpaid", "partial"}
    assert sum(cents for _, cents in statuses) == 0  # type: ignore[misc]
    assert bench.ledger.rows("SELECT * FROM receipts") == []
    assert bench.ledger.rows("SELECT * FROM callbacks WHERE verdict=''") == []


@pytest.mark.parametrize("forwarded", [SAFARICOM, f"{SAFARICOM}, 203.0.113.9", f"203.0.113.9,{SAFARICOM}, 10.0.0.1"])
def test_an_address_that_the_caller_wrote_opens_no_enforced_door(tmp_path: Path, forwarded: str) -> None:
    """What nginx appends is last; a tunnel that is not declared appends nothing that would be believed."""
    for options in (
        ListenerOptions(port=0, tunnel="cloudflare", callback_ips="enforce"),
        ListenerOptions(port=0, tunnel="nginx", callback_ips="enforce"),
    ):
        with listener(tmp_path / f"{options.tunnel}.db", options) as bench:
            token, _ = prompt(bench.ledger, answered=False)
            header = forwarded if options.tunnel == "cloudflare" else f"{forwarded}, 203.0.113.9"
            assert bench.callback(token, encode(paid()), f"X-Forwarded-For: {header}")[0] == 404
            assert bench.callback(token, encode(paid()), f"Forwarded: for={SAFARICOM}")[0] == 404
            assert bench.stored() == 0


def wait_until_drained(bench: Bench) -> None:
    """Until the listener has settled what it stored and closed its port."""
    from listener.pressing import wait_until

    def is_closed() -> bool:
        try:
            bench.connect().close()
        except OSError:
            return True
        return False

    wait_until(is_closed, "the port to be closed")
    wait_until(lambda: not bench.ledger.rows("SELECT 1 FROM callbacks WHERE verdict=''"), "everything to be settled")
