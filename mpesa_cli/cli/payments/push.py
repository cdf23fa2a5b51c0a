"""``mpesa push``: ask a customer's phone for money, once, and say where it stands."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer

from mpesa_cli.cli.consent.production import confirm_in_production
from mpesa_cli.cli.consent.restored_gap import answered, flag_answer
from mpesa_cli.cli.options import (
    JsonOption,
    NotPaidOption,
    ProfileOption,
    QuietOption,
    ReasonOption,
    VerboseOption,
    WaitTurnOption,
    YesOption,
    runtime_of,
)
from mpesa_cli.cli.payments.ports import push_hands
from mpesa_cli.cli.payments.show import show_and_exit, show_sent
from mpesa_cli.cli.payments.turns import Turn
from mpesa_cli.cli.payments.watching import say_where_money_stands, watch_payment
from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.floor.interrupts import Interrupted
from mpesa_cli.rules.values.amount import format_shillings, parse_shillings
from mpesa_cli.rules.values.msisdn import mask_msisdn, operator_warning, parse_msisdn, spoken_form
from mpesa_cli.rules.values.reference import account_reference, check_description, check_order_id
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.payments.push import Order
    from mpesa_cli.rules.payment import Payment
    from mpesa_cli.rules.restored import NotPaid
    from mpesa_cli.settings.profile import Profile

TIMEOUT_MAX_S = 900


def push(
    ctx: typer.Context,
    phone: Annotated[
        str | None, typer.Argument(help="The customer's number: 0712345678, 0112…, +254…", metavar="PHONE")
    ] = None,
    amount: Annotated[
        str | None, typer.Argument(help="Whole shillings: 1500, 1,500.00 or 'KES 1500'.", metavar="AMOUNT")
    ] = None,
    order: Annotated[
        str | None, typer.Option("--order", help="The shop's order id. An order is asked for once.", metavar="ID")
    ] = None,
    account: Annotated[
        str | None, typer.Option("--account", help="Account reference the customer sees.", metavar="REF")
    ] = None,
    description: Annotated[
        str | None, typer.Option("--description", help="What it is for, in a few words.", metavar="TEXT")
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", help="A batch from a CSV file; - is standard input.", metavar="FILE")
    ] = None,
    wait: Annotated[
        bool | None,
        typer.Option(
            "--wait/--no-wait", help="Wait for the answer, or not [default: wait; don't, for a batch].",
            show_default=False,
        ),
    ] = None,
    timeout: Annotated[
        int | None, typer.Option("--timeout", help="Seconds to wait [default: the profile's, 120].", metavar="S")
    ] = None,
    wait_turn: WaitTurnOption = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the request, secrets hidden; send nothing.")
    ] = False,
    not_paid_since_backup: NotPaidOption = False,
    reason: ReasonOption = None,
    yes: YesOption = False,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> None:
    """Ask a customer's phone for money (STK push) and wait for the answer.

    \b
    Examples:
      mpesa push 0712345678 1500 --order 1042
      mpesa push 254708374149 100 --order demo-1        (the simulator's paying customer)
      mpesa push 0712345678 'KES 1,500' --order 1042 --no-wait --json
      mpesa push --from orders.csv --dry-run

    An order is asked for once: the same command again picks the running prompt up, or shows the receipt.
    A phone that was asked a moment ago has to wait for its turn: on a terminal it is counted down and then
    asked, in a script with --wait-turn. A batch always waits.
    A batch file has a heading with the columns phone, amount, order and, where wanted, account and
    description. Every row is checked before the first is sent; the same file again sends only what was
    never sent.

    Exit status: 0 paid (or accepted, with --no-wait), 3 not paid, 5 nothing was charged, 6 unknown, 8 still
    waiting, 9 already paid or guarded. A batch: 0 all accepted or paid, 5 the same again sends the rest,
    6 some unknown, 7 some not paid, 8 some still waiting (with --wait). All: mpesa help exit-status
    """
    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose)
    settings = runtime.profile(profile)
    answer = flag_answer(runtime, not_paid=not_paid_since_backup, reason=reason)
    if from_ is not None:
        from mpesa_cli.cli.batch.push_batch import push_batch, refuse_besides_from

        refuse_besides_from([phone, amount, order, account, description])
        watch_s = timeout_s_of(timeout, settings) if wait else None
        push_batch(
            runtime, settings, from_, watch_s=watch_s, dry_run=dry_run, yes=yes, as_json=json_, answer=answer
        )
        return
    if phone is None or amount is None:
        raise InvalidInput(
            f"Missing argument '{'PHONE' if phone is None else 'AMOUNT'}'.",
            hint="Nothing was sent. See: mpesa push --help", code="usage",
        )  # fmt: skip
    wanted = _read(runtime, settings, phone, amount, order, account, description)
    timeout_s = timeout_s_of(timeout, settings)
    if dry_run:
        _show_request(runtime, settings, wanted, as_json=json_)
        return
    from mpesa_cli.payments.stk_request import callback_base

    callback_base(settings)
    confirm(runtime, settings, wanted.msisdn, wanted.amount, wanted.order_id, yes=yes)
    turn = Turn(runtime, timeout_s, typed=timeout is not None, may_wait=wait_turn or runtime.streams.may_prompt())
    payment = _send(runtime, settings, wanted, turn, answer)
    if wait is False:
        show_sent(runtime, payment, as_json=json_, profile=settings)
    payment = watch_payment(runtime, settings, payment, timeout_s=turn.until.left_s())
    show_and_exit(runtime, payment, as_json=json_, profile=settings)


@dataclass(frozen=True, slots=True)
class _Wanted:
    order_id: str
    order_was_given: bool
    amount: int
    msisdn: str
    account_reference: str
    description: str


def _read(
    runtime: Runtime,
    profile: "Profile",
    phone: str,
    amount: str,
    order: str | None,
    account: str | None,
    description: str | None,
) -> _Wanted:
    msisdn = _phone(phone, amount)
    shillings = parse_shillings(amount, profile.limits)
    order_id = check_order_id(order) if order is not None else runtime.world.new_id("")
    reference = account_reference(account or profile.account_reference, order_id, profile.account_reference_max)
    if warning := operator_warning(msisdn):
        runtime.streams.say(f"Note: {warning}")
    return _Wanted(
        order_id, order is not None, shillings, msisdn, reference, check_description(description or profile.description)
    )


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


def timeout_s_of(timeout: int | None, profile: "Profile") -> int:
    """Seconds to wait: the flag's, else the profile's. Raises InvalidInput outside 1 to 900."""
    if timeout is None:
        return profile.timeout_s
    if not 1 <= timeout <= TIMEOUT_MAX_S:
        raise InvalidInput(
            f"--timeout {timeout} is outside 1 to {TIMEOUT_MAX_S} seconds.",
            hint="Nothing was sent. Right: --timeout 120",
        )
    return timeout


def confirm(
    runtime: Runtime, profile: "Profile", msisdn: str, amount: int, order_id: str, *, yes: bool
) -> None:
    """One question, default No, where the money is real and a person is there; never an assumption."""
    confirm_in_production(
        runtime,
        profile,
        f"Ask {spoken_form(msisdn)} to pay {format_shillings(amount)} to {profile.kind} {profile.party_b} "
        f"(profile {profile.name}), order {order_id}?",
        unattended="This is real money, and nobody is here to confirm it.",
        yes=yes,
    )


def _send(
    runtime: Runtime, profile: "Profile", wanted: _Wanted, turn: Turn, answer: "NotPaid | None"
) -> "Payment":
    from mpesa_cli.listener.ports import callback_intake
    from mpesa_cli.payments.push import push

    runtime.streams.say(
        f"Asking {mask_msisdn(wanted.msisdn)} for {format_shillings(wanted.amount)}, order {wanted.order_id} …"
    )
    callback_intake(runtime, profile)()
    order = _order_of(profile, wanted)
    try:
        outside = push_hands(runtime, profile)
        pushed = answered(
            runtime, order.order_id, answer,
            lambda said: turn.take(
                order.msisdn, lambda until: push(replace(outside, not_paid=said, until=until), order)
            ),
        )  # fmt: skip
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
    )  # fmt: skip


def _show_request(runtime: Runtime, profile: "Profile", wanted: _Wanted, *, as_json: bool) -> None:
    """The request as it would go out: no network, no secret, nothing stored."""
    from mpesa_cli.daraja.endpoints import STK_PUSH
    from mpesa_cli.daraja.stk_push import hidden, push_body
    from mpesa_cli.floor.secret import Secret
    from mpesa_cli.payments.push import intent_of
    from mpesa_cli.payments.stk_request import requests_of
    from mpesa_cli.terminal.render import print_json

    token = "0" * 32
    intent = intent_of(_order_of(profile, wanted), payment_id="", token=token)
    base = (profile.callback_base_url or "https://…").rstrip("/")
    request = requests_of(profile, base)(intent, wanted.msisdn, token)
    body = hidden(push_body(request, Secret(""), runtime.world.now_us()))
    url = profile.base_url.rstrip("/") + STK_PUSH
    if as_json:
        print_json(runtime.streams, {"dry_run": True, "method": "POST", "url": url, "body": body})
        return
    runtime.streams.out(f"POST {url}")
    print_json(runtime.streams, body)
    runtime.streams.say("Dry run: nothing was sent and nothing was stored.")
