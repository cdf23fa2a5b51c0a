"""The simulator's memory as a JSON document, and back."""

from dataclasses import asdict, fields
from typing import Any

from mpesa_cli.simulator.state import (
    C2BPayment,
    Prompt,
    Registration,
    Rules,
    Sending,
    State,
    Token,
)

VERSION = 1
_CLOCK_NOTE = "A test clock: the simulator's time is this many microseconds ahead of the real one."
_PLAIN = ("clock_offset_us", "serial", "refused_in_a_row", "queries")


class UnreadableStateError(Exception):
    """The document is not one that this version of the simulator wrote."""


def to_document(state: State) -> dict[str, object]:
    """Everything that is remembered, without what can be found again from it."""
    return {
        "version": VERSION,
        "clock": _CLOCK_NOTE if state.clock_offset_us else "The real time.",
        **{name: getattr(state, name) for name in _PLAIN},
        "tokens": {digest: asdict(token) for digest, token in state.tokens.items()},
        "registrations": {shortcode: asdict(row) for shortcode, row in state.registrations.items()},
        "prompts": [asdict(prompt) for prompt in state.prompts.values()],
        "c2b": [asdict(payment) for payment in state.c2b.values()],
    }


def from_document(document: Any, rules: Rules) -> State:
    """The state of a document. Raises UnreadableStateError for any other shape or version."""
    try:
        if document["version"] != VERSION:
            raise UnreadableStateError(f"version {document['version']}")
        state = State(rules=rules, **{name: document[name] for name in _PLAIN})
        state.tokens = {digest: Token(**row) for digest, row in document["tokens"].items()}
        state.registrations = {code: Registration(**row) for code, row in document["registrations"].items()}
        for row in document["prompts"]:
            state.add_prompt(Prompt(**{**row, "sendings": [Sending(**sent) for sent in row["sendings"]]}))
        for row in document["c2b"]:
            state.add_c2b(_c2b_payment(row))
    except (KeyError, TypeError, AttributeError, ValueError) as wrong:
        raise UnreadableStateError(str(wrong)) from wrong
    return state


def _c2b_payment(row: dict[str, Any]) -> C2BPayment:
    known = {field.name for field in fields(C2BPayment)}
    if set(row) != known:
        raise UnreadableStateError("a C2B payment with other fields")
    return C2BPayment(**{
        **row,
        "registration": Registration(**row["registration"]) if row["registration"] else None,
        "validation": Sending(**row["validation"]) if row["validation"] else None,
        "confirmations": [Sending(**sent) for sent in row["confirmations"]],
    })
