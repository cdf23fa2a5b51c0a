"""What the program says in its JSON documents, held against the truth. Not a test."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from baton import SECOND_US, Process
from laws import Violation, ledger_of
from played_shop import Said

if TYPE_CHECKING:
    from playing import Play

ASKS = ("push", "retry", "force", "race")


class Answers:
    """The laws about answers."""

    def __init__(self, play: "Play") -> None:
        self._play = play

    def check(self, said: Said) -> Iterator[Violation]:
        """Everything that an answer says of payments and of money."""
        kind = said.process.facts.get("kind", "")
        document = said.json
        code = self.error_code(said)
        if code == "bug" or (said.status == 1 and not code):
            words = f"{said.process.name}: {said.stdout[:300]}{said.stderr[-300:]}"
            yield Violation("bug", kind, words)
        yield from self.of_document(kind, document, said.process)
        if kind.startswith("reconcile") and said.status == 0 and not self._play.is_another():
            yield from self._silent(document)
        elif kind.startswith("reconcile"):
            self._play.named |= {c.receipt for c in self._play.truth.charges() if c.receipt in said.stdout}

    def of_document(self, kind: str, document: Any, process: Process) -> Iterator[Violation]:
        """What one document says, errors and problem documents included."""
        blind = self._play.is_blind()
        # What was read before others went on is as it was then.
        stale = kind.startswith("race") or process.facts.get("slept_us")
        document = {} if stale and not _error_in(document) else document
        for payment in payments_in(document) if not self._play.is_another() else ():
            cents = round(payment["amount"] * 100)
            yield from self._play.laws.said_of(payment["order_id"], payment["status"], cents, blind=blind)
            yield from self._told_and_not_said(payment)
        error = _error_in(document)
        if error is not None and "money_moved" in error:
            yield from self._money_moved(kind, error, process, blind=blind)

    def _told_and_not_said(self, payment: dict[str, Any]) -> Iterator[Violation]:
        """Whatever came in and was not understood is said of the payment that it is about."""
        if payment["status"] != "pending" or payment.get("held") or self._play.is_another():
            return
        if any(a["flags"] for a in payment["attempts"]):
            return
        play = self._play
        for prompt in play.truth.prompts(payment["order_id"]):
            told_us = play.truth.told.get(prompt.receipt) if prompt.receipt else None
            if told_us is None or play.baton.true_us - told_us < SECOND_US or not play.shop.settles:
                continue
            if prompt.receipt in play.laws.phantoms:
                continue  # a message with our secret gave it another amount before: which of the two lies, nobody knows
            if play.blind and play.blind[0] <= told_us <= play.blind[1]:
                continue
            form = play.shop.stk_forms.get(prompt.checkout_request_id, "plain")
            words = f"{payment['order_id']} is paid and that was told (form {form}); it is said to wait for the PIN"
            yield Violation("told-and-not-said", form, words)

    def _money_moved(self, kind: str, error: dict[str, Any], process: Process, *, blind: bool) -> Iterator[Violation]:
        play, moved = self._play, error["money_moved"]
        order = str(process.facts.get("order", ""))
        if kind.startswith(ASKS):
            prompts = process.facts.get("prompts", [])
            if moved == "no" and any(play.truth.may_be_paid(p, play.baton.true_us) for p in prompts):
                yield Violation("money-moved", f"no/{error['code']}", f"{process.name} says no; its prompt may be paid")
        elif moved == "no" and order and not blind:
            may = any(play.truth.may_be_paid(p, play.baton.true_us) for p in play.truth.prompts(order))
            if may or play.laws.money_for(order):
                words = f"{process.name} says no; money moved for {order}"
                yield Violation("money-moved", f"no/{error['code']}", words)
        if moved == "yes" and order and not play.laws.money_for(order) and order not in play.laws.wrongly_decided:
            yield Violation("money-moved", f"yes/{error['code']}", f"{process.name} says yes; nothing came for {order}")

    def _silent(self, document: Any) -> Iterator[Violation]:
        """Reconcile exited 0."""
        play = self._play
        with ledger_of(play.shop) as ledger:
            if ledger is None or play.is_another():
                return
            yield from play.laws.silence(ledger, play.must_know())
            if not play.is_blind():
                yield from play.laws.all_payments(ledger, blind=False)

    def error_code(self, said: Said) -> str:
        """The code of the error that a command ended with; empty where it ended otherwise."""
        error = _error_in(said.json)
        return str(error.get("code", "")) if error else ""


def _error_in(document: Any) -> dict[str, Any] | None:
    if not isinstance(document, dict):
        return None
    if isinstance(document.get("error"), dict):
        return document["error"]  # type: ignore[no-any-return]
    return document if "money_moved" in document and "code" in document else None


def payments_in(document: Any) -> Iterator[dict[str, Any]]:
    """Every payment that is shown anywhere in a document."""
    if isinstance(document, dict):
        if {"order_id", "status", "attempts", "amount"} <= document.keys():
            yield document
        for value in document.values():
            if isinstance(value, dict | list):
                yield from payments_in(value)
    elif isinstance(document, list):
        for each in document:
            yield from payments_in(each)
