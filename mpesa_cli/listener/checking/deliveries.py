"""The deliveries that a receiver is checked with, as data: what is posted, and where the order must stand then. Pure.

Orders are called ``CHECK-…`` and events are the simulator's, so that nothing real can be marked.
"""

import json
from enum import Enum
from typing import Any, Literal, NamedTuple

from mpesa_cli.floor.moments import SECOND_US, rfc3339
from mpesa_cli.floor.records import dataclass

AMOUNT = 150
"""What every order of a check costs, in shillings."""
OLD_S = 3_600
UNHEARD_OF = "order.unheard_of"
ODD_WORDS = "The customer\u2019s phone/line was busy"
"""Few write these words as JSON as we do: who checks a signature over what was parsed gets other bytes."""
LATE_S = 2 * 86_400

Status = Literal["unpaid", "paid", "refunded"]
"""Where an order stands, as a receiver may say it."""


class State(NamedTuple):
    """The receiver's word on where an order stands."""

    status: Status | Literal["unknown"]
    times_paid: int


UNPAID, PAID, REFUNDED = State("unpaid", 0), State("paid", 1), State("refunded", 1)
NO_ORDER = State("unknown", 0)
"""What a receiver says of an order that it does not have."""


class Must(Enum):
    """The answer that a post has to get."""

    TAKEN = "2xx"
    REFUSED = "4xx"
    EITHER = "either"


class Manner(Enum):
    """The way in which a post is made."""

    PLAIN = "plain"
    SLOW = "slow"
    TWO_AT_ONCE = "two at once"


@dataclass(frozen=True, slots=True)
class Post:
    """One event. ``number`` tells the events of an order apart: the same number has the same id and body.

    ``signed``: with the secret, with another one, over another body, or not at all. ``signed_ago_s`` and ``ago_s`` are
    the seconds by which the signature, and what the event tells, are old.
    """

    event: str = "order.paid"
    number: int = 1
    amount: int = AMOUNT
    must: Must = Must.TAKEN
    manner: Manner = Manner.PLAIN
    signed: Literal["well", "by another", "other body", "not"] = "well"
    signed_ago_s: int = 0
    ago_s: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery: its posts, the order's state afterwards, and what a shop loses whose receiver gets it wrong.

    ``is_known``: whether the receiver has such an order before the first post.
    """

    name: str
    posts: tuple[Post, ...]
    then: State
    lost: str
    is_known: bool = True


_REFUSED = Must.REFUSED

DELIVERIES: tuple[Delivery, ...] = (
    Delivery("right", (Post(),), PAID, "every sale: paid, and the order stays on hold"),
    Delivery("twice", (Post(), Post()), PAID, "goods: an event that is repeated sends them out again"),
    Delivery("late", (Post(ago_s=LATE_S),), PAID, "the sales of an outage: their events come when it is over"),
    Delivery(
        "out-of-order",
        (Post(), Post("order.failed", 2, ago_s=60), Post("order.unknown", 3, ago_s=30)), PAID,
        "paid sales: an older prompt's failure that comes later takes the order back",
    ),
    Delivery(
        "bad-signature",
        tuple(Post(must=_REFUSED, signed=how) for how in ("by another", "other body", "not")), UNPAID,
        "goods: anybody who knows the address marks orders paid; or every sale, where the secrets differ unnoticed",
    ),
    Delivery(
        "old-timestamp", (Post(must=_REFUSED, signed_ago_s=OLD_S),), UNPAID,
        "goods: whoever once saw an event can play it again",
    ),
    Delivery(
        "unknown-type", (Post(UNHEARD_OF),), UNPAID,
        "goods, where anything counts as paid; or later events, where a new one, or its words, is refused for days",
    ),
    Delivery(
        "unknown-order", (Post(must=Must.EITHER),), PAID,
        "the sale: taken before the order was there, and never sent again", is_known=False,
    ),
    Delivery("two-at-once", (Post(manner=Manner.TWO_AT_ONCE),), PAID, "goods: they go out once for each of the two"),
    Delivery("slow-client", (Post(manner=Manner.SLOW),), PAID, "sales over a slow line"),
    Delivery(
        "other-amount", (Post(amount=AMOUNT - 50, must=Must.EITHER),), UNPAID,
        f"the difference: an order of KES {AMOUNT} went out for KES {AMOUNT - 50}",
    ),
    Delivery(
        "refund", (Post(), Post("order.refunded", 2), Post()), REFUNDED,
        "the money, and the goods that still go out, at the latest when the payment's event is repeated",
    ),
    Delivery(
        "paid-after-unpaid",
        (
            Post("order.unknown", 2, ago_s=90), Post("order.failed", 3, ago_s=60), Post("order.unpaid", 4, ago_s=30),
            Post(),
        ),
        PAID, "late sales: a customer whose payment was told after a prompt had failed, or the order was let go",
    ),
)


def body_of(post: Post, order_id: str, at_us: int) -> bytes:
    """The event as it is posted: a recorded one, about this order."""
    told_us = at_us - post.ago_s * SECOND_US
    document = _recorded(post.event)
    data = document["data"]
    document["type"], document["timestamp"] = post.event, rfc3339(told_us)
    data |= {
        "order_id": order_id, "account_reference": order_id, "payment_id": f"PAY-{order_id}", "profile": "check",
        "amount": post.amount, "created_at": rfc3339(told_us - 20 * SECOND_US),
    }
    for field in ("received", "reversed"):
        data[field] = post.amount if data[field] else 0
    if data["receipt"] is not None:
        data["receipt"], data["paid_at"] = receipt_of(order_id), rfc3339(told_us)
    if post.ago_s >= LATE_S:
        data["late"] = True
    if post.event == UNHEARD_OF:
        data["result_desc"] = ODD_WORDS
    return json.dumps(document, separators=(",", ":")).encode()


def receipt_of(order_id: str) -> str:
    """A receipt number of the order's own: a receiver may hold that none pays twice."""
    from hashlib import sha256

    return "CHK" + sha256(order_id.encode()).hexdigest()[:7].upper()


def event_id(order_id: str, number: int) -> str:
    """The id of an order's event."""
    return f"evt_{order_id}-{number}"


def _recorded(event: str) -> dict[str, Any]:
    from mpesa_cli.listener.trigger.events import find_event

    return find_event("order.failed" if event == UNHEARD_OF else event).document()
