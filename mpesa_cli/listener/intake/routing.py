"""The way of a delivery to one of several ledgers: the one that knows the secret of its address takes it.

A secret is 128 random bits of one ledger, so all are asked at once, and none waits for another that is away. What has
no secret of its own is offered to one after the other. Used from one thread, the event loop's.
"""

from collections.abc import Callable, Sequence
from functools import partial

from mpesa_cli.listener.intake.deliveries import (
    LET_THROUGH,
    NO_PAYMENT,
    UNAVAILABLE,
    UNKNOWN,
    C2bContext,
    C2bDelivery,
    Delivery,
    LostDelivery,
    OpenDelivery,
    SmsReport,
    StkDelivery,
    Verdict,
)
from mpesa_cli.listener.intake.storing import answer_without_ledger
from mpesa_cli.listener.intake.writer import SendVerdict, Writer

_NOT_MINE = (UNKNOWN, NO_PAYMENT)


class _Way:
    """A delivery on its way. ``rounds`` are still to come: the writers that are asked at once, by their numbers."""

    def __init__(self, delivery: Delivery, answer: SendVerdict, rounds: list[list[int]]) -> None:
        self.delivery = delivery
        self.answer = answer
        self.rounds = rounds
        self.waiting = 0
        self.queued = False
        self.answered = False
        self.verdict = UNKNOWN
        self.away: set[int] = set()
        self.not_mine: set[int] = set()
        self.may_be_lost = isinstance(delivery, StkDelivery | C2bDelivery)


class Router:
    """The writers of several ledgers, as one. Takes deliveries as a Writer does."""

    def __init__(self, writers: Sequence[Writer]) -> None:
        """The writers' numbers are their places here."""
        self._writers = tuple(writers)
        self._ways: dict[int, _Way] = {}

    def start(self) -> None:
        """Start each, and wait until its ledger is open. Raises the error of the first that fails; then none runs."""
        started: list[Writer] = []
        try:
            for writer in self._writers:
                writer.start()
                started.append(writer)
        except BaseException:
            for writer in started:
                writer.stop()
            raise

    def stop(self) -> None:
        """Take nothing more, and wait until each has stored and settled what it has."""
        for writer in self._writers:
            writer.close()
        for writer in self._writers:
            writer.stop()

    @property
    def healthy(self) -> bool:
        """Whether each of them can store."""
        return all(writer.healthy for writer in self._writers)

    @property
    def failure(self) -> BaseException | None:
        """The error that ended one of them before its time."""
        return next((writer.failure for writer in self._writers if writer.failure is not None), None)

    def submit(self, delivery: Delivery, answer: SendVerdict) -> bool:
        """Offer it to the ledgers. ``answer`` gets the verdict of the one that takes it, or that none does.

        False where none of them has room: say 503.
        """
        everybody = list(range(len(self._writers)))
        one_by_one = isinstance(delivery, OpenDelivery | SmsReport)
        way = _Way(delivery, answer, [[each] for each in everybody] if one_by_one else [everybody])
        self._ways[id(delivery)] = way
        self._ask_on(way)
        return way.queued

    def may_have(self, delivery: Delivery) -> list[int]:
        """The numbers of the ledgers whose it may be, as far as is known: none of them has said that it is not."""
        way = self._ways.get(id(delivery))
        return [n for n in range(len(self._writers)) if way is None or n not in way.not_mine]

    def _ask_on(self, way: _Way) -> None:
        """Ask the next round; where there is none, it is nobody's, or a ledger that is away may have it."""
        if not way.rounds and way.may_be_lost and not way.away:
            way.may_be_lost = False
            assert isinstance(way.delivery, StkDelivery | C2bDelivery)
            lost = LostDelivery(way.delivery, way.delivery.peer)
            way.rounds = [[each] for each in range(len(self._writers))]
        else:
            lost = None
        if not way.rounds:
            self._end(way, UNAVAILABLE if way.away else way.verdict)
            return
        asked = way.rounds.pop(0)
        way.waiting = len(asked)
        for number in asked:
            said = partial(self._said, way, number)
            if self._writers[number].submit(lost or way.delivery, said):
                way.queued = True
            else:
                said(UNAVAILABLE)

    def _said(self, way: _Way, number: int, verdict: Verdict) -> None:
        way.waiting -= 1
        if verdict is UNAVAILABLE:
            way.away.add(number)
        elif verdict in _NOT_MINE:
            way.not_mine.add(number)
            way.verdict = verdict
        else:
            self._end(way, verdict)
        if not way.waiting and not way.answered:
            self._ask_on(way)

    def _end(self, way: _Way, verdict: Verdict) -> None:
        if not way.answered:
            way.answered = True
            way.answer(verdict)  # who keeps it elsewhere asks, just now, whose it may be
            self._ways.pop(id(way.delivery), None)


def answer_of_several(contexts: Sequence[C2bContext | None]) -> Callable[[Delivery], Verdict | None]:
    """The answer to a validation about which none of the ledgers has a say, whichever of them it is for; else None."""

    def answer(delivery: Delivery) -> Verdict | None:
        answers = {answer_without_ledger(delivery, context) for context in contexts}
        taken = {each for each in answers if each is not None and each.body == LET_THROUGH.body}
        return None if None in answers else (taken or answers).pop()

    return answer
