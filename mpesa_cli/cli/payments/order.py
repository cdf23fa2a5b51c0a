"""``mpesa order``: orders that are known before anybody is asked for them."""

from typing import Annotated

import typer

from mpesa_cli.cli.options import JsonOption, ProfileOption, QuietOption, VerboseOption, runtime_of
from mpesa_cli.cli.result import Note, Result
from mpesa_cli.rules.values.amount import format_cents, parse_shillings
from mpesa_cli.rules.values.reference import check_order_id


def order_add(
    ctx: typer.Context,
    order: Annotated[str, typer.Argument(help="The shop's order id.", metavar="ID")],
    amount: Annotated[str, typer.Argument(help="Whole shillings: 1500, 1,500.00 or 'KES 1500'.", metavar="AMOUNT")],
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result:
    """Tell of an order and its amount before anybody is asked for it.

    \b
    Examples:
      mpesa order add 1042 1500
      mpesa order add INV-7 'KES 12,000' --json

    From then on the order is asked for by this amount only, in the terminal and over HTTP; a customer who pays by hand
    is matched to it, and let through or refused by it (c2b_validation). The same order again changes nothing;
    with another amount it is exit status 9. Sends nothing.
    """
    from mpesa_cli.payments.orders import add_order, order_document
    from mpesa_cli.rules.payment import ShopOrder

    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    settings = runtime.profile(profile)
    order_id, amount_cents = check_order_id(order), parse_shillings(amount, settings.limits) * 100
    ledger = runtime.ledger(settings)  # first: its server may set the clock right
    known, is_new = add_order(ledger, ShopOrder(order_id, amount_cents, runtime.world.now_us()))
    said = "is known now" if is_new else "was known"
    return Result(
        order_document(ledger, known, runtime.world.now_us()),
        [f"Order {known.order_id} for {format_cents(known.amount_cents)} {said}."],
        [Note(f"Ask for it: mpesa push PHONE {known.amount_cents // 100} --order {known.order_id}")],
    )
