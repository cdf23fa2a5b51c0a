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
    """A function that settles payouts in doubt, with M-PESA's help where the profile has an initiator, and returns
    those that are left. What came in for any request is read first."""
    from mpesa_cli.initiator.payouts.settling import settle_payouts
    from mpesa_cli.initiator.ports import has_initiator, initiator_context

    context_of = (lambda: initiator_context(runtime, profile, deliver)) if has_initiator(profile) else None

    def settle() -> "list[Payout]":
        deliver()
        return settle_payouts(runtime.ledger(profile), runtime.world.now_us(), context_of)

    return settle
