"""The room on a screen: its columns, its characters, and text laid into them. Text for a pipe never comes here."""

import os
import re
from collections.abc import Mapping
from typing import TextIO

from mpesa_cli.terminal.cells import spelt_in_ascii

USUAL_COLUMNS = 80
LEAST_COLUMNS = 20
_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
# A label that others stand below: "ok    ", "  Tell the customer  ".
_LABEL = re.compile(r" *\S(?:\S| (?! )){0,24} {2,}(?=\S)")
# The command that a line ends with is copied from the screen, so it stays in one piece where it fits.
_COMMAND = re.compile(r"(?<=: )(?:mpesa|pip|pipx) .*$|(?<=:  )(?:mpesa|pip|pipx) .*$")


def columns_of(stream: TextIO, environ: Mapping[str, str]) -> int:
    """The columns of the terminal behind a stream: COLUMNS where it is set, else the terminal's own, else 80."""
    typed = environ.get("COLUMNS", "")
    if typed.isascii() and typed.isdecimal() and int(typed):
        return max(LEAST_COLUMNS, int(typed))
    try:
        found = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError, AttributeError):
        found = 0
    return max(LEAST_COLUMNS, found) if found else USUAL_COLUMNS


def shows_utf8(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether a terminal shows more than ASCII: its locale says so, and where none is set, the stream's encoding.

    Python writes UTF-8 in the C locale too, which the terminal does not show.
    """
    named = next((value for name in ("LC_ALL", "LC_CTYPE", "LANG") if (value := environ.get(name))), None)
    return "utf" in (named or getattr(stream, "encoding", None) or "utf-8").lower()


def cut(text: str, columns: int, dots: str = "…") -> str:
    """The text on one line of a screen: what is too much is left out, and dots say so."""
    return text if len(text) < columns else f"{text[: columns - 1 - len(dots)].rstrip()}{dots}"


def wrapped(text: str, columns: int) -> list[str]:
    """The text in lines of at most ``columns``, broken at words; a word that is longer stays whole.

    What goes on stands below its label, else two columns in. Colours count as nothing.
    """
    if _width(text) <= columns:
        return [text]
    label = _LABEL.match(_ESCAPE.sub("", text))
    hanging = len(label[0]) if label else len(text) - len(text.lstrip(" ")) + 2
    if hanging > columns // 2:
        hanging = 2
    lines, line = [], ""
    for gap, word in _pieces(text, columns - hanging):
        if line.strip() and _width(line + gap + word) > columns:
            lines.append(line)
            line = " " * hanging + word
        else:
            line += gap + word
    return [*lines, line]


def _pieces(text: str, room: int) -> list[tuple[str, str]]:
    """The words with the blanks before them; the command at the end is one word where there is room for it."""
    command = _COMMAND.search(text)
    kept = command[0] if command and _width(command[0]) <= room else ""
    pieces = re.findall(r"( *)([^ ]+)", text.removesuffix(kept))
    if kept:
        blanks = text.removesuffix(kept)
        pieces.append((" " * (len(blanks) - len(blanks.rstrip(" "))), kept))
    return pieces


def _width(text: str) -> int:
    return len(_ESCAPE.sub("", text)) if "\x1b" in text else len(text)


def in_ascii(text: str) -> str:
    """The text for a terminal that shows ASCII only: dots, dashes and bars have plain forms; what ends a line stays."""
    return text if text.isascii() else spelt_in_ascii(text)
