"""One push: what was typed, checked; the question; the prompt in its turn; and the wait for its answer."""

from dataclasses import replace
from typing import TYPE_CHECKING

from mpesa_cli.cli.consent.confirm import Question, confirm_in_production
from mpesa_cli.cli.consent.restored_gap import answered
from mpesa_cli.cli.payments.ports import push_context
from mpesa_cli.cli.payments.show import result_of, result_sent
from mpesa_cli.cli.payments.turns import Turn, Waiting
from mpesa_cli.cli.payments.watching import say_where_money_stands, watch_payment
from mpesa_cli.cli.result import Note, Result
from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.floor.interrupts import Interrupted
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.values.amount import format_shillings, parse_shillings
from mpesa_cli.rules.values.msisdn import mask_msisdn, operator_warning, parse_msisdn, spoken_form
from mpesa_cli.rules.values.reference import account_reference, check_description, check_order_id
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.payments.push import Order
    from mpesa_cli.rules.payment import Payment
    from mpesa_cli.rules.restored import NotPaid
    from mpesa_cli.settings.profile import Profile


@dataclass(frozen=True, slots=True)
class Typed:
    """The words typed of one push; None for what was not."""

    phone: str
    amount: str
    order: str | None
    account: str | None
    description: str | None


@dataclass(frozen=True, slots=True)
class _Wanted:
    order_id: str
    order_was_given: bool
    amount: int
    msisdn: str
    account_reference: str
    description: str


def push_one(
    runtime: Runtime, profile: "Profile", typed: Typed, waiting: Waiting, answer: "NotPaid | None", *, yes: bool
) -> Result:
    """Ask one phone, and wait for the answer unless told not to. Raises MpesaError or Interrupted."""
    from mpesa_cli.payments.stk_request import callback_base

    wanted = _read(runtime, profile, typed)
    callback_base(profile)
    confirm_prompt(runtime, profile, wanted.msisdn, wanted.amount, wanted.order_id, yes=yes)
    turn = Turn(runtime, waiting)
    payment = _send(runtime, profile, wanted, turn, answer)
    if not waiting.for_answer:
        return result_sent(runtime, profile, payment)
    payment = watch_payment(runtime, profile, payment, timeout_s=turn.until.left_s())
    return result_of(runtime, profile, payment)


def push_dry_run(runtime: Runtime, profile: "Profile", typed: Typed) -> Result:
    """The request as it would go out: no network, no secret, nothing stored."""
    from mpesa_cli.daraja.endpoints import STK_PUSH
    from mpesa_cli.daraja.stk_push import hidden, push_body
    from mpesa_cli.floor.secret import Secret
    from mpesa_cli.payments.push import intent_of
    from mpesa_cli.payments.stk_request import requests_of
    from mpesa_cli.terminal.render import json_text

    wanted, token = _read(runtime, profile, typed), "0" * 32
    intent = intent_of(_order_of(profile, wanted), payment_id="", token=token)
    base = (profile.callback_base_url or "https://…").rstrip("/")
    request = requests_of(profile, base)(intent, wanted.msisdn, token)
    body = hidden(push_body(request, Secret(""), runtime.world.now_us()))
    url = profile.base_url.rstrip("/") + STK_PUSH
    return Result(
        {"dry_run": True, "method": "POST", "url": url, "body": body},
        [f"POST {url}", json_text(body)],
        [Note("Dry run: nothing was sent and nothing was stored.")],
    )


def confirm_prompt(
    runtime: Runtime, profile: "Profile", msisdn: str, amount: int, order_id: str, *, yes: bool
) -> None:
    """One question, default No, where the money is real and a person is there; never an assumption."""
    question = Question(
        f"Ask {spoken_form(msisdn)} to pay {format_shillings(amount)} to {profile.kind} {profile.party_b} "
        f"(profile {profile.name}), order {order_id}?",
        "This is real money, and nobody is here to confirm it.",
    )
    confirm_in_production(runtime, profile, question, yes=yes)


def _read(runtime: Runtime, profile: "Profile", typed: Typed) -> _Wanted:
    msisdn = _phone(typed.phone, typed.amount)
    shillings = parse_shillings(typed.amount, profile.limits)
    order_id = check_order_id(typed.order) if typed.order is not None else runtime.world.new_id("")
    account = typed.account or profile.account_reference
    reference = account_reference(account, order_id, profile.account_reference_max)
    if warning := operator_warning(msisdn):
        runtime.streams.say(f"Note: {warning}")
    description = check_description(typed.description or profile.description)
    return _Wanted(order_id, typed.order is not None, shillings, msisdn, reference, description)


def _phone(phone: str, amount: str) -> str:
    """The MSISDN, or an error that prints the right line where phone and amount were swapped."""
    try:
        return parse_msisdn(phone)
    except InvalidInput:
        try:
            swapped = parse_msisdn(amount)
        except InvalidInput:
            swapped = ""
        if not swapped:
            raise
        raise InvalidInput(
            "The amount and the phone number look swapped; nothing was sent.",
            hint=f"Right: mpesa push {amount} {phone}",
            code="swapped",
        ) from None


def _send(
    runtime: Runtime, profile: "Profile", wanted: _Wanted, turn: Turn, answer: "NotPaid | None"
) -> "Payment":
    from mpesa_cli.listener.ports import callback_intake
    from mpesa_cli.payments.push import push

    phone, money = mask_msisdn(wanted.msisdn), format_shillings(wanted.amount)
    sw = profile.language == "sw"
    runtime.streams.say(
        f"Inaomba {phone} alipe {money}, oda {wanted.order_id} …" if sw
        else f"Asking {phone} for {money}, order {wanted.order_id} …"
    )
    callback_intake(runtime, profile)()
    order = _order_of(profile, wanted)
    try:
        outside = push_context(runtime, profile)
        pushed = answered(
            runtime, order.order_id, answer,
            lambda said: turn.take(
                order.msisdn, lambda until: push(replace(outside, not_paid=said, until=until), order)
            ),
        )
    except Interrupted:
        found = runtime.ledger(profile).payment_by_order(wanted.order_id)
        if found is None:
            runtime.streams.complain("Stopped. Nothing was sent, so nothing was charged.")
        else:
            say_where_money_stands(runtime, found)
        raise
    if pushed.picked_up:
        runtime.streams.say(f"Order {wanted.order_id} is being paid already: no second prompt, watching the first.")
    elif not wanted.order_was_given:
        runtime.streams.say(f"Made order id {wanted.order_id} (name your own with --order).")
    return pushed.payment


def _order_of(profile: "Profile", wanted: _Wanted) -> "Order":
    from mpesa_cli.payments.push import Order

    return Order(
        wanted.order_id, profile.name, profile.shortcode, wanted.amount, wanted.msisdn,
        wanted.account_reference, wanted.description,
    )
