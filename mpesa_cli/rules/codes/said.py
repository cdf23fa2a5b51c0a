"""The words beside a result code: where they are those of another code, the code alone proves nothing. Pure.

The phrases are those of Safaricom's pages and of messages that were seen. Words that are in no row change nothing.
"""

from mpesa_cli.rules.codes.lookup import stk_result
from mpesa_cli.rules.codes.rows import Outcome

_STILL_PROCESSED = "4999"
_PHRASES: tuple[tuple[str, frozenset[str]], ...] = tuple((phrase, frozenset(codes.split())) for phrase, codes in (
    ("processed successfully", "0"), ("balance is insufficient", "1"), ("insufficient funds", "1"),
    ("less than the minimum", "2"), ("greater than the maximum", "3"), ("daily transfer limit", "4"),
    ("exceed the maximum balance", "8"), ("rule limited", "17"), ("traffic blocking", "26"), ("system busy", "26"),
    ("unable to lock subscriber", "1001"), ("already in process", "1001"), ("has expired", "1019"),
    ("sending a push request", "1025 9999"), ("sending push request", "1025 9999"), ("cancelled by", "1032"),
    ("canceled by", "1032"), ("cannot be reached", "1037"), ("no response from user", "1037"),
    ("timed out", "1019 1036 1037"), ("timeout", "1019 1036 1037"), ("invalid input parameter", "1101"),
    ("initiator information is invalid", "2001"), ("declined due to account rule", "2006"),
    ("product assignment", "2028"), ("security credential is locked", "8006"),
    ("operator does not exist", "SFC_IC0003"), ("receiver party is invalid", "SFC_IC0003"),
    ("bad debt contract", "E3008"), ("under processing", _STILL_PROCESSED), ("being processed", _STILL_PROCESSED),
))


def contradicted(code: str, words: str) -> bool:
    """Whether the words are those of other codes, and not of this one."""
    meant = _meant(words)
    return bool(meant) and code not in meant


def still_processed(words: str) -> bool:
    """Whether the words say that nothing is decided yet."""
    return _STILL_PROCESSED in _meant(words)


def stk_outcome(code: str, words: str) -> Outcome:
    """The outcome of a result code together with its words. A yes or a no that they contradict proves nothing."""
    outcome = stk_result(code).outcome
    if not contradicted(code, words):
        return outcome
    if still_processed(words):
        return Outcome.NOT_FINAL
    return Outcome.UNSURE if outcome in {Outcome.PAID, Outcome.FAILED} else outcome


def _meant(words: str) -> frozenset[str]:
    said = words.casefold()
    return frozenset[str]().union(*(codes for phrase, codes in _PHRASES if phrase in said))
