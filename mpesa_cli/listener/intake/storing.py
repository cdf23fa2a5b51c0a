"""Storing: the place that a delivery belongs to, and the rows written inside the transaction that stores it."""

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias, assert_never

from mpesa_cli.daraja.c2b_payment import C2bPayment, read_c2b, read_shortcode
from mpesa_cli.floor.errors import Conflict
from mpesa_cli.floor.wire.strict_json import Unreadable
from mpesa_cli.ledger.bodies import BodyWrites
from mpesa_cli.ledger.hooks import Hooks
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.values import CONFIRMATION, NewCallback
from mpesa_cli.ledger.writes import Write
from mpesa_cli.listener.events import Event
from mpesa_cli.listener.intake.deliveries import (
    ACCEPTED,
    CONFIRMED,
    LET_THROUGH,
    TOO_MANY,
    C2bContext,
    C2bDelivery,
    Delivery,
    OpenDelivery,
    StkDelivery,
    StoredDelivery,
    Verdict,
    rejected,
)
from mpesa_cli.listener.intake.reserved import store_reserved, to_ask_about
from mpesa_cli.listener.intake.store_outcome import StoreOutcome
from mpesa_cli.listener.intake.strangers import OPEN_CHANNEL, store_untrusted
from mpesa_cli.payments.c2b import VALIDATION, order_meant
from mpesa_cli.rules.c2b_rules import reject_code
from mpesa_cli.rules.payment import AttemptRef

Placed: TypeAlias = tuple[AttemptRef | str, StoredDelivery]
"""A delivery, and the attempt or the channel that it belongs to."""


def places_of(
    ledger: Ledger, deliveries: Sequence[StoredDelivery], context: C2bContext | None
) -> list[AttemptRef | str | None]:
    """The attempt or the channel that each delivery belongs to; None where its secret is unknown."""
    token_hashes = [delivery.token_hash for delivery in deliveries if isinstance(delivery, StkDelivery)]
    attempts = ledger.attempts_by_tokens(token_hashes) if token_hashes else {}
    return [_place_of(ledger, delivery, attempts, context) for delivery in deliveries]


def _place_of(
    ledger: Ledger, delivery: StoredDelivery, attempts: Mapping[str, AttemptRef], context: C2bContext | None
) -> AttemptRef | str | None:
    match delivery:
        case StkDelivery():
            return attempts.get(delivery.token_hash)
        case C2bDelivery():
            known = context is not None and Hooks(ledger).knows(delivery.secret_hash)
            return (CONFIRMATION if delivery.step == "confirmation" else VALIDATION) if known else None
        case OpenDelivery():
            return OPEN_CHANNEL + delivery.path
        case _:
            assert_never(delivery)


def store(tx: Write, placed: Sequence[Placed], at_us: int, context: C2bContext | None) -> list[StoreOutcome]:
    """Store deliveries in their places, those on prompts all at once."""
    new = [NewCallback(place, each.body, each.peer) for place, each in placed if isinstance(place, AttemptRef)]
    outcomes = iter(BodyWrites(tx).store_callbacks(new, at_us) if new else ())
    return [
        _stored_on_prompt(tx, place, delivery, next(outcomes), at_us)
        if isinstance(place, AttemptRef)
        else _stored_in_channel(tx, delivery, place, at_us, context)
        for place, delivery in placed
    ]


def _stored_on_prompt(
    tx: Write, place: AttemptRef, delivery: StoredDelivery, stored: str | Conflict | None, at_us: int
) -> StoreOutcome:
    if isinstance(stored, Conflict):  # the prompt has had its share of the disk
        stored = store_reserved(tx, place, delivery.body, delivery.peer, at_us)
        if stored is None:
            return StoreOutcome(TOO_MANY, None, ask=to_ask_about(tx, place))
    event = Event(_news(stored), at_us, delivery.peer, "stk", place, callback_id=stored or "")
    return StoreOutcome(ACCEPTED, event, settle=place if stored else None)


def _stored_in_channel(
    tx: Write, delivery: StoredDelivery, place: str, at_us: int, context: C2bContext | None
) -> StoreOutcome:
    if isinstance(delivery, OpenDelivery):
        return store_untrusted(tx, delivery, at_us, context)
    words = context.shop.own_words if context else ()
    callback_id = BodyWrites(tx).store_body(place, delivery.body, delivery.peer, at_us, words)
    if place == CONFIRMATION:
        event = Event(_news(callback_id), at_us, delivery.peer, "c2b-confirmation", callback_id=callback_id or "")
        return StoreOutcome(CONFIRMED, event, settle=callback_id)
    return _validated(tx, delivery, callback_id, at_us, context)


def _news(callback_id: str | None) -> Literal["stored", "repeat"]:
    return "repeat" if callback_id is None else "stored"


def _validated(
    tx: Write, delivery: StoredDelivery, callback_id: str | None, at_us: int, context: C2bContext | None
) -> StoreOutcome:
    """The answer to a validation, decided by what the ledger knows in this transaction: M-PESA waits 8 s at most."""
    said = read_c2b(delivery.body)
    code = _reject_code(tx, delivery.body, said, context) if context else None
    if callback_id:
        tx.mark_callback(callback_id, f"answered: {code or 'accepted'}")
    event = Event(
        "validated", at_us, delivery.peer, "c2b-validation", callback_id=callback_id or "",
        receipt=said.receipt if isinstance(said, C2bPayment) else "", detail=code or "accepted",
    )
    return StoreOutcome(rejected(code) if code else LET_THROUGH, event)


def answer_without_ledger(delivery: Delivery, context: C2bContext | None) -> Verdict | None:
    """The answer to a validation that could not be stored in time, where the ledger has no say in it; else None.

    Where every payment is let through, a customer must not be turned away because our disk is slow.
    """
    if context is None or context.rule != "accept":
        return None
    if not isinstance(delivery, C2bDelivery) or delivery.step != "validation":
        return None
    said = read_c2b(delivery.body)
    shortcode = read_shortcode(delivery.body) if isinstance(said, Unreadable) else said.shortcode
    return rejected("C2B00015") if shortcode and shortcode not in context.shop.shortcodes else LET_THROUGH


def _reject_code(tx: Write, body: bytes, said: C2bPayment | Unreadable, context: C2bContext) -> str | None:
    if isinstance(said, Unreadable):
        if context.rule != "accept":
            return "C2B00016"
        # A shop that lets everything through lets this through too: its confirmation is kept and named.
        shortcode = read_shortcode(body)
        return "C2B00015" if shortcode and shortcode not in context.shop.shortcodes else None
    return reject_code(
        context.rule,
        amount_cents=said.amount_cents,
        order=order_meant(tx, said, context.shop),
        limits=context.limits,
        own_shortcode=said.shortcode in context.shop.shortcodes,
        nameless=not context.takes_accounts and not said.account_reference.strip(),
    )
