"""Sample cards of each kind, made as the ledger makes them: for the tests, and for the pictures in docs/."""

from mpesa_cli.board.cards import Card, Kind, card
from mpesa_cli.rules.evidence import Accepted, CallbackFailed, Evidence, Received, Sending
from mpesa_cli.rules.payment import Attempt, AttemptRef, Payment
from mpesa_cli.rules.state import Terms, attempt_view

S = 1_000_000
PHONE = "254708374149"


def ends(cents: int, phone: str, begun_us: int) -> dict[Kind, tuple[Evidence, ...]]:
    """The evidence of an attempt that ends in each kind of card."""
    sent: tuple[Evidence, ...] = (
        Sending(begun_us, 1), Accepted(begun_us + 1 * S, 1, "M1", "ws_CO_A"),
    )
    at = begun_us + 8 * S
    return {
        Kind.WAITING: sent,
        Kind.PAID: (*sent, Received(at, "callback", "UKO4Q7WX2B", cents, msisdn=phone)),
        Kind.NOT_PAID: (*sent, CallbackFailed(at, "1032", "cancelled")),
        Kind.UNKNOWN: (*sent, CallbackFailed(at, "7777", "nobody knows")),
        Kind.LOOK: (*sent, Received(at, "callback", "UKO4Q7WX2B", 100, msisdn=phone)),
    }


def a_card(
    number: int, kind: Kind, *, cents: int = 150_000, phone: str = PHONE, begun_us: int = 1 * S, now_us: int = 40 * S,
    order: str = "",
) -> Card:
    """A card of this kind."""
    view = attempt_view(Terms(cents, phone), ends(cents, phone, begun_us)[kind])
    attempt = Attempt(AttemptRef(f"PAY-{number}", 1), phone, cents, begun_us, withdrawn=False, view=view)
    payment = Payment(
        f"PAY-{number}", order or f"order-{number}", "simulator", "shop", "174379", cents, phone, "", "", begun_us,
        (attempt,),
    )
    made = card(payment, now_us)
    assert made.kind is kind
    return made


def by_hand(number: int, cents: int, receipt: str, at_us: int) -> Payment:
    """Money by hand that pays no order yet, its payer as M-PESA shows it."""
    payer = "2547 ***** 149"
    came = Received(at_us, "c2b", receipt, cents, transacted_us=at_us, msisdn=payer)
    view = attempt_view(Terms(cents, payer, prompted=False), [came])
    attempt = Attempt(AttemptRef(f"HAND-{number}", 1), payer, cents, at_us, withdrawn=False, view=view, channel="c2b")
    return Payment(
        f"HAND-{number}", f"C2B-{receipt}", "simulator", "shop", "174379", cents, payer, "", "", at_us, (attempt,)
    )
