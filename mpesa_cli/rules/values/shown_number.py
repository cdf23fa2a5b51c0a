"""Numbers from the wire compared with the phone that was asked: whether one can be that phone, or proves it.

M-PESA shows numbers whole, with digits hidden, or as a digest. Shown digits are compared, in whatever form their
head is written; hidden ones can't disagree. A number that shows fewer than three digits at its end contradicts no
phone and proves none.
"""

import re

PSEUDONYM = "erased-"  # begins a pseudonym (pseudonym.py), which is equal to itself and to no number
TAIL_DIGITS = 3
NATIONAL_DIGITS = 9
LONGEST = 20

# Compiled when they are first needed: nearly every number is told whole, and is the one that was asked.
_HIDING = r"[*•●∙·⋅×xX#_?…]|[.\-]{2,}"
_SEPARATORS = r"[\s\-().+\u2010-\u2015]+"
_NUMBER = rf"[0-9*]{{1,{LONGEST}}}"
_HEAD = r"(?:00)?2540?(?=[17*])|0(?=[17*])|(?=[17])"
_DIGEST = r"[0-9a-fA-F]{64}"


def kept_form(reported: str | None) -> str:
    """A reported phone in the form that is stored: digits and ``*`` for hidden ones, or a digest of 64 hex characters.

    A number without hidden digits stays as it was sent. Empty for everything else: the payer is then not known.
    """
    text = (reported or "").strip()
    if text.isdigit() and text.isascii() and len(text) <= LONGEST:  # nearly every one: told whole
        return text
    if re.fullmatch(_DIGEST, text):
        return text
    hidden = re.sub(_HIDING, lambda found: "*" * len(found[0]), text)
    return hidden if re.fullmatch(_NUMBER, re.sub(_SEPARATORS, "", hidden)) else ""


def fits(asked: str, reported: str | None) -> bool:
    """Whether no digit that ``reported`` shows contradicts ``asked``; both may have digits hidden.

    Pseudonyms of erased numbers are only like themselves.
    """
    if reported == asked or not reported:
        return True
    if asked.startswith(PSEUDONYM) or reported.startswith(PSEUDONYM):
        return False
    one, other = _shown(asked), _shown(reported)
    if not one or not other:
        return True
    if "*" in one and "*" in other:
        return _alike(one, other)
    whole, pattern = (one, other) if "*" not in one else (other, one)
    if len(pattern) == len(whole):
        return all(shown in ("*", digit) for shown, digit in zip(pattern, whole, strict=True))
    return re.fullmatch(re.sub(r"\*+", "[0-9]*", pattern), whole) is not None


def proves(asked: str, reported: str | None) -> bool:
    """Whether ``reported`` shows at least the last three digits, or all of them, and they are those of ``asked``."""
    return bool(_shown(reported or "")) and fits(asked, reported)


def _shown(number: str) -> str:
    """The digits shown, headed ``254`` where the head is shown, with ``*`` for what is hidden; empty for nothing."""
    kept = kept_form(number)
    form = "" if re.fullmatch(_DIGEST, kept) else re.sub(_SEPARATORS, "", kept)
    if len(form.rsplit("*", 1)[-1]) < TAIL_DIGITS:
        return ""
    if "*" not in form and len(form) < NATIONAL_DIGITS:
        return "*" + form  # the end of a number
    head = re.match(_HEAD, form)
    return "254" + form[head.end() :] if head else form


def _alike(one: str, other: str) -> bool:
    """Whether two numbers with hidden digits agree at both ends, as far as both show them."""
    heads = one.split("*", 1)[0], other.split("*", 1)[0]
    tails = one.rsplit("*", 1)[1][::-1], other.rsplit("*", 1)[1][::-1]
    return all(a.startswith(b) or b.startswith(a) for a, b in (heads, tails))
