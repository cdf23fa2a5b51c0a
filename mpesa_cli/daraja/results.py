"""The result of an asynchronous request, and other messages to its addresses (daraja.md 6.3, 6.4).

Pure and total: every body has exactly one reading, and nothing is raised.
"""

import json
import re

from mpesa_cli.daraja.callbacks import read_result_code
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.wire.strict_json import Json, Unreadable, UnreadableError, parse_json, read_json
from mpesa_cli.floor.wire.wire_text import plain_text, wire_id

_PARAMETERS_MAX = 100
_WAITING = "1"  # ResultType of a message that others will follow
_CREDENTIAL_KEY = re.compile(r"credential|password|passkey", re.IGNORECASE)
_MAY_HOLD_ONE = re.compile(rb"credential|password|passkey|\\u00", re.IGNORECASE)
_DOTS = "•••"


@dataclass(frozen=True, slots=True)
class Result:
    """A result. ``transaction_id`` is the request's own; for a Transaction Status, not the one asked about."""

    final: bool
    result_code: str
    result_desc: str
    conversation_id: str
    originator_conversation_id: str
    transaction_id: str
    parameters: tuple[tuple[str, Json], ...]

    def first(self, key: str) -> Json:
        """The value of the first parameter with this key, None where there is none or it has no value."""
        return next((value for name, value in self.parameters if name == key), None)

    def every(self, key: str) -> list[Json]:
        """The values of all parameters with this key, in their order."""
        return [value for name, value in self.parameters if name == key]


def read_result(body: bytes) -> Result | Unreadable:
    """Read the body of a result. Never raises; unknown fields don't matter."""
    try:
        return _read(parse_json(body))
    except UnreadableError as unreadable:
        return unreadable.why


def without_credential(body: bytes) -> bytes:
    """The body as it may be kept: as it came, unless it repeats a credential of ours.

    A request that timed out is reported as an echo, SecurityCredential and all (docs/reference/assumptions.md A63).
    Such a body is kept as JSON with dots in that place. One that may hold a credential and can't be read is not
    kept: a note stands for it.
    """
    if not _MAY_HOLD_ONE.search(body):
        return body
    found = read_json(body)
    if isinstance(found, Unreadable):
        return json.dumps({"not_kept": f"{len(body)} bytes that may hold a credential: {found.words}"}).encode()
    cleaned = _dotted(found)
    return body if cleaned == found else json.dumps(cleaned, ensure_ascii=False, default=str).encode()


def _dotted(value: Json) -> Json:
    match value:
        case dict():
            hidden = value.get("Key"), value.get("Name")  # a credential as a parameter: {"Key": …, "Value": …}
            named = any(isinstance(each, str) and _CREDENTIAL_KEY.search(each) for each in hidden)
            return {
                key: _DOTS if _CREDENTIAL_KEY.search(key) or (named and key == "Value") else _dotted(each)
                for key, each in value.items()
            }
        case list():
            return [_dotted(each) for each in value]
        case _:
            return value


def _read(document: Json) -> Result:
    said = document.get("Result") if isinstance(document, dict) else None
    if not isinstance(said, dict):
        raise UnreadableError("no-result", "no Result object")
    return Result(
        final=_text(said.get("ResultType")) != _WAITING,
        result_code=read_result_code(said.get("ResultCode")),
        result_desc=plain_text(said.get("ResultDesc"), 200),
        conversation_id=wire_id(said.get("ConversationID")),
        originator_conversation_id=wire_id(said.get("OriginatorConversationID")),
        transaction_id=wire_id(said.get("TransactionID")),
        parameters=_parameters(said.get("ResultParameters")),
    )


def _parameters(holder: Json) -> tuple[tuple[str, Json], ...]:
    """The parameters in order: a list of them, a single one, or none at all."""
    listed = holder.get("ResultParameter") if isinstance(holder, dict) else holder
    entries = [listed] if isinstance(listed, dict) else [] if listed is None else listed
    if not isinstance(entries, list) or len(entries) > _PARAMETERS_MAX:
        raise UnreadableError("bad-parameters", "ResultParameters without a list of parameters")
    found = []
    for entry in entries:
        key = entry.get("Key") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or not isinstance(key, str):
            raise UnreadableError("bad-parameters", "a result parameter without a key")
        found.append((plain_text(key, 60), entry.get("Value")))
    return tuple(found)


def _text(value: Json) -> str:
    return str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
