"""``mpesa verify RECEIPT --no-order``: a person says that money is for no order here, so that it holds up none."""

from typing import TYPE_CHECKING

from mpesa_cli.cli.consent.reasons import signed
from mpesa_cli.cli.result import Result
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.settings.profile import Profile


def name_no_order(
    runtime: Runtime, profile: "Profile", receipt: str, by: str | None, reason: str | None
) -> Result:
    """Journal the decision. Raises InvalidInput without a reason, NotFound or Conflict as the operation."""
    from mpesa_cli.payments.name_receipt import name_receipt
    from mpesa_cli.rules.values.receipt_number import parse_receipt

    name, said = signed(runtime, by, reason, example="--no-order --reason 'sold over the counter, Tuesday'")
    named = parse_receipt(receipt)
    name_receipt(runtime.ledger(profile), named, by=name, reason=said, at_us=runtime.world.now_us())
    return Result(
        {"receipt": named, "pays": None, "reason": said}, [f"{named} pays no order here: it stops none any more."]
    )
