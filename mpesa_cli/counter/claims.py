"""A claim on money that came in by hand: the order it is for, and what the clerk has to type for it. Pure."""

from collections.abc import Sequence

from mpesa_cli.board.cards import Card, Kind
from mpesa_cli.counter.form import Question
from mpesa_cli.counter.words import Say
from mpesa_cli.floor.moments import clock_time
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.values.amount import format_cents
from mpesa_cli.rules.values.msisdn import mask_msisdn
from mpesa_cli.rules.values.shown_number import TAIL_DIGITS

_OPEN = frozenset({Kind.WAITING, Kind.NOT_PAID, Kind.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Wish:
    """The wish that ``money`` pays ``order_id``, which asks for ``asked_cents`` (None: whatever came).

    ``others`` are orders of the same amount that are open too; ``digits`` is what must be typed, and empty where
    amount and order leave no doubt. ``by_phone``: they are the payer's last three, else the amount.
    """

    money: Payment
    order_id: str
    asked_cents: int | None
    others: tuple[str, ...]
    digits: str
    by_phone: bool


def wish(
    money: Payment, cards: Sequence[Card], chosen: Card | None, asked: tuple[str, int | None], new_order: str
) -> Wish:
    """The claim on ``money``: for the order that is typed, else the chosen card's, else the only one of its amount.

    ``asked`` is the order and the cents in the form, ``new_order`` an id for an order that nobody was asked for.
    """
    typed_order, typed_cents = asked
    fitting = [c for c in cards if c.kind in _OPEN and c.payment.amount_cents == money.amount_cents]
    known = next((c for c in cards if c.payment.order_id == typed_order), None) if typed_order else None
    if not typed_order:
        if chosen is not None and chosen.kind in _OPEN:
            known = chosen
        elif typed_cents is None and len(fitting) == 1:
            known = fitting[0]
    order_id = known.payment.order_id if known else typed_order or new_order
    wanted = known.payment.amount_cents - known.payment.received_cents if known else typed_cents
    others = tuple(c.payment.order_id for c in fitting if c.payment.order_id != order_id)
    doubtful = bool(others) or (wanted is not None and wanted != money.amount_cents)
    tail = _tail(money)
    digits = (tail or str(money.amount_cents // 100)) if doubtful else ""
    return Wish(money, order_id, wanted, others, digits, by_phone=bool(tail))


def claim_question(wanted: Wish, say: Say) -> Question:
    """The question about a claim, with amount, digits, time and order, and why digits have to be typed."""
    money, view = wanted.money, wanted.money.telling.view
    came = format_cents(money.amount_cents)
    lines = [say(
        "q_claim", amount=came, payer=mask_msisdn(money.telling.msisdn), receipt=view.receipt or "",
        time=clock_time(view.paid_us or money.created_us)[:5], order=wanted.order_id,
    )]
    if wanted.asked_cents is not None and wanted.asked_cents != money.amount_cents:
        lines.append(say("q_other_amount", asked=format_cents(wanted.asked_cents), came=came))
    if wanted.others:
        lines.append(say("q_other_order", orders=", ".join(wanted.others[:3])))
    which = say("q_digits_phone" if wanted.by_phone else "q_digits_amount")
    return Question(tuple(lines), wanted.digits, which)


def _tail(money: Payment) -> str:
    """The last three digits that M-PESA shows of the payer; empty where it shows none."""
    tail = mask_msisdn(money.telling.msisdn).rpartition("•")[2]
    return tail if len(tail) == TAIL_DIGITS and tail.isdecimal() else ""
