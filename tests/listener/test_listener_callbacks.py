"""Callbacks from end to end: what is answered, what is on disk, where the money stands."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from daraja.callbacks.callback_bodies import encode, failed, paid
from listener.listening import ACCEPTED_BODY, Bench, answer, checkout_id, listener, prompt, request

from mpesa_cli.ledger.bodies import BodyWrites
from mpesa_cli.ledger.values import NewCallback
from mpesa_cli.rules.state import AttemptState, Flag, PaymentStatus


@pytest.fixture
def bench(tmp_path: Path):
    with listener(tmp_path / "ledger.db") as running:
        yield running


def test_a_success_is_stored_answered_and_settled(bench: Bench) -> None:
    token, ref = prompt(bench.ledger)
    number = int(ref.payment_id[-8:])
    body = encode(paid(CheckoutRequestID=checkout_id(number)))

    assert bench.callback(token, body) == (200, ACCEPTED_BODY)
    settled = bench.until("settled")[0]
    assert settled.payment == bench.payment(ref)
    assert bench.payment(ref).status is PaymentStatus.PAID
    assert bench.payment(ref).last.view.receipt == "UKO4Q7WX2B"


def test_a_failure_is_settled_with_its_code(bench: Bench) -> None:
    token, ref = prompt(bench.ledger)
    number = int(ref.payment_id[-8:])
    bench.callback(token, encode(failed(CheckoutRequestID=checkout_id(number))))
    bench.until("settled")

    assert bench.payment(ref).status is PaymentStatus.FAILED
    assert bench.payment(ref).last.view.result_code == "1032"


def test_a_callback_before_the_answer_of_its_push_settles_it(bench: Bench) -> None:
    token, ref = prompt(bench.ledger, answered=False)
    bench.callback(token, encode(paid()))
    bench.until("settled")

    assert bench.payment(ref).status is PaymentStatus.PAID


def test_a_thousand_replays_are_answered_and_stored_once(bench: Bench) -> None:
    token, ref = prompt(bench.ledger, answered=False)
    body = encode(paid())
    with bench.connect() as sock:
        for _ in range(1000):
            sock.sendall(request(f"/hooks/stk/{token}", body))
            assert answer(sock) == (200, ACCEPTED_BODY)

    bench.until("repeat", 999)
    assert bench.stored() == 1
    assert len(bench.told("settled")) == 1
    assert [e.kind for e in bench.ledger.journal(ref.payment_id)].count("received") == 1


def test_an_unreadable_body_on_a_valid_token_is_kept_for_a_person(bench: Bench) -> None:
    token, ref = prompt(bench.ledger)

    assert bench.callback(token, b"not json at all") == (200, ACCEPTED_BODY)
    event = bench.until("unreadable")[0]
    assert (event.attempt, event.detail) == (ref, "not a JSON document")
    assert bench.stored() == 1
    assert bench.payment(ref).status is PaymentStatus.PENDING


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/hooks/stk/" + "0" * 32, "POST"),
        ("/hooks/stk/" + "A" * 32, "POST"),
        ("/hooks/stk/" + "0" * 31, "POST"),
        ("/hooks/stk/", "POST"),
        ("/", "GET"),
        ("/healthz", "POST"),
        ("/hooks/" + "0" * 32 + "/c2b/confirmation", "POST"),
        ("/payments/mpesa/callback", "GET"),
        ("/../../etc/passwd", "GET"),
        ("/hooks/stk/%00", "POST"),
    ],
)
def test_what_is_not_ours_looks_all_the_same_and_leaves_nothing(bench: Bench, path: str, method: str) -> None:
    with bench.connect() as sock:
        sock.sendall(request(path, encode(paid()), method=method))
        assert answer(sock) == (404, b'{"error":"not found"}')

    assert bench.stored() == 0


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_a_wrong_method_on_a_valid_token_looks_like_an_unknown_path(bench: Bench, method: str) -> None:
    token, _ = prompt(bench.ledger)
    with bench.connect() as sock:
        sock.sendall(request(f"/hooks/stk/{token}", encode(paid()), method=method))
        assert answer(sock) == (404, b'{"error":"not found"}')

    assert bench.stored() == 0


def test_forgeries_are_counted_and_not_told_one_by_one(bench: Bench) -> None:
    for number in range(50):
        bench.callback(f"{number:032x}", b"{}")

    told = bench.until("refused")
    assert {e.detail for e in told} == {"unknown token"}
    assert len(told) < 50


def test_health_is_told_and_nothing_else(bench: Bench) -> None:
    with bench.connect() as sock:
        sock.sendall(request("/healthz", method="GET"))
        assert answer(sock) == (200, b'{"status":"ok"}')


def test_many_callbacks_at_once_each_settle_their_own_payment(bench: Bench) -> None:
    prompts = [prompt(bench.ledger, answered=False) for _ in range(100)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(
            pool.map(
                lambda n: bench.callback(prompts[n][0], encode(paid(receipt=f"UKO4Q7W{n:03d}"))), range(len(prompts))
            )
        )

    assert answers == [(200, ACCEPTED_BODY)] * 100
    bench.until("settled", 100)
    receipts = [bench.payment(ref).last.view.receipt for _, ref in prompts]
    assert receipts == [f"UKO4Q7W{n:03d}" for n in range(100)]


def test_what_an_earlier_listener_stored_and_did_not_settle_is_settled_at_the_start(tmp_path: Path) -> None:
    with listener(tmp_path / "ledger.db") as bench:
        _, ref = prompt(bench.ledger, answered=False)
    with listener(tmp_path / "ledger.db") as bench:
        pass
    from listener.listening import now_us, open_ledger

    ledger = open_ledger(tmp_path / "ledger.db")
    with ledger.write() as tx:
        BodyWrites(tx).store_callbacks([NewCallback(ref, encode(paid()), "127.0.0.1")], now_us())[0]
    ledger.close()

    with listener(tmp_path / "ledger.db") as bench:
        bench.until("settled")
        assert bench.payment(ref).status is PaymentStatus.PAID


class TestForgedSuccess:
    """With the right token even: nothing is paid that does not match."""

    def settle(self, bench: Bench, token: str, body: bytes) -> None:
        before = len(bench.told("settled")) + len(bench.told("unreadable"))
        assert bench.callback(token, body)[0] == 200
        with bench.heard:
            assert bench.heard.wait_for(
                lambda: len(bench.told("settled")) + len(bench.told("unreadable")) > before, timeout=20
            )

    @pytest.mark.parametrize(
        "body",
        [
            encode(paid(amount=1)),
            encode(paid(amount=149.99)),
            encode(paid(phone=254711111111)),
            encode(paid(phone="2547 ***** 111")),
            encode(paid(CheckoutRequestID="ws_CO_another")),
        ],
    )
    def test_another_amount_phone_or_id_is_for_review(self, bench: Bench, body: bytes) -> None:
        token, ref = prompt(bench.ledger)
        self.settle(bench, token, body)

        assert bench.payment(ref).last.state is AttemptState.REVIEW

    def test_a_receipt_that_paid_another_order_is_for_review(self, bench: Bench) -> None:
        first, _ = prompt(bench.ledger, answered=False)
        second, ref = prompt(bench.ledger, answered=False)
        self.settle(bench, first, encode(paid()))
        self.settle(bench, second, encode(paid()))

        assert bench.payment(ref).last.state is AttemptState.REVIEW

    @pytest.mark.parametrize(
        "body",
        [
            encode(paid()).replace(b'"ResultCode": 0', b'"ResultCode": 1032, "ResultCode": 0'),
            encode(paid()).replace(b'"Value": 150', b'"Value": NaN'),
            encode(paid()).replace(b'"Value": 150', b'"Value": 1, "Value": 150'),
            encode(paid()).replace(b'{"Name": "Balance"}', b'{"Name": "Amount", "Value": 150}'),
        ],
    )
    def test_a_success_by_trick_is_not_read_as_one(self, bench: Bench, body: bytes) -> None:
        token, ref = prompt(bench.ledger, answered=False)
        self.settle(bench, token, body)

        assert bench.told("unreadable")
        assert bench.payment(ref).status is PaymentStatus.PENDING

    def test_a_failure_after_a_success_takes_nothing_away(self, bench: Bench) -> None:
        token, ref = prompt(bench.ledger, answered=False)
        self.settle(bench, token, encode(paid()))
        self.settle(bench, token, encode(failed()))

        assert bench.payment(ref).status is PaymentStatus.PAID
        assert Flag.CONFLICT in bench.payment(ref).last.view.flags
