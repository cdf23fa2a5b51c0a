"""The ports of a run of ``reconcile``, made from a Runtime."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from mpesa_cli.floor.progress import Told, unheard
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.world import World
from mpesa_cli.payments.c2b import Shop

if TYPE_CHECKING:
    from mpesa_cli.daraja.client import DarajaClient
    from mpesa_cli.daraja.pull_page import OddRow
    from mpesa_cli.ledger.ledger import Ledger
    from mpesa_cli.rules.statement_row import StatementRow
    from mpesa_cli.runtime import Runtime
    from mpesa_cli.settings.profile import Profile


@dataclass(frozen=True, slots=True)
class Ports:
    """The ledger and the outside of one run. ``deliver`` brings in the callbacks that are due, ``send_sms`` sends the
    receipts that wait, ``settle_refunds`` reads what came for questions and settles refunds in doubt,
    ``settle_payouts`` those payouts that M-PESA or a row of its record tells of; ``pull`` reads what M-PESA lists as
    paid in a span of at most 48 hours (daraja.md 7.8); ``told`` hears of long work."""

    ledger: "Ledger"
    daraja: "Callable[[], DarajaClient]"
    c2b: Shop
    world: World
    deliver: Callable[[], object]
    send_sms: Callable[[], object]
    settle_refunds: Callable[[], object]
    settle_payouts: Callable[[], object]
    pull: "Callable[[int, int, Callable[[OddRow], object]], Iterator[StatementRow]]"
    say: Callable[[str], None]
    complain: Callable[[str], None]
    told: Told = unheard


def ports_of(
    runtime: "Runtime", profile: "Profile", *, deliver: Callable[[], object], send_sms: Callable[[], object],
    settle_refunds: Callable[[], object], settle_payouts: Callable[[], object],
) -> Ports:
    """The ports of a profile. Raises LedgerUnusable or LedgerBusy."""

    def pull(from_us: int, until_us: int, note_odd: "Callable[[OddRow], object]") -> "Iterator[StatementRow]":
        from mpesa_cli.daraja.pull import pull_rows

        return pull_rows(runtime.daraja(profile), profile.shortcode, from_us, until_us, runtime.world, note_odd)

    return Ports(
        runtime.ledger(profile), lambda: runtime.daraja(profile),
        Shop.of(profile, lambda: runtime.world.new_id("PAY-")), runtime.world, deliver, send_sms, settle_refunds,
        settle_payouts, pull, runtime.streams.say, runtime.streams.complain,
    )
