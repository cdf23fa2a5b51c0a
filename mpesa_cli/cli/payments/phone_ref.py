"""A phone given in place of a payment: its latest payments. For looking only, since nobody said which is meant."""

from typing import TYPE_CHECKING

from mpesa_cli.floor.errors import InvalidInput, NotFound
from mpesa_cli.history.query import HistoryFilter

if TYPE_CHECKING:
    from mpesa_cli.cli.options import Format
    from mpesa_cli.rules.payment import Payment
    from mpesa_cli.runtime import Runtime
    from mpesa_cli.settings.profile import Profile

LATEST = 10


def phone_meant(runtime: "Runtime", profile: "Profile", ref: str) -> str | None:
    """The MSISDN that ``ref`` writes, where no payment and no order goes by it; None for any other reference."""
    from mpesa_cli.ledger.orders import Orders

    ledger = runtime.ledger(profile)
    if ledger.find(ref) is not None or Orders(ledger).order(ref.strip()) is not None:
        return None
    from mpesa_cli.rules.values.msisdn import parse_msisdn

    try:
        return parse_msisdn(ref)
    except InvalidInput:
        return None


def latest_of(runtime: "Runtime", profile: "Profile", msisdn: str) -> "Payment":
    """The payment of this phone that was asked for last. Raises NotFound."""
    from mpesa_cli.history.store import History

    found = next(History(runtime.ledger(profile)).payments(HistoryFilter(msisdn=msisdn, limit=1)), None)
    if found is None:
        raise _nothing(profile, msisdn)
    return found


def show_latest(runtime: "Runtime", profile: "Profile", msisdn: str) -> None:
    """Print the latest payments of a phone, as ``history`` prints them. Raises NotFound."""
    latest_of(runtime, profile, msisdn)
    show_list(runtime, profile, HistoryFilter(msisdn=msisdn), most=LATEST)


def show_list(runtime: "Runtime", profile: "Profile", wanted: HistoryFilter, *, most: int | None = None) -> None:
    """Print payments as ``history`` does, newest first."""
    from mpesa_cli.cli.history.print import HistoryPrinter
    from mpesa_cli.payments.told import shop_of, take_in

    take_in(runtime.ledger(profile), shop_of(profile, runtime.world))
    runtime.streams.ends_with_reader = True
    format_: Format = "json" if runtime.streams.as_json else "table"
    HistoryPrinter(
        runtime.streams, runtime.ledger(profile), runtime.world.now_us(), format_, unmask=False, ascii_only=False
    ).payments(wanted, most, None)


def _nothing(profile: "Profile", msisdn: str) -> NotFound:
    from mpesa_cli.rules.values.msisdn import mask_msisdn

    return NotFound(
        f"No payment of {mask_msisdn(msisdn)} in the ledger of profile {profile.name} ({profile.environment}).",
        hint="All payments: mpesa history",
    )
