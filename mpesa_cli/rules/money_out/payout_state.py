"""The standing of a payout: a pure function of the set of its facts, as for payments (state.py).

M-PESA's word that the money is with the phone beats everything else. A refusal proves that one request did nothing.
Without the one or the other a request is open, and in doubt as soon as something says so.
"""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.money_out.payout_evidence import (
    PayoutAsked,
    PayoutFact,
    PayoutInDoubt,
    PayoutPaid,
    PayoutRefused,
    PayoutTaken,
)


class PayoutState(StrEnum):
    """The public names of a payout's states."""

    CREATED = "created"  # the intent is on disk; a POST may have left
    SENT = "sent"  # M-PESA took it, its result is on the way
    UNKNOWN = "unknown"  # it may have been carried out, and nothing has told
    PAID = "paid"
    FAILED = "failed"  # proven: nothing went out
    REVIEW = "review"  # a result that does not fit what was asked, or two that are not about one payout


MISFIT = "misfit"
"""The code of a doubt that came of a word about another amount or receiver."""
TWICE = "paid-twice"
"""The code of a payout that M-PESA told of by two receipts, or that a further try may have paid once more."""


@dataclass(frozen=True, slots=True)
class PayoutView:
    """A payout as its facts tell it, by the request that tells most. ``since_us`` is when the last word on it came.

    ``taken`` counts the earlier tries that M-PESA had and refused: it knows their ids. ``source`` is who told that it
    is paid, or that nothing went out; empty while neither is told.
    """

    request_id: str
    msisdn: str
    amount_cents: int
    asked_us: int
    by: str
    reason: str
    tries: int
    taken: int
    state: PayoutState
    since_us: int
    receipt: str = ""
    paid_us: int | None = None
    source: str = ""
    code: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Payout:
    """Money for a reference: the shop's own name for what it is for, of which there is one in a ledger."""

    payout_id: str
    reference: str
    shortcode: str
    created_us: int
    view: PayoutView

    @property
    def state(self) -> PayoutState:
        """The state, by its facts."""
        return self.view.state


def is_open(payout: Payout) -> bool:
    """Whether its money may still go out, or has without anybody knowing."""
    return payout.state not in {PayoutState.PAID, PayoutState.FAILED}


def payout_view(facts: Sequence[PayoutFact]) -> PayoutView:
    """The standing that a set of facts gives, whatever their order. Raises ValueError where none of them asks."""
    asked: dict[str, PayoutAsked] = {}
    for fact in sorted((f for f in facts if isinstance(f, PayoutAsked)), key=_moment):
        asked.setdefault(fact.request_id, fact)
    if not asked:
        raise ValueError("no fact says that anything was asked")
    each = [_request_view(one, [f for f in facts if f.request_id == one.request_id]) for one in asked.values()]
    taken = sum(view.state is PayoutState.FAILED and view.source != "answer" for view in each)
    open_or_done = [view for view in each if view.state is not PayoutState.FAILED]
    worst = sorted(open_or_done, key=lambda view: (not view.receipt, view.state is not PayoutState.REVIEW))
    told = worst[0] if worst and (worst[0].receipt or worst[0].state is PayoutState.REVIEW) else (worst or each)[-1]
    state, code, words = told.state, told.code, told.words
    if state is PayoutState.PAID and len(open_or_done) > 1:
        state, code = PayoutState.REVIEW, TWICE
        words = "an earlier try was carried out after all, and another may have been too"
    return replace(told, state=state, code=code, words=words, tries=len(asked), taken=taken)


def _request_view(asked: PayoutAsked, facts: Sequence[PayoutFact]) -> PayoutView:
    """The view of one request. What was told first counts, where the same was told twice."""
    paid = sorted((f for f in facts if isinstance(f, PayoutPaid)), key=_moment)
    refused = sorted((f for f in facts if isinstance(f, PayoutRefused)), key=_moment)
    doubts = sorted((f for f in facts if isinstance(f, PayoutInDoubt)), key=_moment)
    taken_us = max((f.at_us for f in facts if isinstance(f, PayoutTaken)), default=None)
    misfit = next((f for f in doubts if f.code == MISFIT), None)
    in_doubt = next((f for f in doubts if taken_us is None or f.at_us >= taken_us), None)
    view = PayoutView(
        asked.request_id, asked.msisdn, asked.amount_cents, asked.at_us, asked.by, asked.reason, 1, 0,
        PayoutState.CREATED, asked.at_us,
    )
    if paid:
        first = paid[0]
        times = (f.paid_us for f in paid if f.paid_us is not None)
        view = replace(view, state=PayoutState.PAID, since_us=first.at_us, receipt=first.receipt,
                     paid_us=next(times, None), source=first.source)
        others = sorted({f.receipt for f in paid} - {first.receipt})
        if others:
            words = f"M-PESA tells of it by two receipts: {first.receipt} and {others[0]}"
            view = replace(view, state=PayoutState.REVIEW, code=TWICE, words=words)
    elif misfit is not None:
        view = replace(view, state=PayoutState.REVIEW, since_us=misfit.at_us, code=MISFIT, words=misfit.description)
    elif refused:
        no = refused[0]
        known_to_m_pesa = next((f.source for f in refused if f.source != "answer"), no.source)
        view = replace(view, state=PayoutState.FAILED, since_us=no.at_us, code=no.code, words=no.description,
                     source=known_to_m_pesa)
    elif in_doubt is not None:
        view = replace(view, state=PayoutState.UNKNOWN, since_us=in_doubt.at_us, code=in_doubt.code,
                     words=in_doubt.description)
    elif taken_us is not None:
        view = replace(view, state=PayoutState.SENT, since_us=taken_us)
    return view


def _moment(fact: PayoutFact) -> tuple[int, str]:
    return fact.at_us, repr(fact)
