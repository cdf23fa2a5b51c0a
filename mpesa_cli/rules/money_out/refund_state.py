"""Refunds of a payment, from the evidence: pure functions of its set, as for payments (state.py).

What says that the money went back beats everything else. A refusal is a proof that one request did nothing; without
the one or the other a request is open, and in doubt as soon as something says so.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules import evidence as ev


class RefundState(StrEnum):
    """The public names of a refund's states."""

    PENDING = "pending"  # M-PESA has it, or may have: its result is on the way
    UNKNOWN = "unknown"  # it may have been carried out, and nothing has told
    REVIEW = "review"  # a result came that does not fit what was asked
    REFUNDED = "refunded"
    REFUSED = "refused"  # proven: this request moved nothing


MISFIT = "misfit"
"""The code of a doubt that came of a result about another amount, receipt or receiver."""


@dataclass(frozen=True, slots=True)
class Refund:
    """One request to give a receipt's money back.

    ``since_us`` is when the last word on it came: the asking, or the first doubt. ``again`` says that a person asked
    once more, after a doubt that nothing had settled.
    """

    request_id: str
    receipt: str
    amount_cents: int
    asked_us: int
    state: RefundState
    since_us: int
    again: bool = False
    code: str = ""
    words: str = ""


def is_open(refund: Refund) -> bool:
    """Whether its money may still go back, or has without anybody knowing."""
    return refund.state in {RefundState.PENDING, RefundState.UNKNOWN, RefundState.REVIEW}


def refunds_of(
    asked: Sequence[ev.RefundAsked], refused: Sequence[ev.RefundRefused], doubts: Sequence[ev.RefundInDoubt],
    back_cents: Mapping[str, int],
) -> tuple[Refund, ...]:
    """The refunds that were asked for, oldest first. ``back_cents`` is what went back of each receipt."""
    newest = {each.receipt: each.request_id for each in asked}
    no, doubt = {each.request_id: each for each in reversed(refused)}, _worst(doubts)
    found = []
    for each in asked:
        state, why = RefundState.PENDING, doubt.get(each.request_id)
        refusal = no.get(each.request_id)
        went = back_cents.get(each.receipt, 0) >= each.amount_cents
        if went and (refusal is None or newest[each.receipt] == each.request_id):
            state, why, refusal = RefundState.REFUNDED, None, None
        elif refusal is not None:
            state = RefundState.REFUSED
        elif why is not None:
            state = RefundState.REVIEW if why.code == MISFIT else RefundState.UNKNOWN
        said = refusal or why
        found.append(Refund(
            each.request_id, each.receipt, each.amount_cents, each.at_us, state,
            max(each.at_us, why.at_us) if why and not refusal else each.at_us, each.again,
            said.code if said else "", said.description if said else "",
        ))
    return tuple(found)


def telling(refunds: Sequence[Refund]) -> Refund | None:
    """The refund that tells where its money stands: the newest that is open, else the newest; None without any."""
    by_time = sorted(refunds, key=lambda each: (each.asked_us, each.request_id))
    return next((each for each in reversed(by_time) if is_open(each)), by_time[-1] if by_time else None)


def _worst(doubts: Sequence[ev.RefundInDoubt]) -> dict[str, ev.RefundInDoubt]:
    """The doubt of each request: the first one, unless a result came that does not fit."""
    found: dict[str, ev.RefundInDoubt] = {}
    for each in doubts:
        known = found.get(each.request_id)
        if known is None or (each.code == MISFIT and known.code != MISFIT):
            found[each.request_id] = each
    return found
