"""``mpesa verify RECEIPT --no-order``: a person says that money pays no order here, so it stops none any more."""

from typing import TYPE_CHECKING

from mpesa_cli.cli.consent.reasons import checked_reason, who
from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.settings.profile import Profile


def name_and_show(
    runtime: Runtime, profile: "Profile", receipt: str, *, by: str | None, reason: str | None, as_json: bool
) -> None:
    """Journal it and say so. Raises InvalidInput without a reason, NotFound or Conflict as the operation does."""
    from mpesa_cli.payments.name_receipt import name_receipt
    from mpesa_cli.rules.values.receipt_number import parse_receipt
    from mpesa_cli.terminal.render import print_json

    said = checked_reason(reason or "", example="--no-order --reason 'sold over the counter, Tuesday'")
    named = parse_receipt(receipt)
    name_receipt(runtime.ledger(profile), named, by=who(runtime, by), reason=said, at_us=runtime.world.now_us())
    if as_json:
        print_json(runtime.streams, {"receipt": named, "pays": None, "reason": said})
    else:
        runtime.streams.out(f"{named} pays no order here: it stops none any more.")


def check_no_order(others: list[object]) -> None:
    """Raise InvalidInput where something was typed that is about another question."""
    if any(each is not None for each in others):
        raise InvalidInput(
            "--no-order takes --by and --reason, and no order, amount or phone.",
            hint="Nothing was changed. Right: mpesa verify RECEIPT --no-order --reason 'how you know'", code="usage",
        )  # fmt: skip
