"""The verdict on one delivery, from the receiver's answers and what it says of the order. Pure."""

from collections.abc import Sequence
from typing import Any

from mpesa_cli.floor.records import dataclass
from mpesa_cli.listener.checking.deliveries import NO_ORDER, UNPAID, Delivery, Must, Post, State

NOT_SEEN = "not seen"


@dataclass(frozen=True, slots=True)
class Answer:
    """The receiver's answer to one post. ``status`` 0 where none came; ``words`` says why."""

    status: int
    words: str = ""

    @property
    def is_taken(self) -> bool:
        """Whether a sender counts the event as delivered."""
        return 200 <= self.status < 300

    def __str__(self) -> str:
        """The answer in words."""
        return f"answered {self.status}" if self.status else f"gave no answer ({self.words})"


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome of one delivery. ``why`` is empty where all is well."""

    delivery: Delivery
    order_id: str
    why: str

    @property
    def ok(self) -> bool:
        """Whether the receiver did the right thing."""
        return not self.why

    def document(self) -> dict[str, Any]:
        """The verdict as JSON."""
        return {
            "name": self.delivery.name, "ok": self.ok, "why": self.why or None, "order_id": self.order_id,
            "lost": None if self.ok else self.delivery.lost,
        }


def judge(
    delivery: Delivery, answers: Sequence[tuple[Post, Sequence[Answer]]], seen: State | None, *, tells: bool
) -> str:
    """The reason why this was not right, empty where it was. ``seen`` None: the effect could not be seen.

    ``tells``: whether this receiver ever said where an order stands, so that NO_ORDER is an answer of its own.
    """
    if seen is None or (seen == NO_ORDER and (delivery.is_known or not tells)):
        return NOT_SEEN
    for post, given in answers:
        if wrong := _wrong_answer(post, given):
            return wrong
    if delivery.is_known:
        return "" if seen == delivery.then else _wrong_state(delivery.then, seen)
    taken = next((a for _, given in answers for a in given if a.is_taken), None)
    if seen not in (UNPAID, NO_ORDER):
        return "" if seen == delivery.then else _wrong_state(delivery.then, seen)
    return f"{taken}, and did not mark the order paid: the event never comes again" if taken else ""


def _wrong_answer(post: Post, given: Sequence[Answer]) -> str:
    """Of two posts at once one may be turned away: it is sent again."""
    taken = any(each.is_taken for each in given)
    match post.must:
        case Must.TAKEN if not taken:
            return f"{given[0]} to {post.event}: it would be sent again for three days"
        case Must.REFUSED if taken:
            how = {"by another": "signed with another secret", "other body": "changed after it was signed",
                   "not": "without a signature", "well": "signed long ago"}[post.signed]
            return f"{next(a for a in given if a.is_taken)} to an event {how}"
        case Must.EITHER | Must.REFUSED if not any(each.status for each in given):
            return str(given[0])
    return ""


def _wrong_state(wanted: State, seen: State) -> str:
    if seen.status == wanted.status:
        return f"marked paid {times(seen.times_paid)}, {times(wanted.times_paid)} is right"
    more = f" (marked paid {times(seen.times_paid)})" if seen.times_paid > 1 else ""
    return f"the order is {seen.status}{more}, {wanted.status} is right"


def times(count: int) -> str:
    """A number of times in words."""
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")
