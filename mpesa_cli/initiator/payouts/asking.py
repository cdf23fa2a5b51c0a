"""A payout: law 9 and the shop's limits, decided in the transaction that records it, then its POST.

In v3 a request that is in doubt may be sent again, with the id by which M-PESA knows it; in v1 nothing is.
"""

from dataclasses import replace

from mpesa_cli.daraja.b2c import COMMAND_ID, B2cVersion, b2c_command
from mpesa_cli.daraja.initiator import Again, Command, request_body
from mpesa_cli.floor.errors import Conflict
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.wire.addresses import secret_hash
from mpesa_cli.floor.wire.exchange import TOTAL_S
from mpesa_cli.floor.world import World
from mpesa_cli.initiator.api_request import ApiRequest
from mpesa_cli.initiator.ask import InitiatorContext, Recorded, new_request_id, record, send, send_again
from mpesa_cli.initiator.lockout import check_lock
from mpesa_cli.initiator.people.store import add_proposal, take_approval
from mpesa_cli.initiator.store import Requests, RequestWrites
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.payouts import Payouts, PayoutWrites
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.rules.money_out.approval import Approval, Proposal
from mpesa_cli.rules.money_out.limits import OutLimits, check_limits, needs_approval, not_alone
from mpesa_cli.rules.money_out.payout_evidence import PAYOUT_ID, PayoutRepeated
from mpesa_cli.rules.money_out.payout_rules import (
    PayoutAsking,
    PayoutLeave,
    PayoutWish,
    decide_payout,
    decide_repeat,
    originator_id,
)
from mpesa_cli.rules.money_out.payout_state import Payout
from mpesa_cli.rules.values.dates import parse_since


@dataclass(frozen=True, slots=True)
class PayoutTerms:
    """The shop's terms for payouts: its limits, the shortcode that pays, and which version of B2C its app may use."""

    limits: OutLimits
    shortcode: str
    version: B2cVersion = "v3"

    def command(self, leave: PayoutLeave, payout_id: str, ledger_id: str) -> Command:
        """The request on these terms."""
        wish = leave.wish
        originator = originator_id(ledger_id, wish.reference, leave.number)
        return b2c_command(self.version, payout_id, originator, wish.msisdn, wish.amount_cents, self.shortcode)


def pay(
    context: InitiatorContext, terms: PayoutTerms, wish: PayoutWish, asking: PayoutAsking,
    approval: Approval | None = None,
) -> ApiRequest:
    """Ask M-PESA to send money for a reference, once. Returns the request as ``accepted`` or ``unknown``.

    Raises Conflict, LedgerBusy, LedgerUnusable, CredentialsRefused, NotDelivered and SettingsError before anything is
    sent; CredentialsRefused, RequestRefused and Temporary also where it is proven that M-PESA did not take it.
    """
    ledger, world = context.ledger, context.world
    ledger.check_space()
    leave = leave_to_pay(ledger, terms, wish, asking, world.now_us())
    check_lock(ledger, world.now_us(), "b2c")
    context.daraja.ready()
    payout_id = leave.known.payout_id if leave.known else world.new_id(PAYOUT_ID)
    command, token = terms.command(leave, payout_id, ledger.ledger_id), world.token_hex(16)
    body = request_body(command, context.initiator, token)
    by = world.deadline(TOTAL_S)
    with ledger.write() as tx:
        now_us, before = world.now_us(), leave
        leave = leave_to_pay(tx, terms, wish, asking, now_us)
        if leave.known != before.known:  # the id in the body would be an earlier try's
            raise _changed(wish.reference)
        if approval is not None:
            take_approval(tx, approval, proposal_of(leave, approval.request_id, now_us), now_us)
        elif needs_approval(terms.limits, wish.amount_cents):
            raise not_alone(wish.amount_cents, "mpesa pay PHONE AMOUNT --for REF --reason WHY --by NAME")
        request_id = approval.request_id if approval else ""
        recorded = record(context, tx, command, body, token, by=by, request_id=request_id)
        PayoutWrites(tx).open_payout(leave, payout_id, recorded.request.request_id, terms.shortcode, now_us)
    return send(context, command, recorded)


def repeat(context: InitiatorContext, terms: PayoutTerms, wish: PayoutWish, by: str) -> ApiRequest:
    """Send a request that is in doubt once more, the same in every field, with M-PESA's own guard against paying twice.

    Returns it as ``accepted`` or, whatever else came of it, as it stood. Raises Conflict where none may be repeated.
    """
    ledger, world = context.ledger, context.world
    ledger.check_space()
    check_lock(ledger, world.now_us(), "b2c")
    request, _ = repeatable(ledger, terms, wish, world.now_us())
    context.daraja.ready()
    command, token = command_of(request), world.token_hex(16)
    body = request_body(command, context.initiator, token)
    deadline = world.deadline(TOTAL_S)
    with ledger.write() as tx:
        now_us = world.now_us()
        tx.check_known()
        again, payout = repeatable(tx, terms, wish, now_us)
        if again.request_id != request.request_id:
            raise _changed(wish.reference)
        RequestWrites(tx).add_token(request.request_id, secret_hash(token))
        PayoutWrites(tx).append(payout.payout_id, PayoutRepeated(now_us, request.request_id, by))
    return send_again(context, command, Recorded(request, body, deadline))


def command_of(request: ApiRequest) -> Command:
    """The command that a request was made of, from the fields that were kept."""
    fields = request.fields
    version: B2cVersion = "v3" if request.again is Again.SAME_ID else "v1"
    made = b2c_command(version, request.subject, "", fields["PartyB"], request.amount_cents or 0, fields["PartyA"])
    return replace(made, fields=fields)


def propose_payout(
    ledger: Ledger, world: World, terms: PayoutTerms, wish: PayoutWish, asking: PayoutAsking
) -> Proposal:
    """Record the wish, for another person to agree. Nothing is sent. Raises Conflict where it may not go out now."""
    with ledger.write() as tx:
        now_us = world.now_us()
        leave = leave_to_pay(tx, terms, wish, asking, now_us)
        return add_proposal(tx, proposal_of(leave, new_request_id(world), now_us))


def proposal_of(leave: PayoutLeave, request_id: str, now_us: int) -> Proposal:
    """The proposal that a wish is, where leave was given for it."""
    wish, asking = leave.wish, leave.asking
    return Proposal(
        request_id, wish.amount_cents, asking.by, asking.reason, leave.basis, now_us,
        reference=wish.reference, msisdn=wish.msisdn,
    )


def leave_to_pay(
    known: Reads, terms: PayoutTerms, wish: PayoutWish, asking: PayoutAsking, now_us: int
) -> PayoutLeave:
    """Leave to pay, on what is ``known``: only inside a write transaction may it record one. Raises Conflict."""
    payout = Payouts(known).by_reference(wish.reference)
    _check_read(known, payout)
    leave = decide_payout(payout, wish, asking, Payouts(known).in_the_gap(wish, terms.shortcode))
    check_limits(terms.limits, wish.amount_cents, Requests(known).asked_cents(COMMAND_ID, parse_since("today", now_us)))
    return leave


def repeatable(known: Reads, terms: PayoutTerms, wish: PayoutWish, now_us: int) -> tuple[ApiRequest, Payout]:
    """The request that may be sent once more, and its payout, on what is ``known``. Raises Conflict where none may."""
    payout = Payouts(known).by_reference(wish.reference)
    _check_read(known, payout)
    request = Requests(known).request(payout.view.request_id) if payout else None
    check_limits(terms.limits, 0, 0)
    same_id = request is not None and request.again is Again.SAME_ID
    found = decide_repeat(payout, wish, same_id=same_id, now_us=now_us)
    assert request is not None  # a payout that is in doubt has one
    return request, found


def _check_read(known: Reads, payout: Payout | None) -> None:
    if payout is not None and Requests(known).unread_results(payout.view.request_id):
        raise _changed(payout.reference)


def _changed(reference: str) -> Conflict:
    return Conflict(
        f"Something came in about {reference} just now.",
        hint=f"Nothing was sent. See it: mpesa payouts {reference!r}", code="changed-meanwhile",
    )
