"""Proposals in the ledger: refunds that wait for a second person."""

from mpesa_cli.floor.errors import Conflict, NotFound
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.ledger.writes import Write
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.money_out.approval import Approval, Proposal, basis_of, check_approval, is_over
from mpesa_cli.rules.money_out.refund_rules import RefundAsking, RefundLeave

_COLUMNS = "request_id, payment_id, receipt, amount_cents, made_by, reason, again, basis, made_us, state, approved_by"


def proposal(reads: Reads, request_id: str) -> Proposal:
    """The proposal. Raises NotFound."""
    rows = reads.rows(f"SELECT {_COLUMNS} FROM proposals WHERE request_id=?", (request_id.strip().upper(),))
    if not rows:
        raise NotFound(f"There is no proposal {request_id!r}.", hint="Nothing was sent. What waits: mpesa approve")
    return _from(rows[0])


def open_proposals(reads: Reads, now_us: int) -> list[Proposal]:
    """Those that still may be agreed to, oldest first."""
    rows = reads.rows(f"SELECT {_COLUMNS} FROM proposals WHERE state='open' ORDER BY made_us")
    return [each for row in rows if not is_over(each := _from(row), now_us)]


def add_proposal(tx: Write, request_id: str, leave: RefundLeave, at_us: int) -> Proposal:
    """Record a wish for which leave was given, in the transaction that gave it. Raises Conflict where one waits."""
    payment = tx.must(leave.about.payment_id)
    waiting = next((p for p in open_proposals(tx, at_us) if p.receipt == leave.receipt), None)
    if waiting is not None:
        raise Conflict(
            f"A refund of {leave.receipt} waits already for somebody to agree: {waiting.request_id}.",
            hint=f"Nothing was sent. Another person agrees with: mpesa approve {waiting.request_id}",
            code="proposal-open",
        )
    made = Proposal(
        request_id, payment.payment_id, leave.receipt, leave.amount_cents, leave.asking, basis_of(payment, leave), at_us
    )
    asking = leave.asking
    tx.execute(
        f"INSERT INTO proposals ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,'open','')",
        (request_id, made.payment_id, made.receipt, made.amount_cents, asking.by, asking.reason, int(asking.again),
         made.basis, at_us),
    )
    facts: dict[str, object] = {
        "request_id": request_id, "receipt": made.receipt, "amount_cents": made.amount_cents, "by": asking.by,
        "reason": asking.reason,
    }
    tx.chain(ev.Record("proposal_made", at_us, facts, {}), "", None)
    return made


def take_approval(tx: Write, approval: Approval, leave: RefundLeave, at_us: int) -> None:
    """Use a proposal up, in the transaction that records its refund. Raises Conflict where it may not be agreed to."""
    waiting = proposal(tx, approval.request_id)
    check_approval(waiting, approval, basis_of(tx.must(leave.about.payment_id), leave), at_us)
    if (waiting.receipt, waiting.amount_cents) != (leave.receipt, leave.amount_cents):
        raise Conflict("It is about another receipt or amount.", hint="Nothing was sent. See: mpesa approve",
                       code="payment-changed")
    tx.execute("UPDATE proposals SET state='approved', approved_by=? WHERE request_id=?",
               (approval.by, waiting.request_id))
    facts: dict[str, object] = {"request_id": waiting.request_id, "by": approval.by}
    tx.chain(ev.Record("proposal_approved", at_us, facts, {}), "", None)


def _from(row: tuple[object, ...]) -> Proposal:
    request_id, payment_id, receipt, cents, by, reason, again, basis, made_us, state, approved_by = row
    return Proposal(
        str(request_id), str(payment_id), str(receipt), int(str(cents)),
        RefundAsking(str(by), str(reason), bool(again)), str(basis), int(str(made_us)), str(state), str(approved_by),
    )
