"""A refund: law 8 and the shop's limits, decided in the transaction that records it, then its one POST."""

from mpesa_cli.daraja.initiator import Command, request_body
from mpesa_cli.daraja.reversal import COMMAND_ID, reversal_command
from mpesa_cli.floor.errors import Conflict
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.wire.exchange import TOTAL_S
from mpesa_cli.floor.world import World
from mpesa_cli.initiator.api_request import ApiRequest
from mpesa_cli.initiator.ask import InitiatorContext, new_request_id, record, send
from mpesa_cli.initiator.lockout import check_lock
from mpesa_cli.initiator.people.store import add_proposal, take_approval
from mpesa_cli.initiator.store import Requests
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.ledger.statement_rows import StatementRows
from mpesa_cli.rules.money_out.approval import Approval, Proposal, basis_of
from mpesa_cli.rules.money_out.limits import OutLimits, check_limits, needs_approval, not_alone
from mpesa_cli.rules.money_out.refund_rules import RefundAsking, RefundLeave, decide_refund
from mpesa_cli.rules.money_out.refund_state import is_open
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.values.dates import parse_since


@dataclass(frozen=True, slots=True)
class RefundTerms:
    """The shop's terms for refunds: its limits, the shortcode that gives back, and what kind that is called."""

    limits: OutLimits
    shortcode: str
    identifier_type: str

    def command(self, receipt: str, amount_cents: int) -> Command:
        """The reversal of a receipt on these terms."""
        return reversal_command(receipt, amount_cents, self.shortcode, self.identifier_type)


def refund(
    context: InitiatorContext, terms: RefundTerms, payment: Payment, receipt: str, asking: RefundAsking,
    approval: Approval | None = None,
) -> ApiRequest:
    """Ask M-PESA to give a receipt's money back, once. Returns the request as ``accepted`` or ``unknown``.

    Raises Conflict, LedgerBusy, LedgerUnusable, CredentialsRefused, NotDelivered and SettingsError before anything is
    sent; CredentialsRefused, RequestRefused and Temporary also where it is proven that M-PESA did not take it.
    """
    ledger, world = context.ledger, context.world
    ledger.check_space()
    leave = leave_to_refund(ledger, terms, payment.payment_id, receipt, asking, world.now_us())
    check_lock(ledger, world.now_us(), "reversal")
    context.daraja.ready()
    command, token = terms.command(receipt, leave.amount_cents), world.token_hex(16)
    body = request_body(command, context.initiator, token)
    by = world.deadline(TOTAL_S)
    with ledger.write() as tx:
        now_us = world.now_us()
        leave = leave_to_refund(tx, terms, payment.payment_id, receipt, asking, now_us)
        if approval is not None:
            take_approval(tx, approval, proposal_of(tx, leave, approval.request_id, now_us), now_us)
        elif needs_approval(terms.limits, leave.amount_cents):
            raise not_alone(leave.amount_cents, "mpesa refund REF --reason WHY --by NAME")
        request_id = approval.request_id if approval else ""
        recorded = record(context, tx, command, body, token, about=leave.about, by=by, request_id=request_id)
        tx.open_refund(leave, recorded.request.request_id, now_us)
    return send(context, command, recorded)


def propose(ledger: Ledger, world: World, terms: RefundTerms, payment: Payment, receipt: str,
            asking: RefundAsking) -> Proposal:
    """Record the wish, for another person to agree. Nothing is sent. Raises Conflict where it may not go back now."""
    with ledger.write() as tx:
        now_us = world.now_us()
        leave = leave_to_refund(tx, terms, payment.payment_id, receipt, asking, now_us)
        return add_proposal(tx, proposal_of(tx, leave, new_request_id(world), now_us))


def proposal_of(tx: Reads, leave: RefundLeave, request_id: str, now_us: int) -> Proposal:
    """The proposal that a wish is, where leave was given for it."""
    payment = tx.payment(leave.about.payment_id)
    assert payment is not None  # leave is given for a payment that is there
    asking = leave.asking
    return Proposal(
        request_id, leave.amount_cents, asking.by, asking.reason, basis_of(payment, leave), now_us,
        payment_id=payment.payment_id, receipt=leave.receipt, again=asking.again,
    )


def leave_to_refund(
    known: Reads, terms: RefundTerms, payment_id: str, receipt: str, asking: RefundAsking, now_us: int
) -> RefundLeave:
    """Leave to refund, on what is ``known``: only inside a write transaction may it record one. Raises Conflict."""
    payment = known.payment(payment_id)
    if payment is None:
        raise KeyError(payment_id)
    attempt = payment.receipts.get(receipt)
    evidence = known.evidence(attempt.ref) if attempt else []
    told_back = bool(StatementRows(known).reversals_of(receipt))
    leave = decide_refund(payment, receipt, evidence, told_back, asking, now_us)
    unread = [r for a in payment.attempts for r in a.view.refunds
              if is_open(r) and Requests(known).unread_results(r.request_id)]
    if unread:
        raise Conflict(
            f"Something came in about the refund {unread[0].request_id} just now.",
            hint=f"Nothing was sent. See it: mpesa status {payment.order_id}", code="changed-meanwhile",
        )
    check_limits(terms.limits, leave.amount_cents, Requests(known).asked_cents(COMMAND_ID, _midnight_us(now_us)))
    return leave


def _midnight_us(now_us: int) -> int:
    """The moment at which today began in Nairobi."""
    return parse_since("today", now_us)
