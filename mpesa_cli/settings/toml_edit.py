"""Changes of a configuration file that a person wrote: their comments, order and other profiles stay.

Lines are edited as text, and the result is then read and compared: a file that this can't change
faithfully (inline tables, dotted keys) is left alone, and the person is told what to write.
"""

import json
import re
import tomllib
from collections.abc import Mapping

_HEADER = re.compile(r"\s*\[")


def with_profile(
    text: str, name: str, answers: Mapping[str, str | int | None], *, default: str | None
) -> str | None:
    """The file's text with ``answers`` in ``[profile.NAME]``; None where it can't be done faithfully.

    Keys that ``answers`` does not have are kept; one with the answer None is taken out. ``default``, if
    given, becomes default_profile. The text must be valid TOML.
    """
    lines = text.rstrip("\n").split("\n") if text.strip() else []
    start = next((i for i, line in enumerate(lines) if _is_header(line, name)), None)
    if start is None:
        lines += ["", f"[profile.{name}]"] if lines else [f"[profile.{name}]"]
        lines += [f"{key} = {_toml(value)}" for key, value in answers.items() if value is not None]
    else:
        end = next((i for i in range(start + 1, len(lines)) if _HEADER.match(lines[i])), len(lines))
        lines[start + 1 : end] = _edited(lines[start + 1 : end], answers)
    if default is not None:
        lines[:0] = [f"default_profile = {_toml(default)}", ""]
    changed = "\n".join(lines).strip("\n") + "\n"
    return changed if _is_faithful(text, changed, name, answers, default) else None


def _edited(body: list[str], answers: Mapping[str, str | int | None]) -> list[str]:
    """The lines of one table, the answers in the place of their keys; new keys come after the last one."""
    kept: list[str] = []
    to_add = {key: value for key, value in answers.items() if value is not None}
    for line in body:
        key = line.partition("=")[0].strip() if not line.lstrip().startswith("#") else ""
        if key not in answers:
            kept.append(line)
        elif key in to_add:
            kept.append(f"{key} = {_toml(to_add.pop(key))}")
    blank = len(kept)
    while blank and not kept[blank - 1].strip():
        blank -= 1
    kept[blank:blank] = [f"{key} = {_toml(value)}" for key, value in to_add.items()]
    return kept


def _is_header(line: str, name: str) -> bool:
    bare = line.partition("#")[0].replace(" ", "").replace("\t", "")
    return bare in {f"[profile.{name}]", f'[profile."{name}"]', f"[profile.'{name}']"}


def _toml(value: str | int) -> str:
    """A TOML value: JSON's strings are TOML's, for printable text."""
    return json.dumps(value, ensure_ascii=False)


def _is_faithful(
    before: str, after: str, name: str, answers: Mapping[str, str | int | None], default: str | None
) -> bool:
    try:
        expected, got = tomllib.loads(before), tomllib.loads(after)
    except tomllib.TOMLDecodeError:
        return False
    if default is not None:
        expected["default_profile"] = default
    table = expected.setdefault("profile", {}).setdefault(name, {})
    for key, value in answers.items():
        table.pop(key, None)
        if value is not None:
            table[key] = value
    return expected == got
