"""Where an attempt and its payment stand: pure functions of the evidence.

The evidence is a set: order, duplicates and replays can't matter. The laws (ARCHITECTURE.md):

* no failing evidence ever takes a success away; it sets ``conflict``;
* money that went back is counted beside the success, which stays;
* nothing is paid without matching amount and identity: what does not match is ``review``;
* a success for something that was never sent, or was refused, is ``review``;
* a person's decision is about what was known then: money that is reported later is never hidden by it;
* ``unknown`` is a state, not an error: it may have gone through, and nobody sends again on it;
* time alone changes nothing but the ``overdue`` flag.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from mpesa_cli.domain import evidence as ev
from mpesa_cli.domain.known import (
    AGREEING_QUERIES_APART_S,
    Known,
    came_after,
    checkout_ids,
    first_checkout_id,
    known_from,
    queries_agree,
    says_no,
    went_back_cents,
)
from mpesa_cli.domain.moments import SECOND_US
from mpesa_cli.domain.result_codes import Outcome, stk_result
from mpesa_cli.domain.shown_number import fits
from mpesa_cli.domain.standing import AttemptState, AttemptView, Flag, PaymentStatus, Terms, is_final, is_open

__all__ = [  # the names of states come from here too: most readers need both
    "AGREEING_QUERIES_APART_S",
    "OVERDUE_AFTER_S",
    "AttemptState",
    "AttemptView",
    "Flag",
    "PaymentStatus",
    "Terms",
    "attempt_view",
    "is_final",
    "is_open",
    "payment_status",
    "with_clock",
]

OVERDUE_AFTER_S = 120  # a prompt lives about 60 to 90 s (daraja.md 2.4, docs/assumptions.md A6)


def attempt_view(terms: Terms, evidence: Iterable[ev.Evidence]) -> AttemptView:
    """Decide where an attempt stands. Total: every set of evidence has exactly one answer."""
    known = known_from(evidence)
    view = _decided(terms, known)
    if not known.reversals or view.state is not AttemptState.PAID:
        return view
    return replace(view, reversed_cents=min(view.paid_cents, went_back_cents(view.receipts, known)))


def _decided(terms: Terms, known: Known) -> AttemptView:
    sent = _send_state(known)
    base = AttemptView(
        state=sent,
        checkout_request_id=first_checkout_id(known),
        merchant_request_id=next((a.merchant_request_id for a in known.accepted), None),
        # The last POST is the one that may have rung: those before it are proven undelivered (law 2).
        requested_us=max(known.sent_us.values(), default=None),
    )
    decision = max(known.decisions, key=lambda d: (d.at_us, d.verdict), default=None)
    never_sent = terms.prompted and sent in {AttemptState.CREATED, AttemptState.NOT_SENT, AttemptState.REJECTED}
    mistaken = len(checkout_ids([*known.accepted, *known.received])) > 1
    # Another prompt's failure can't take this one's success away; without a success it is a riddle all the same.
    contradicted = len(checkout_ids([*known.accepted, *known.received, *known.callbacks])) > 1
    clean = [r for r in known.received if _matches(terms, r)]
    if decision is not None and decision.verdict == "paid":
        return _paid_by_decision(terms, base, decision, clean, known)
    if clean and not never_sent and not mistaken:
        return _paid(terms, base, clean, known, contradicted=contradicted or decision is not None)
    if decision is not None and not came_after(decision, known):
        return replace(base, state=AttemptState.FAILED, source="person", settled_us=decision.at_us,
                       result_desc=decision.reason)  # fmt: skip
    success = next((q for q in known.queries if stk_result(q.result_code).outcome is Outcome.PAID), None)
    if known.received or mistaken or decision is not None or (contradicted and success is None):
        return _review(base, known)
    if success is not None:
        return _review(base, known) if never_sent else _paid_by_query(terms, base, success, known, contradicted)
    return _said_no(base, known) if never_sent else _without_receipt(base, known)


def with_clock(view: AttemptView, now_us: int) -> AttemptView:
    """Add ``overdue`` where a pending prompt has outlived its time. Never changes the state."""
    if view.state is not AttemptState.PENDING or view.requested_us is None:
        return view
    if now_us - view.requested_us <= OVERDUE_AFTER_S * SECOND_US:
        return view
    return replace(view, flags=view.flags | {Flag.OVERDUE})


def payment_status(attempts: Sequence[AttemptView], amount_cents: int) -> PaymentStatus:
    """Where a payment of ``amount_cents`` stands, from its attempts.

    The money that came and did not go back decides first: more than was asked (two prompts paid, or too
    much by hand) is ``overpaid``, less is ``partial``, and nothing, where something had come, ``refunded``.
    """
    paid = [a for a in attempts if a.state is AttemptState.PAID]
    reversed_cents = sum(a.reversed_cents for a in paid)
    received_cents = sum(a.paid_cents for a in paid) - reversed_cents
    if received_cents > amount_cents:
        return PaymentStatus.OVERPAID
    if received_cents == amount_cents:
        return PaymentStatus.PAID
    states = {a.state for a in attempts}
    if AttemptState.REVIEW in states:
        return PaymentStatus.REVIEW
    if AttemptState.UNKNOWN in states:
        return PaymentStatus.UNKNOWN
    if states & {AttemptState.CREATED, AttemptState.SENDING, AttemptState.PENDING} or not states:
        return PaymentStatus.PENDING
    if received_cents:
        return PaymentStatus.PARTIAL
    return PaymentStatus.REFUNDED if reversed_cents else PaymentStatus.FAILED


def _send_state(known: Known) -> AttemptState:
    """What the POSTs alone say. Contradicting answers to one POST are read in the careful way."""
    if not known.answers:
        return AttemptState.NOT_SENT if known.withdrawn else AttemptState.CREATED
    verdicts = {_post_state(answers) for answers in known.answers.values()}
    for state in (AttemptState.PENDING, AttemptState.UNKNOWN, AttemptState.SENDING, AttemptState.REJECTED):
        if state in verdicts:
            return state
    return AttemptState.NOT_SENT


def _post_state(answers: set[type]) -> AttemptState:
    if ev.Accepted in answers:
        return AttemptState.PENDING
    if ev.Ambiguous in answers:
        return AttemptState.UNKNOWN
    if ev.Refused in answers:
        return AttemptState.REJECTED
    if ev.Undelivered in answers:
        return AttemptState.NOT_SENT
    return AttemptState.UNKNOWN if ev.SenderLost in answers else AttemptState.SENDING


def _matches(terms: Terms, received: ev.Received) -> bool:
    if received.claimed_elsewhere or received.amount_cents != terms.amount_cents:
        return False
    if not terms.msisdn or fits(terms.msisdn, received.msisdn):
        return True
    # By hand, the number is what the first to tell showed of it: a statement a part, C2B perhaps the whole.
    return not terms.prompted and fits(received.msisdn or "", terms.msisdn)


def _paid(
    terms: Terms, base: AttemptView, clean: list[ev.Received], known: Known, *, contradicted: bool
) -> AttemptView:
    first = clean[0]
    receipts = frozenset(r.receipt for r in clean)
    flags = set()
    if contradicted or says_no(known) or len(receipts) > 1 or len(clean) < len(known.received):
        flags.add(Flag.CONFLICT)
    # A statement is read long afterwards, and tells when the money came.
    by_record = first.source in {"statement", "pull"}
    heard_us = (first.transacted_us if by_record else None) or first.at_us
    if base.requested_us is not None and heard_us - base.requested_us > OVERDUE_AFTER_S * SECOND_US:
        flags.add(Flag.LATE)
    return replace(
        base,
        state=AttemptState.PAID,
        flags=frozenset(flags),
        receipt=first.receipt,
        receipts=receipts,
        result_code="0",
        source=first.source,
        settled_us=first.at_us,
        paid_us=first.transacted_us or first.at_us,
        paid_cents=terms.amount_cents * len(receipts),
        merchant_request_id=base.merchant_request_id or first.merchant_request_id or None,
    )


def _paid_by_decision(
    terms: Terms, base: AttemptView, decision: ev.Decided, clean: list[ev.Received], known: Known
) -> AttemptView:
    """A person said paid. Receipts that came by themselves stay: two of them are two payments."""
    free = [*clean, *(r for r in known.received if not r.claimed_elsewhere)]
    receipt = decision.receipt or next((r.receipt for r in free), "")
    receipts = frozenset({receipt, *(r.receipt for r in clean)} - {""})
    return replace(
        base,
        state=AttemptState.PAID,
        receipt=receipt or None,
        receipts=receipts,
        flags=frozenset() if receipt else frozenset({Flag.UNCONFIRMED}),
        source="person",
        settled_us=decision.at_us,
        paid_us=next((r.transacted_us for r in known.received if r.transacted_us), decision.at_us),
        paid_cents=terms.amount_cents * max(1, len(receipts)),
        result_desc=decision.reason,
    )


def _review(base: AttemptView, known: Known) -> AttemptView:
    if known.received:
        first = known.received[0]
        return replace(
            base, state=AttemptState.REVIEW, receipt=first.receipt, source=first.source, settled_us=first.at_us
        )
    source: ev.Source = "callback" if known.callbacks else "query"
    times = [c.at_us for c in known.callbacks] or [q.at_us for q in known.queries]
    return replace(base, state=AttemptState.REVIEW, source=source, settled_us=min(times, default=None))


def _paid_by_query(
    terms: Terms, base: AttemptView, success: ev.QueryAnswered, known: Known, contradicted: bool
) -> AttemptView:
    """A query says paid. It never carries a receipt, so the success is unconfirmed."""
    flags = {Flag.UNCONFIRMED}
    if contradicted or says_no(known):
        flags.add(Flag.CONFLICT)
    if base.requested_us is not None and success.at_us - base.requested_us > OVERDUE_AFTER_S * SECOND_US:
        flags.add(Flag.LATE)
    return replace(
        base,
        state=AttemptState.PAID,
        flags=frozenset(flags),
        result_code="0",
        result_desc=success.result_desc,
        source="query",
        settled_us=success.at_us,
        paid_us=success.at_us,
        paid_cents=terms.amount_cents,
    )


def _without_receipt(base: AttemptView, known: Known) -> AttemptView:
    """It was sent, and nothing says that money came."""
    queried = {stk_result(q.result_code).outcome: q for q in reversed(known.queries)}
    called = {stk_result(c.result_code).outcome: c for c in reversed(known.callbacks)}
    if Outcome.FAILED in called:
        return _failed(base, called[Outcome.FAILED], "callback", confirmed=True)
    if Outcome.FAILED in queried:
        return _failed(base, queried[Outcome.FAILED], "query", confirmed=queries_agree(known.queries))
    if Outcome.UNSURE in called or Outcome.UNSURE in queried:
        return _unsure(base, called.get(Outcome.UNSURE), queried.get(Outcome.UNSURE))
    if base.state is AttemptState.PENDING and known.given_up:
        return replace(base, state=AttemptState.UNKNOWN)
    return _said_no(base, known) if base.state is AttemptState.UNKNOWN else base


def _failed(
    base: AttemptView, said: ev.CallbackFailed | ev.QueryAnswered, source: ev.Source, *, confirmed: bool
) -> AttemptView:
    return replace(
        base,
        state=AttemptState.FAILED,
        flags=frozenset() if confirmed else frozenset({Flag.UNCONFIRMED}),
        result_code=said.result_code,
        result_desc=said.result_desc,
        source=source,
        settled_us=said.at_us,
    )


def _unsure(
    base: AttemptView, called: ev.CallbackFailed | None, queried: ev.QueryAnswered | None
) -> AttemptView:
    """A code that proves nothing by itself. Callback and query agreeing on a *listed* one is a no."""
    if called and queried and called.result_code == queried.result_code and stk_result(called.result_code).listed:
        return _failed(base, called, "callback", confirmed=True)
    said = called or queried
    assert said is not None  # noqa: S101 - the caller saw one of them
    return replace(
        base,
        state=AttemptState.UNKNOWN,
        result_code=said.result_code,
        result_desc=said.result_desc,
        source="callback" if called else "query",
        settled_us=said.at_us,
    )


def _said_no(base: AttemptView, known: Known) -> AttemptView:
    """Keep the synchronous error code and text beside created, not_sent, rejected or unknown."""
    last = known.refusals[-1] if known.refusals else None
    if last is None:
        settled = known.withdrawn[-1].at_us if known.withdrawn else None
        return replace(base, settled_us=settled)
    return replace(
        base, result_code=last.error_code, result_desc=last.description, source="answer", settled_us=last.at_us
    )
