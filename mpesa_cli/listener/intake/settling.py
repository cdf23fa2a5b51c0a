"""Settling: stored bodies are read and applied, many in one transaction.

Only names are kept here, of attempts with unread bodies and of C2B confirmations; the bodies are read
again from the ledger, in the transaction that applies them. So a body that another process applied in the
meantime is not applied twice, and a listener that was killed starts where it was.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from typing import Literal, TypeAlias

from mpesa_cli.daraja.c2b_payment import C2bPayment, read_c2b
from mpesa_cli.daraja.callbacks import StkPaid, StkSaid
from mpesa_cli.floor.errors import LedgerBusy, MpesaError
from mpesa_cli.floor.wire.strict_json import Unreadable
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.bodies import Bodies
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.seen import Attempts, Seen
from mpesa_cli.ledger.values import CONFIRMATION, RawBody, RawCallback
from mpesa_cli.ledger.writes import Write
from mpesa_cli.listener.events import Event, OnEvent
from mpesa_cli.listener.intake.deliveries import Ask
from mpesa_cli.payments import c2b, settle
from mpesa_cli.payments.ask import is_doubted
from mpesa_cli.payments.each_alone import is_its_own, words_of
from mpesa_cli.rules.payment import AttemptRef, Payment
from mpesa_cli.rules.state import Flag, is_open

TOGETHER = 8  # so many are read at once and written at once, and share a commit, which takes a few milliseconds

Name: TypeAlias = AttemptRef | str
"""An attempt with unread callbacks, or the id of one C2B confirmation."""


class Settling:
    """The names with something unread, in the order in which it came."""

    def __init__(
        self, ledger: Ledger, world: World, on_event: OnEvent, shop: c2b.Shop | None = None,
        on_doubt: Ask | None = None,
    ) -> None:
        """Nothing is read here; see :meth:`recover`. Without a shop, confirmations are left alone.

        ``on_doubt`` gets an attempt whose callback left it open: it proves nothing, or could not be read.
        """
        self._on_doubt = on_doubt
        self._ledger = ledger
        self._world = world
        self._on_event = on_event
        self._shop = shop
        self._waiting: dict[Name, None] = {}
        self._set_aside: dict[Name, None] = {}

    def __len__(self) -> int:
        """The number that wait to be settled, without those set aside after a failure."""
        return len(self._waiting)

    def add(self, name: Name) -> None:
        """Note that something was stored under this name."""
        self._waiting[name] = None

    def recover(self) -> None:
        """Take up what an earlier listener stored and did not settle. May raise what the ledger raises."""
        for raw in Bodies(self._ledger).unread_callbacks():
            self.add(raw.attempt)
        if self._shop is not None:
            for body in Bodies(self._ledger).unread_bodies(CONFIRMATION):
                self.add(body.callback_id)

    def try_again(self) -> bool:
        """Take up the names that failed before. Returns whether there were any."""
        self._waiting |= self._set_aside
        again, self._set_aside = bool(self._set_aside), {}
        return again

    def settle(self, most: int = 1000, *, hurry: Callable[[], bool] = lambda: False) -> None:
        """Apply the unread bodies of up to ``most`` names. Failures are set aside and reported. Never raises.

        Where ``hurry`` says so, it ends after the first few: somebody waits to have something stored.
        """
        names = list(islice(self._waiting, most))
        if names:
            self._settle(names, hurry)

    def _settle(self, names: list[Name], hurry: Callable[[], bool]) -> None:
        events: list[Event] = []
        done = 0
        try:
            with self._ledger.write() as tx:
                while done < len(names) and not (done and hurry()):
                    together = names[done : done + TOGETHER]
                    events += self._apply(tx, together)
                    done += len(together)
        except LedgerBusy as busy:  # one by one, each would wait as long, and so would storing behind them
            done, events = len(names), [self._put_aside(names, busy)]
        except Exception as error:  # noqa: BLE001 - the bodies are safe on disk; the thread must live on
            if len(names) > 1:
                for name in names:
                    self._settle([name], hurry)
                return
            done, events = 1, [self._alone(names[0], error)]
        for name in names[:done]:
            self._waiting.pop(name, None)
        for event in events:
            self._on_event(event)
            self._ask_where_in_doubt(event)

    def _apply(self, tx: Write, names: list[Name]) -> list[Event]:
        """Apply what waits under these names; what it needs of the ledger is read at once."""
        events: list[Event] = []
        callbacks = Bodies(tx).unread_callbacks_of({name for name in names if isinstance(name, AttemptRef)})
        seen = Attempts(tx).seen_of(callbacks)
        said = {raw.callback_id: settle.read(raw) for each in callbacks.values() for raw in each}
        tx.look_up_owners({each.receipt for each in said.values() if isinstance(each, StkPaid)})
        confirmations = self._confirmations(tx, names)
        for name in names:
            if isinstance(name, AttemptRef):
                raws = callbacks.get(name, ())
                applied = [self._apply_callback(tx, raw, said[raw.callback_id], seen) for raw in raws]
                events += applied or self._applied_elsewhere(tx, name)
            elif name in confirmations:
                seen.clear()  # it may be about any of these payments
                events.append(self._apply_confirmation(tx, confirmations[name]))
            else:
                events += self._confirmed_elsewhere(tx, name)
        return events

    def _ask_where_in_doubt(self, event: Event) -> None:
        payment = event.payment
        if self._on_doubt is None or event.channel != "stk" or payment is None:
            return
        attempt = next((each for each in payment.attempts if each.ref == event.attempt), None)
        if attempt is not None and (is_doubted(attempt) or (event.kind == "unreadable" and is_open(attempt.state))):
            self._on_doubt(payment, attempt)

    def _alone(self, name: Name, failed: Exception) -> Event:
        """Apply each body of a name by itself, so that one which can't be applied is held. Only where the ledger itself
        can't be written does the name wait for another time.
        """
        ref = name if isinstance(name, AttemptRef) else None
        if is_its_own(failed):
            try:
                if ref is not None:
                    settle.apply_unread(self._ledger, ref)
                elif self._shop is not None:
                    c2b.apply_confirmations(self._ledger, self._shop)
            except Exception as error:  # noqa: BLE001 - the bodies are safe on disk; the thread must live on
                failed = error
            else:
                return Event("unreadable", self._world.now_us(), attempt=ref, detail=words_of(failed))
        return self._put_aside([name], failed)

    def _put_aside(self, names: list[Name], failed: Exception) -> Event:
        self._set_aside |= dict.fromkeys(names)
        words = failed.message if isinstance(failed, MpesaError) else type(failed).__name__
        ref = names[0] if isinstance(names[0], AttemptRef) else None
        return Event("unsettled", self._world.now_us(), attempt=ref, detail=words, count=len(names))

    def _confirmations(self, tx: Write, names: list[Name]) -> dict[str, RawBody]:
        ids = [name for name in names if isinstance(name, str)]
        if self._shop is None or not ids:
            return {}
        return {raw.callback_id: raw for raw in Bodies(tx).unread_bodies(CONFIRMATION, ids)}

    def _apply_callback(
        self, tx: Write, raw: RawCallback, told: StkSaid | Unreadable, seen: dict[AttemptRef, Seen]
    ) -> Event:
        ref = raw.attempt
        applied = settle.apply_in(tx, raw, seen.get(ref), told)
        if applied.payment is not None:  # what was seen of it is over, of whichever of its attempts
            for each in applied.payment.attempts:
                seen.pop(each.ref, None)
        if isinstance(said := applied.said, Unreadable):
            return Event(
                "unreadable", self._world.now_us(), raw.peer, "stk", ref, applied.payment, raw.callback_id,
                detail=said.words,
            )
        return Event(
            "settled", self._world.now_us(), raw.peer, "stk", ref, applied.payment, raw.callback_id,
            said.checkout_request_id, detail=_news(applied.before, applied.payment, ref),
        )

    def _applied_elsewhere(self, tx: Write, ref: AttemptRef) -> list[Event]:
        """What a push that waits, or whoever looked, made of a callback since it was stored: told all the same."""
        payment = tx.payment(ref.payment_id)
        told = [raw for raw in Bodies(tx).callbacks(ref.payment_id) if raw.attempt == ref and raw.verdict == "applied"]
        if payment is None or not told:
            return []
        return [Event("settled", self._world.now_us(), told[-1].peer, "stk", ref, payment, told[-1].callback_id)]

    def _confirmed_elsewhere(self, tx: Write, callback_id: str) -> list[Event]:
        """The same for money by hand."""
        raw = Bodies(tx).applied_body(callback_id) if self._shop is not None else None
        said = read_c2b(raw.body) if raw is not None else None
        if raw is None or not isinstance(said, C2bPayment) or (owner := tx.receipt_owner(said.receipt)) is None:
            return []
        event = Event("settled", self._world.now_us(), raw.peer, "c2b-confirmation", callback_id=callback_id)
        return [replace(event, payment=tx.payment(owner.payment_id), attempt=owner, receipt=said.receipt)]

    def _apply_confirmation(self, tx: Write, raw: RawBody) -> Event:
        assert self._shop is not None  # or no confirmation would have been looked up
        said = read_c2b(raw.body)
        known = None if isinstance(said, Unreadable) else tx.receipt_owner(said.receipt)
        before = tx.payment(known.payment_id) if known else None
        payment = c2b.apply_in(tx, raw, self._shop)
        event = Event("settled", self._world.now_us(), raw.peer, "c2b-confirmation", callback_id=raw.callback_id)
        if isinstance(said, Unreadable):
            return replace(event, kind="unreadable", detail=said.words)
        if payment is None:
            other = self._shop.others.get(said.shortcode)
            whose = f"profile {other}'s" if other else "not ours"
            return replace(event, kind="unreadable", detail=f"paid to shortcode {said.shortcode}, which is {whose}")
        owner = tx.receipt_owner(said.receipt)
        news = _news(before, payment, owner, said.amount_cents) if owner else ""
        return replace(event, payment=payment, attempt=owner, receipt=said.receipt, detail=news)


def _news(
    before: Payment | None, now: Payment | None, ref: AttemptRef, told_cents: int | None = None
) -> Literal["", "nothing new", "conflict"]:
    """The news in a message about an attempt: something, nothing new, or a contradiction."""
    was, is_ = (next((a for a in p.attempts if a.ref == ref), None) if p else None for p in (before, now))
    if is_ is None or Flag.CONFLICT not in is_.view.flags:
        return "nothing new" if before == now else ""
    if was is None or Flag.CONFLICT not in was.view.flags or told_cents not in (None, is_.amount_cents):
        return "conflict"
    return "nothing new" if before == now else ""
