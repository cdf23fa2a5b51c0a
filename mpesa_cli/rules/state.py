"""States of an attempt and its payment: pure functions of the evidence.

The evidence is a set: order, duplicates and replays can't matter. The laws (ARCHITECTURE.md):

* no failing evidence ever takes a success away; it sets ``conflict``;
* money that went back is counted beside the success, which stays: of one receipt once, whoever tells it;
* nothing is paid without matching amount and identity: what does not match is ``review``;
* a success for something that was never sent, or was refused, is ``review``;
* a person's decision is about what was known then: money that is reported later is never hidden by it;
* a success that gives no receipt proves nothing by itself, and a code is not believed against its own words;
* ``unknown`` is a state, not an error: it may have gone through, and nobody sends again on it;
* time alone changes nothing but the ``overdue`` flag.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.codes.lookup import Outcome, stk_result
from mpesa_cli.rules.codes.said import contradicted
from mpesa_cli.rules.money_out.refund_state import RefundState, refunds_of
from mpesa_cli.rules.money_out.refund_state import is_open as is_open_refund
from mpesa_cli.rules.paid import paid_by_decision, paid_by_query, paid_by_receipts
from mpesa_cli.rules.sorted_evidence import (
    AGREEING_QUERIES_APART_S,
    SortedEvidence,
    back_by_receipt,
    came_after,
    checkout_ids,
    first_checkout_id,
    outcome_of,
    queries_agree,
    says_no,
    sorted_evidence,
)
from mpesa_cli.rules.state_values import (
    MAY_BE_OUT,
    OVERDUE_AFTER_S,
    WAS_PAID,
    AttemptState,
    AttemptView,
    Flag,
    PaymentStatus,
    Terms,
    is_open,
)
from mpesa_cli.rules.values.shown_number import fits

__all__ = [  # the names of states come from here too: most modules need both
    "AGREEING_QUERIES_APART_S",
    "MAY_BE_OUT",
    "OVERDUE_AFTER_S",
    "WAS_PAID",
    "AttemptState",
    "AttemptView",
    "Flag",
    "PaymentStatus",
    "Terms",
    "attempt_view",
    "is_open",
    "payment_status",
    "with_clock",
]


def attempt_view(terms: Terms, evidence: Iterable[ev.Evidence]) -> AttemptView:
    """The state of an attempt. Total: every set of evidence has exactly one answer."""
    known = sorted_evidence(evidence)
    view = _decided(terms, known)
    if not known.reversals and not known.refunds_asked:
        return view
    # Each receipt of an attempt brought what was asked (rules/paid.py).
    paid_for = view.receipts if view.state is AttemptState.PAID else frozenset()
    back = back_by_receipt(paid_for, terms.amount_cents, known)
    view = replace(view, reversed_cents=min(view.paid_cents, sum(back.values())))
    return _with_refunds(view, back, known) if known.refunds_asked else view


def _with_refunds(view: AttemptView, back: Mapping[str, int], known: SortedEvidence) -> AttemptView:
    refunds = refunds_of(known.refunds_asked, known.refunds_refused, known.refunds_in_doubt, back)
    states = {each.state for each in refunds if is_open_refund(each)}
    flags = {Flag.REFUNDING} if RefundState.PENDING in states else set()
    if states - {RefundState.PENDING}:
        flags.add(Flag.REFUND_UNKNOWN)
    return replace(view, refunds=refunds, flags=view.flags | flags)


def _decided(terms: Terms, known: SortedEvidence) -> AttemptView:
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
    # Another prompt's failure can't take this one's success away; without a success the two ids stay unexplained.
    confused = len(checkout_ids([*known.accepted, *known.received, *known.claimed, *known.callbacks])) > 1
    clean = [r for r in known.received if _matches(terms, r)]
    misfits = any(_misfits(terms, c) for c in known.claimed)
    if decision is not None and decision.verdict == "paid":
        return paid_by_decision(terms, base, decision, clean, known)
    if clean and not never_sent and not mistaken:
        confused = confused or misfits or decision is not None
        return paid_by_receipts(terms, base, clean, known, contradicted=confused)
    if decision is not None and not came_after(decision, known):
        return replace(base, state=AttemptState.FAILED, source="person", settled_us=decision.at_us,
                       result_desc=decision.reason)
    success = next((q for q in known.queries if outcome_of(q) is Outcome.PAID), None)
    if known.received or misfits or mistaken or decision is not None or (confused and success is None):
        return _review(base, known)
    if success is not None:
        if never_sent:
            return _review(base, known)
        return paid_by_query(terms, base, success, known, contradicted=confused)
    if known.claimed:
        return _review(base, known) if never_sent or says_no(known) else _claimed(base, known.claimed[0])
    return _said_no(base, known) if never_sent else _without_receipt(base, known)


def with_clock(view: AttemptView, now_us: int) -> AttemptView:
    """Add ``overdue`` where a pending prompt has outlived its time. Never changes the state."""
    if view.state is not AttemptState.PENDING or view.requested_us is None:
        return view
    if now_us - view.requested_us <= OVERDUE_AFTER_S * SECOND_US:
        return view
    return replace(view, flags=view.flags | {Flag.OVERDUE})


def payment_status(attempts: Sequence[AttemptView], amount_cents: int) -> PaymentStatus:
    """The status of a payment of ``amount_cents``, from its attempts.

    The money that came and did not go back decides first: more than was asked (two prompts paid, or too
    much by hand) is ``overpaid``, less is ``partial``, and nothing, where something had come, ``refunded``.
    """
    received_cents = reversed_cents = 0
    for each in attempts:
        if each.state is AttemptState.PAID:
            received_cents += each.paid_cents - each.reversed_cents
            reversed_cents += each.reversed_cents
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


def _send_state(known: SortedEvidence) -> AttemptState:
    """The state that the POSTs alone show. Contradicting answers to one POST are read in the careful way."""
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
    # By hand, the number is as the first report showed it: a statement a part of it, C2B perhaps all of it.
    return not terms.prompted and fits(received.msisdn or "", terms.msisdn)


def _misfits(terms: Terms, claimed: ev.ClaimedPaid) -> bool:
    """Whether a success without a receipt shows an amount or digits that are not what was asked."""
    other_amount = claimed.amount_cents is not None and claimed.amount_cents != terms.amount_cents
    return other_amount or bool(terms.msisdn and not fits(terms.msisdn, claimed.msisdn))


def _claimed(base: AttemptView, claimed: ev.ClaimedPaid) -> AttemptView:
    """The view where a callback says paid and gives no receipt: it may have been, and a query tells."""
    return replace(
        base,
        state=AttemptState.UNKNOWN,
        result_code="0",
        result_desc=claimed.result_desc,
        source="callback",
        settled_us=claimed.at_us,
    )


def _review(base: AttemptView, known: SortedEvidence) -> AttemptView:
    if known.received:
        first = known.received[0]
        return replace(
            base, state=AttemptState.REVIEW, receipt=first.receipt, source=first.source, settled_us=first.at_us
        )
    called = [c.at_us for c in known.claimed] + [c.at_us for c in known.callbacks]
    source: ev.Source = "callback" if called else "query"
    times = called or [q.at_us for q in known.queries]
    return replace(base, state=AttemptState.REVIEW, source=source, settled_us=min(times, default=None))


def _without_receipt(base: AttemptView, known: SortedEvidence) -> AttemptView:
    """The view where it was sent and nothing says that money came."""
    queried = {outcome_of(q): q for q in reversed(known.queries)}
    called = {outcome_of(c): c for c in reversed(known.callbacks)}
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
    """The view for a code that proves nothing by itself. Callback and query agreeing on a *listed* one is a no, unless
    their words say something else.
    """
    if called and queried and called.result_code == queried.result_code and _is_listed_no(called, queried):
        return _failed(base, called, "callback", confirmed=True)
    said = called or queried
    assert said is not None  # the caller saw one of them
    return replace(
        base,
        state=AttemptState.UNKNOWN,
        result_code=said.result_code,
        result_desc=said.result_desc,
        source="callback" if called else "query",
        settled_us=said.at_us,
    )


def _is_listed_no(*said: ev.CallbackFailed | ev.QueryAnswered) -> bool:
    return all(stk_result(s.result_code).listed and not contradicted(s.result_code, s.result_desc) for s in said)


def _said_no(base: AttemptView, known: SortedEvidence) -> AttemptView:
    """Keep the synchronous error code and text beside created, not_sent, rejected or unknown."""
    last = known.refusals[-1] if known.refusals else None
    if last is None:
        settled = known.withdrawn[-1].at_us if known.withdrawn else None
        return replace(base, settled_us=settled)
    return replace(
        base, result_code=last.error_code, result_desc=last.description, source="answer", settled_us=last.at_us
    )
