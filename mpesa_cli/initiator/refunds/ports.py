"""The outside of refunds, made from a Runtime: the shop's terms, and what settles those in doubt."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from mpesa_cli.initiator.refunds.asking import RefundTerms

if TYPE_CHECKING:
    from mpesa_cli.rules.money_out.refund_state import Refund
    from mpesa_cli.rules.payment import Payment
    from mpesa_cli.runtime import Runtime
    from mpesa_cli.settings.profile import Profile


def refund_terms(profile: "Profile") -> RefundTerms:
    """The limits, and what a reversal says of the shortcode."""
    return RefundTerms(profile.refunds.limits, profile.shortcode, profile.refunds.identifier_type)


def settles_refunds(
    runtime: "Runtime", profile: "Profile", deliver: Callable[[], object]
) -> "Callable[[], list[tuple[Payment, Refund]]]":
    """A function that settles refunds in doubt and returns those that are left."""
    from mpesa_cli.initiator.ports import settles
    from mpesa_cli.initiator.refunds.settling import settle_refunds

    return settles(runtime, profile, deliver, settle_refunds)
