"""What proves nothing by itself: a success without a receipt, a code against its words, a time that can't be true."""

import hashlib
import threading
from collections.abc import Callable
from typing import Any

import pytest
from daraja.callbacks.callback_bodies import encode, failed, paid
from held.held_shop import RECEIPT, HeldShop

from mpesa_cli.daraja.answers import Final, Pending, QueryAnswer, read_query_answer
from mpesa_cli.floor.moments import daraja_stamp
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.bodies import Bodies
from mpesa_cli.listener.intake.intake import Intake
from mpesa_cli.payments.ask import ask
from mpesa_cli.payments.wait import watch
from mpesa_cli.rules.evidence import Accepted, Decided, QueryAnswered, Sending
from mpesa_cli.rules.payment import AttemptRef
from mpesa_cli.rules.push_rules import Again

PROCESSED = "The service request is processed successfully."
CHECKOUT_ID = "ws_CO_24112026103001482708374149"


def without_receipt(**changed: Any) -> bytes:
    body = paid(**{"receipt": "short", "CheckoutRequestID": CHECKOUT_ID, **changed})
    return encode(body)


def query(shop: HeldShop, ref: AttemptRef, code: str, words: str = PROCESSED) -> None:
    with shop.ledger.write() as tx:
        tx.append(ref, QueryAnswered(shop.clock.now_us(), code, words))


def standing(shop: HeldShop, order: str = "A1") -> tuple[str, list[str]]:
    found = shop.ledger.payment_by_order(order)
    assert found is not None
    return str(found.status), sorted(found.telling.view.flags)


class Asked:
    """A Daraja that is only asked, and answers so."""

    def __init__(self, answer: QueryAnswer) -> None:
        self.answer, self.ids = answer, list[str]()

    def query(self, checkout_request_id: str, shortcode: str) -> QueryAnswer:
        self.ids.append(checkout_request_id)
        return self.answer


@pytest.mark.parametrize("body", [without_receipt(), encode(failed(0, PROCESSED, CheckoutRequestID=CHECKOUT_ID))])
def test_a_success_without_a_receipt_is_said_and_is_paid_only_once_a_query_says_so(
    shop: HeldShop, body: bytes
) -> None:
    ref = shop.prompt("A1")
    shop.callback(body)
    assert standing(shop) == ("unknown", [])
    said = shop.mpesa("status", "A1", "--no-refresh")
    assert (said.status, "no receipt number that can be read" in said.stdout + said.stderr) == (6, True)
    query(shop, ref, "0")
    assert standing(shop) == ("paid", ["unconfirmed"])


def test_a_success_without_a_receipt_is_named_by_every_reconcile(shop: HeldShop) -> None:
    shop.prompt("A1", accepted=False)
    shop.callback(encode(failed(0, CheckoutRequestID="")))
    for _ in range(2):
        told = shop.mpesa("reconcile")
        assert (told.status, "A1" in told.stdout) == (7, True)


@pytest.mark.parametrize("changed", [{"amount": 1500}, {"phone": 254711111111}, {"phone": "2547 ***** 111"}])
@pytest.mark.parametrize("query_first", [True, False])
def test_a_body_that_does_not_fit_is_for_a_person_whatever_the_query_says(
    shop: HeldShop, changed: dict[str, Any], query_first: bool
) -> None:
    ref = shop.prompt("A1")
    if query_first:
        query(shop, ref, "0")
    shop.callback(without_receipt(**changed))
    if not query_first:
        query(shop, ref, "0")
    assert standing(shop)[0] == "review"


def test_a_success_without_a_receipt_and_a_no_are_for_a_person(shop: HeldShop) -> None:
    ref = shop.prompt("A1")
    shop.callback(without_receipt())
    query(shop, ref, "1032", "Request cancelled by user")
    assert standing(shop)[0] == "review"


def test_a_success_without_a_receipt_after_a_person_said_failed_is_looked_at_again(shop: HeldShop) -> None:
    ref = shop.prompt("A1")
    with shop.ledger.write() as tx:
        tx.append(ref, Decided(shop.clock.now_us(), "failed", "asha", "not on the statement"))
    shop.clock.advance(1)
    shop.callback(without_receipt())
    assert standing(shop)[0] == "review"


@pytest.mark.parametrize(
    "body", [without_receipt(), encode(paid(amount="x")), encode(failed(1, "The transaction timed out."))]
)
def test_the_listener_asks_at_once_about_an_attempt_whose_callback_left_it_open(shop: HeldShop, body: bytes) -> None:
    asked, heard = list[AttemptRef](), threading.Event()

    def remember(_: object, attempt: Any) -> None:
        asked.append(attempt.ref)
        heard.set()

    shop.intake = Intake(shop.ledger, shop.runtime.world, shop.heard.append, ask=remember)
    ref = shop.prompt("A1")
    shop.callback(body)
    assert heard.wait(20)
    assert asked == [ref]


def test_a_push_that_waits_asks_as_soon_as_the_callback_leaves_it_in_doubt(shop: HeldShop) -> None:
    ref = shop.prompt("A1")
    daraja = Asked(Final("0", PROCESSED))
    came_us = shop.clock.now_us() + 3_000_000

    def deliver() -> None:
        if shop.clock.now_us() >= came_us and not Bodies(shop.ledger).callbacks(ref.payment_id):
            shop.callback(without_receipt())

    looks = watch(shop.ledger, daraja, ref.payment_id, timeout_s=60,
                  world=World(shop.clock.now_us, shop.clock.sleep, random=lambda: 0.5), deliver=deliver)
    settled = next(look for look in looks if look.payment.status == "paid")
    assert (daraja.ids, standing(shop)) == ([CHECKOUT_ID], ("paid", ["unconfirmed"]))
    assert settled.payment.telling.view.settled_us is not None
    assert settled.payment.telling.view.settled_us - came_us < 1_000_000


def test_of_two_prompts_the_one_whose_callback_left_it_open_is_asked_about_and_no_closed_one(shop: HeldShop) -> None:
    asked, heard = list[AttemptRef](), threading.Event()

    def remember(_: object, attempt: Any) -> None:
        asked.append(attempt.ref)
        heard.set()

    first = shop.prompt("A1")
    payment = shop.ledger.payment(first.payment_id)
    assert payment is not None
    at_us = shop.clock.now_us()
    with shop.ledger.write() as tx:
        second = tx.open_attempt(Again(payment, payment.msisdn), hashlib.sha256(b"u").hexdigest(), at_us).ref
        tx.append(second, Sending(at_us, 1))
        tx.append(second, Accepted(at_us, 1, "m-2", "ws_CO_2"))
    shop.intake = Intake(shop.ledger, shop.runtime.world, shop.heard.append, ask=remember)
    shop.callback(encode(failed(1032, CheckoutRequestID=CHECKOUT_ID)))
    shop.callback(b"junk on the closed one")
    shop.callback(encode(paid(amount="x")), token="u")
    assert heard.wait(20)
    assert asked == [second]


class AskedAt(Asked):
    """One that remembers when it was asked."""

    def __init__(self, answer: QueryAnswer, now_us: Callable[[], int]) -> None:
        super().__init__(answer)
        self.now_us, self.times = now_us, list[int]()

    def query(self, checkout_request_id: str, shortcode: str) -> QueryAnswer:
        self.times.append(self.now_us())
        return super().query(checkout_request_id, shortcode)


@pytest.mark.parametrize(("drawn", "first_s"), [(0.0, 10), (0.5, 11), (1.0, 12)])
def test_the_first_query_comes_ten_to_twelve_seconds_after_the_prompt(
    shop: HeldShop, drawn: float, first_s: int
) -> None:
    ref, sent_us = shop.prompt("A1"), shop.clock.now_us()
    daraja = AskedAt(Final("0", PROCESSED), shop.clock.now_us)
    world = World(shop.clock.now_us, shop.clock.sleep, random=lambda: drawn)
    list(watch(shop.ledger, daraja, ref.payment_id, timeout_s=60, world=world, deliver=lambda: None))
    assert 0 <= daraja.times[0] - sent_us - first_s * 1_000_000 < 500_000


@pytest.mark.parametrize(("behind_s", "receipt"), [(2, RECEIPT), (5, None)])
def test_a_push_that_waits_takes_the_receipt_that_is_a_moment_behind_the_query(
    shop: HeldShop, behind_s: int, receipt: str | None
) -> None:
    ref = shop.prompt("A1")
    daraja = AskedAt(Final("0", PROCESSED), shop.clock.now_us)

    def deliver() -> None:
        came = daraja.times and shop.clock.now_us() >= daraja.times[0] + behind_s * 1_000_000
        if came and not Bodies(shop.ledger).callbacks(ref.payment_id):
            shop.callback(encode(paid(receipt=RECEIPT, CheckoutRequestID=CHECKOUT_ID)))

    *_, last = watch(shop.ledger, daraja, ref.payment_id, timeout_s=60,
                     world=World(shop.clock.now_us, shop.clock.sleep, random=lambda: 0.5), deliver=deliver)
    assert (last.payment.status, last.payment.telling.view.receipt) == ("paid", receipt)


def test_where_no_id_is_known_nobody_is_asked_and_that_is_said(shop: HeldShop) -> None:
    ref = shop.prompt("A1", accepted=False)
    payment = shop.ledger.payment(ref.payment_id)
    assert payment is not None
    daraja = Asked(Final("0", PROCESSED))
    said = ask(shop.ledger, daraja, payment, payment.last, World(shop.clock.now_us))
    assert (daraja.ids, said.words) == ([], "Daraja gave no CheckoutRequestID to ask about")


def test_a_query_asks_about_the_id_that_the_acceptance_named(shop: HeldShop) -> None:
    ref = shop.prompt("A1")
    shop.callback(encode(failed(9999, "x", CheckoutRequestID="ws_CO_another")))
    daraja, found = Asked(Pending("waits")), shop.ledger.payment(ref.payment_id)
    assert found is not None
    ask(shop.ledger, daraja, found, found.last, World(shop.clock.now_us))
    assert daraja.ids == [CHECKOUT_ID]


@pytest.mark.parametrize("others", [True, False])
def test_where_the_acceptance_was_lost_a_callbacks_id_is_asked_about_unless_another_attempt_carries_it(
    shop: HeldShop, others: bool
) -> None:
    ref = shop.prompt("A1", accepted=False)
    if others:
        shop.prompt("B2", token="u", checkout_id="ws_CO_b2")
    shop.callback(without_receipt(CheckoutRequestID="ws_CO_b2"))
    daraja, found = Asked(Final("0", PROCESSED)), shop.ledger.payment(ref.payment_id)
    assert found is not None
    ask(shop.ledger, daraja, found, found.last, World(shop.clock.now_us))
    assert (daraja.ids, standing(shop)[0]) == (([], "unknown") if others else (["ws_CO_b2"], "paid"))


@pytest.mark.parametrize(
    ("code", "words", "state"),
    [
        ("1", "The transaction timed out.", "unknown"), ("1032", PROCESSED, "unknown"),
        ("1037", "Request cancelled by user", "unknown"), ("2001", "The balance is insufficient.", "unknown"),
        ("1", "The balance is insufficient for the transaction.", "failed"), ("1", "Salio halitoshi", "failed"),
        ("1037", "DS timeout user cannot be reached.", "failed"), ("1037", "", "failed"),
        ("9999", "The transaction is being processed", "pending"), ("1032", "still under processing", "pending"),
    ],
)
def test_a_no_whose_words_are_another_codes_is_unknown_and_other_words_change_nothing(
    shop: HeldShop, code: str, words: str, state: str
) -> None:
    ref = shop.prompt("A1")
    shop.callback(encode(failed(code, words, CheckoutRequestID=CHECKOUT_ID)))
    assert standing(shop)[0] == state
    if state == "unknown":
        said = shop.mpesa("status", "A1", "--no-refresh")
        assert "say two different things" in said.stdout + said.stderr
        assert words in said.stdout + said.stderr
        query(shop, ref, code, words)
        assert standing(shop)[0] == "unknown", "said twice, it is no clearer"


def test_words_against_a_yes_of_a_query_leave_it_open(shop: HeldShop) -> None:
    query(shop, shop.prompt("A1"), "0", "Request cancelled by user")
    assert standing(shop)[0] == "unknown"


def test_an_answer_that_says_being_processed_is_pending_whatever_its_code() -> None:
    body = encode({"ResponseCode": "0", "ResultCode": "9999", "ResultDesc": "The transaction is being processed"})
    assert read_query_answer(200, body) == Pending("The transaction is being processed")


@pytest.mark.parametrize(
    ("told_s", "believed"), [(0, True), (-299, True), (359, True), (-301, False), (-300_000_000, False), (361, False)]
)
def test_a_time_is_believed_from_five_minutes_before_the_sending_to_five_after_the_receiving(
    shop: HeldShop, told_s: int, believed: bool
) -> None:
    shop.prompt("A1")
    sent_us = shop.clock.now_us()
    told_us = sent_us + told_s * 1_000_000
    shop.clock.advance(60)
    body = paid(RECEIPT, CheckoutRequestID=CHECKOUT_ID)
    body["Body"]["stkCallback"]["CallbackMetadata"]["Item"][3]["Value"] = int(daraja_stamp(told_us))
    shop.callback(encode(body))
    found = shop.ledger.payment_by_order("A1")
    assert found is not None
    view = found.telling.view
    assert view.paid_us == (told_us if believed else shop.clock.now_us())
    assert sorted(view.flags) == ([] if believed else ["odd_time"])
    assert ("can't be true" in shop.mpesa("status", "A1", tty=True).stdout) is not believed


def test_money_by_hand_of_another_year_is_of_today_with_a_flag(shop: HeldShop) -> None:
    shop.confirm(TransTime="20191124103000")
    found = shop.ledger.payment_by_order(f"C2B-{RECEIPT}")
    assert found is not None
    assert (found.telling.view.paid_us, sorted(found.telling.view.flags)) == (shop.clock.now_us(), ["odd_time"])


def test_one_receipt_told_three_times_is_paid_then_a_repeat_then_a_conflict(shop: HeldShop) -> None:
    from mpesa_cli.listener.screen import line

    for changed in ({}, {"FirstName": "ASHA"}, {"TransAmount": "700.00"}, {"TransAmount": "900.00"}):
        shop.confirm(**{"TransTime": daraja_stamp(shop.clock.now_us()), **changed})
    words = [shown.split()[2] for event in shop.heard if (shown := line(event))]
    assert words == ["paid", "repeat", "conflict", "conflict"]
    assert standing(shop, f"C2B-{RECEIPT}") == ("paid", ["conflict"])


def test_an_accepted_id_that_a_forger_gives_another_order_is_still_asked_about(shop: HeldShop) -> None:
    ref = shop.prompt("A1")
    shop.prompt("B2", token="u", accepted=False)
    shop.callback(without_receipt(), token="u")
    daraja, found = Asked(Final("0", PROCESSED)), shop.ledger.payment(ref.payment_id)
    assert found is not None
    assert any(isinstance(each, Accepted) for each in shop.ledger.evidence(ref))
    ask(shop.ledger, daraja, found, found.last, World(shop.clock.now_us))
    assert (daraja.ids, standing(shop)[0]) == ([CHECKOUT_ID], "paid")
