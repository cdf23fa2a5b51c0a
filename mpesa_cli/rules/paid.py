"""The view of a paid attempt, by what proves it: a receipt, a person's word, a query's. Pure; state.py chooses."""

from dataclasses import replace

from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.believed import is_believed
from mpesa_cli.rules.sorted_evidence import SortedEvidence, says_no
from mpesa_cli.rules.state_values import OVERDUE_AFTER_S, AttemptState, AttemptView, Flag, Terms

_RECORDS = frozenset({"statement", "pull", "status"})  # read long afterwards; M-PESA's own, and believed as they are


def paid_by_receipts(
    terms: Terms, base: AttemptView, clean: list[ev.Received], known: SortedEvidence, *, contradicted: bool
) -> AttemptView:
    """The view where receipts match what was asked: each of them is money."""
    first = clean[0]
    receipts = frozenset(r.receipt for r in clean)
    paid_us, odd_time = _when(first, [r for r in clean if r.receipt == first.receipt], known)
    flags = {Flag.ODD_TIME} if odd_time else set()
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
        paid_us=paid_us,
        paid_cents=terms.amount_cents * len(receipts),
        merchant_request_id=base.merchant_request_id or first.merchant_request_id or None,
    )


def paid_by_decision(
    terms: Terms, base: AttemptView, decision: ev.Decided, clean: list[ev.Received], known: SortedEvidence
) -> AttemptView:
    """The view where a person said paid. Receipts that came by themselves stay: two of them are two payments."""
    free = [*clean, *(r for r in known.received if not r.claimed_elsewhere)]
    receipt = decision.receipt or next((r.receipt for r in free), "")
    receipts = frozenset({receipt, *(r.receipt for r in clean)} - {""})
    told = next((r for r in known.received if r.transacted_us), None)
    paid_us, odd_time = _when(told, [told], known) if told else (decision.at_us, False)
    flags = {Flag.ODD_TIME} if odd_time else set()
    return replace(
        base,
        state=AttemptState.PAID,
        receipt=receipt or None,
        receipts=receipts,
        flags=frozenset(flags if receipt else {*flags, Flag.UNCONFIRMED}),
        source="person",
        settled_us=decision.at_us,
        paid_us=paid_us,
        paid_cents=terms.amount_cents * max(1, len(receipts)),
        result_desc=decision.reason,
    )


def paid_by_query(
    terms: Terms, base: AttemptView, success: ev.QueryAnswered, known: SortedEvidence, *, contradicted: bool
) -> AttemptView:
    """The view where a query says paid. It never carries a receipt, so the success is unconfirmed."""
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


def _when(first: ev.Received, told: list[ev.Received], known: SortedEvidence) -> tuple[int, bool]:
    """The time the money came; and whether a time was told that is not believed: then it is the time of the report."""
    sent_us = min(known.sent_us.values(), default=None)
    times = [(r, r.transacted_us) for r in told if r.transacted_us is not None]
    believed = (at for r, at in times if r.source in _RECORDS or is_believed(at, r.at_us, sent_us))
    paid_us = next(believed, None)
    return (first.at_us, bool(times)) if paid_us is None else (paid_us, False)
