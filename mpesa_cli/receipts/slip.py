"""A slip by which an order is paid: what to pay, where, and M-PESA's QR code. Given before the money; no receipt. Pure.

Nothing is matched by it: whoever pays comes as any payment by hand, and is believed by account and amount, or by
what a person says.
"""

import shlex

from mpesa_cli.floor.errors import Conflict, MoneyMoved
from mpesa_cli.floor.records import dataclass
from mpesa_cli.receipts.receipt import Shop
from mpesa_cli.receipts.sheet import Code, Sheet
from mpesa_cli.receipts.words import WORDS, Fact, Language, amount_words, date_words, environment_words
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.restored import InTheGap
from mpesa_cli.rules.state import PaymentStatus
from mpesa_cli.rules.telling.unpaid import is_unpaid


@dataclass(frozen=True, slots=True)
class Slip:
    """The payment that is wanted. ``account`` is what the customer types; empty for a till, which asks for none."""

    shop: Shop
    order_id: str
    account: str
    amount_cents: int
    environment: str
    made_us: int


def check_unpaid(payment: Payment, gap: InTheGap | None, now_us: int) -> None:
    """Raise Conflict where an order that was asked for may be paid, or is: a slip would have it paid twice."""
    if is_unpaid(payment, gap, now_us, 0):
        return
    order = shlex.quote(payment.order_id)
    words: dict[PaymentStatus, tuple[str, str, MoneyMoved]] = {
        PaymentStatus.PAID: ("is paid", f"Its receipt: mpesa receipt {order}", "yes"),
        PaymentStatus.OVERPAID: ("is paid, and more than that", f"Its receipt: mpesa receipt {order}", "yes"),
        PaymentStatus.PARTIAL: ("is paid in part", f"See what came: mpesa status {order} --json", "yes"),
        PaymentStatus.REFUNDED: ("was paid, and the money went back", f"Its receipt: mpesa receipt {order}", "yes"),
    }
    may: tuple[str, str, MoneyMoved] = (
        "may be paid yet, or is: nobody knows", f"Look again: mpesa status {order}", "unknown",
    )
    what, then, moved = words.get(payment.status, may)
    refused = Conflict(
        f"There is nothing to pay by: order {payment.order_id} {what}.", hint=f"No slip was made. {then}",
        code="not-to-pay",
    )
    refused.money_moved = moved
    raise refused


def slip_sheet(slip: Slip, code: Code | None, language: Language) -> Sheet:
    """The sheet of a slip; ``code`` is M-PESA's picture, None where none could be had."""
    words = WORDS[language]
    kind = words.till if slip.shop.kind == "till" else words.paybill
    lines = (
        Fact("number", kind, slip.shop.number),
        Fact("account_reference", words.account, slip.account),
        Fact("order_id", words.order, slip.order_id if slip.order_id != slip.account else ""),
        Fact("amount_in_words", words.in_words, amount_words(slip.amount_cents, language)),
        Fact("made_at", words.date, date_words(slip.made_us, language)),
    )
    return Sheet(
        language=language, shop_name=slip.shop.name, title=f"{words.to_pay} {slip.order_id}", kind=words.to_pay,
        mark="", environment=slip.environment, trial=environment_words(slip.environment, language),
        amount_cents=slip.amount_cents, facts=tuple(line for line in lines if line.value), code=code,
        scan=words.pay_by, ends=words.not_paid, stamp_us=slip.made_us,
    )
