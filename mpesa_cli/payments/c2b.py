"""C2B: money that a customer sent from the M-PESA menu becomes a payment, or finds the order it is for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from itertools import islice
from typing import TYPE_CHECKING

from mpesa_cli.daraja.c2b_payment import C2bPayment, read_c2b
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.wire.strict_json import Unreadable
from mpesa_cli.ledger.bodies import Bodies
from mpesa_cli.ledger.claiming import Claims
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.orders import Orders
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.ledger.values import CONFIRMATION, RawBody
from mpesa_cli.ledger.writes import Write
from mpesa_cli.payments.each_alone import apply_each
from mpesa_cli.payments.holding import hold_body
from mpesa_cli.rules.believed import BY_HAND_US, CLOCKS_DIFFER_US, believed_us
from mpesa_cli.rules.by_hand import HandMoney, prompt_named, prompt_proven
from mpesa_cli.rules.evidence import Received
from mpesa_cli.rules.forgotten import can_be_of
from mpesa_cli.rules.order_matching import keys_meant, order_key
from mpesa_cli.rules.payment import Attempt, AttemptRef, Intent, Payment, ShopOrder

if TYPE_CHECKING:
    from mpesa_cli.settings.profile import Profile

VALIDATION = "c2b-validation"
LOOKED_AT_MAX = 1_000  # bodies that somebody waits for who only wants to look


@dataclass(frozen=True, slots=True)
class Shop:
    """The part of the profile that C2B needs. ``own_words`` are what customers type before an order id; ``others`` are
    shortcodes of the profiles beside it, with their names."""

    profile: str
    shortcodes: tuple[str, ...]
    own_words: tuple[str, ...]
    new_payment_id: Callable[[], str]
    others: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, profile: "Profile", new_payment_id: Callable[[], str]) -> "Shop":
        """The shop of a profile."""
        words = (profile.account_number, profile.account_reference.replace("{order}", ""))
        return cls(
            profile.name, tuple({profile.shortcode, profile.party_b}), tuple(word for word in words if word),
            new_payment_id,
        )


def apply_confirmations(ledger: Ledger, shop: Shop) -> list[Payment]:
    """Apply every confirmation that was stored and not read. Returns the payments as they stand then."""
    return _applied(ledger, shop, lambda reads: Bodies(reads).unread_bodies(CONFIRMATION))


def apply_own_confirmations(ledger: Ledger, shop: Shop) -> list[Payment]:
    """Apply the oldest confirmations that were not read and are plainly this profile's; a listener or ``reconcile``
    judges the others, and goes on where there are more."""
    def unread(reads: Reads) -> list[RawBody]:
        own = (raw for raw in Bodies(reads).unread_bodies(CONFIRMATION) if _is_own(raw, shop))
        return list(islice(own, LOOKED_AT_MAX))

    return _applied(ledger, shop, unread)


def _applied(ledger: Ledger, shop: Shop, unread: Callable[[Reads], Sequence[RawBody]]) -> list[Payment]:
    made = apply_each(ledger, "c2b", unread, lambda tx, raw: apply_in(tx, raw, shop))
    return [payment for payment in made if payment is not None]


def _is_own(raw: RawBody, shop: Shop) -> bool:
    """Whether a confirmation can be read and tells of money on a shortcode of the profile."""
    said = read_c2b(raw.body)
    return not isinstance(said, Unreadable) and said.shortcode in shop.shortcodes


def may_pay(raw: RawBody, order_id: str, payment: Payment | None, shop: Shop | None) -> bool:
    """Whether a confirmation that nobody has read yet can be money of this order, which may have been asked for. What
    is not the shop's own can't: it will be held, whoever reads it."""
    said = read_c2b(raw.body)
    if isinstance(said, Unreadable) or (shop is not None and said.shortcode not in shop.shortcodes):
        return False
    own_words = shop.own_words if shop else ()
    return order_key(order_id) in keys_meant(said.account_reference, own_words) or any(
        each.channel == "stk" and each.amount_cents == said.amount_cents and can_be_of(each.msisdn, said.msisdn)
        for each in (payment.attempts if payment else ())
    )


def apply_in(tx: Write, raw: RawBody, shop: Shop, *, again: bool = False) -> Payment | None:
    """Apply one confirmation inside an open transaction; None where it could not be believed.

    ``again``: it was held, and is applied as of the time at which it was received.
    """
    said = read_c2b(raw.body)
    if isinstance(said, Unreadable):
        hold_body(tx, raw, "c2b", said.reason, said.words)
        return None
    if said.shortcode not in shop.shortcodes:
        other = shop.others.get(said.shortcode)
        why = f"money for {said.shortcode}, which is profile {other}'s, on an address of {shop.profile}" if other else (
            "money for a shortcode that this profile does not have"
        )
        hold_body(tx, raw, "c2b", "foreign-shortcode", why)
        return None
    attempt = tx.receipt_owner(said.receipt) or _attempt_for(tx, said, raw, shop, again=again)
    before = tx.payment(attempt.payment_id)
    payment = tx.append(
        attempt,
        Received(
            at_us=raw.received_us,
            source="c2b",
            receipt=said.receipt,
            amount_cents=said.amount_cents,
            transacted_us=said.transacted_us,
            callback_id=raw.callback_id,
            msisdn=said.msisdn,
        ),
    )
    tx.mark_callback(raw.callback_id, "applied" if payment != before else "repeat")
    return payment


def order_meant(tx: Write | Ledger, said: C2bPayment, shop: Shop) -> Payment | ShopOrder | None:
    """The one order that the typed account number can mean, or None where there is none, or more than one.

    A ShopOrder is one that the shop added and that nobody was asked for yet. The account that every prompt shows
    means none, though an order may have the same name.
    """
    if order_key(said.account_reference) in set(map(order_key, shop.own_words)):
        return None
    for key in keys_meant(said.account_reference, shop.own_words):
        found: list[Payment | ShopOrder] = [*tx.orders_meant([key]), *Orders(tx).meant([key])]
        if len(found) == 1:
            return found[0]
        if found:
            return None
    return None


def _attempt_for(tx: Write, said: C2bPayment, raw: RawBody, shop: Shop, *, again: bool) -> AttemptRef:
    """The attempt that this money belongs to: a prompt that it pays, a named order's, or a payment of its own.

    A prompt that is paid is reported by C2B too where URLs are registered (daraja.md 3.2), and the two come in any
    order. rules/by_hand.py decides which prompt it settles.
    """
    at_us = believed_us(said.transacted_us, raw.received_us)
    # Without a time it may be an old prompt's, or one's that was sent before our clock was set back: as money of the
    # moment it would be counted once more, beside its prompt.
    later_us = at_us if again else at_us + CLOCKS_DIFFER_US
    within = None if at_us == said.transacted_us else (at_us - BY_HAND_US, later_us)
    money = HandMoney(said.amount_cents, at_us, said.msisdn or "", within)
    prompts = _prompts(tx, money, raw, shop, again=again)
    order = order_meant(tx, said, shop)
    if order is not None and _others_show_it(order, said, prompts):
        order = None
    if isinstance(order, Payment):
        named = [prompt for prompt, payment in prompts if payment.payment_id == order.payment_id]
        if (prompt := prompt_named(named, money)) is not None:
            return prompt.ref
        return tx.add_received(order.payment_id, money.payer, said.amount_cents, raw.received_us)
    if order is None and (prompt := prompt_proven([each for each, _ in prompts], money)) is not None:
        return prompt.ref
    return tx.open_received(
        Intent(
            payment_id=shop.new_payment_id(),
            order_id=order.order_id if order else f"C2B-{said.receipt}",
            profile=shop.profile,
            shortcode=said.shortcode,
            amount_cents=order.amount_cents if order else said.amount_cents,
            msisdn=money.payer,
            account_reference=said.account_reference,
            description="Paid by hand from the M-PESA menu",
            token_hash="",
        ),
        raw.received_us,
        came_cents=said.amount_cents,
    )


def _prompts(
    tx: Write, money: HandMoney, raw: RawBody, shop: Shop, *, again: bool
) -> list[tuple[Attempt, Payment]]:
    """Open prompts of this shop that were sent before the message came; one that was held is not about later ones."""
    found = []
    # A clock that was set back before the message came does not make it earlier.
    heard_us = raw.received_us if again else max(raw.received_us, money.span_us[1])
    for prompt in Claims(tx).open_prompts(money):
        payment = tx.payment(prompt.ref.payment_id)
        sent_us = prompt.view.requested_us
        if payment is not None and payment.shortcode in shop.shortcodes and (sent_us or 0) <= heard_us:
            found.append((prompt, payment))
    return found


def _others_show_it(
    order: Payment | ShopOrder, said: C2bPayment, prompts: Sequence[tuple[Attempt, Payment]]
) -> bool:
    """Whether an open prompt of another order shows the account that was typed: then it names neither."""
    typed = order_key(said.account_reference)
    return any(p.order_id != order.order_id and order_key(p.account_reference) == typed for _, p in prompts)
