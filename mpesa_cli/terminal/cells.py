"""Text made safe for its reader: a pipe, a screen, a printer that knows few characters."""

import unicodedata
from collections.abc import Iterable, Sequence

# Characters without a decomposition that have a plain spelling all the same.
_SPELT = str.maketrans(
    {"‘": "'", "’": "'", "‚": ",", "“": '"', "”": '"', "„": '"', "–": "-", "—": "-", "−": "-", "…": "...", "•": "*",
     "·": "-", "×": "x", "ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "€": "EUR", "£": "GBP", "™": "(TM)"}
)

# What tables and bars are drawn with.
_DRAWN = str.maketrans({"─": "-", "━": "-", "█": "#", **dict.fromkeys("▏▎▍▌▋▊▉░", "#")})


def plain_lines(rows: Iterable[Sequence[object]]) -> str:
    """Rows as lines of tab-separated cells, for a pipe: full values; None is empty; breaks become spaces."""
    return "\n".join(
        "\t".join([_one_line("" if cell is None else str(cell)) for cell in row]) for row in rows
    )


def on_screen(text: str) -> str:
    """The text without characters that could move a terminal's cursor or change its colours."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)


def in_charset(text: str, encoding: str) -> str:
    """The text as near as ``encoding`` can spell it, on one line, control characters left out."""
    shown = (character for character in " ".join(text.split()) if character.isprintable())
    return "".join(c if _fits(c, encoding) else _spell(c, encoding) for c in shown)


def spelt_in_ascii(text: str) -> str:
    """The text with each character as near as ASCII can spell it; breaks and escapes stay as they are."""
    return "".join(c if c.isascii() else _spell(c, "ascii") for c in text.translate(_DRAWN))


def lost_in(texts: Iterable[str], encoding: str) -> str:
    """The characters of these texts that ``encoding`` turns into a question mark, each once."""
    return "".join(dict.fromkeys(c for text in texts for c in text if c != "?" and in_charset(c, encoding) == "?"))


def _spell(character: str, encoding: str) -> str:
    spelt = unicodedata.normalize("NFKD", character.translate(_SPELT))
    letters = "".join(c for c in spelt if not unicodedata.combining(c))
    if letters and _fits(letters, encoding):
        return letters
    return "" if unicodedata.combining(character) else "?"


def _fits(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _one_line(text: str) -> str:
    return text if text.isprintable() else text.replace("\t", " ").replace("\n", " ").replace("\r", " ")
