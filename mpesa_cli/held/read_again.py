"""Held messages read again, as after an upgrade: one that can be read now is applied as of the time it came.

It settles only a prompt that was out before that time, nothing crosses shortcodes, and no SMS goes out for old money.
Each message is a transaction of its own: a message is open, or applied whole, whenever the process dies.
"""

from collections.abc import Callable, Sequence

from mpesa_cli.daraja.c2b_payment import read_c2b
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.wire.strict_json import Unreadable
from mpesa_cli.floor.world import World
from mpesa_cli.initiator import results
from mpesa_cli.ledger.held import Held, HeldWrites
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.outbox import OutboxWrites
from mpesa_cli.ledger.values import CONFIRMATION, RawBody, RawCallback, ResultBody
from mpesa_cli.ledger.writes import Write
from mpesa_cli.payments import c2b, settle
from mpesa_cli.payments.each_alone import is_its_own, words_of
from mpesa_cli.rules.held import HeldChannel, HeldMessage, HeldState
from mpesa_cli.rules.payment import AttemptRef, Payment
from mpesa_cli.sms import delivery_reports
from mpesa_cli.sms.providers.delivery import read_delivery_report


@dataclass(frozen=True, slots=True)
class Again:
    """The outcome of reading a message again: applied, or ``why`` not; and the ``payment`` that it is part of now."""

    message: HeldMessage
    applied: bool
    payment: Payment | None = None
    why: str = ""


class _UndoneError(Exception):
    """The error that ends a transaction which shall leave nothing, and carries its outcome."""

    def __init__(self, made: Again) -> None:
        super().__init__()
        self.made = made


def read_again(
    ledger: Ledger, held_ids: Sequence[str], shop: c2b.Shop, world: World, *, rehearse: bool
) -> list[Again]:
    """Read these messages again, the oldest first. With ``rehearse`` everything is left as it is.

    Raises LedgerBusy or LedgerUnusable; then those before it are applied, and the rest is as it was.
    """
    return [made for each in held_ids if (made := _one(ledger, each, shop, world.now_us(), rehearse=rehearse))]


def _one(ledger: Ledger, held_id: str, shop: c2b.Shop, now_us: int, *, rehearse: bool) -> Again | None:
    message = Held(ledger).message(held_id)
    if message is None:
        return None
    try:
        with ledger.write() as tx:
            made = _in(tx, held_id, shop, now_us)
            if made is not None and (rehearse or not made.applied):
                raise _UndoneError(made)  # noqa: TRY301 - what leaves the block by an error leaves nothing
    except _UndoneError as undone:
        return undone.made
    except Exception as error:  # one that breaks must not keep the next from being read
        if not is_its_own(error):
            raise
        return Again(message, applied=False, why=words_of(error))
    return made


def _in(tx: Write, held_id: str, shop: c2b.Shop, now_us: int) -> Again | None:
    message = Held(tx).message(held_id)
    if message is None or message.state is not HeldState.OPEN:
        return None  # somebody else was quicker
    tx.read_late(now_us)
    made = _applied(tx, message, shop, now_us)
    if made.applied:
        HeldWrites(tx).applied(held_id, made.payment.payment_id if made.payment else "", now_us, how="read again")
    return made


def _applied(tx: Write, message: HeldMessage, shop: c2b.Shop, now_us: int) -> Again:
    if message.removed_us is not None or (message.callback_id and not message.body):
        return Again(message, applied=False, why="its body is not here any more")
    reader = _READERS.get(message.channel)
    if reader is None:
        return Again(message, applied=False, why=_NOT_BY_ITSELF.get(message.channel, "it can't be read by itself"))
    if message.callback_id:
        tx.mark_callback(message.callback_id, "")
    return reader(tx, message, shop, now_us)


def _stk(tx: Write, message: HeldMessage, shop: c2b.Shop, _now_us: int) -> Again:
    asked = tx.payment(message.source)
    if asked is None or asked.shortcode not in shop.shortcodes or asked.profile != shop.profile:
        whose = f"{asked.profile}'s: -P {asked.profile}" if asked else "no payment's here"
        return Again(message, applied=False, why=f"it is {whose}")
    ref = AttemptRef(message.source, message.line)
    raw = RawCallback(message.callback_id, ref, message.received_us, message.peer, message.body, "")
    done = settle.apply_in(tx, raw)
    if isinstance(done.said, Unreadable):
        return Again(message, applied=False, why=done.said.words)
    return Again(message, applied=True, payment=done.payment)


def _c2b(tx: Write, message: HeldMessage, shop: c2b.Shop, _now_us: int) -> Again:
    raw = RawBody(message.callback_id, CONFIRMATION, message.received_us, message.peer, message.body)
    payment = c2b.apply_in(tx, raw, shop, again=True)
    if payment is not None:
        return Again(message, applied=True, payment=payment)
    said = read_c2b(message.body)
    why = said.words if isinstance(said, Unreadable) else message.why
    return Again(message, applied=False, why=why)


def _result(tx: Write, message: HeldMessage, _shop: c2b.Shop, now_us: int) -> Again:
    raw = ResultBody(message.callback_id, message.source, "result", message.received_us, message.peer, message.body)
    verdict = results.apply_result_in(tx, raw, now_us)
    unread = verdict.startswith("unreadable")
    return Again(message, applied=not unread, why=message.why if unread else "")


def _report(tx: Write, message: HeldMessage, _shop: c2b.Shop, now_us: int) -> Again:
    report = read_delivery_report(message.body)
    if report is None:
        return Again(message, applied=False, why=message.why)
    tx.mark_callback(message.callback_id, "applied")
    known = delivery_reports.apply_in(tx, report, now_us)
    return Again(message, applied=known, why="" if known else "it is about no message of ours")


def _to_send(tx: Write, message: HeldMessage, _shop: c2b.Shop, now_us: int) -> Again:
    OutboxWrites(tx).again(message.source, "{}", now_us)
    return Again(message, applied=True)


_READERS: dict[HeldChannel, Callable[[Write, HeldMessage, c2b.Shop, int], Again]] = {
    "stk": _stk, "c2b": _c2b, "result": _result, "sms_report": _report, "outbox": _to_send,
}
_NOT_BY_ITSELF: dict[HeldChannel, str] = {
    "open": "it came without our secret and is never believed; M-PESA's record tells: mpesa reconcile --statement FILE",
    "statement": "a row is read with its file: mpesa reconcile --statement FILE",
    "pull": "M-PESA is asked again: mpesa reconcile --pull",
}
