"""The evidence of one attempt, sorted by what it says, and simple questions about it."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias, assert_never

from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.codes.lookup import Outcome, stk_result
from mpesa_cli.rules.codes.said import stk_outcome

AGREEING_QUERIES_APART_S = 60  # the sandbox's query was seen contradicting a callback (daraja.md 4)


Named: TypeAlias = ev.Accepted | ev.Received | ev.ClaimedPaid | ev.CallbackFailed
"""Evidence that may name a CheckoutRequestID."""


@dataclass(slots=True)
class SortedEvidence:
    """The evidence sorted by what it says. Built once per decision, never kept."""

    sent_us: dict[int, int]
    answers: dict[int, set[type]]
    accepted: list[ev.Accepted]
    refusals: list[ev.Refused | ev.Undelivered | ev.Ambiguous]
    received: list[ev.Received]
    claimed: list[ev.ClaimedPaid]
    callbacks: list[ev.CallbackFailed]
    queries: list[ev.QueryAnswered]
    decisions: list[ev.Decided]
    withdrawn: list[ev.Withdrawn]
    reversals: list[ev.Reversed]
    given_up: list[ev.GivenUp]
    refunds_asked: list[ev.RefundAsked]
    refunds_refused: list[ev.RefundRefused]
    refunds_in_doubt: list[ev.RefundInDoubt]


def sorted_evidence(evidence: Iterable[ev.Evidence]) -> SortedEvidence:  # noqa: PLR0912 - one branch for each kind
    """The evidence sorted. Duplicates count once, and the order in which it came does not matter."""
    known = SortedEvidence({}, {}, *([] for _ in range(13)))
    for each in _sorted(set(evidence)):
        match each:
            case ev.Sending():
                known.sent_us.setdefault(each.post, each.at_us)
                known.answers.setdefault(each.post, set())
            case ev.Accepted():
                known.answers.setdefault(each.post, set()).add(ev.Accepted)
                known.accepted.append(each)
            case ev.Undelivered() | ev.Refused() | ev.Ambiguous():
                known.answers.setdefault(each.post, set()).add(type(each))
                known.refusals.append(each)
            case ev.SenderLost():
                known.answers.setdefault(each.post, set()).add(ev.SenderLost)
            case ev.Withdrawn():
                known.withdrawn.append(each)
            case ev.Received():
                known.received.append(each)
            case ev.ClaimedPaid():
                known.claimed.append(each)
            case ev.CallbackFailed():
                known.callbacks.append(each)
            case ev.QueryAnswered():
                known.queries.append(each)
            case ev.Decided():
                known.decisions.append(each)
            case ev.Reversed():
                known.reversals.append(each)
            case ev.RefundAsked():
                known.refunds_asked.append(each)
            case ev.RefundRefused():
                known.refunds_refused.append(each)
            case ev.RefundInDoubt():
                known.refunds_in_doubt.append(each)
            case ev.GivenUp():
                known.given_up.append(each)
            case _:
                assert_never(each)
    return known


def _sorted(evidence: set[ev.Evidence]) -> list[ev.Evidence]:
    """By time, then by kind, then by all that it says; few are so alike that it takes the last, which costs most."""
    found = {(each.at_us, each.kind): each for each in evidence}
    if len(found) == len(evidence):
        return [found[key] for key in sorted(found)]
    return sorted(evidence, key=lambda each: (each.at_us, each.kind, repr(each)))


def checkout_ids(said: Sequence[Named]) -> set[str]:
    """The CheckoutRequestIDs that were named: more than one can't belong to one prompt."""
    return {e.checkout_request_id for e in said if e.checkout_request_id}


def came_after(decision: ev.Decided, known: SortedEvidence) -> bool:
    """Whether money was reported after a person decided that none came: they could not know of it."""
    times = [r.at_us for r in known.received]
    times += [c.at_us for c in known.claimed]
    times += [q.at_us for q in known.queries if outcome_of(q) is Outcome.PAID]
    return max(times, default=0) > decision.at_us


def first_checkout_id(known: SortedEvidence) -> str | None:
    """The CheckoutRequestID from the answer, else from a callback."""
    said: list[Named] = [*known.accepted, *known.received, *known.claimed, *known.callbacks]
    return next((e.checkout_request_id for e in said if e.checkout_request_id), None)


def back_by_receipt(receipts: Iterable[str], each_cents: int, known: SortedEvidence) -> dict[str, int]:
    """The cents that went back of each of these receipts, which brought ``each_cents``: never more than that.

    A second report of the same reversal adds nothing, and neither does one that does not name it beside one that does.
    """
    found: dict[str, int] = {}
    for receipt in receipts:
        named: dict[str, int] = {}
        for each in known.reversals:
            if each.receipt == receipt:
                named[each.reversal_receipt] = max(named.get(each.reversal_receipt, 0), each.amount_cents)
        unnamed = named.pop("", 0)
        found[receipt] = min(each_cents, max(unnamed, sum(named.values())))
    return found


def outcome_of(said: ev.CallbackFailed | ev.QueryAnswered) -> Outcome:
    """The outcome of a code together with its words."""
    return stk_outcome(said.result_code, said.result_desc)


def says_no(known: SortedEvidence) -> bool:
    """Whether any callback or query ended in a final no, whatever its words."""
    codes = [c.result_code for c in known.callbacks] + [q.result_code for q in known.queries]
    return any(stk_result(code).outcome is Outcome.FAILED for code in codes)


def queries_agree(queries: list[ev.QueryAnswered]) -> bool:
    """Whether two queries gave the same final no, far enough apart to count as one callback."""
    times: dict[str, list[int]] = {}
    for query in queries:
        if outcome_of(query) is Outcome.FAILED:
            times.setdefault(query.result_code, []).append(query.at_us)
    return any(max(t) - min(t) >= AGREEING_QUERIES_APART_S * SECOND_US for t in times.values())
