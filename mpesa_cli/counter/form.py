"""What is typed at the counter: the fields, a scanner's burst, and a question that no stray key can answer. Pure.

Times are seconds of one clock that is never set back. A key that belongs to nothing changes nothing.
"""

from dataclasses import replace
from enum import StrEnum

from mpesa_cli.floor.records import dataclass

SCANNER_KEYS = 8
SCANNER_GAP_S = 0.030
UNREAD_S = 0.400  # an Enter sooner than this after a question was painted was meant for something else
_MOST = {"phone": 16, "amount": 9, "order": 40}


class Field(StrEnum):
    """The fields of the form."""

    PHONE = "phone"
    AMOUNT = "amount"
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class Form:
    """The three fields as they are typed, and the one that keys go to."""

    phone: str = ""
    amount: str = ""
    order: str = ""
    field: Field = Field.PHONE

    @property
    def is_empty(self) -> bool:
        """Whether nothing is typed."""
        return not (self.phone or self.amount or self.order)

    def typed(self, text: str) -> "Form":
        """With what was typed or pasted, as far as the field takes it."""
        now: str = getattr(self, self.field)
        for character in text:
            now += character if _takes(self.field, character, now) else ""
        return self._with(now[: _MOST[self.field]])

    def rubbed_out(self) -> "Form":
        """With the last character of the field gone."""
        return self._with(str(getattr(self, self.field))[:-1])

    def _with(self, text: str) -> "Form":
        match self.field:
            case Field.PHONE:
                return replace(self, phone=text)
            case Field.AMOUNT:
                return replace(self, amount=text)
            case Field.ORDER:
                return replace(self, order=text)

    def at(self, field: Field) -> "Form":
        """With the cursor in that field."""
        return replace(self, field=field)

    def following(self) -> "Form":
        """With the cursor in the next field; the order is not among those that Enter passes through."""
        return self.at(Field.AMOUNT if self.field is Field.PHONE else Field.PHONE)


def _takes(field: Field, character: str, before: str) -> bool:
    if field is Field.ORDER:
        return character.isprintable() and (bool(before) or character != " ")
    if not character.isascii():
        return False
    return character.isdecimal() or (field is Field.PHONE and character == "+" and not before)


def grouped(phone: str) -> str:
    """A number as it is read out, while it is typed: ``0712345`` → ``0712 345``."""
    head = next((len(start) for start in ("+254", "254") if phone.startswith(start)), 0)
    cut = (head, head + 3, head + 6, head + 9) if head else (0, 4, 7, 10)
    pieces = [phone[:head]] if head else []
    pieces += [phone[a:b] for a, b in zip(cut, (*cut[1:], None), strict=True)]
    return " ".join(piece for piece in pieces if piece)


class Burst:
    """The keys that came at less than 30 ms from each other: eight of them and a CR are a scanner's, no person's."""

    def __init__(self) -> None:
        """No key yet."""
        self._count = 0
        self._last_s = float("-inf")

    def key(self, at_s: float) -> None:
        """A character came."""
        self._count = self._count + 1 if at_s - self._last_s < SCANNER_GAP_S else 1
        self._last_s = at_s

    def ends(self, at_s: float) -> bool:
        """Whether a CR at this time ends a scanner's burst. The next key begins another one."""
        is_scanner = self._count >= SCANNER_KEYS and at_s - self._last_s < SCANNER_GAP_S
        self._count = 0
        return is_scanner


class Answer(StrEnum):
    """What a key was to a question."""

    NOTHING = "nothing"
    YES = "yes"
    WRONG = "wrong"  # other digits than it asks for


class Question:
    """A question before money is asked for or claimed. Enter answers it, or the digits that it asks for and Enter."""

    def __init__(self, lines: tuple[str, ...], digits: str = "", which: str = "") -> None:
        """``digits`` is what has to be typed, empty where Enter alone will do; ``which`` says it in words."""
        self.lines, self.digits, self.which = lines, digits, which
        self.typed = ""
        self._painted_s: float | None = None

    def painted(self, at_s: float) -> None:
        """It is on the screen since this time; said again it changes nothing."""
        if self._painted_s is None:
            self._painted_s = at_s

    def key(self, character: str, at_s: float) -> None:
        """A character that was typed. What was typed before the question was on the screen is dropped."""
        if self._painted_s is not None and at_s >= self._painted_s and character.isascii() and character.isdecimal():
            self.typed = (self.typed + character)[:12]

    def rub_out(self) -> None:
        """Take the last digit back."""
        self.typed = self.typed[:-1]

    def enter(self, at_s: float) -> Answer:
        """What an Enter means."""
        if self._painted_s is None or at_s - self._painted_s < UNREAD_S:
            return Answer.NOTHING
        if self.typed == self.digits:
            return Answer.YES
        if not self.typed:
            return Answer.NOTHING
        self.typed = ""
        return Answer.WRONG
