"""Money by hand that may be an order's, in words, with the command by which a person says so."""

from collections.abc import Iterable

from mpesa_cli.rules.by_hand import MayBe


def claim_lines(claims: Iterable[MayBe]) -> list[str]:
    """A line for each: the receipt, the order that it may be of, and the command that joins them."""
    return [
        f"Receipt {each.receipt}, paid by hand, may be order {each.order_id}'s. "
        f"If it is: mpesa verify {each.receipt} --attach {each.order_id}"
        for each in claims
    ]
