"""Steps in which customers and strangers act: payments by hand, messages, forgeries, erasing, the API. Not a test."""

import contextlib
import dataclasses
import json
from typing import TYPE_CHECKING, Any

from baton import SECOND_US
from laws import Order
from messages import c2b_body, poison_body
from played_shop import Message
from steps import Step
from truth import SHORTCODE

if TYPE_CHECKING:
    from playing import Play

CONFIRMED_AFTER_US = SECOND_US
BELIEVED_US = 20 * 3600 * SECOND_US  # a message so long after its money is not believed to be of that time
TOLD_LATE_US = 500 * SECOND_US  # what comes later and names no time can be of any time
STRANGERS = ("254722200085", "254722200096")


class ByPhone:
    """What comes from outside."""

    def __init__(self, play: "Play") -> None:
        self.play, self.truth, self.baton = play, play.truth, play.baton

    def order(self, number: int) -> Order:
        raise NotImplementedError

    def _by_hand(self, step: Step) -> None:
        """Somebody pays from the menu: a customer who types the order, or something else; or a stranger."""
        dice, order = step.random, self.order(step.order)
        who = dice.random()
        if who < 0.35:
            msisdn, typed, meant = order.msisdn, order.order_id, order.order_id
        elif who < 0.6:
            msisdn, typed, meant = order.msisdn, dice.choice(("", "shop", "0722")), order.order_id
        else:
            msisdn, typed, meant = dice.choice(STRANGERS), dice.choice(("", "", "rent", "12")), ""
        cents = order.cents if dice.random() < 0.85 else order.cents // 2
        paid = self.truth.pay_by_hand(msisdn, cents, typed, meant, step.form)
        self.play.erased.discard(msisdn)
        self.play.say(f"    {msisdn} pays {cents / 100:g} by hand, types {typed!r}, means {meant!r}: {paid.receipt}")
        self._tell(step, paid.receipt, msisdn, cents, typed, paid.at_us)

    def _told_by_c2b_too(self, step: Step) -> None:
        """A prompt that was paid is reported by C2B as well, now or again."""
        paid = [p for p in self.truth.state.prompts.values() if p.charged(self.baton.true_us)]
        if paid:
            prompt = paid[-1 - step.other % min(3, len(paid))]
            late_us = self.baton.true_us - (prompt.decided_us or 0)
            timeless = "time" in step.form and late_us > TOLD_LATE_US
            if prompt.msisdn not in self.play.erased and not timeless and late_us < BELIEVED_US:
                cents, at_us = prompt.amount * 100, prompt.decided_us or 0
                self._tell(step, prompt.receipt, prompt.msisdn, cents, prompt.account_reference, at_us)

    def _tell(self, step: Step, receipt: str, msisdn: str, cents: int, typed: str, at_us: int) -> None:
        """The confirmation comes: at once, late, twice, or never."""
        body = c2b_body(receipt, msisdn, cents, at_us, typed, SHORTCODE, step.form)
        message = Message(self.play.shop.c2b_path(), body, 0, 0, receipt, step.form)
        for after_s in step.random.choice(((1,), (1,), (1,), (1, 2), (), (40,), (7_300,), (1, 9_000))):
            self.play.shop.later.append((self.baton.true_us + after_s * SECOND_US, message))
        self.baton.pass_until(self.baton.true_us + CONFIRMED_AFTER_US)

    def _poison(self, step: Step) -> None:
        """A message on our secret address that no money stands behind."""
        charges = self.truth.charges()
        other = charges[step.other % len(charges)].receipt if charges else ""
        receipt = "UKO" + "".join(step.random.choice("ABCDEFGHJK0123456789") for _ in range(7))
        body = poison_body(receipt, other, self.baton.true_us, SHORTCODE, step.form)
        lied_about = other if step.form == "receipt-of-another-amount" else receipt
        self.play.laws.phantoms |= {receipt, lied_about, "UKO0FORGED", "UKO1FORGED"}
        self.play.shop.receive(Message(self.play.shop.c2b_path(), body, 0, 0, "", step.form))

    def _forged(self, step: Step) -> None:
        """A stranger who knows no secret says that an order is paid."""
        order = self.order(step.order)
        prompts = self.truth.prompts(order.order_id)
        checkout = prompts[-1].checkout_request_id if prompts else "ws_CO_24112026103000000722200041"
        items = [{"Name": "Amount", "Value": order.cents / 100}, {"Name": "MpesaReceiptNumber", "Value": "UKO0FORGED"},
                 {"Name": "PhoneNumber", "Value": int(order.msisdn)}]
        stk = {"MerchantRequestID": "1-1-1", "CheckoutRequestID": checkout, "ResultCode": 0, "ResultDesc": "ok",
               "CallbackMetadata": {"Item": items}}
        if step.other % 2:
            path, body = "/payments/mpesa/callback", json.dumps({"Body": {"stkCallback": stk}}).encode()
        else:
            path = "/payments/mpesa/c2b/confirmation"
            body = c2b_body("UKO1FORGED", order.msisdn, order.cents, self.baton.true_us, order.order_id, SHORTCODE,
                            f"{step.form} plain")
        self.play.erased.discard(order.msisdn)  # a stranger's report is about no payment, and goes by itself
        self.play.shop.receive(Message(path, body, 0, 0, "", "forged"))

    def _repeat(self, step: Step) -> None:
        """A message that came before comes once more."""
        heard = [m for m in self.play.shop.messages if m.status == 200]
        if heard:
            again = heard[-1 - step.other % min(12, len(heard))]
            self.play.shop.receive(Message(again.path, again.body, 0, 0, again.receipt, again.form))

    def _erase(self, step: Step) -> None:
        """A customer wants to be forgotten."""
        msisdn = self.order(step.order).msisdn
        said = self.play.run("erase", ["erase", "0" + msisdn[3:], "--yes", "--json"], step)
        if said.status == 0:
            self.play.erased.add(msisdn)

    def _api(self, step: Step, kind: str, endpoint: str, order: Order, body: dict[str, Any]) -> None:
        """The same over HTTP, less the HTTP: what the API's handler answers."""

        def work(runtime: Any) -> int:
            from mpesa_cli.api import payments
            from mpesa_cli.api.context import Call
            from mpesa_cli.api.problems import problem_of
            from mpesa_cli.floor.errors import MpesaError

            try:
                answer = getattr(payments, endpoint)(_api_context(runtime), Call(None, ref=ref, body=body)).document
            except MpesaError as error:
                answer = problem_of(error).document
            runtime.streams.stdout.write(json.dumps(answer))
            return 0

        ref = order.order_id if endpoint == "retry" else ""
        self.play.run_work(kind, f"API {endpoint} {order.order_id}", work, step, order=order.order_id)


def _api_context(runtime: Any) -> Any:
    """What the API's handlers work with, of one process."""
    from mpesa_cli.api.context import ApiContext
    from mpesa_cli.api.tokens.limits import RateLimit
    from mpesa_cli.cli.payments.ports import push_context
    from mpesa_cli.receipts.receipt import Shop

    profile = runtime.profile()
    context = dataclasses.replace(push_context(runtime, profile), hold=contextlib.nullcontext, say=lambda _: None)
    limit = RateLimit(1000)
    return ApiContext(
        profile=profile, ledger=runtime.ledger(profile), push_context=lambda: context, deliver=lambda: 0,
        check_token=lambda text: None, shop=Shop.of(profile), world=runtime.world, clock_s=lambda: 0.0,
        per_token=limit, per_phone=limit,
    )
