"""The order of facts around a person's decision, also where the clock was set back. Pure.

A person decides on all that is stored by then: a later fact is never older than a decision, and a decision never
older than the facts it was made on.
"""

from collections.abc import Sequence
from dataclasses import replace

from mpesa_cli.rules import evidence as ev


def in_order(evidence: ev.Evidence, known: Sequence[ev.Evidence]) -> ev.Evidence:
    """The fact that is about to be appended behind ``known``, with a time that keeps the order around decisions."""
    if isinstance(evidence, ev.Decided):
        before_us = max((each.at_us for each in known), default=0)
    elif isinstance(evidence, ev.Received | ev.ClaimedPaid | ev.QueryAnswered):
        before_us = max((each.at_us for each in known if isinstance(each, ev.Decided)), default=0)
    else:
        return evidence
    return evidence if evidence.at_us > before_us else replace(evidence, at_us=before_us + 1)
