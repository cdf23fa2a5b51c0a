"""The Ledger protocol: what the rest of the program needs of durable memory, and nothing of how.

Every write happens inside :meth:`Ledger.write`, which is one durable transaction: all of it is on disk
when the ``with`` block has been left, or none of it. Money is integer cents, time integer microseconds,
rows are found by their natural keys; so a ledger on another engine can keep the same promises
(``tests/ledger/contract.py`` is the list).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, NamedTuple, Protocol

from mpesa_cli.ledger.api_ledger import OrderReads, OrderWrites
from mpesa_cli.ledger.book_keeping import BookReads, BookWrites
from mpesa_cli.ledger.differences_keeping import DifferenceReads, DifferenceWrites
from mpesa_cli.ledger.gap_ledger import GapReads, GapWrites
from mpesa_cli.ledger.held_keeping import HeldReads, HeldWrites
from mpesa_cli.ledger.request_ledger import RequestReads, RequestWrites
from mpesa_cli.ledger.seen import Seen, SeenLedger

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from contextlib import AbstractContextManager

    from mpesa_cli.api.tokens.values import KnownToken
    from mpesa_cli.floor.errors import Conflict
    from mpesa_cli.ledger.outbox import OutboxRow
    from mpesa_cli.ledger.senders import Senders
    from mpesa_cli.rules.by_hand import HandMoney
    from mpesa_cli.rules.evidence import Evidence
    from mpesa_cli.rules.payment import Attempt, AttemptRef, Intent, Payment
    from mpesa_cli.rules.push_rules import Again, Start
    from mpesa_cli.rules.staging import Staged
    from mpesa_cli.rules.strangers import Report
    from mpesa_cli.rules.values.pseudonym import Erased

BODIES_OF_ATTEMPT_MAX = 32
"""How many different callbacks of one attempt are kept. Daraja sends one; two where it contradicts itself."""


class NewCallback(NamedTuple):
    """One body that has just come on a valid token, and from where."""

    attempt: AttemptRef
    body: bytes
    peer: str


@dataclass(frozen=True, slots=True)
class RawCallback:
    """One body that was received on a valid token, exactly as it came."""

    callback_id: str
    attempt: AttemptRef
    received_us: int
    peer: str
    body: bytes
    verdict: str  # "" not read yet · "applied" · "repeat" · "unreadable: why"


@dataclass(frozen=True, slots=True)
class RawBody:
    """One body that names no attempt by its path: C2B, or a path without a secret. Exactly as it came."""

    callback_id: str
    channel: str
    received_us: int
    peer: str
    body: bytes


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One line of the journal, for `log` and `audit`."""

    seq: int
    at_us: int
    kind: str
    payment_id: str
    attempt: int | None
    facts: dict[str, object]
    hash: str


class LedgerReads(OrderReads, RequestReads, BookReads, DifferenceReads, HeldReads, GapReads, SeenLedger, Protocol):
    """What can be asked. Reads never block a writer."""

    def payment(self, payment_id: str) -> Payment | None:
        """The payment, or None."""

    def payment_by_order(self, order_id: str) -> Payment | None:
        """The payment for an order id, or None."""

    def find(self, ref: str) -> Payment | None:
        """By any reference: order id, payment id, CheckoutRequestID, receipt. None where unknown."""

    def attempt_by_token(self, token_hash: str) -> AttemptRef | None:
        """The attempt whose callback token has this SHA-256, or None."""

    def attempts_by_tokens(self, token_hashes: Sequence[str]) -> dict[str, AttemptRef]:
        """The same for many at once: those that are known, by their SHA-256."""

    def prompts_on(self, msisdn: str, since_us: int) -> Sequence[Attempt]:
        """Attempts on this phone, over all payments, created or requested since, oldest first."""

    def unread_callbacks(self, attempt: AttemptRef | None = None) -> Sequence[RawCallback]:
        """Raw callbacks that were stored and not yet applied, of one attempt or of all."""

    def unread_callbacks_of(self, attempts: Collection[AttemptRef]) -> Mapping[AttemptRef, Sequence[RawCallback]]:
        """The same of many attempts at once, oldest first; those without any are left out."""

    def orders_meant(self, keys: Sequence[str]) -> Sequence[Payment]:
        """Payments whose order id, reduced to letters and digits, is one of ``keys`` (rules/order_matching.py)."""

    def open_prompts(self, amount_cents: int, at_us: int) -> Sequence[Attempt]:
        """Prompts of this amount that were asked for around ``at_us`` and may still be paid, or lack their receipt."""

    def orders_it_may_be(self, money: HandMoney, profile: str) -> tuple[str, ...]:
        """The orders of a profile (empty: of any) whose prompt this money may have paid, oldest first."""

    def orders_it_was_reported_for(self, receipt: str) -> tuple[str, ...]:
        """The orders for which this receipt was reported and not believed, since something else of it does not fit."""

    def carriers_of(self, checkout_request_id: str) -> Sequence[AttemptRef]:
        """The attempts that carry this CheckoutRequestID, by an answer or by a callback."""

    def evidence(self, attempt: AttemptRef) -> Sequence[Evidence]:
        """All evidence of one attempt, in the order in which it was appended."""

    def paid_without_receipt(self) -> Sequence[Payment]:
        """Payments with a prompt that is paid and has no receipt yet, oldest first."""

    def receipts_it_may_have(self, payment: Payment) -> tuple[str, ...]:
        """Receipts of money by hand that is no order's and may have paid a prompt of this payment, oldest first."""

    def knows_hook(self, secret_hash: str) -> bool:
        """Whether a registered C2B URL has the secret with this SHA-256."""

    def c2b_version(self, shortcode: str) -> str:
        """The C2B version ("v1", "v2") whose addresses were registered last for a shortcode; empty where none was."""

    def receipt_owner(self, receipt: str) -> AttemptRef | None:
        """The attempt that this receipt pays, or None."""

    def unread_bodies(self, channel: str, among: Sequence[str] | None = None) -> Sequence[RawBody]:
        """Bodies of a channel that were stored and not yet applied, oldest first; only those ``among`` these ids."""

    def stranger_reports(self, receipt: str) -> Sequence[Report]:
        """Reports of a receipt (in capitals) that came without our secret, oldest first."""

    def is_unread(self, callback_id: str) -> bool:
        """Whether a raw body was stored and nothing was made of it yet."""

    def unfinished(self) -> Sequence[Payment]:
        """Payments with an attempt that is created, sending, pending or unknown, oldest first."""

    def failed_since(self, since_us: int) -> Sequence[Payment]:
        """Payments that are failed and were asked for (any attempt) since, oldest first."""

    def posts(self, attempt: AttemptRef) -> Sequence[int]:
        """The numbers of the POSTs that were announced for an attempt, in order."""

    def outbox(self, queue: str, states: Sequence[str], payment_id: str = "") -> Sequence[OutboxRow]:
        """Rows of a queue in some states, oldest first; of one payment where it is named."""

    def journal(self, payment_id: str) -> Sequence[JournalEntry]:
        """The story of one payment, oldest first."""

    def api_token(self, jti: str) -> KnownToken | None:
        """What is known of the bearer token with this id, or None."""

    def api_tokens(self) -> Sequence[KnownToken]:
        """Every bearer token the ledger has heard of, newest first."""


class LedgerWrite(
    LedgerReads, OrderWrites, RequestWrites, BookWrites, DifferenceWrites, HeldWrites, GapWrites, Protocol
):
    """One open write transaction. Everything is decided on what is read inside it."""

    def open_payment(self, leave: Start, at_us: int) -> Payment:
        """Record a payment with its first attempt. Raises Conflict where the order id is taken."""

    def open_attempt(self, leave: Again, token_hash: str, at_us: int) -> Attempt:
        """Record a further attempt of a payment, and a person's reason where it goes against the advice.

        Raises Conflict where a newer attempt was recorded since leave was given, or the number was erased.
        """

    def append(self, attempt: AttemptRef, evidence: Evidence, seen: Seen | None = None) -> Payment:
        """Append one fact to the journal and bring the projections up to date.

        ``seen`` is what stands in the ledger, where it was just read in this transaction: then it is not read again.
        Evidence that says again what is known changes nothing, except queries: that two of them agree
        over time is evidence too. A receipt that pays another attempt is marked ``claimed_elsewhere``.
        """

    def open_received(self, intent: Intent, at_us: int, *, came_cents: int | None = None) -> AttemptRef:
        """Record money that came by hand (C2B) as a payment of its own. ``came_cents`` is what came, where that need
        not be what the order is for."""

    def add_received(self, payment_id: str, msisdn: str, amount_cents: int, at_us: int) -> AttemptRef:
        """Record money that came by hand (C2B) for an order that is known."""

    def add_hook(self, secret_hash: str, at_us: int) -> None:
        """Remember the secret of a C2B URL, by its SHA-256, before the URL is registered."""

    def note_c2b_version(self, shortcode: str, version: str) -> None:
        """Remember by which version the addresses of a shortcode were registered."""

    def outbox_claim(
        self, queue: str, now_us: int, lease_us: int, most: int, *, repeat_lost: bool
    ) -> Sequence[OutboxRow]:
        """Take due rows of a queue; nobody else gets them until the lease is over.

        ``repeat_lost`` says whether a claim whose process died is due again, or stays as it is.
        """

    def outbox_claim_one(self, event_id: str, now_us: int, lease_us: int) -> OutboxRow | None:
        """Take one row by its id, or None where it is no longer waiting and due."""

    def outbox_doubt_lost(self, queue: str, now_us: int, detail: str) -> int:
        """Claims whose process died become ``ambiguous``: never repeated. Returns how many."""

    def outbox_finish(self, event_id: str, state: str, detail: str, now_us: int, message_id: str = "") -> None:
        """A try is over for good: ``done``, ``given_up`` or ``ambiguous``; the receiver calls it ``message_id``."""

    def outbox_of_message(self, message_id: str) -> OutboxRow | None:
        """The row that the receiver knows under this id, or None."""

    def outbox_put(self, rows: Sequence[Staged], payment_id: str, at_us: int) -> None:
        """Add rows by hand, as for a receipt that is sent again; what was staged before stays as it is."""

    def outbox_again(self, event_id: str, detail: str, due_us: int) -> None:
        """A try failed and may be repeated from ``due_us`` on."""

    def store_body(self, channel: str, body: bytes, peer: str, at_us: int) -> str | None:
        """Store a raw body that names no attempt; returns its id, or None where it was stored before."""

    def store_callback_beyond(self, attempt: AttemptRef, body: bytes, peer: str, at_us: int) -> str | None:
        """The same without that bound, for the two places that are reserved (listener/intake/reserved.py)."""

    def knows_body(self, channel: str, body: bytes) -> bool:
        """Whether the same raw body that names no attempt is stored."""

    def keep_report(self, channel: str, body: bytes, report: Report, *, shared: bool) -> str | None:
        """Keep what came without our secret, within the bounds (rules/strangers.py). Returns its id, or None where
        there is no room. ``shared`` is whether the address behind it has only its share of the room."""

    def store_callback(self, attempt: AttemptRef, body: bytes, peer: str, at_us: int) -> str | None:
        """Store a raw body; returns its id, or None where the same body was stored before.

        Raises Conflict ``too-many-bodies`` where BODIES_OF_ATTEMPT_MAX different ones were; the transaction
        goes on as if it had not been tried. Whoever holds a callback address can't fill the disk with it.
        """

    def store_callbacks(self, callbacks: Sequence[NewCallback], at_us: int) -> list[str | Conflict | None]:
        """The same for many at once; a Conflict is returned in its place among them, not raised."""

    def erase(self, msisdn: str, at_us: int) -> Erased | None:
        """Replace a number (``254…``) by a pseudonym wherever it is; None where it is nowhere.

        Raises Conflict ``payment-open`` where money may still move on it.
        """

    def mark_callback(self, callback_id: str, verdict: str) -> None:
        """Say what became of a raw body."""

    def add_api_token(self, token: KnownToken, at_us: int) -> None:
        """Remember a bearer token, never its text, before anybody is told it."""

    def revoke_api_token(self, jti: str, at_us: int) -> KnownToken:
        """A bearer token opens nothing from now on, whoever made it."""


class Ledger(LedgerReads, Protocol):
    """A ledger that is open. Belongs to one environment for ever."""

    environment: str

    @property
    def senders(self) -> Senders:
        """Who is sending at this moment, and which of them have died."""

    def free_bytes(self) -> int:
        """How much room is left on the disk of the ledger."""

    def check_space(self) -> None:
        """Raise LedgerBusy where the disk is nearly full: no prompt may go out whose answer can't be stored."""

    def write(self, within_s: float = inf) -> AbstractContextManager[LedgerWrite]:
        """One durable write transaction. Raises LedgerBusy (5) or LedgerUnusable (10); then nothing was kept.

        ``within_s``: seconds to wait for other writers, if that is less than the ledger would.
        """

    def close(self) -> None:
        """Close every connection. Safe to call twice."""
