"""The counter as lines for a window of some width and height. Pure: the screen only paints them."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from mpesa_cli.board.cards import Card, Kind
from mpesa_cli.counter.cards_view import card_lines
from mpesa_cli.counter.form import Field, Form, Question, grouped
from mpesa_cli.counter.snapshot import Snapshot, Tone
from mpesa_cli.counter.words import KEYS, Say
from mpesa_cli.floor.moments import SECOND_US, clock_time
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.values.amount import format_cents
from mpesa_cli.rules.values.msisdn import mask_msisdn

WIDTH_MIN, HEIGHT_MIN = 80, 24
HAND_ROWS = 3
NAME_MAX = 10
_TONES = {Kind.PAID: Tone.GOOD, Kind.WAITING: Tone.WAIT, Kind.NOT_PAID: Tone.BAD, Kind.UNKNOWN: Tone.DOUBT,
          Kind.LOOK: Tone.DOUBT}


class Line(NamedTuple):
    """One line. ``ref`` names the card, payment or notice that a click on it chooses; ``chosen`` where it is."""

    text: str
    tone: Tone = Tone.PLAIN
    ref: str = ""
    chosen: bool = False


class Look(NamedTuple):
    """What the clerk does just now: the form and the lines below it, what is chosen, what lies over the board."""

    form: Form
    hints: Sequence[Line]
    chosen: str
    in_hand: bool
    question: Question | None = None
    frozen_hand: tuple[Payment, ...] | None = None  # while a claim is open its list stands still
    pasted: str | None = None  # what was typed of a customer's SMS; None: nobody checks one
    verdict: tuple[str, str, Sequence[str]] | None = None
    help_shown: bool = False
    asked_cents: int | None = None


def paint(look: Look, seen: Snapshot, title: str, say: Say, width: int, height: int) -> list[Line]:
    """Exactly ``height`` lines, none of them wider than ``width`` characters."""
    if width < WIDTH_MIN or height < HEIGHT_MIN:
        return _fitted([Line(say("small"), Tone.DOUBT)], width, height)
    top = [Line(f"{title:<{width - 9}.{width - 9}} {clock_time(seen.at_us)}", Tone.HEAD)]
    top += _question(look.question, say, width) if look.question else _form(look, say, width)
    bottom = _bottom(seen, say, width)
    room = height - len(top) - len(bottom)
    return _fitted(top, width, len(top)) + _fitted(_middle(look, seen, say, width, room), width, room) + bottom


def _middle(look: Look, seen: Snapshot, say: Say, width: int, room: int) -> list[Line]:
    if look.help_shown:
        column = 1 if say("keys").startswith("F2 chapa") else 0
        return [Line(f"  {key:<12} {(english, swahili)[column]}") for key, english, swahili in KEYS]
    if look.pasted is not None:
        return _sms(look, say, width)
    hand = seen.by_hand if look.frozen_hand is None else look.frozen_hand
    rows = max(HAND_ROWS, room // 4)
    below = list(_hand(look, hand, seen, say, width, rows))
    above = list(_customers(look, seen, say, width, room - len(below)))
    return [*above, *([Line("")] * (room - len(above) - len(below))), *below]


def _form(look: Look, say: Say, width: int) -> list[Line]:
    form = look.form
    fields = [
        (Field.PHONE, say("phone"), grouped(form.phone)),
        (Field.AMOUNT, say("amount"), f"{int(form.amount):,}" if form.amount else ""),
        (Field.ORDER, say("order"), form.order or ("" if form.field is Field.ORDER else f"({say('order_made')})")),
    ]
    shown = "   ".join(f"{'>' if f is form.field else ' '}{name}: {text}{'_' if f is form.field else ''}"
                       for f, name, text in fields)
    hints = [*look.hints][:2]
    return [Line(shown, Tone.ASK), *hints, *([Line("")] * (2 - len(hints)))]


def _question(question: Question, say: Say, width: int) -> list[Line]:
    lines = [piece for line in question.lines for piece in textwrap.wrap(line, width - 2)]
    last = say("q_yes")
    if question.digits:
        last = say("q_digits", which=question.which, typed=question.typed + "_")
    return [Line(f" {line}", Tone.ASK) for line in [*lines, last]]


def _customers(look: Look, seen: Snapshot, say: Say, width: int, room: int) -> Iterator[Line]:
    yield Line(_rule(f"{say('customers')} ({len(seen.cards) + len(seen.sending)})", width), Tone.HEAD)
    blocks = [*_notices(look, seen, say, width), *_sending(seen, say), *_cards(look, seen.cards, say, width)]
    if not blocks:
        yield Line(f"  {say('nobody')}", Tone.FAINT)
        return
    for at in reversed(range(len(blocks))):  # a line each from the oldest on, so that nobody is below the window's edge
        if sum(map(len, blocks)) > room - 1:
            blocks[at] = [next(line for line in blocks[at] if line.text.strip())]
    if len(blocks) <= room - 1:
        yield from (line for block in blocks for line in block)
        return
    chosen = next((n for n, block in enumerate(blocks) if block[0].chosen), 0)
    begin = max(0, min(chosen - room + 3, len(blocks) - room + 2))
    shown = blocks[begin : begin + room - 2]
    yield from (block[0] for block in shown)
    yield Line(f"  … {say('more', count=len(blocks) - len(shown))}", Tone.FAINT)


def _notices(look: Look, seen: Snapshot, say: Say, width: int) -> Iterator[list[Line]]:
    for each in seen.notices:
        ref, word = f"n{each.number}", say(each.heading)
        lines = textwrap.wrap(f"{word}  {each.words}", width - 4)[:4]
        tone = Tone.FAINT if each.heading == "note" else Tone.DOUBT
        yield [_line(text, tone, ref, look, first=at == 0) for at, text in enumerate(lines)]


def _sending(seen: Snapshot, say: Say) -> Iterator[list[Line]]:
    known = {card.payment.order_id for card in seen.cards}
    for each in seen.sending:
        if each.order_id not in known:
            waited = say("seconds", seconds=max(0, (seen.at_us - each.at_us) // SECOND_US))
            what = f"{mask_msisdn(each.msisdn)}  {format_cents(each.amount_cents)}  {say('sending')}"
            yield [Line(f"  {say('waiting'):<11} {waited:>6}  {what}", Tone.WAIT)]


def _cards(look: Look, cards: Iterable[Card], say: Say, width: int) -> Iterator[list[Line]]:
    for card in cards:
        ref = card.payment.payment_id
        lines = card_lines(card, say, width - 4)
        first = next(at for at, text in enumerate(lines) if text)
        yield [_line(text, _TONES[card.kind], ref, look, first=at == first) for at, text in enumerate(lines)]


def _hand(look: Look, hand: Sequence[Payment], seen: Snapshot, say: Say, width: int, rows: int) -> Iterator[Line]:
    yield Line(_rule(f"{say('by_hand')} ({len(hand)})", width), Tone.HEAD)
    if not hand:
        yield Line(f"  {say('none_by_hand')}", Tone.FAINT)
        return
    at = next((n for n, each in enumerate(hand) if each.payment_id == look.chosen), 0)
    begin = max(0, min(at - rows + 1, len(hand) - rows))
    for each in hand[begin : begin + rows]:
        age = say("age", minutes=max(0, seen.at_us - each.created_us) // (60 * SECOND_US))
        asked = f"  {say('is_asked')}" if each.amount_cents == look.asked_cents else ""
        payer, receipt = mask_msisdn(each.telling.msisdn), each.telling.view.receipt or ""
        named = f"{seen.names.get(receipt, '')[:NAME_MAX]:<{NAME_MAX}} " if seen.names else ""
        text = f"{format_cents(each.amount_cents):>12}  {payer:<11} {named}{age:<14} {receipt}{asked}"
        yield _line(text, Tone.GOOD if asked else Tone.PLAIN, each.payment_id, look, first=True)


def _sms(look: Look, say: Say, width: int) -> list[Line]:
    lines = [Line(""), Line(f"  {say('sms_title')}", Tone.HEAD), Line("")]
    lines += [Line(f"  {text}", Tone.ASK) for text in textwrap.wrap((look.pasted or "") + "_", width - 4)[-5:]]
    if look.verdict is not None:
        name, word, more = look.verdict
        tone = Tone.GOOD if name == "REAL" else Tone.DOUBT if name in {"", "NOT PROVEN"} else Tone.BAD
        lines += [Line(""), Line("", tone), Line(word.center(width), tone, chosen=True), Line("", tone), Line("")]
        lines += [Line(f"  {text}") for each in more for text in textwrap.wrap(each, width - 4)]
    return lines


def _bottom(seen: Snapshot, say: Say, width: int) -> list[Line]:
    takings = say("today", count=seen.takings.payments, sum=format_cents(seen.takings.cents))
    bad = any(each.is_good is False for each in seen.lights)
    good = bool(seen.lights) and all(each.is_good for each in seen.lights)
    lines = _rows([takings, *(f"{each.name}: {each.words}" for each in seen.lights)], width)[:2]
    status = [Line(text, Tone.BAD if bad else Tone.GOOD if good else Tone.PLAIN) for text in lines]
    if seen.trouble:
        words = say("ledger_busy", words=seen.trouble, time=clock_time(seen.at_us))
        status = [Line(text, Tone.BAD) for text in textwrap.wrap(words, width)[:2]] + status
    return _fitted([*status, Line(say("keys"), Tone.FAINT)], width, len(status) + 1)


def _rows(pieces: Iterable[str], width: int) -> list[str]:
    """The pieces side by side in as many lines as they take; none is broken but one that is longer than a line."""
    rows: list[str] = []
    for piece in pieces:
        if rows and len(rows[-1]) + 2 + len(piece) <= width:
            rows[-1] += f"  {piece}"
        else:
            rows += textwrap.wrap(piece, width)
    return rows


def _line(text: str, tone: Tone, ref: str, look: Look, *, first: bool) -> Line:
    chosen = ref == look.chosen
    return Line(f"{'> ' if chosen and first else '  '}{text}", tone, ref, chosen)


def _rule(name: str, width: int) -> str:
    return f"-- {name} ".ljust(width, "-")


def _fitted(lines: list[Line], width: int, height: int) -> list[Line]:
    kept = [line._replace(text=line.text[:width]) for line in lines[:height]]
    return kept + [Line("")] * (height - len(kept))
