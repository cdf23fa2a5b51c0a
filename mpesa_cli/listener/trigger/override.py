"""Changes of single values of a recorded body: ``Amount=200``, ``data.order_id=1042``. Pure.

A field is named by its path, in dots; the last parts are enough where they name one field only. An item of
CallbackMetadata goes by its Name: ``Body.stkCallback.CallbackMetadata.Item.Amount``, or ``Amount``.
"""

import json
from collections.abc import Iterator
from typing import Any

from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.floor.records import dataclass


@dataclass(frozen=True, slots=True)
class _Field:
    path: tuple[str, ...]
    holder: dict[str, Any]
    key: str


def override(document: dict[str, Any], assignment: str) -> None:
    """Set one value in place, ``assignment`` being ``path=value``.

    Text stays text. A number, true, false or null is replaced by the value as JSON, or,
    where it is no JSON, by the text itself: result codes come in both kinds. Raises InvalidInput where the path
    names no field, or several.
    """
    path, equals, value = assignment.partition("=")
    if not equals or not path.strip():
        raise _invalid(f"--override {assignment[:60]!r} is not PATH=VALUE.", "Right:  --override Amount=200")
    wanted = tuple(path.strip().split("."))
    fields = list(_fields(document, ()))
    found = [f for f in fields if f.path == wanted] or [f for f in fields if f.path[-len(wanted) :] == wanted]
    if not found:
        names = sorted({f.path[-1] for f in fields})
        raise _invalid(f"This event has no field {path.strip()[:60]!r}.", f"It has {', '.join(names)}.")
    if len(found) > 1:
        paths = ", ".join(".".join(f.path) for f in found)
        raise _invalid(f"{path.strip()!r} is in {len(found)} places of this event.", f"Say which:  {paths}")
    field = found[0]
    field.holder[field.key] = _value(field.holder[field.key], value)


def _fields(value: Any, path: tuple[str, ...]) -> Iterator[_Field]:
    """Every single value below ``value``, with its holder."""
    inner: list[tuple[str, Any]]
    if isinstance(value, dict):
        for key, held in value.items():
            if not isinstance(held, dict | list):
                yield _Field((*path, key), value, key)
        inner = list(value.items())
    else:
        inner = [(str(index), held) for index, held in enumerate(value)]
    for key, held in inner:
        if isinstance(held, dict) and isinstance(held.get("Name"), str):
            if "Value" in held:
                yield _Field((*path, held["Name"]), held, "Value")
        elif isinstance(held, dict | list):
            yield from _fields(held, (*path, key))


def _value(before: Any, text: str) -> Any:
    if isinstance(before, str):
        return text
    try:
        after = json.loads(text)
    except ValueError:
        return text
    return text if isinstance(after, dict | list) else after


def _invalid(message: str, words: str) -> InvalidInput:
    return InvalidInput(message, hint=f"Nothing was sent. {words}", code="invalid-override")
