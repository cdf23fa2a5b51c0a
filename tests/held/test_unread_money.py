"""Money by hand that a listener stored, and died before it read: it is taken in before anything is said or asked."""

import dataclasses
import hashlib
from typing import Any

import pytest
from daraja.callbacks.callback_bodies import c2b, encode, failed, paid
from held.held_shop import PHONE, RECEIPT, SECRET_HASH, HeldShop, with_own_words

from mpesa_cli.cli.payments.ports import push_context
from mpesa_cli.floor.errors import Conflict, LedgerBusy
from mpesa_cli.floor.moments import daraja_stamp
from mpesa_cli.listener.intake.deliveries import C2bDelivery, StkDelivery
from mpesa_cli.payments.push import Order, push
from mpesa_cli.payments.retry import new_attempt
from mpesa_cli.payments.told import check_read, find_told, shop_of
from mpesa_cli.payments.unpaid import tell_unpaid
from mpesa_cli.rules.asking_again import ByPerson
from mpesa_cli.rules.evidence import QueryAnswered, SenderLost

CHECKOUT_ID = "ws_CO_24112026103001482708374149"


def stored(shop: HeldShop, account: str = "A1", **changed: object) -> None:
    """A confirmation on disk, of which nothing was read."""
    said = c2b(**{"BusinessShortCode": shop.profile.shortcode, "BillRefNumber": account, "TransAmount": "150.00",
                  "MSISDN": PHONE, "TransTime": daraja_stamp(shop.clock.now_us()), **changed})
    delivery = C2bDelivery("confirmation", SECRET_HASH, encode(said), "196.201.214.200")
    assert shop.intake.receive([delivery])[0].status == 200


def declined(shop: HeldShop) -> None:
    """Order A1, asked for and declined."""
    shop.prompt("A1", reference="DUKA")
    shop.clock.advance(10)
    shop.callback(encode(failed(1032, CheckoutRequestID=CHECKOUT_ID)))
    shop.clock.advance(200)


def prompts(shop: HeldShop) -> int:
    return len(shop.ledger.rows("SELECT 1 FROM journal WHERE kind='sending'"))


@pytest.mark.parametrize(
    ("argv", "status"),
    [
        (("retry", "A1", "--yes", "--no-wait"), 9),
        (("push", PHONE, "150", "--order", "A1", "--yes", "--no-wait"), 9),
        (("retry", "--failed", "--yes"), 0),
        (("status", "A1", "--no-refresh"), 0),
        (("status", RECEIPT), 0),
        (("status", PHONE), 0),
        (("verify", RECEIPT, "--order", "A1"), 0),
        (("history",), 0),
        (("receipt", "A1"), 0),
        (("export", "FILE"), 0),
    ],
)
def test_whoever_asks_finds_the_order_paid_and_nobody_is_asked_again(
    shop: HeldShop, argv: tuple[str, ...], status: int
) -> None:
    declined(shop)
    stored(shop)
    shop.clock.advance(10)
    said = shop.mpesa(*(str(shop.home / "books.csv") if word == "FILE" else word for word in argv))
    assert said.status == status, said
    assert prompts(shop) == 1
    found = shop.ledger.payment_by_order("A1")
    assert found is not None
    assert (str(found.status), found.telling.view.receipt) == ("paid", RECEIPT)


@pytest.mark.parametrize("account", ["B1", "order b-1"])
def test_an_order_that_was_added_and_paid_by_hand_is_not_asked_for(shop: HeldShop, account: str) -> None:
    assert shop.mpesa("order", "add", "B1", "150").status == 0
    stored(shop, account)
    said = shop.mpesa("push", PHONE, "150", "--order", "B1", "--yes", "--no-wait", "--json")
    assert said.status == 9, said
    assert prompts(shop) == 0


def test_money_of_another_order_stops_nothing(shop: HeldShop) -> None:
    stored(shop, "C7")
    assert shop.mpesa("push", PHONE, "150", "--order", "B1", "--yes", "--no-wait").status == 0
    assert prompts(shop) == 1


class Late:
    """A Daraja that would take every prompt; money comes in by hand just before the decision."""

    def __init__(self, shop: HeldShop, account: str) -> None:
        self.shop, self.account = shop, account

    def ready(self, _: object = None) -> None:
        stored(self.shop, "C7", TransID="UKO4Q7OTHR", TransAmount="90.00", MSISDN="254700000001")
        stored(self.shop, self.account)

    def push(self, *_: Any) -> Any:
        raise AssertionError("a prompt was sent")


def test_what_comes_in_between_the_look_and_the_decision_stops_a_further_attempt(shop: HeldShop) -> None:
    declined(shop)
    found = shop.ledger.payment_by_order("A1")
    assert found is not None
    context = dataclasses.replace(push_context(shop.runtime, shop.profile), daraja=Late(shop, "A1"))
    with pytest.raises(Conflict) as refused:
        new_attempt(context, found, PHONE, ByPerson())
    assert (refused.value.code, prompts(shop)) == ("changed-meanwhile", 1)


def test_what_comes_in_between_the_look_and_the_decision_stops_a_first_prompt(shop: HeldShop) -> None:
    assert shop.mpesa("order", "add", "B1", "150").status == 0
    context = dataclasses.replace(push_context(shop.runtime, shop.profile), daraja=Late(shop, "B1"))
    with pytest.raises(Conflict) as refused:
        push(context, Order("B1", shop.profile.name, shop.profile.shortcode, 150, PHONE, "DUKA", "x"))
    assert (refused.value.code, prompts(shop)) == ("changed-meanwhile", 0)


@pytest.mark.parametrize("account", ["A1", "DUKA"])
@pytest.mark.parametrize("doubt", [SenderLost(0, 1), QueryAnswered(0, "1032", "cancelled")])
def test_its_own_prompts_money_stops_a_forced_attempt_whatever_account_it_names(
    shop: HeldShop, account: str, doubt: SenderLost | QueryAnswered
) -> None:
    ref = shop.prompt("A1", reference="DUKA", accepted=isinstance(doubt, QueryAnswered))
    shop.clock.advance(90)
    with shop.ledger.write() as tx:
        tx.append(ref, dataclasses.replace(doubt, at_us=shop.clock.now_us()))
    shop.clock.advance(200)
    found = shop.ledger.payment_by_order("A1")
    assert found is not None
    context = dataclasses.replace(push_context(shop.runtime, shop.profile), daraja=Late(shop, account))
    with pytest.raises(Conflict):
        new_attempt(context, found, PHONE, ByPerson("she says no prompt came"))
    assert prompts(shop) == 1


def test_no_shop_is_told_that_an_order_is_unpaid_while_its_money_was_not_read(shop: HeldShop) -> None:
    declined(shop)
    stored(shop)
    shop.clock.advance(3600)
    profile = dataclasses.replace(shop.profile, unpaid_after_minutes=30)
    assert tell_unpaid(shop.ledger, profile, shop.runtime.world) == 0


def test_the_listener_tells_what_another_command_took_in(shop: HeldShop) -> None:
    declined(shop)
    stored(shop)
    assert shop.mpesa("status", "A1", "--no-refresh").status == 0
    shop.intake.settling.settle()
    assert (shop.heard[-1].kind, shop.heard[-1].receipt, shop.heard[-1].payment.status) == ("settled", RECEIPT, "paid")


def test_who_looks_with_another_profile_leaves_what_is_not_its_own_unread(mpesa: Any, clock: Any, home: Any) -> None:
    (home / "config").mkdir(parents=True)
    tills = (f'[profile.{name}]\nenvironment = "simulator"\nkind = "paybill"\nshortcode = "{code}"\nledger = "x.db"\n'
             for name, code in (("a", "600100"), ("b", "600200")))
    (home / "config" / "config.toml").write_text('default_profile = "a"\n' + "".join(tills))
    shop = HeldShop(mpesa, clock, home)
    declined(shop)
    stored(shop)
    assert shop.mpesa("history", "-P", "b").status == 0
    assert shop.mpesa("retry", "A1", "-P", "a", "--yes", "--no-wait").status == 9
    assert (str(shop.ledger.payment_by_order("A1").status), prompts(shop)) == ("paid", 1)  # type: ignore[union-attr]
    shop.close()


def test_money_behind_the_shops_own_words_stops_a_further_attempt(mpesa: Any, clock: Any, home: Any) -> None:
    shop = with_own_words(mpesa, clock, home)
    declined(shop)
    stored(shop, "duka a1", TransAmount="90.00", MSISDN="254700000001")
    with pytest.raises(Conflict):
        check_read(shop.ledger, "A1", shop_of(shop.profile, shop.runtime.world))
    shop.close()


def test_what_was_taken_in_is_shown_also_where_the_rest_could_not_be(
    shop: HeldShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.prompt("A1", reference="DUKA")
    shop.clock.advance(10)
    body = encode(paid("UKO4Q7XAAA", CheckoutRequestID=CHECKOUT_ID))
    shop.intake.receive([StkDelivery(hashlib.sha256(b"t").hexdigest(), body, "196.201.214.200")])
    stored(shop, "ZZ")

    def busy(*_: object) -> None:
        raise LedgerBusy("held", hint="wait")

    monkeypatch.setattr("mpesa_cli.payments.c2b.apply_own_confirmations", busy)
    found = find_told(shop.ledger, "A1", shop_of(shop.profile, shop.runtime.world))
    assert found is not None
    assert found.status == "paid"


def test_money_that_names_an_order_which_nobody_knows_stops_no_first_prompt(shop: HeldShop) -> None:
    stored(shop, "B1")
    check_read(shop.ledger, "B1", shop_of(shop.profile, shop.runtime.world))


def test_a_callback_that_nobody_read_is_in_the_history(shop: HeldShop) -> None:
    shop.prompt("A1", reference="DUKA")
    shop.clock.advance(10)
    body = encode(paid(RECEIPT, CheckoutRequestID=CHECKOUT_ID))
    shop.intake.receive([StkDelivery(hashlib.sha256(b"t").hexdigest(), body, "196.201.214.200")])
    assert RECEIPT in shop.mpesa("history").stdout


def test_money_on_anothers_shortcode_stops_no_prompt_for_ever(shop: HeldShop) -> None:
    declined(shop)
    stored(shop, BusinessShortCode="600999")
    assert shop.mpesa("retry", "A1", "--yes", "--no-wait").status == 0
    assert prompts(shop) == 2


def test_a_crowd_that_only_a_listener_may_judge_hides_no_money_of_the_shops(
    shop: HeldShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mpesa_cli.payments.c2b.LOOKED_AT_MAX", 2)
    declined(shop)
    for nth in range(3):
        stored(shop, "rent", BusinessShortCode="600999", TransID=f"UKO4Q7OTH{nth}")
    shop.clock.advance(1)
    stored(shop)
    assert shop.mpesa("retry", "A1", "--yes", "--no-wait").status == 9
    assert shop.ledger.payment_by_order("A1").status == "paid"  # type: ignore[union-attr]
