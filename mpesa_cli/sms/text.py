"""The parts that a text message is charged as, and the rewriting that keeps them few. Pure.

A message in the GSM-7 alphabet (3GPP TS 23.038) holds 160 units, or 153 in each part of several; a
character of its extension table takes two. One character outside turns the whole message into UCS-2:
70 units, or 67 a part; what lies beyond the basic plane (emoji) takes two.
"""

import unicodedata
from typing import Literal

from mpesa_cli.floor.records import dataclass

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")

_GSM7_ONE, _GSM7_EACH = 160, 153
_UCS2_ONE, _UCS2_EACH = 70, 67

# What has no decomposition into plain letters, and yet a plain way to be written.
_PLAIN = {
    **dict.fromkeys("‘’‚‛′ʼʹ´`", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("•·‣", "*"),
    **dict.fromkeys("\t\u2028\u2029", " "),
    "×": "x", "÷": "/", "©": "(c)", "®": "(R)", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d",
    "Ð": "D", "þ": "th", "Þ": "Th", "œ": "oe", "Œ": "OE", "ı": "i", "ħ": "h", "Ħ": "H", "ŋ": "ng", "Ŋ": "Ng",
    "⁄": "/", "‹": "<", "›": ">",
}


@dataclass(frozen=True, slots=True)
class SmsLength:
    """The size of a text as it is charged: its alphabet, its units, and the parts they fill."""

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    parts: int


def is_gsm7(text: str) -> bool:
    """Whether every character is in the GSM-7 alphabet or its extension table."""
    return all(c in _BASIC or c in _EXTENSION for c in text)


def sms_length(text: str) -> SmsLength:
    """Count a text. A character of two units is never split, so a part may end one unit early."""
    if is_gsm7(text):
        sizes = [2 if c in _EXTENSION else 1 for c in text]
        return SmsLength("GSM-7", sum(sizes), _parts(sizes, _GSM7_ONE, _GSM7_EACH))
    sizes = [2 if ord(c) > 0xFFFF else 1 for c in text]
    return SmsLength("UCS-2", sum(sizes), _parts(sizes, _UCS2_ONE, _UCS2_EACH))


def parts(text: str) -> int:
    """The number of messages that this text is charged as, at least one."""
    return sms_length(text).parts


def fitted(text: str) -> str:
    """The text with plain characters in place of typographic ones, accents outside GSM-7 and emoji.

    Only where that makes it GSM-7 and no longer than it was: a text in a script that GSM-7 lacks stays whole.
    """
    if is_gsm7(text):
        return text
    plain = _plain(text)
    return plain if plain and is_gsm7(plain) and parts(plain) <= parts(text) else text


def _parts(sizes: list[int], one: int, each: int) -> int:
    if sum(sizes) <= one:
        return 1
    count, filled = 1, 0
    for size in sizes:
        if filled + size > each:
            count, filled = count + 1, 0
        filled += size
    return count


def _plain(text: str) -> str:
    """The text in characters of GSM-7 where there are any for it; the other characters as they are."""
    written = "".join(_plain_character(c) for c in unicodedata.normalize("NFC", text))
    while "  " in written:  # where an emoji stood between two words
        written = written.replace("  ", " ")
    return written


def _plain_character(character: str) -> str:
    if is_gsm7(character):
        return character
    if character in _PLAIN:
        return _PLAIN[character]
    if _is_decoration(character):
        return ""
    letters = "".join(c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c))
    letters = "".join(_PLAIN.get(c, c) for c in letters)
    return letters if letters and is_gsm7(letters) else character


def _is_decoration(character: str) -> bool:
    """Whether a character may be left out: emoji and what joins or colours them, invisible marks, stray accents."""
    category = unicodedata.category(character)
    return category in {"Cf", "Mn", "Me", "Sk"} or (category == "So" and not _is_letters(character))


def _is_letters(character: str) -> bool:
    return unicodedata.normalize("NFKD", character) != character
