"""Money that a customer sent from the M-PESA menu: the open prompt that it pays, or the orders it may be for. Pure.

Money by hand names nobody for certain. It settles a prompt by itself only where the phone proves it and one prompt
alone fits, or where the account that was typed names that order alone. Else it is a payment of its own, which a person
may claim for one of those orders.
"""

from collections.abc import Sequence
from dataclasses import replace

from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.forgotten import can_be_of
from mpesa_cli.rules.payment import Attempt
from mpesa_cli.rules.state import MAY_BE_OUT, AttemptState, Flag
from mpesa_cli.rules.values.shown_number import proves

BEFORE_PROMPT_US = 60 * SECOND_US
"""The time by which money may seem to come before its prompt was sent, since two clocks may differ."""
AFTER_PROMPT_US = 600 * SECOND_US



@dataclass(frozen=True, slots=True)
class HandMoney:
    """Money that came: when, by M-PESA's time, and from whom as far as that is shown. ``payer`` may be empty.

    Where M-PESA's time is not known, ``at_us`` is when it was told, ``within`` the earliest and the latest moment.
    """

    amount_cents: int
    at_us: int
    payer: str
    within: tuple[int, int] | None = None

    @property
    def span_us(self) -> tuple[int, int]:
        """The earliest and the latest moment at which it may have come."""
        return self.within or (self.at_us, self.at_us)


@dataclass(frozen=True, slots=True)
class MayBe:
    """A receipt that may belong to the prompt of an order, with nothing to prove it."""

    receipt: str
    order_id: str


def awaits_receipt(attempt: Attempt) -> bool:
    """Whether money may still belong to this prompt: its end is open, or it is paid and has no receipt yet."""
    if attempt.channel != "stk" or attempt.view.receipts:
        return False
    unconfirmed = attempt.state is AttemptState.FAILED and Flag.UNCONFIRMED in attempt.view.flags
    return attempt.state in MAY_BE_OUT or attempt.state is AttemptState.PAID or unconfirmed


def may_pay(attempt: Attempt, money: HandMoney) -> bool:
    """Whether amount and time agree, and no digit that is shown contradicts."""
    sent_us = attempt.view.requested_us
    if sent_us is None or not awaits_receipt(attempt) or attempt.amount_cents != money.amount_cents:
        return False
    earliest_us, latest_us = money.span_us
    in_time = sent_us - BEFORE_PROMPT_US <= latest_us and earliest_us <= sent_us + AFTER_PROMPT_US
    return in_time and can_be_of(attempt.msisdn, money.payer)


def prompt_proven(prompts: Sequence[Attempt], money: HandMoney) -> Attempt | None:
    """The only prompt that this money pays by amount, time and at least three digits of the phone; else None.

    A time that is not known proves nothing: it is taken for that at which the money was told.
    """
    money = replace(money, within=None)
    proven = [each for each in prompts if may_pay(each, money) and proves(each.msisdn, money.payer)]
    return proven[0] if len(proven) == 1 else None


def prompt_named(prompts: Sequence[Attempt], money: HandMoney) -> Attempt | None:
    """The prompt of the named order that this money pays; None where it can pay none.

    The one that is paid and lacks its receipt, since there is a receipt of it; else the newest that M-PESA took and
    whose end is open, since it may be said to be paid later; else the newest.
    """
    fitting = [each for each in prompts if may_pay(each, money)]
    return max(fitting, key=lambda each: (_likelihood(each), each.view.requested_us or 0, each.ref), default=None)


def _likelihood(prompt: Attempt) -> int:
    if prompt.state is AttemptState.PAID:
        return 2
    return 1 if prompt.state in MAY_BE_OUT and prompt.view.checkout_request_id else 0
