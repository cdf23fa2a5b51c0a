"""What each key does: the form, the chosen card, questions. It knows no terminal: it gets keys and their times."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from mpesa_cli.board.cards import Card, Kind
from mpesa_cli.counter.claims import claim_question, wish
from mpesa_cli.counter.desk import Desk
from mpesa_cli.counter.form import Answer, Burst, Field, Form, Question
from mpesa_cli.counter.hints import hints, phone_of
from mpesa_cli.counter.ports import Verdict
from mpesa_cli.counter.snapshot import Snapshot
from mpesa_cli.counter.view import Look
from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.rules.values.amount import format_cents, format_shillings, parse_shillings
from mpesa_cli.rules.values.msisdn import spoken_form
from mpesa_cli.rules.values.reference import check_order_id

if TYPE_CHECKING:
    from mpesa_cli.rules.payment import Payment

SMS_MAX = 4096


class Clerk:
    """One clerk at the keys. ``seen`` gives what is on the board just now."""

    def __init__(self, desk: Desk, seen: Callable[[], Snapshot]) -> None:
        """Nothing is typed."""
        self._desk, self._seen, self._say = desk, seen, desk.say
        self._burst = Burst()
        self.form = Form()
        self.chosen, self.in_hand, self.help_shown = "", False, False
        self.question: Question | None = None
        self._yes: Callable[[], None] = lambda: None
        self._frozen: tuple[Payment, ...] | None = None
        self._pasted: str | None = None
        self._verdict: Verdict | None = None
        self._refusal = ""
        self.keys = 0

    def look(self) -> Look:
        """What the clerk sees of their own doing."""
        return Look(
            self.form, hints(self.form, self._desk.ports, self._say, self._refusal), self.chosen, self.in_hand,
            self.question, self._frozen, self._pasted,
            None if self._verdict is None else (self._verdict.name, self._verdict.word, self._verdict.lines),
            self.help_shown, self._asked()[1],
        )

    def key(self, name: str, character: str | None, at_s: float) -> None:
        """One key: its name, and what it prints, if anything."""
        self.keys += 1
        if name == "enter":
            self._enter(at_s)
        elif name == "escape":
            self._escape()
        elif name == "backspace":
            self._rub_out()
        elif name in _FUNCTIONS and self.question is None:
            _FUNCTIONS[name](self)
        elif character is not None and character.isprintable():
            self._burst.key(at_s)
            self._character(character, at_s)

    def paste(self, text: str) -> None:
        """Text that came at once: an SMS, or a number. It never sends anything."""
        if self._pasted is not None:
            self._pasted = (self._pasted + text)[:SMS_MAX]
        elif self.question is None:
            self.form, self._refusal = self.form.typed(text.strip()), ""

    def click(self, ref: str) -> None:
        """A line of the screen was clicked: its card, payment or notice is chosen."""
        if self.question is None and ref:
            self.chosen = ref
            self.in_hand = any(each.payment_id == ref for each in self._seen().by_hand)

    def _character(self, character: str, at_s: float) -> None:
        if self.question is not None:
            self.question.key(character, at_s)
        elif self._pasted is not None:
            self._pasted = (self._pasted + character)[:SMS_MAX]
        elif self.form.field is Field.ORDER:
            self.form = self.form.typed(character)
        elif character == "?":
            self.help_shown = not self.help_shown
        elif character in {"r", "R"}:
            self._ask_again()
        else:
            self.form, self._refusal = self.form.typed(character), ""

    def _rub_out(self) -> None:
        if self.question is not None:
            self.question.rub_out()
        elif self._pasted is not None:
            self._pasted = self._pasted[:-1]
        else:
            self.form, self._refusal = self.form.rubbed_out(), ""

    def _escape(self) -> None:
        if self.question is not None:
            self._close_question()
        elif self.help_shown or self._pasted is not None:
            self.help_shown, self._pasted, self._verdict = False, None, None
        elif not self.form.is_empty or self._refusal:
            self.form, self._refusal = Form(), ""
        else:
            self._put_away()

    def _enter(self, at_s: float) -> None:
        scanned = self._burst.ends(at_s)
        if self.question is not None:
            self._answer(at_s)
        elif self._pasted is not None:
            self._check_sms()
        elif scanned:
            self.form, self._refusal = self.form.following(), self._say("scanned")
        elif self.form.field is Field.AMOUNT:
            self._send()
        else:
            self._next_field()

    def _next_field(self) -> None:
        try:
            if self.form.field is Field.ORDER:
                if self.form.order:
                    check_order_id(self.form.order)
                self.form = self.form.at(Field.AMOUNT if self.form.phone else Field.PHONE)
            elif phone_of(self.form) is None:
                self._refusal = self._say("type_phone")
            else:
                self.form = self.form.following()
        except InvalidInput as wrong:
            self._refusal = wrong.message

    def _send(self) -> None:
        profile = self._desk.ports.profile
        try:
            msisdn = phone_of(self.form)
            if msisdn is None:
                self.form, self._refusal = self.form.at(Field.PHONE), self._say("type_phone")
                return
            shillings = parse_shillings(self.form.amount, profile.limits)
            order = check_order_id(self.form.order) if self.form.order else self._desk.ports.world.new_id("")
        except InvalidInput as wrong:
            self._refusal = wrong.message
            return

        def ask() -> None:
            self._desk.ask(msisdn, shillings, order)
            self.form = Form()

        if profile.environment != "production":
            ask()
            return
        self._open_question(Question((self._say(
            "q_ask", phone=spoken_form(msisdn), amount=format_shillings(shillings), kind=profile.kind,
            number=profile.party_b, order=order,
        ),)), ask)

    def _ask_again(self) -> None:
        card = self._card()
        if card is None or card.kind is not Kind.NOT_PAID:
            self._refusal = self._say("choose_again")
            return
        payment = card.payment
        words = self._say("q_again", phone=spoken_form(payment.last.msisdn), amount=format_cents(payment.amount_cents),
                          order=payment.order_id)
        self._open_question(Question((words,)), lambda: self._desk.ask_again(payment))

    def _claim(self) -> None:
        seen, asked = self._seen(), self._asked()
        hand = seen.by_hand
        money = next((each for each in hand if each.payment_id == self.chosen), None)
        money = money or next((each for each in hand if each.amount_cents == asked[1]), None) or next(iter(hand), None)
        if money is None:
            self._refusal = self._say("no_hand")
            return
        card = self._card()
        wanted = wish(money, seen.cards, card, (self.form.order, asked[1]), self._desk.ports.world.new_id(""))
        self.chosen, self.in_hand, self._frozen = money.payment_id, True, hand
        def claim() -> None:
            self._desk.claim(money, wanted.order_id)
            self.form = Form()

        self._open_question(claim_question(wanted, self._say), claim)

    def _open_question(self, question: Question, yes: Callable[[], None]) -> None:
        self.question, self._yes, self._refusal = question, yes, ""

    def _close_question(self) -> None:
        self.question, self._frozen, self._yes = None, None, lambda: None

    def _answer(self, at_s: float) -> None:
        assert self.question is not None  # the caller saw it
        match self.question.enter(at_s):
            case Answer.YES:
                yes = self._yes
                self._close_question()
                yes()
            case Answer.WRONG:
                self._close_question()
                self._refusal = self._say("q_wrong")
            case Answer.NOTHING:
                return

    def _card(self) -> Card | None:
        """The chosen card; without one the newest that is not paid."""
        cards = self._seen().cards
        return next((each for each in cards if each.payment.payment_id == self.chosen), None)

    def _put_away(self) -> None:
        if self.chosen.startswith("n"):
            self._desk.drop_notice(int(self.chosen[1:]))
        elif (card := self._card()) is not None:
            self._desk.put_away(card)
        elif seen := self._seen().notices:
            self._desk.drop_notice(seen[0].number)
        elif done := [each for each in self._seen().cards if each.kind is not Kind.WAITING]:
            self._desk.put_away(done[-1])
        self.chosen = ""

    def _put_all_away(self) -> None:
        for notice in self._seen().notices:
            self._desk.drop_notice(notice.number)
        for card in self._seen().cards:
            if card.kind in {Kind.PAID, Kind.NOT_PAID}:
                self._desk.put_away(card)

    def _move(self, by: int) -> None:
        seen = self._seen()
        refs = [each.payment_id for each in seen.by_hand] if self.in_hand else [
            *(f"n{each.number}" for each in seen.notices), *(each.payment.payment_id for each in seen.cards)]
        if refs:
            at = refs.index(self.chosen) + by if self.chosen in refs else (0 if by > 0 else len(refs) - 1)
            self.chosen = refs[max(0, min(at, len(refs) - 1))]

    def _other_list(self) -> None:
        self.in_hand, self.chosen = not self.in_hand, ""
        self._move(1)

    def _paid_order(self) -> str | None:
        card = self._card() or next((c for c in self._seen().cards if c.kind is Kind.PAID), None)
        if card is None or card.kind is not Kind.PAID:
            self._refusal = self._say("choose_paid")
            return None
        return card.payment.order_id

    def _print(self) -> None:
        if order := self._paid_order():
            self._desk.print_receipt(order)

    def _send_sms(self) -> None:
        if order := self._paid_order():
            self._desk.sms_receipt(order)

    def _name_order(self) -> None:
        self.form = self.form.at(Field.ORDER)

    def _next(self) -> None:
        self.form = self.form.following()

    def _open_sms(self) -> None:
        self._pasted, self._verdict, self.help_shown = "", None, False

    def _check_sms(self) -> None:
        text, self._pasted = (self._pasted or "").strip(), ""
        if text:
            self._verdict = Verdict("", self._say("sms_asking"), ())
            self._desk.check(text, self.form.order or None, self._told)

    def _told(self, verdict: Verdict) -> None:
        self._verdict = verdict

    def _asked(self) -> tuple[str, int | None]:
        """The order that is typed, and the cents: from the form, else what the chosen card lacks."""
        if self.form.amount.isdecimal():
            return self.form.order, int(self.form.amount) * 100
        card = self._card()
        return self.form.order, card.payment.amount_cents if card and card.kind is not Kind.PAID else None


_FUNCTIONS: dict[str, Callable[[Clerk], None]] = {
    "tab": Clerk._next,
    "up": lambda clerk: clerk._move(-1),
    "down": lambda clerk: clerk._move(1),
    "f2": Clerk._print,
    "f3": Clerk._send_sms,
    "f4": Clerk._name_order,
    "f5": Clerk._open_sms,
    "f6": Clerk._other_list,
    "f7": Clerk._claim,
    "f8": Clerk._put_all_away,
}
