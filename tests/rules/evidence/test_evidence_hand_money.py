"""Money by hand: what settles a prompt by itself, what is only offered, and what is never told apart wrongly."""

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from books.portal import Row, wall, write
from daraja.callbacks.callback_bodies import encode, paid
from held.held_shop import PHONE, RECEIPT, HeldShop

from mpesa_cli.floor.moments import daraja_stamp
from mpesa_cli.initiator.verdict import Verdict
from mpesa_cli.initiator.verify import look_up
from mpesa_cli.ledger.claiming import Claims
from mpesa_cli.listener.intake.intake import Intake
from mpesa_cli.listener.ports import c2b_context
from mpesa_cli.rules.evidence import Ambiguous, QueryAnswered, Sending
from mpesa_cli.rules.payment import AttemptRef
from mpesa_cli.rules.push_rules import Again
from mpesa_cli.rules.receipt_claim import Claim

DIGEST = hashlib.sha256(PHONE.encode()).hexdigest()
NOTHING_SHOWN = ("", None, DIGEST, "q83vEjRWeJCrze8=", "2547*****49", "0a1b ***** 4149")
PROVING = (PHONE, "0708374149", "2547 ***** 149", "25470****149", "2547\u2022\u2022\u2022\u2022149", "2547-***-149")
OTHERS = ("254711111111", "2547 ***** 111", "0712****149", "25471****149")


def pay(shop: HeldShop, *, phone: object = PHONE, amount: str = "150.00", account: str = "", receipt: str = RECEIPT,
        minutes: float = 1) -> None:
    """Money comes by hand so many minutes from now, by M-PESA's time, and is told at once."""
    at = daraja_stamp(shop.clock.now_us() + int(minutes * 60_000_000))
    shop.clock.advance(max(1.0, minutes * 60))
    shop.confirm(TransID=receipt, TransAmount=amount, BillRefNumber=account, MSISDN=phone, TransTime=at)


def state(shop: HeldShop, order: str) -> str:
    found = shop.ledger.payment_by_order(order)
    assert found is not None
    return str(found.status)


def status(shop: HeldShop, ref: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(shop.mpesa("status", ref, "--json", "--no-refresh").stdout)
    return document


@pytest.mark.parametrize("account", ["", "DUKA"])
@pytest.mark.parametrize("phone", NOTHING_SHOWN + OTHERS)
def test_money_whose_phone_and_account_prove_nothing_pays_no_prompt(
    shop: HeldShop, phone: object, account: str
) -> None:
    shop.prompt("A1", reference="DUKA")
    pay(shop, phone=phone, account=account)
    assert state(shop, "A1") == "pending"
    assert state(shop, f"C2B-{RECEIPT}") == "paid"
    offered = ["A1"] if phone in NOTHING_SHOWN else []
    assert status(shop, RECEIPT)["may_be_orders"] == offered


@pytest.mark.parametrize("phone", PROVING)
def test_money_of_the_phone_that_was_asked_pays_its_prompt(shop: HeldShop, phone: str) -> None:
    shop.prompt("A1", reference="DUKA")
    pay(shop, phone=phone, account="DUKA")
    assert (state(shop, "A1"), status(shop, RECEIPT)["order_id"]) == ("paid", "A1")


@pytest.mark.parametrize("phone", [*PROVING[::3], *NOTHING_SHOWN[::2]])
def test_money_that_names_the_order_pays_its_prompt_where_no_shown_digit_contradicts(
    shop: HeldShop, phone: object
) -> None:
    ref = shop.prompt("A1", reference="DUKA")
    shop.prompt("B2", reference="DUKA", token="u", phone="254711111111", checkout_id="ws_CO_2")
    pay(shop, phone=phone, account="order a-1")
    assert state(shop, "A1") == "paid"
    assert shop.ledger.receipt_owner(RECEIPT) == ref
    assert state(shop, "B2") == "pending"


@pytest.mark.parametrize("account", ["1042", "order 1042"])
def test_an_account_that_open_prompts_of_two_orders_show_names_neither(shop: HeldShop, account: str) -> None:
    shop.prompt("1042", phone="254711111111")
    shop.prompt("1042-rest", reference="1042", token="u", phone="254700000017", checkout_id="ws_CO_2")
    pay(shop, phone=DIGEST, account=account)
    paid_by = status(shop, RECEIPT)
    if account == "1042":
        assert (paid_by["order_id"], paid_by["may_be_orders"]) == (f"C2B-{RECEIPT}", ["1042", "1042-rest"])
    else:
        assert paid_by["order_id"] == "1042"


@pytest.mark.parametrize(("minutes", "settles"), [(-2, False), (-0.9, True), (9.9, True), (10.1, False)])
def test_money_pays_a_prompt_from_a_minute_before_it_was_sent_until_ten_after(
    shop: HeldShop, minutes: float, settles: bool
) -> None:
    shop.prompt("A1", reference="DUKA")
    pay(shop, minutes=minutes)
    assert state(shop, "A1") == ("paid" if settles else "pending")
    assert state(shop, "A1") == "paid" or status(shop, RECEIPT)["may_be_orders"] == []


@pytest.mark.parametrize("time", [None, "20190101120000", "soon"])
@pytest.mark.parametrize("account", ["A1", ""])
def test_money_told_without_a_time_is_the_named_orders_prompt_and_never_a_second_payment(
    shop: HeldShop, account: str, time: object
) -> None:
    shop.prompt("A1", reference="DUKA")
    shop.clock.advance(2 * 3600)
    shop.confirm(TransID=RECEIPT, TransAmount="150.00", BillRefNumber=account, MSISDN=PHONE, TransTime=time)
    told = status(shop, RECEIPT)
    if account:
        assert (told["order_id"], told["status"], len(told["attempts"])) == ("A1", "paid", 1)
    else:  # neither phone nor amount say that it is of that time
        assert (told["order_id"], state(shop, "A1")) == (f"C2B-{RECEIPT}", "pending")


def test_money_told_without_a_time_after_a_clock_was_set_back_is_still_the_named_orders_prompt(shop: HeldShop) -> None:
    shop.prompt("A1", reference="DUKA")
    shop.clock.advance(-90)
    shop.confirm(TransID=RECEIPT, TransAmount="150.00", BillRefNumber="A1", MSISDN=PHONE, TransTime="20190101120000")
    told = status(shop, RECEIPT)
    assert (told["order_id"], told["status"], len(told["attempts"])) == ("A1", "paid", 1)


def test_of_two_prompts_that_the_phone_fits_neither_is_paid_by_itself(shop: HeldShop) -> None:
    shop.prompt("A1", reference="DUKA")
    shop.prompt("B2", reference="DUKA", token="u", phone="254700000149", checkout_id="ws_CO_2")
    pay(shop, phone="2547 ***** 149")
    assert {state(shop, "A1"), state(shop, "B2")} == {"pending"}
    assert status(shop, RECEIPT)["may_be_orders"] == ["A1", "B2"]


@pytest.mark.parametrize("phone", NOTHING_SHOWN[::2])
def test_the_prompts_own_callback_takes_the_money_that_was_only_offered(shop: HeldShop, phone: object) -> None:
    ref = shop.prompt("A1", reference="DUKA")
    pay(shop, phone=phone)
    shop.callback(encode(paid(RECEIPT)))
    assert (state(shop, "A1"), shop.ledger.receipt_owner(RECEIPT)) == ("paid", ref)
    assert shop.ledger.payment_by_order(f"C2B-{RECEIPT}") is None


def test_what_may_be_an_orders_is_said_wherever_the_two_are_looked_at(shop: HeldShop) -> None:
    shop.prompt("A1", reference="DUKA")
    pay(shop, phone=DIGEST)
    way = f"mpesa verify {RECEIPT} --attach A1"
    for command in (["status", "A1", "--no-refresh"], ["status", RECEIPT], ["history"], ["verify", RECEIPT],
                    ["reconcile"]):
        done = shop.mpesa(*command)
        assert way in done.stdout + done.stderr, command
    assert shop.reconcile()[1]["may_be"] == [{"receipt": RECEIPT, "order_id": "A1"}]
    assert shop.mpesa("reconcile").status == 7
    taken = shop.mpesa("verify", RECEIPT, "--attach", "A1", "--yes", "--by", "asha", "--json")
    assert (taken.status, state(shop, "A1")) == (0, "paid")
    assert shop.reconcile()[1]["may_be"] == []


@pytest.mark.parametrize("phone", [DIGEST, OTHERS[0]])
def test_an_order_is_told_of_money_that_may_be_its_and_not_of_what_another_phone_paid(
    shop: HeldShop, phone: str
) -> None:
    shop.prompt("A1", reference="DUKA")
    pay(shop, phone=phone)
    offered = [RECEIPT] if phone == DIGEST else []
    said = shop.mpesa("status", "A1", "--no-refresh")
    assert [r for r in (RECEIPT,) if r in said.stdout + said.stderr] == offered
    found = shop.ledger.payment_by_order("A1")
    assert found is not None
    assert list(Claims(shop.ledger).receipts_it_may_have(found)) == offered


def test_a_receipt_that_only_a_prompts_callback_named_is_said_to_be_reported_for_it(shop: HeldShop) -> None:
    shop.prompt("A1")
    shop.callback(encode(paid(RECEIPT, 149)))
    for receipt, why in ((RECEIPT, "It was reported for order A1, and does not fit"), ("UKO4Q7X82C", "")):
        said = look_up(shop.ledger, Claim(receipt), shop.clock.now_us())
        assert (said.verdict, said.why.startswith(why), bool(said.why)) == (Verdict.NOT_PROVEN, True, bool(why))


def by_query(shop: HeldShop, ref: AttemptRef) -> None:
    """A query says paid, and no callback comes."""
    with shop.ledger.write() as tx:
        tx.append(ref, QueryAnswered(shop.clock.now_us(), "0", "The service request is processed successfully."))


@pytest.mark.parametrize("told_first", ["query", "c2b"])
@pytest.mark.parametrize("phone", [PHONE, "2547 ***** 149"])
def test_money_told_by_a_query_and_by_c2b_is_one_payment(shop: HeldShop, told_first: str, phone: str) -> None:
    ref = shop.prompt("A1", reference="DUKA")
    shop.clock.advance(20)
    if told_first == "query":
        by_query(shop, ref)
    pay(shop, phone=phone, minutes=0)
    if told_first == "c2b":
        by_query(shop, ref)
    found = status(shop, "A1")
    assert (found["status"], found["received"], found["receipt"]) == ("paid", 150, RECEIPT)
    assert found["attempts"][0]["flags"] == []
    assert shop.ledger.payment_by_order(f"C2B-{RECEIPT}") is None


@pytest.mark.parametrize("queried", ["before", "after"])
def test_money_that_names_an_order_is_of_the_prompt_that_a_query_calls_paid_and_not_of_a_newer_one(
    shop: HeldShop, queried: str
) -> None:
    """Nobody knows what became of the newer one, a forced retry whose answer was lost."""
    first = shop.prompt("A1")
    shop.clock.advance(5)

    def query() -> None:
        with shop.ledger.write() as tx:
            tx.append(first, QueryAnswered(shop.clock.now_us(), "0", "The service request is processed successfully."))

    with shop.ledger.write() as tx:
        payment = tx.payment(first.payment_id)
        assert payment is not None
        newer = tx.open_attempt(Again(payment, PHONE, "the phone shows nothing"), "0" * 64, shop.clock.now_us()).ref
        tx.append(newer, Sending(shop.clock.now_us(), 1))
        tx.append(newer, Ambiguous(shop.clock.now_us(), 1, "no-answer", "no answer"))
    if queried == "before":
        query()
    pay(shop, account="A1")
    if queried == "after":
        query()
    assert shop.ledger.receipt_owner(RECEIPT) == first
    assert (state(shop, "A1"), status(shop, "A1")["received"]) == ("paid", 150)


def test_a_clock_that_was_set_back_meanwhile_makes_no_second_payment_of_it(shop: HeldShop) -> None:
    ref = shop.prompt("A1", reference="DUKA")
    shop.clock.advance(20)
    by_query(shop, ref)
    at = daraja_stamp(shop.clock.now_us())
    shop.clock.advance(-120)
    shop.confirm(TransID=RECEIPT, TransAmount="150.00", BillRefNumber="", MSISDN=PHONE, TransTime=at)
    found = status(shop, "A1")
    assert (found["status"], found["receipt"]) == ("paid", RECEIPT)
    assert shop.ledger.payment_by_order(f"C2B-{RECEIPT}") is None


def test_a_confirmation_that_is_days_late_is_the_same_money(shop: HeldShop) -> None:
    """Its time lies after the prompt's own sending, so it is believed however late the message comes."""
    ref = shop.prompt("A1", reference="DUKA")
    shop.clock.advance(20)
    by_query(shop, ref)
    at = daraja_stamp(shop.clock.now_us())
    shop.clock.advance(3 * 86_400)
    shop.confirm(TransID=RECEIPT, TransAmount="150.00", BillRefNumber="", MSISDN=PHONE, TransTime=at)
    found = status(shop, "A1")
    assert (found["status"], found["received"], found["receipt"]) == ("paid", 150, RECEIPT)
    assert shop.ledger.payment_by_order(f"C2B-{RECEIPT}") is None


@pytest.mark.parametrize("options", [[], ["--order", "9001"]])
def test_money_that_may_be_an_orders_is_not_called_real_without_saying_whose(
    shop: HeldShop, options: list[str]
) -> None:
    by_query(shop, shop.prompt("A1", reference="DUKA"))
    pay(shop, phone=DIGEST)
    assert "This may be order A1's" in shop.mpesa("verify", RECEIPT, *options).stdout
    shown = shop.mpesa("verify", RECEIPT, *options, "--json")
    assert json.loads(shown.stdout)["may_be_orders"] == ["A1"]


def test_a_payment_without_its_receipt_may_be_any_money_that_fits_it(shop: HeldShop) -> None:
    by_query(shop, shop.prompt("A1", reference="DUKA"))
    pay(shop, phone=DIGEST)
    assert shop.mpesa("reconcile").status == 7
    assert status(shop, RECEIPT)["may_be_orders"] == ["A1"]
    taken = shop.mpesa("verify", RECEIPT, "--attach", "A1", "--yes", "--by", "asha")
    assert taken.status == 0, taken
    found = status(shop, "A1")
    assert (found["status"], found["receipt"], len(found["attempts"])) == ("paid", RECEIPT, 1)
    assert shop.mpesa("reconcile").status == 0


@pytest.mark.parametrize(
    ("changed", "is_payment"),
    [
        ({"MSISDN": "0a1b2c3d4e5f60718293a4b5c6d7e8f901 ***** 23456789abcdef0123456789a"}, True),
        ({"MSISDN": "2547\u2022\u2022\u2022\u2022149"}, True), ({"MSISDN": "2547-***-149"}, True),
        ({"MSISDN": "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="}, True), ({"TransID": "UKO4Q7X20ABCD"}, True),
        ({"TransAmount": "11,720.00"}, True), ({"BusinessShortCode": None}, False), ({"BusinessShortCode": ""}, False),
        ({"BusinessShortCode": "0174379"}, False), ({"BusinessShortCode": "600000"}, False),
        ({"TransAmount": ""}, False), ({"TransAmount": "0.00"}, False), ({"TransID": "UKO4Q7X"}, False),
        ({"TransID": "254708374149"}, False), ({"TransID": "UKO4Q7X20ABCDEFGHIJKL"}, False),
    ],
)
def test_a_readable_receipt_and_amount_for_our_shortcode_is_a_payment_and_everything_else_is_held(
    shop: HeldShop, changed: dict[str, Any], is_payment: bool
) -> None:
    from mpesa_cli.floor.moments import daraja_stamp

    said = {"TransAmount": "11720.00", "BillRefNumber": "", "TransTime": daraja_stamp(shop.clock.now_us()), **changed}
    assert shop.confirm(**said).status == 200
    told = json.loads(shop.mpesa("history", "--json").stdout)
    held = json.loads(shop.mpesa("held", "--json").stdout)
    assert [each["received"] for each in told] == ([11_720] if is_payment else [])
    assert len(held if isinstance(held, list) else held["messages"]) == (0 if is_payment else 1)
    assert shop.mpesa("reconcile").status == (0 if is_payment else 7)


def test_what_every_prompt_shows_as_the_account_names_no_order_not_even_one_of_that_name(shop: HeldShop) -> None:
    c2b_shop = c2b_context(shop.runtime, shop.profile)
    c2b_shop = replace(c2b_shop, shop=replace(c2b_shop.shop, own_words=("Duka 1",)))
    shop.intake = Intake(shop.ledger, shop.runtime.world, shop.heard.append, c2b=c2b_shop)
    shop.prompt("duka-1", reference="Duka 1", phone="254711111111")
    pay(shop, phone=DIGEST, account="DUKA 1")
    found = status(shop, RECEIPT)
    assert (found["order_id"], found["may_be_orders"]) == (f"C2B-{RECEIPT}", ["duka-1"])


@pytest.mark.parametrize("account", ["A1", ""])
def test_a_row_of_the_statement_joins_what_c2b_and_a_query_told_apart(shop: HeldShop, account: str) -> None:
    ref = shop.prompt("A1", reference="DUKA")
    by_query(shop, ref)
    pay(shop, phone=DIGEST)
    at = wall(shop.clock.now_us())
    assert len(shop.ledger.rows("SELECT 1 FROM payments")) == 2
    shop.clock.advance(14 * 3_600)
    file = write(shop.home / "statement.csv", Row(RECEIPT, 150, account, at=at))
    status_, document = shop.reconcile("--statement", str(file))
    if account:
        assert (status_, shop.ledger.receipt_owner(RECEIPT)) == (0, ref)
        assert len(shop.ledger.rows("SELECT 1 FROM payments")) == 1
    else:
        assert (status_, document["breaks"]) == (7, [])
        assert document["may_be"] == [{"receipt": RECEIPT, "order_id": "A1"}]


@pytest.mark.parametrize("options", [[], ["--order", "9001"]])
@pytest.mark.parametrize("body", [paid(RECEIPT, 149), paid(RECEIPT, phone=254711111111)])
@pytest.mark.parametrize("first", ["callback", "c2b"])
def test_a_receipt_that_was_reported_for_a_prompt_it_does_not_fit_is_not_called_real_without_saying_so(
    shop: HeldShop, options: list[str], body: dict[str, Any], first: str
) -> None:
    """The prompt waits for a person, and its money may be the very money that somebody shows for other goods."""
    shop.prompt("A1", reference="DUKA")
    told = [lambda: shop.callback(encode(body)), lambda: pay(shop, phone=DIGEST, amount="149.00", minutes=0)]
    for each in told if first == "callback" else reversed(told):
        each()
    assert (state(shop, "A1"), state(shop, f"C2B-{RECEIPT}")) == ("review", "paid")
    shown = json.loads(shop.mpesa("verify", RECEIPT, *options, "--json").stdout)
    assert shown["verdict"] == "real"
    assert "reported for order A1" in shown["why"]
    assert "reported for order A1" in shop.mpesa("verify", RECEIPT, *options).stdout
    if not options:
        own = json.loads(shop.mpesa("verify", RECEIPT, "--order", "A1", "--json").stdout)
        assert not own["why"], "it is A1's cashier who asks"
