"""The ledgers of one listener: of each its writer, its spool, and the note that it can be written. Mostly there is one.

Only imported where a server is about to start.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from mpesa_cli.initiator.listener_alive import EVERY_S
from mpesa_cli.listener.intake.intake import Intake
from mpesa_cli.listener.intake.routing import Router, answer_of_several
from mpesa_cli.listener.intake.storing import answer_without_ledger
from mpesa_cli.listener.intake.writer import Writer
from mpesa_cli.listener.server.options import Parts
from mpesa_cli.listener.server.spooling import Keeping, Spooling, Spoolings

if TYPE_CHECKING:
    from mpesa_cli.listener.intake.deliveries import Delivery, Verdict


class Ledgers:
    """The ledgers while the listener runs. Used from the event loop alone."""

    def __init__(self, parts: Parts, loop: asyncio.AbstractEventLoop) -> None:
        """Nothing is opened yet."""
        self._loop = loop
        self._each = (parts, *parts.beside)
        alone = len(self._each) == 1
        self._writers = [
            # Of one that is away what comes can be kept: then the others need not wait for it, nor a restart.
            Writer(
                partial(_open_intake, each, alone=alone), loop.call_soon_threadsafe,
                awaits_ledger=each.spool is not None,
            )
            for each in self._each
        ]
        self._due = [loop.time()] * len(self._each)
        self._noting: list[asyncio.Future[object] | None] = [None] * len(self._each)
        self.writer: Writer | Router
        self.without_ledger: Callable[[Delivery], Verdict | None]
        self.spooling: Keeping | None
        if alone:
            self.writer = self._writers[0]
            self.without_ledger = partial(answer_without_ledger, context=parts.c2b)
            self.spooling = self._spooling_of(parts)
            return
        self.writer = router = Router(self._writers)
        self.without_ledger = answer_of_several([each.c2b for each in self._each])
        spoolings = [self._spooling_of(each) for each in self._each]
        self.spooling = Spoolings(spoolings, router.may_have) if any(spoolings) else None

    def note_alive(self) -> None:
        """Note of each that it can be written, where its turn has come. Called often."""
        now_s = self._loop.time()
        for number, (each, writer) in enumerate(zip(self._each, self._writers, strict=True)):
            if each.note_alive is None or now_s < self._due[number] or not writer.healthy:
                continue
            noting = self._noting[number]
            if noting is None or noting.done():
                self._due[number] = now_s + EVERY_S
                # A disk that hangs must not stop the loop.
                self._noting[number] = self._loop.run_in_executor(None, each.note_alive)

    def _spooling_of(self, parts: Parts) -> Spooling | None:
        """Its spool, which hands in to whichever ledger knows the body."""
        if parts.spool is None:
            return None
        return Spooling(parts.spool, self.writer, parts.world, parts.tell, self._loop)


def _open_intake(parts: Parts, *, alone: bool) -> tuple[Intake, Callable[[], None]]:
    """The intake, opened in the writer's thread, with the bodies that an earlier listener left unread."""
    ledger = parts.open_ledger()
    try:
        intake = Intake(
            ledger,
            parts.world,
            parts.tell,
            c2b=parts.c2b,
            ask=parts.ask,
            sms_secret_hash=parts.sms_secret_hash,
            alone=alone,
        )
        intake.settling.recover()
    except BaseException:
        ledger.close()
        raise
    return intake, ledger.close
