"""The outside of payouts, made from a Runtime: the shop's terms, and what settles those in doubt."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from mpesa_cli.initiator.payouts.asking import PayoutTerms

if TYPE_CHECKING:
    from mpesa_cli.rules.money_out.payout_state import Payout
    from mpesa_cli.runtime import Runtime
    from mpesa_cli.settings.profile import Profile


def payout_terms(profile: "Profile") -> PayoutTerms:
    """The limits, the shortcode that pays, and the version of B2C."""
    return PayoutTerms(profile.payouts.limits, profile.shortcode, profile.payouts.version)


def settles_payouts(
    runtime: "Runtime", profile: "Profile", deliver: Callable[[], object]
) -> "Callable[[], list[Payout]]":
    """A function that settles payouts in doubt and returns those that are left."""
    from mpesa_cli.initiator.payouts.settling import settle_payouts
    from mpesa_cli.initiator.ports import settles

    return settles(runtime, profile, deliver, settle_payouts)
