"""The simulator's memory as a JSON document, and back."""

from dataclasses import asdict, fields
from typing import Any

from mpesa_cli.simulator.movement import Balances, Movement
from mpesa_cli.simulator.state import (
    AsyncRequest,
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
    """A document that this version of the simulator did not write."""


def to_document(state: State) -> dict[str, object]:
    """The state as a document, without the indexes that can be rebuilt from it."""
    return {
        "version": VERSION,
        "clock": _CLOCK_NOTE if state.clock_offset_us else "The real time.",
        **{name: getattr(state, name) for name in _PLAIN},
        "tokens": {digest: asdict(token) for digest, token in state.tokens.items()},
        "registrations": {shortcode: asdict(row) for shortcode, row in state.registrations.items()},
        "prompts": [asdict(prompt) for prompt in state.prompts.values()],
        "c2b": [asdict(payment) for payment in state.c2b.values()],
        "pull_registered": state.pull_registered,
        "asked": [asdict(row) for row in state.asked.values()],
        "wrong_passwords": state.wrong_passwords,
        "booked": [asdict(movement) for movement in state.booked],
        "carried": {shortcode: asdict(row) for shortcode, row in state.carried.items()},
    }


def from_document(document: Any, rules: Rules) -> State:
    """The state of a document. Raises UnreadableStateError for any other shape or version."""
    try:
        if document["version"] != VERSION:
            raise UnreadableStateError(f"version {document['version']}")
        state = State(rules=rules, **{name: document[name] for name in _PLAIN})
        state.pull_registered = document.get("pull_registered", [])
        # Those of a version that knew one question only are a day old at most; they are not answered any more.
        asked = [row for row in document.get("asked", []) if "bodies" in row]
        state.asked = {row["conversation_id"]: _asked(row) for row in asked}
        state.wrong_passwords = document.get("wrong_passwords", {})
        state.tokens = {digest: Token(**row) for digest, row in document["tokens"].items()}
        state.registrations = {code: Registration(**row) for code, row in document["registrations"].items()}
        for row in document["prompts"]:
            state.add_prompt(Prompt(**{**row, "sendings": [Sending(**sent) for sent in row["sendings"]]}))
        for row in document["c2b"]:
            state.add_c2b(_c2b_payment(row))
        # Files written before there were statements have neither.
        state.booked = [Movement(**row) for row in document.get("booked", [])]
        state.carried = {shortcode: Balances(**row) for shortcode, row in document.get("carried", {}).items()}
    except (KeyError, TypeError, AttributeError, ValueError) as wrong:
        raise UnreadableStateError(str(wrong)) from wrong
    return state


def _asked(row: dict[str, Any]) -> AsyncRequest:
    return AsyncRequest(**{**row, "sendings": [Sending(**sent) for sent in row["sendings"]]})


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
