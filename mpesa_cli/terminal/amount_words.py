"""Amounts in words, as receipts have them: English and Kiswahili. Pure.

Kiswahili puts the unit before its number (``elfu mbili``: two thousand). A comma ends the number of a
unit: ``elfu kumi na mbili`` is 12,000, and ``elfu kumi, na mbili`` is 10,002.
"""

from mpesa_cli.rules.values.amount import CENTS

SHILLINGS_MAX = 10**15 - 1

_EN_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)
_EN_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_EN_SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (10**3, "thousand"))

_SW_SMALL = ("sifuri", "moja", "mbili", "tatu", "nne", "tano", "sita", "saba", "nane", "tisa")
_SW_TENS = (
    "", "kumi", "ishirini", "thelathini", "arobaini", "hamsini", "sitini", "sabini", "themanini", "tisini"
)
_SW_SCALES = ((10**12, "trilioni"), (10**9, "bilioni"), (10**6, "milioni"), (10**5, "laki"), (10**3, "elfu"))


def amount_in_english(cents: int) -> str:
    """Cents in words: ``150000`` → ``One thousand five hundred shillings only``.

    Raises ValueError below 0 and above SHILLINGS_MAX.
    """
    shillings, rest = _split(cents)
    words = f"{number_in_english(shillings)} shilling{'' if shillings == 1 else 's'}"
    if rest:
        words += f" and {number_in_english(rest)} cent{'' if rest == 1 else 's'}"
    return f"{words[0].upper()}{words[1:]} only"


def amount_in_kiswahili(cents: int) -> str:
    """Cents in words: ``150000`` → ``Shilingi elfu moja, mia tano tu``. Raises ValueError as the English one does."""
    shillings, rest = _split(cents)
    words = f"Shilingi {number_in_kiswahili(shillings)}"
    if rest:
        words += f" na senti {number_in_kiswahili(rest)}"
    return f"{words} tu"


def number_in_english(number: int) -> str:
    """A number in words: ``1042`` → ``one thousand and forty-two``."""
    if number < 20:
        return _EN_SMALL[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return _EN_TENS[tens] + (f"-{_EN_SMALL[ones]}" if ones else "")
    if number < 1_000:
        hundreds, rest = divmod(number, 100)
        return f"{_EN_SMALL[hundreds]} hundred" + (f" and {number_in_english(rest)}" if rest else "")
    scale, name = next(each for each in _EN_SCALES if number >= each[0])
    count, rest = divmod(number, scale)
    joint = " and " if rest < 100 else " "
    return f"{number_in_english(count)} {name}" + (f"{joint}{number_in_english(rest)}" if rest else "")


def number_in_kiswahili(number: int) -> str:
    """A number in words: ``1042`` → ``elfu moja, arobaini na mbili``."""
    if number < 10:
        return _SW_SMALL[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return _SW_TENS[tens] + (f" na {_SW_SMALL[ones]}" if ones else "")
    if number < 1_000:
        hundreds, rest = divmod(number, 100)
        joint = " " if rest > 10 and rest % 10 else " na "
        return f"mia {_SW_SMALL[hundreds]}" + (f"{joint}{number_in_kiswahili(rest)}" if rest else "")
    scale, name = next(each for each in _SW_SCALES if number >= each[0])
    count, rest = divmod(number, scale)
    joint = ", na " if rest < 100 and (rest < 10 or rest % 10 == 0) else ", "
    return f"{name} {number_in_kiswahili(count)}" + (f"{joint}{number_in_kiswahili(rest)}" if rest else "")


def counted(count: int, thing: str) -> str:
    """A count with its word, ``1 payment`` or ``1,042 payments``, for words that add an ``s``."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def _split(cents: int) -> tuple[int, int]:
    shillings, rest = divmod(cents, CENTS)
    if not 0 <= shillings <= SHILLINGS_MAX:
        raise ValueError(f"no words for {cents} cents")
    return shillings, rest
