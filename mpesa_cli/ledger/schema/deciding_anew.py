"""Payments of an older ledger, decided once more by today's rules, as a change of the rules asks for.

No event and no SMS goes out for it. What changed is journaled, and `reconcile` names it until a person has accepted it.
"""

import sqlite3
from pathlib import Path

from mpesa_cli.ledger.schema.money_out import REFUNDS, add_columns
from mpesa_cli.ledger.writes import Write
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.payment import Attempt, Payment
from mpesa_cli.rules.state import Terms, attempt_view

RULES = 2
"""The number of the rules of state by which this program decides. 0.1.0 decided by the first."""


def decide_anew(connection: sqlite3.Connection) -> None:
    """Bring the projections of every payment up to today's rules, inside an open transaction.

    A payment that stands elsewhere than before gets a row ``rules_changed`` in the journal, dated as the row before.
    """
    add_columns(connection, "attempts", REFUNDS)  # what is saved by today's rules needs today's columns
    path = Path(connection.execute("PRAGMA database_list").fetchone()[2])
    environment = connection.execute("SELECT value FROM meta WHERE key = 'environment'").fetchone()
    tx = Write(connection, path, environment[0] if environment else "", lambda _: "", lambda *_: ())
    for payment_id, was in connection.execute("SELECT payment_id, status FROM payments ORDER BY payment_id").fetchall():
        _decide(tx, tx.must(payment_id), was)
    tx.write_rows()


def _decide(tx: Write, before: Payment, was: str) -> None:
    """Decide one payment, whose status ``was`` written by an earlier program."""
    for attempt in before.attempts:
        known = tx.evidence(attempt.ref)
        view = attempt_view(Terms(attempt.amount_cents, attempt.msisdn, attempt.channel == "stk"), known)
        tx.claim_receipts(attempt.ref, view)
        tx.save_view(attempt, view, withdrawn=any(isinstance(e, ev.Withdrawn) for e in known))
    now = tx.must(before.payment_id)
    tx.save_payment(now)
    attempts = _moved(before, now)
    if attempts or was != now.status:
        facts = {"rules": RULES, "was": was, "is": str(now.status), "attempts": attempts}
        (at_us,) = tx.rows("SELECT at_us FROM journal ORDER BY seq DESC LIMIT 1")[0]
        tx.chain(ev.Record("rules_changed", int(str(at_us)), facts, {}), before.payment_id, None)


def _moved(before: Payment, now: Payment) -> dict[str, dict[str, str]]:
    """The attempts that stand elsewhere, by their number."""
    pairs = zip(before.attempts, now.attempts, strict=True)
    return {str(a.ref.number): {"was": _stood(a), "is": _stood(b)} for a, b in pairs if _stood(a) != _stood(b)}


def _stood(attempt: Attempt) -> str:
    view = attempt.view
    return " ".join([view.state, *sorted(view.flags), *sorted(view.receipts)])
