"""The text of an M-PESA message as a cashier pastes it: the receipt that it begins with, and the amount that it names.

English or Kiswahili, whole or cut off, in any layout that begins with the receipt. Whoever wrote the text may have
changed it, so nothing in it proves anything: the amount is only held against what M-PESA says. Pure.
"""

import re

from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.values.amount import decimal_to_cents
from mpesa_cli.rules.values.receipt_number import day_of, parse_receipt

_CONFIRMED = re.compile(r"confirmed|imethibitishwa", re.IGNORECASE)
_AMOUNT = re.compile(r"(?:ksh|kes)s?\.?\s*(\d[\d,]*(?:\.\d\d?)?)", re.IGNORECASE)
# What an M-PESA message says where no money came, or where it went back, in English and Kiswahili.
_NO_PAYMENT = re.compile(
    r"\b(?:revers(?:al|ed)|failed|cancelled|declined|insufficient|unsuccessful|not (?:been )?(?:completed|successful)"
    r"|imerudishwa|zimerudishwa|imeshindikana|imeshindwa|imekataliwa|imebatilishwa|haijakamilika|haijafaulu"
    r"|haikufaulu|h(?:au|u)na pesa|hazitoshi)\b",
    re.IGNORECASE,
)
_RECEIPT_LIKE = re.compile(r"\b[A-Z0-9]{10}\b")


@dataclass(frozen=True, slots=True)
class PastedText:
    """A receipt, and the cents that the text around it names; None where it names none."""

    receipt: str
    amount_cents: int | None = None


def read_pasted(text: str) -> PastedText:
    """A receipt alone, or a message that begins with one. Raises InvalidInput where it names none, or more than one."""
    words = text.split()
    first = words[0].strip(".,:;\"'").upper() if words else ""
    if len(words) < 2 or not _could_be_receipt(first):
        return PastedText(parse_receipt(_alone(text, words)))
    found = [each for each in dict.fromkeys([first, *_RECEIPT_LIKE.findall(text)]) if _could_be_receipt(each)]
    others = [each for each in found if each != first and day_of(each) is not None]
    if others:
        raise _unclear(f"The text names more than one receipt: {', '.join([first, *others])}.", first)
    if _NO_PAYMENT.search(text):
        raise _unclear(f"The text is not about a payment that came: it says {_said(text)!r} about {first}.", first)
    return PastedText(first, _amount(text))


def _could_be_receipt(word: str) -> bool:
    """Whether these are ten capital letters and digits, at least one of each: no name and no phone number is."""
    shape = bool(_RECEIPT_LIKE.fullmatch(word)) and word.isascii()
    return shape and not word.isalpha() and not word.isdecimal()


def _alone(text: str, words: list[str]) -> str:
    """A receipt typed in groups, as people read it out: ``UKO4 Q7WX 2B``. Words of a message are no groups."""
    if len(words) > 1 and len("".join(words)) != len("UKO4Q7WX2B"):
        raise InvalidInput(
            f"The text does not begin with an M-PESA receipt: {words[0][:20]!r}.",
            hint="Paste it from its first word on; a receipt holds a digit. Nothing was asked. "
            "Or give the receipt alone: mpesa verify UKO4Q7WX2B",
            code="invalid-receipt",
        )
    return text


def _amount(text: str) -> int | None:
    confirmed = _CONFIRMED.search(text)
    named = _AMOUNT.search(text, confirmed.end()) if confirmed else None
    return decimal_to_cents(named[1].replace(",", "")) if named else None


def _said(text: str) -> str:
    found = _NO_PAYMENT.search(text)
    return found[0] if found else ""


def _unclear(what: str, receipt: str) -> InvalidInput:
    return InvalidInput(
        what,
        hint=f"Nothing was asked. Look at the message itself, then give the one receipt: mpesa verify {receipt}",
        code="unclear-text",
    )
