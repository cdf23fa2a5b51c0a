"""Proposals in the ledger: refunds and payouts that wait for a second person."""

from mpesa_cli.floor.errors import Conflict, NotFound
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.ledger.writes import Write
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.money_out.approval import Approval, Proposal, check_approval, is_over

_COLUMNS = (
    "request_id, amount_cents, made_by, reason, basis, made_us, payment_id, receipt, again, reference, msisdn, state, "
    "approved_by"
)


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


def add_proposal(tx: Write, made: Proposal) -> Proposal:
    """Record a wish for which leave was given, in the transaction that gave it. Raises Conflict where one waits."""
    waiting = next((p for p in open_proposals(tx, made.made_us) if p.about == made.about), None)
    if waiting is not None:
        what = f"A payout for {made.reference}" if made.is_payout else f"A refund of {made.receipt}"
        raise Conflict(
            f"{what} waits already for somebody to agree: {waiting.request_id}.",
            hint=f"Nothing was sent. Another person agrees with: mpesa approve {waiting.request_id}",
            code="proposal-open",
        )
    tx.execute(
        f"INSERT INTO proposals ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,'open','')",
        (made.request_id, made.amount_cents, made.by, made.reason, made.basis, made.made_us, made.payment_id,
         made.receipt, int(made.again), made.reference, made.msisdn),
    )
    facts: dict[str, object] = {
        "request_id": made.request_id, "amount_cents": made.amount_cents, "by": made.by, "reason": made.reason,
        **({"reference": made.reference} if made.is_payout else {"receipt": made.receipt}),
    }
    private = {"msisdn": made.msisdn} if made.is_payout else {}
    tx.chain(ev.Record("proposal_made", made.made_us, facts, private), "", None)
    return made


def take_approval(tx: Write, approval: Approval, now: Proposal, at_us: int) -> None:
    """Use a proposal up, in the transaction that records its request; ``now`` is what would be proposed at this moment.

    Raises Conflict where it may not be agreed to.
    """
    waiting = proposal(tx, approval.request_id)
    check_approval(waiting, approval, now, at_us)
    tx.execute("UPDATE proposals SET state='approved', approved_by=? WHERE request_id=?",
               (approval.by, waiting.request_id))
    facts: dict[str, object] = {"request_id": waiting.request_id, "by": approval.by}
    tx.chain(ev.Record("proposal_approved", at_us, facts, {}), "", None)


def _from(row: tuple[object, ...]) -> Proposal:
    request_id, cents, by, reason, basis, made_us, payment_id, receipt, again, reference, msisdn, state, agreed = row
    return Proposal(
        str(request_id), int(str(cents)), str(by), str(reason), str(basis), int(str(made_us)), str(payment_id),
        str(receipt), bool(again), str(reference), str(msisdn), str(state), str(agreed),
    )
