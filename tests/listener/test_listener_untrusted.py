"""Paths without a secret: kept, never believed, rationed; and the most they cause is one query."""

import threading
from pathlib import Path

from daraja.callbacks.callback_bodies import c2b, encode, failed, paid
from listener.listening import ACCEPTED_BODY, checkout_id, listener, prompt
from listener.test_listener_c2b import c2b_shop

from mpesa_cli.rules.payment import Attempt, AttemptRef, Payment
from mpesa_cli.rules.state import PaymentStatus

PATH = "/payments/mpesa/callback"


class Asked:
    """Remembers which attempts were asked about."""

    def __init__(self) -> None:
        self.refs: list[AttemptRef] = []
        self.heard = threading.Event()

    def __call__(self, payment: Payment, attempt: Attempt) -> None:
        assert payment.payment_id == attempt.ref.payment_id
        self.refs.append(attempt.ref)
        self.heard.set()


def test_a_success_without_a_secret_is_kept_asked_about_and_pays_nothing(tmp_path: Path) -> None:
    asked = Asked()
    with listener(tmp_path / "ledger.db", ask=asked) as bench:
        _, ref = prompt(bench.ledger)
        named = checkout_id(int(ref.payment_id[-8:]))
        assert bench.post(PATH, encode(paid(CheckoutRequestID=named))) == (200, ACCEPTED_BODY)
        assert asked.heard.wait(20)
        event = bench.until("untrusted")[0]

    with listener(tmp_path / "ledger.db") as bench:
        assert bench.payment(ref).status is PaymentStatus.PENDING
        assert bench.verdicts() == [("open-stk", "untrusted")]
    assert asked.refs == [ref]
    assert (event.checkout_request_id, event.attempt) == (named, ref)


def test_ids_that_are_not_ours_or_settled_cost_no_query(tmp_path: Path) -> None:
    asked = Asked()
    with listener(tmp_path / "ledger.db", ask=asked) as bench:
        token, ref = prompt(bench.ledger)
        named = checkout_id(int(ref.payment_id[-8:]))
        bench.callback(token, encode(failed(CheckoutRequestID=named)))
        bench.until("settled")
        assert bench.post(PATH, encode(paid(CheckoutRequestID=named)))[0] == 200
        for other in ("ws_CO_a_strangers", ref.payment_id, ""):
            assert bench.post(PATH, encode(paid(CheckoutRequestID=other)))[0] == 400
        assert bench.post(PATH, b"garbage")[0] == 400
        bench.until("untrusted")
        assert "no payment to this shop" in bench.until("refused")[0].detail
        assert len(bench.verdicts()) == 2

    assert asked.refs == []


def test_a_query_that_fails_does_not_stop_the_next(tmp_path: Path) -> None:
    asked = Asked()

    def failing_once(payment: Payment, attempt: Attempt) -> None:
        asked(payment, attempt)
        if len(asked.refs) == 1:
            raise OSError

    with listener(tmp_path / "ledger.db", ask=failing_once) as bench:
        for count in (1, 2):
            _, ref = prompt(bench.ledger)
            bench.post(PATH, encode(paid(CheckoutRequestID=checkout_id(int(ref.payment_id[-8:])))))
            assert asked.heard.wait(20)
            asked.heard.clear()
            assert len(asked.refs) == count


def test_c2b_without_a_secret_is_kept_and_makes_no_payment(tmp_path: Path) -> None:
    with listener(tmp_path / "ledger.db", c2b=c2b_shop()) as bench:
        assert bench.post("/payments/mpesa/c2b/confirmation", encode(c2b())) == (200, ACCEPTED_BODY)
        assert bench.post("/payments/mpesa/c2b/validation", encode(c2b(TransID=None)))[0] == 400
        assert [e.receipt for e in bench.until("untrusted")] == ["UKO4Q7X81C"]
        assert bench.verdicts() == [("open-c2b-confirmation", "untrusted")]
        assert bench.ledger.find("UKO4Q7X81C") is None


def test_a_flood_is_rationed_and_does_not_touch_the_secret_paths(tmp_path: Path) -> None:
    with listener(tmp_path / "ledger.db") as bench:
        token, ref = prompt(bench.ledger)
        named = checkout_id(int(ref.payment_id[-8:]))
        statuses = [bench.post(PATH, encode(paid(CheckoutRequestID=named, ResultDesc=str(n))))[0] for n in range(60)]
        assert bench.callback(token, b"{}") == (200, ACCEPTED_BODY)
        assert bench.stored() == statuses.count(200) + 1

    assert statuses[:10] == [200] * 10
    assert statuses.count(429) >= 40
