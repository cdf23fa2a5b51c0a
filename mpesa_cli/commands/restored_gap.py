"""The question before an order is asked in a ledger that was restored, and does not know what came after its backup."""

from typing import TYPE_CHECKING

from mpesa_cli.domain.moments import day_and_time
from mpesa_cli.errors import Conflict, Declined
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.domain.restored import Restored
    from mpesa_cli.ledger.ledger import Ledger
    from mpesa_cli.settings.profile import Profile


def accepts_gap(runtime: Runtime, profile: "Profile", order_ids: list[str], *, yes: bool) -> bool:
    """Whether these orders may be asked for though some may have been paid in the time that the ledger lacks.

    False where nobody can be asked: the push then refuses. Raises Declined where a person says no.
    """
    ledger = runtime.ledger(profile)
    restored = ledger.restored()
    if restored is None or restored.gap_is_told or not any(_may_be_in(restored, ledger, each) for each in order_ids):
        return False
    until = day_and_time(restored.known_until_us)
    runtime.streams.complain(f"This ledger was restored, and knows nothing of what was paid after {until}.")
    if yes or runtime.environ.get("MPESA_YES") == "1":
        return True
    if not runtime.streams.may_prompt():
        return False
    from mpesa_cli.commands.asking import ask_yes

    named = f"order {order_ids[0]}" if len(order_ids) == 1 else f"all {len(order_ids):,} orders"
    if ask_yes(runtime.streams, f"Are you sure that {named} was not paid since?"):
        return True
    raise Declined(
        "You said no.", hint="Nothing was sent. Read M-PESA's own record first: mpesa reconcile --statement FILE"
    )


def _may_be_in(restored: "Restored", ledger: "Ledger", order_id: str) -> bool:
    from mpesa_cli.domain.restored import Gap, check_gap

    try:
        check_gap(Gap(restored), order_id, ledger.payment_by_order(order_id))
    except Conflict:
        return True
    return False
