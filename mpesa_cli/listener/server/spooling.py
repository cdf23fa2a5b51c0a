"""The event loop's side of the spool: bodies go there as they gather, and from there to the ledger."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from mpesa_cli.floor.world import World
from mpesa_cli.listener.events import Event, OnEvent
from mpesa_cli.listener.intake.deliveries import UNAVAILABLE, Delivery, Verdict
from mpesa_cli.listener.intake.spool import Kept, Spool
from mpesa_cli.listener.intake.writer import Storing

HAND_IN_EVERY_S = 1.0


class Give(Protocol):
    """A receiver of the news whether a body is on this machine's disk."""

    def __call__(self, *, kept: bool) -> None:
        """Called once, in the event loop."""


class Keeping(Protocol):
    """A place for bodies while a ledger is away."""

    def keep(self, delivery: Delivery, give: Give) -> None:
        """Keep a body; ``give`` hears once whether it is on disk."""

    def hand_in(self) -> None:
        """Give the ledger what is kept, where there is something and its turn has come. Called often."""


class Spooling:
    """The spool of a listener that runs. Used from the event loop alone; the disk's work is done in threads."""

    def __init__(
        self, spool: Spool, writer: Storing, world: World, on_event: OnEvent,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """Nothing is opened yet."""
        self._spool = spool
        self._writer = writer
        self._world = world
        self._on_event = on_event
        self._loop = loop
        self._gathered: list[tuple[Delivery, Give]] = []
        self._keeping = False
        self._handing_in = 0
        self._looked_at = 0.0
        self._looking = False

    def keep(self, delivery: Delivery, give: Give) -> None:
        """Keep a body; ``give`` hears once whether it is on disk."""
        self._gathered.append((delivery, give))
        if not self._keeping:
            self._keeping = True
            self._loop.create_task(self._keep_gathered())

    async def _keep_gathered(self) -> None:
        """Keep what has gathered, again and again: a flush of the disk costs the same for one and for many."""
        while self._gathered:
            gathered, self._gathered = self._gathered, []
            deliveries = [delivery for delivery, _ in gathered]
            kept = await self._loop.run_in_executor(None, self._spool.keep, deliveries, self._world.now_us())
            if any(kept):
                self._on_event(Event("spooled", self._world.now_us(), count=sum(kept)))
            for (_, give), is_kept in zip(gathered, kept, strict=True):
                give(kept=is_kept)
        self._keeping = False

    def hand_in(self) -> None:
        """Give the ledger what is kept, where there is something and its turn has come. Called often."""
        if self._looking or self._handing_in or self._loop.time() - self._looked_at < HAND_IN_EVERY_S:
            return
        self._looking = True
        self._loop.create_task(self._look())

    async def _look(self) -> None:
        waiting = await self._loop.run_in_executor(None, self._spool.waiting)
        self._looking, self._looked_at = False, self._loop.time()
        taken: list[int] = []
        self._handing_in = len(waiting)
        for each in waiting:
            if not self._writer.submit(each[1], self._on_verdict(each, taken)):
                self._one_answered(taken)

    def _on_verdict(self, kept: Kept, taken: list[int]) -> Callable[[Verdict], None]:
        """What to do once the ledger has answered: whatever it said but "away", it has looked at the body."""

        def answered(verdict: Verdict) -> None:
            if verdict is not UNAVAILABLE:
                taken.append(kept[0])
            self._one_answered(taken)

        return answered

    def _one_answered(self, taken: list[int]) -> None:
        self._looked_at = self._loop.time()
        if self._handing_in == 1 and taken:
            self._loop.create_task(self._remove(taken))
        else:
            self._handing_in -= 1

    async def _remove(self, taken: list[int]) -> None:
        """Take out of the spool what the ledger has; only then is it told, and looked for more at once."""
        removed = await self._loop.run_in_executor(None, self._spool.remove, taken)
        self._handing_in = 0
        if removed:
            self._looked_at = 0.0
            self._on_event(Event("handed_in", self._world.now_us(), count=len(taken)))


class Spoolings:
    """The spools of several ledgers: a body is kept for each whose it may be, since which one is away."""

    def __init__(self, spoolings: Sequence[Spooling | None], may_have: Callable[[Delivery], list[int]]) -> None:
        """``spoolings`` by the ledgers' numbers, None where a ledger has no spool; ``may_have`` tells the numbers."""
        self._spoolings = spoolings
        self._may_have = may_have

    def keep(self, delivery: Delivery, give: Give) -> None:
        """Keep it for each; it counts only where it is on disk for all of them."""
        spoolings = [self._spoolings[number] for number in self._may_have(delivery)]
        if not spoolings or None in spoolings:
            give(kept=False)
            return
        answers: list[bool] = []

        def one(*, kept: bool) -> None:
            answers.append(kept)
            if len(answers) == len(spoolings):
                give(kept=all(answers))

        for each in spoolings:
            if each is not None:
                each.keep(delivery, one)

    def hand_in(self) -> None:
        """Give the ledgers what is kept for them."""
        for each in self._spoolings:
            if each is not None:
                each.hand_in()
