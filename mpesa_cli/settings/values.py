"""One value checked against its key: the right type, one of the choices, the rule. The same for every source."""

import re

from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.floor.records import dataclass
from mpesa_cli.settings.keys import Key
from mpesa_cli.settings.rules import RuleError

_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
_SHOWN_MAX = 60


@dataclass(frozen=True, slots=True)
class Setting:
    """A checked value and its source."""

    value: object
    source: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem of the configuration, in words for a person."""

    message: str
    hint: str
    code: str = "configuration"

    def as_error(self, others: int = 0) -> SettingsError:
        """The error to raise; ``others`` is the number of further problems."""
        more = f" {others} more: mpesa config check" if others else ""
        return SettingsError(self.message, hint=self.hint + more, code=self.code)


def check_value(key: Key, value: object) -> object:
    """A value as TOML gives it. Raises RuleError where its type, choice or rule is broken."""
    if not _has_type(key, value):
        raise RuleError(_needed_type(key, value))
    if key.choices and value not in key.choices:
        listed = f"{', '.join(key.choices[:-1])} or {key.choices[-1]}"
        raise RuleError(f"must be {listed}{_near(key, value)}")
    checked = value if key.rule is None else key.rule(value)
    return float(value) if key.kind == "number" and isinstance(value, int | float) else checked


def read_text(key: Key, text: str) -> object:
    """A value as the environment gives it: always text. Raises RuleError."""
    value: object = text
    if key.kind == "whole number" and re.fullmatch(r"\d{1,15}", text, re.ASCII):
        value = int(text)
    elif key.kind == "number" and re.fullmatch(r"\d{1,15}(\.\d{1,15})?", text, re.ASCII):
        value = float(text)
    elif key.kind == "true or false" and text.lower() in _TRUE + _FALSE:
        value = text.lower() in _TRUE
    return check_value(key, value)


def bad_value(where: str, value: object, bad: RuleError, remedy: str) -> Problem:
    """The problem of a value that breaks its rule, without the value where it may hold a password."""
    shown = value if not isinstance(value, str) or len(value) <= _SHOWN_MAX else value[:_SHOWN_MAX] + "…"
    showable = bad.showable and isinstance(value, str | int | float)
    message = f"{where} is {shown!r}: it {bad.needs}." if showable else f"{where} {bad.needs}."
    return Problem(message, remedy, code="invalid-setting")


def did_you_mean(word: str, known: list[str]) -> str:
    """A suggestion, ``Did you mean 'shortcode'? `` with the blank behind it, or an empty text."""
    from difflib import get_close_matches

    near = get_close_matches(word.lower(), known, n=1)
    return f"Did you mean {near[0]!r}? " if near else ""


def _has_type(key: Key, value: object) -> bool:
    match key.kind:
        case "text":
            return isinstance(value, str)
        case "true or false":
            return isinstance(value, bool)
        case "whole number or off":
            return isinstance(value, int | str) and not isinstance(value, bool)
        case "whole number":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)


def _needed_type(key: Key, value: object) -> str:
    if key.kind == "text" and isinstance(value, int) and not isinstance(value, bool):
        return f'must be text in quotes: {key.name.rpartition(".")[2]} = "{value}"'
    return f"must be {'a ' if key.kind != 'true or false' else ''}{key.kind}"


def _near(key: Key, value: object) -> str:
    near = did_you_mean(str(value), list(key.choices)).strip()
    return f" ({near.rstrip('?').lower()}?)" if near else ""
