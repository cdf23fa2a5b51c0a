"""One write transaction: facts appended to the journal, the projections of them brought up to date."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mpesa_cli.floor.errors import Conflict
from mpesa_cli.ledger import staged_rows
from mpesa_cli.ledger.claiming import Claims
from mpesa_cli.ledger.row_writes import RowWrites
from mpesa_cli.ledger.rows import PAYMENT_COLUMNS
from mpesa_cli.ledger.seen import Seen
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.deciding_order import in_order
from mpesa_cli.rules.forgotten import bare, can_be_of, without_number
from mpesa_cli.rules.order_matching import order_key
from mpesa_cli.rules.payment import Attempt, AttemptRef, Intent, Payment
from mpesa_cli.rules.restored import NotPaid
from mpesa_cli.rules.staging import Staged, late
from mpesa_cli.rules.state import AttemptState, AttemptView, PaymentStatus, Terms, attempt_view
from mpesa_cli.rules.values.pseudonym import is_erased

if TYPE_CHECKING:
    from mpesa_cli.ledger.engine.dialect import Connection
    from mpesa_cli.rules.money_out.refund_rules import RefundLeave
    from mpesa_cli.rules.push_rules import Again, Start

Stage = Callable[[PaymentStatus, Payment, int], Sequence[Staged]]
"""What a change of status sets in motion (rules/staging.py)."""
_TOLD = (ev.Received, ev.ClaimedPaid, ev.CallbackFailed)
"""What comes from outside, perhaps more than once: each body has an id and a time of its own."""


def _known() -> None:
    """Nothing is noted of this ledger that could contradict it."""


class Write(RowWrites):
    """One open write transaction. Everything is decided on what is read inside it.

    ``check_known`` raises where no prompt may go out.
    """

    def __init__(
        self,
        connection: "Connection",
        path: Path,
        environment: str,
        token_hex: Callable[[int], str],
        stage: Stage,
    ) -> None:
        """``connection`` is inside ``BEGIN IMMEDIATE`` and stays there as long as this is used."""
        super().__init__(connection, path, environment, token_hex)
        self.check_known: Callable[[], None] = _known
        self._stage = stage
        self._late_us: int | None = None

    def read_late(self, now_us: int) -> None:
        """Everything that is appended in this transaction came long before ``now_us`` (rules/staging.py, ``late``)."""
        self._late_us = now_us

    def open_payment(self, leave: "Start", at_us: int) -> Payment:
        """Record a payment with its first attempt. Raises Conflict where the order id is taken."""
        intent = leave.intent
        self._insert_payment(intent, at_us)
        self._insert_attempt(intent.payment_id, 1, intent.msisdn, intent.amount_cents, intent.token_hash, at_us)
        self._note_not_paid(intent.payment_id, leave.not_paid, at_us)
        first = Attempt(
            AttemptRef(intent.payment_id, 1), intent.msisdn, intent.amount_cents, at_us, withdrawn=False,
            view=AttemptView(AttemptState.CREATED),
        )
        return Payment(
            intent.payment_id, intent.order_id, self.environment, intent.profile, intent.shortcode, intent.amount_cents,
            intent.msisdn, intent.account_reference, intent.description, at_us, (first,),
        )

    def open_received(self, intent: Intent, at_us: int, *, came_cents: int | None = None) -> AttemptRef:
        """Record money that came by hand (C2B) as a payment of its own.

        ``came_cents`` is what came, where that need not be what the order is for.
        """
        came = intent.amount_cents if came_cents is None else came_cents
        self._insert_payment(intent, at_us)
        self._insert_attempt(intent.payment_id, 1, intent.msisdn, came, "", at_us)
        return AttemptRef(intent.payment_id, 1)

    def add_received(self, payment_id: str, msisdn: str, amount_cents: int, at_us: int) -> AttemptRef:
        """Record money that came by hand (C2B) for an order that is known."""
        payment = self.must(payment_id)
        number = payment.last.ref.number + 1
        kept = payment.msisdn if is_erased(payment.msisdn) else msisdn
        self._insert_attempt(payment_id, number, kept, amount_cents, "", at_us)
        return AttemptRef(payment_id, number)

    def _insert_payment(self, intent: Intent, at_us: int) -> None:
        if self.is_taken(intent.order_id):
            raise Conflict(
                f"Order {intent.order_id} is already in the ledger.", hint=f"See it: mpesa status {intent.order_id}"
            )
        self.put(
            f"INSERT INTO payments ({PAYMENT_COLUMNS}, order_key, status) "
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
        self.chain(ev.Record("payment_created", at_us, facts, {"msisdn": intent.msisdn}), intent.payment_id, None)

    def open_attempt(self, leave: "Again", token_hash: str, at_us: int) -> Attempt:
        """Record a further attempt of a payment, and a person's reason where it goes against the advice.

        Raises Conflict where a newer attempt was recorded since leave was given, or the number was erased.
        """
        payment = self.must(leave.payment.payment_id)
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
        )
        self._note_not_paid(payment.payment_id, leave.not_paid, at_us)
        refreshed = self.must(payment.payment_id)
        self.save_payment(refreshed)
        return refreshed.last

    def append(self, attempt: AttemptRef, evidence: ev.Evidence, seen: Seen | None = None) -> Payment:
        """Append one fact to the journal and bring the projections up to date.

        ``seen`` is what stands in the ledger, where it was just read in this transaction: then it is not read again.
        Evidence that says again what is known changes nothing, except queries: that two of them agree
        over time is evidence too. A receipt that pays another attempt is marked ``claimed_elsewhere``.
        """
        receipt = evidence.receipt if isinstance(evidence, ev.Received) else None
        before, known = seen or self.seen(attempt, receipt)
        asked = next(a for a in before.attempts if a.ref == attempt)
        if isinstance(evidence, ev.Received):
            evidence = self._with_claim(evidence, asked)
        if isinstance(evidence, ev.RefundAsked):  # it moves money
            self.check_known()
        erased = is_erased(asked.msisdn)
        if _repeats(evidence, known, erased=erased):
            return before
        if erased:
            evidence = without_number(evidence, asked.msisdn, known)
        evidence = in_order(evidence, known)
        self.chain(ev.to_record(evidence), attempt.payment_id, attempt.number)
        known = [*known, evidence]
        view = attempt_view(Terms(asked.amount_cents, asked.msisdn, prompted=asked.channel == "stk"), known)
        self.claim_receipts(attempt, view)
        withdrawn = any(isinstance(e, ev.Withdrawn) for e in known)
        self.save_view(asked, view, withdrawn=withdrawn)
        now = replace(asked, view=view, withdrawn=withdrawn)
        payment = replace(before, attempts=tuple(now if a is asked else a for a in before.attempts))
        self.save_payment(payment)
        payment = Claims(self).with_claims(payment)
        staged = self._stage(before.status, payment, evidence.at_us)
        if staged and self._late_us is not None:
            staged = late(staged, payment, self._late_us)
        if staged:
            staged_rows.put(self.connection, staged, payment.payment_id, self._late_us or evidence.at_us)
        return payment

    def open_refund(self, leave: "RefundLeave", request_id: str, at_us: int) -> Payment:
        """Record that a receipt's money is about to be given back, by the request that was recorded with it."""
        asking = leave.asking
        return self.append(leave.about, ev.RefundAsked(
            at_us, request_id, leave.receipt, leave.amount_cents, asking.by, asking.reason, asking.again
        ))

    def _note_not_paid(self, payment_id: str, answer: NotPaid | None, at_us: int) -> None:
        """Write into the payment's story who said that it was not paid in the time that the ledger lacks."""
        if answer is not None:
            facts = {"by": answer.by, "reason": answer.reason}
            self.chain(ev.Record("not_paid_since_backup", at_us, facts, {}), payment_id, None)

    def must(self, payment_id: str) -> Payment:
        """The payment. Raises KeyError where there is none."""
        payment = self.payment(payment_id)
        if payment is None:
            raise KeyError(payment_id)
        return payment

    def _insert_attempt(
        self, payment_id: str, number: int, msisdn: str, amount_cents: int, token_hash: str, at_us: int,
        *, forced_because: str = "",
    ) -> None:
        if token_hash:  # it will ring a phone
            self.check_known()
        self.put(
            "INSERT INTO attempts (payment_id, number, channel, msisdn, amount_cents, token_hash, created_us, state) "
            "VALUES (?,?,?,?,?,?,?,'created')",
            (payment_id, number, "stk" if token_hash else "c2b", msisdn, amount_cents, token_hash or None, at_us),
        )
        facts: dict[str, object] = {"amount_cents": amount_cents, "token_hash": token_hash}
        if forced_because:
            facts["forced_because"] = forced_because
        self.chain(ev.Record("attempt_created", at_us, facts, {"msisdn": msisdn}), payment_id, number)

    def claim_receipts(self, attempt: AttemptRef, view: AttemptView) -> None:
        """Have the receipts of a paid attempt pay no other one."""
        for receipt in view.receipts if view.state is AttemptState.PAID else ():
            self.claim(receipt, attempt)

    def _with_claim(self, evidence: ev.Received, asked: Attempt) -> ev.Received:
        """Mark a receipt that pays another attempt; or merge, where C2B had told of the same money first."""
        owner = self.receipt_owner(evidence.receipt)
        if owner is None or owner == asked.ref:
            return evidence
        other = self.must(owner.payment_id)
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
        self.chain(ev.Record("payment_merged", at_us, facts, {}), other.payment_id, None)
        staged_rows.merge(self.connection, other.payment_id, into.payment_id, '{"why":"merged"}', at_us)
        self.execute("DELETE FROM receipts WHERE payment_id=?", (other.payment_id,))
        self.execute("DELETE FROM attempts WHERE payment_id=?", (other.payment_id,))
        self.execute("DELETE FROM payments WHERE payment_id=?", (other.payment_id,))


def _repeats(evidence: ev.Evidence, known: list[ev.Evidence], *, erased: bool) -> bool:
    """Whether this says again what is known. Queries never repeat: that two agree over time is evidence."""
    if isinstance(evidence, ev.QueryAnswered):
        return False
    if isinstance(evidence, ev.Decided):  # said again after another decision, it is a new one
        last = max((k for k in known if isinstance(k, ev.Decided)), key=lambda k: k.at_us, default=None)
        return last is not None and replace(last, at_us=0) == replace(evidence, at_us=0)
    if isinstance(evidence, ev.Reversed) and _is_told(evidence, known):
        return True
    if erased:
        return bare(evidence) in [bare(k) for k in known]
    if isinstance(evidence, _TOLD):
        same = [replace(k, at_us=0, callback_id="") for k in known if isinstance(k, _TOLD)]
        return bool(same) and replace(evidence, at_us=0, callback_id="") in same
    return replace(evidence, at_us=0) in [replace(k, at_us=0) for k in known]


def _is_told(back: ev.Reversed, known: list[ev.Evidence]) -> bool:
    """Whether this reversal was told before, by whichever source: by its name, or without one where one is known."""
    told = [k for k in known if isinstance(k, ev.Reversed) and k.receipt == back.receipt]
    return any(k.amount_cents == back.amount_cents and back.reversal_receipt in {"", k.reversal_receipt} for k in told)
