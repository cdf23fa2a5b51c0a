"""The values of a statement file besides its rows: heading, problems, gaps."""

import re

from mpesa_cli.floor.records import dataclass

TEXT_AT_MOST = 60

_LETTER = re.compile(r"[^\W\d_]")
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Heading:
    """The lines above the table. Each value is None where the file does not say.

    ``from_us`` is the first moment of the period and ``until_us`` the first one after it; balances are in cents.
    ``shortcode`` is the narrowest one that is named: a till before a paybill, that before a head office.
    """

    organisation: str | None = None
    shortcode: str | None = None
    from_us: int | None = None
    until_us: int | None = None
    opening_cents: int | None = None
    closing_cents: int | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that could not be taken, or a total that does not add up.

    ``line`` counts from 1, ``what`` is a sentence without its full stop, ``text`` the shape of what stands
    there: letters as A and digits as 9, so that nobody's name, number or money is in it.
    """

    line: int
    what: str
    text: str


@dataclass(frozen=True, slots=True)
class UnreadRow:
    """A row that perhaps moved money and could not be taken: the fault, and whatever can be read all the same.

    ``cells`` are those by the fields of a statement, without the ones that hold names; ``amount_cents`` is None where
    none can be read. ``line`` counts from 1.
    """

    line: int
    what: str
    receipt: str
    amount_cents: int | None
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Gap:
    """Two neighbouring rows whose balances don't follow from each other.

    ``missing_cents`` moved between them and is in neither: above 0 money that came, below 0 money that went.
    ``line`` is the second of the two.
    """

    line: int
    missing_cents: int


def shape_of(text: str) -> str:
    """``UKO4 - Jane`` → ``AAA9 - AAAA``, at most sixty characters: enough to see what is wrong, and no more."""
    return _DIGIT.sub("9", _LETTER.sub("A", " ".join(text[:200].split())))[:TEXT_AT_MOST]
