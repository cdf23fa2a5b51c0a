"""What can be done in one write transaction of the SQLite ledger: facts appended, projections brought up to date."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mpesa_cli.floor.errors import Conflict
from mpesa_cli.ledger import outbox
from mpesa_cli.ledger.api_store import ApiWrites
from mpesa_cli.ledger.book_writes import BookWrites
from mpesa_cli.ledger.difference_writes import DifferenceWrites
from mpesa_cli.ledger.erasing import Erasing
from mpesa_cli.ledger.held import HeldWrites
from mpesa_cli.ledger.requests import RequestStoreWrites
from mpesa_cli.ledger.restoring import RestoredWrites
from mpesa_cli.ledger.rows import PAYMENT_COLUMNS, save_payment, save_view
from mpesa_cli.ledger.seen import Seen
from mpesa_cli.ledger.strangers import StrangerWrites
from mpesa_cli.ledger.tokens import TokenWrites
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.deciding_order import in_order
from mpesa_cli.rules.forgotten import bare, can_be_of, without_number
from mpesa_cli.rules.order_matching import order_key
from mpesa_cli.rules.payment import Attempt, AttemptRef, Intent, Payment
from mpesa_cli.rules.staging import Staged, late
from mpesa_cli.rules.state import AttemptState, AttemptView, Terms, attempt_view
from mpesa_cli.rules.values.pseudonym import is_erased

if TYPE_CHECKING:
    from mpesa_cli.rules.push_rules import Again, Start

_TOLD = (ev.Received, ev.ClaimedPaid, ev.CallbackFailed)
"""What comes from outside, perhaps more than once: each body has an id and a time of its own."""


class Write(
    ApiWrites, StrangerWrites, BookWrites, DifferenceWrites, Erasing, HeldWrites, RequestStoreWrites, RestoredWrites,
    TokenWrites,
):
    """One open write transaction."""

    def open_payment(self, leave: "Start", at_us: int) -> Payment:
        """Record a payment with its first attempt."""
        intent = leave.intent
        self._insert_payment(intent, at_us)
        self._insert_attempt(intent.payment_id, 1, intent.msisdn, intent.amount_cents, intent.token_hash, at_us)
        self._note_not_paid(intent.payment_id, leave.not_paid, at_us)
        return self._must(intent.payment_id)

    def open_received(self, intent: Intent, at_us: int, *, came_cents: int | None = None) -> AttemptRef:
        """Record money that came by hand (C2B) as a payment of its own."""
        came = intent.amount_cents if came_cents is None else came_cents
        self._insert_payment(intent, at_us)
        self._insert_attempt(intent.payment_id, 1, intent.msisdn, came, "", at_us)
        return AttemptRef(intent.payment_id, 1)

    def add_received(self, payment_id: str, msisdn: str, amount_cents: int, at_us: int) -> AttemptRef:
        """Record money that came by hand (C2B) for an order that is known."""
        payment = self._must(payment_id)
        number = payment.last.ref.number + 1
        kept = payment.msisdn if is_erased(payment.msisdn) else msisdn
        self._insert_attempt(payment_id, number, kept, amount_cents, "", at_us)
        return AttemptRef(payment_id, number)

    def _insert_payment(self, intent: Intent, at_us: int) -> None:
        if self.payment_by_order(intent.order_id):
            raise Conflict(
                f"Order {intent.order_id} is already in the ledger.", hint=f"See it: mpesa status {intent.order_id}"
            )
        self._open.execute(
            f"INSERT INTO payments ({PAYMENT_COLUMNS}, order_key, status) "  # noqa: S608 - fixed text
            "VALUES (?,?,?,?,?,?,?,?,?,?,'pending')",
            (
                intent.payment_id,
                intent.order_id,
                intent.profile,
                intent.shortcode,
                intent.amount_cents,
                intent.msisdn,
                intent.account_reference,
                intent.description,
                at_us,
                order_key(intent.order_id),
            ),
        )
        facts = {
            "order_id": intent.order_id,
            "profile": intent.profile,
            "shortcode": intent.shortcode,
            "amount_cents": intent.amount_cents,
            "account_reference": intent.account_reference,
            "description": intent.description,
        }
        self._chain(ev.Record("payment_created", at_us, facts, {"msisdn": intent.msisdn}), intent.payment_id, None)

    def open_attempt(self, leave: "Again", token_hash: str, at_us: int) -> Attempt:
        """Record a further attempt of a payment, if it is still as it was when leave was given. Raises Conflict."""
        payment = self._must(leave.payment.payment_id)
        if payment.last.ref != leave.payment.last.ref:
            raise Conflict(
                f"Something happened to order {payment.order_id} in the meantime, so no prompt was sent now.",
                hint=f"See it: mpesa status {payment.order_id}",
                code="changed-meanwhile",
            )
        if is_erased(leave.msisdn):
            raise Conflict(
                f"The phone number of order {payment.order_id} was erased, so nobody can be asked.",
                hint="Nothing was sent. Ask under a new order id: mpesa push PHONE AMOUNT --order ID",
                code="number-erased",
            )
        self._insert_attempt(
            payment.payment_id, payment.last.ref.number + 1, leave.msisdn, payment.amount_cents, token_hash, at_us,
            forced_because=leave.forced_because,
        )  # fmt: skip
        self._note_not_paid(payment.payment_id, leave.not_paid, at_us)
        refreshed = self._must(payment.payment_id)
        save_payment(self._open, refreshed)
        return refreshed.last

    def append(self, attempt: AttemptRef, evidence: ev.Evidence, seen: Seen | None = None) -> Payment:
        """Append one fact to the journal and bring the projections up to date.

        ``seen`` is what stands in the ledger, where it was just read in this transaction: reading it is a third of
        the work.
        """
        before, known = seen or Seen(self._must(attempt.payment_id), self.evidence(attempt))
        asked = next(a for a in before.attempts if a.ref == attempt)
        if isinstance(evidence, ev.Received):
            evidence = self._with_claim(evidence, asked)
        erased = is_erased(asked.msisdn)
        if _repeats(evidence, known, erased=erased):
            return before
        if erased:
            evidence = without_number(evidence, asked.msisdn, known)
        evidence = in_order(evidence, known)
        self._chain(ev.to_record(evidence), attempt.payment_id, attempt.number)
        known = [*known, evidence]
        view = attempt_view(Terms(asked.amount_cents, asked.msisdn, prompted=asked.channel == "stk"), known)
        self._claim(attempt, view)
        withdrawn = any(isinstance(e, ev.Withdrawn) for e in known)
        save_view(self._open, attempt, view, withdrawn=withdrawn)
        now = replace(asked, view=view, withdrawn=withdrawn)
        payment = replace(before, attempts=tuple(now if a is asked else a for a in before.attempts))
        save_payment(self._open, payment)
        payment = self.with_claims(payment)
        staged = self._stage(before.status, payment, evidence.at_us)
        if staged and self._late_us is not None:
            staged = late(staged, payment, self._late_us)
        if staged:
            outbox.put(self._open, staged, payment.payment_id, self._late_us or evidence.at_us)
        return payment

    def outbox_claim(
        self, queue: str, now_us: int, lease_us: int, most: int, *, repeat_lost: bool
    ) -> list[outbox.OutboxRow]:
        """Take due rows of a queue; nobody else gets them until the lease is over."""
        return outbox.claim(self._open, queue, now_us, lease_us, most, repeat_lost=repeat_lost)

    def outbox_claim_one(self, event_id: str, now_us: int, lease_us: int) -> outbox.OutboxRow | None:
        """Take one row by its id, or None where it is no longer waiting and due."""
        return outbox.claim_one(self._open, event_id, now_us, lease_us)

    def outbox_doubt_lost(self, queue: str, now_us: int, detail: str) -> int:
        """Claims whose process died become ``ambiguous``. Returns how many."""
        return outbox.doubt_lost(self._open, queue, now_us, detail)

    def outbox_finish(self, event_id: str, state: str, detail: str, now_us: int, message_id: str = "") -> None:
        """A try is over for good: ``done``, ``given_up`` or ``ambiguous``."""
        outbox.finish(self._open, event_id, state, detail, now_us, message_id)

    def outbox_of_message(self, message_id: str) -> outbox.OutboxRow | None:
        """The row that the receiver knows under this id, or None."""
        return outbox.of_message(self._open, message_id)

    def outbox_again(self, event_id: str, detail: str, due_us: int) -> None:
        """A try failed and may be repeated from ``due_us`` on."""
        outbox.again(self._open, event_id, detail, due_us)

    def outbox_put(self, rows: Sequence[Staged], payment_id: str, at_us: int) -> None:
        """Add rows by hand, as for a receipt that is sent again."""
        outbox.put(self._open, rows, payment_id, at_us)

    def add_hook(self, secret_hash: str, at_us: int) -> None:
        """Remember the secret of a C2B URL, by its SHA-256, before the URL is registered."""
        self._open.execute(
            "INSERT INTO hooks VALUES (?,?) ON CONFLICT (secret_hash) DO NOTHING", (secret_hash, at_us)
        )

    def note_c2b_version(self, shortcode: str, version: str) -> None:
        """Remember by which version the addresses of a shortcode were registered."""
        self._open.execute(
            "INSERT INTO meta VALUES (?,?) ON CONFLICT (key) DO UPDATE SET value=excluded.value",
            (f"c2b-version-{shortcode}", version),
        )

    def _must(self, payment_id: str) -> Payment:
        payment = self.payment(payment_id)
        if payment is None:
            raise KeyError(payment_id)
        return payment

    def _insert_attempt(
        self, payment_id: str, number: int, msisdn: str, amount_cents: int, token_hash: str, at_us: int,
        *, forced_because: str = "",
    ) -> None:  # fmt: skip
        if token_hash:  # it will ring a phone
            self.check_known()
        self._open.execute(
            "INSERT INTO attempts (payment_id, number, channel, msisdn, amount_cents, token_hash, created_us, state) "
            "VALUES (?,?,?,?,?,?,?,'created')",
            (payment_id, number, "stk" if token_hash else "c2b", msisdn, amount_cents, token_hash or None, at_us),
        )
        facts: dict[str, object] = {"amount_cents": amount_cents, "token_hash": token_hash}
        if forced_because:
            facts["forced_because"] = forced_because
        self._chain(ev.Record("attempt_created", at_us, facts, {"msisdn": msisdn}), payment_id, number)

    def _claim(self, attempt: AttemptRef, view: AttemptView) -> None:
        """Have the receipts of a paid attempt pay no other one."""
        for receipt in view.receipts if view.state is AttemptState.PAID else ():
            self._open.execute(
                "INSERT INTO receipts (receipt, payment_id, attempt) VALUES (?,?,?) ON CONFLICT (receipt) DO NOTHING",
                (receipt, *attempt),
            )

    def _with_claim(self, evidence: ev.Received, asked: Attempt) -> ev.Received:
        """Mark a receipt that pays another attempt; or merge, where C2B had told of the same money first."""
        owner = self.receipt_owner(evidence.receipt)
        if owner is None or owner == asked.ref:
            return evidence
        other = self._must(owner.payment_id)
        same_money = other.amount_cents == evidence.amount_cents == asked.amount_cents and evidence.source != "c2b"
        # Only what C2B opened for no order (payments/c2b.py): an order of the shop's own is nobody else's money.
        is_nobodys = other.order_id == f"C2B-{evidence.receipt}" and can_be_of(asked.msisdn, other.msisdn)
        if same_money and is_nobodys and len(other.attempts) == 1 and other.last.channel == "c2b":
            self._merge(other, asked.ref, evidence.at_us)
            return evidence
        return replace(evidence, claimed_elsewhere=True)

    def _merge(self, other: Payment, into: AttemptRef, at_us: int) -> None:
        """One payment that came by two channels is one payment: the one that C2B opened gives way."""
        facts = {"into_payment": into.payment_id, "into_attempt": into.number}
        self._chain(ev.Record("payment_merged", at_us, facts, {}), other.payment_id, None)
        outbox.merge(self._open, other.payment_id, into.payment_id, '{"why":"merged"}', at_us)
        self._open.execute("DELETE FROM receipts WHERE payment_id=?", (other.payment_id,))
        self._open.execute("DELETE FROM attempts WHERE payment_id=?", (other.payment_id,))
        self._open.execute("DELETE FROM payments WHERE payment_id=?", (other.payment_id,))


def _repeats(evidence: ev.Evidence, known: list[ev.Evidence], *, erased: bool) -> bool:
    """Whether this says again what is known. Queries never repeat: that two agree over time is evidence."""
    if isinstance(evidence, ev.QueryAnswered):
        return False
    if isinstance(evidence, ev.Decided):  # said again after another decision, it is a new one
        last = max((k for k in known if isinstance(k, ev.Decided)), key=lambda k: k.at_us, default=None)
        return last is not None and replace(last, at_us=0) == replace(evidence, at_us=0)
    if erased:
        return bare(evidence) in [bare(k) for k in known]
    if isinstance(evidence, _TOLD):
        same = [replace(k, at_us=0, callback_id="") for k in known if isinstance(k, _TOLD)]
        return bool(same) and replace(evidence, at_us=0, callback_id="") in same
    return replace(evidence, at_us=0) in [replace(k, at_us=0) for k in known]


