"""Changes of a configuration file that a person wrote: their comments, order and other profiles stay.

tomlkit edits the text. The result is then read by Python's own reader and compared: a file that it does not change
faithfully is left alone, and the person is told what to write.
"""

import tomllib
from collections.abc import Mapping


def with_profile(
    text: str, name: str, answers: Mapping[str, str | int | None], *, default: str | None
) -> str | None:
    """The file's text with ``answers`` in ``[profile.NAME]``; None where it can't be done faithfully.

    Keys that ``answers`` does not have are kept; one with the answer None is taken out; ``refunds.max`` is ``max`` in
    ``[profile.NAME.refunds]``. ``default``, if
    given, becomes default_profile. The text must be valid TOML.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    first = "" if default is None else f"default_profile = {tomlkit.string(default).as_string()}\n\n"
    try:
        document = tomlkit.parse(first + text)
        profiles = document.setdefault("profile", tomlkit.table(is_super_table=True))
        table = profiles.setdefault(name, tomlkit.table())
        for dotted, value in answers.items():
            section, _, key = dotted.rpartition(".")
            target = table.setdefault(section, tomlkit.table()) if section else table
            if value is None:
                target.pop(key, None)
            else:
                target[key] = value
        changed = document.as_string().strip("\n") + "\n"
    except (TOMLKitError, AttributeError, TypeError):  # a table that is a plain value, or one that is spread out
        return None
    return changed if _is_faithful(text, changed, name, answers, default) else None


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
    for dotted, value in answers.items():
        section, _, key = dotted.rpartition(".")
        target = table.setdefault(section, {}) if section else table
        target.pop(key, None)
        if value is not None:
            target[key] = value
    return expected == got
