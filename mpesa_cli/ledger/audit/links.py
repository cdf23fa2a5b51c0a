"""The check of the rows tied to payments: receipts, raw callbacks, things to send. By set-based questions."""

import hashlib
from collections.abc import Iterator

from mpesa_cli.ledger.audit.chain import Flaw
from mpesa_cli.ledger.reads import Reads

_STRAY_RECEIPTS = """
    SELECT r.receipt, r.payment_id, r.attempt FROM receipts r
    LEFT JOIN attempts a ON a.payment_id = r.payment_id AND a.number = r.attempt
    WHERE a.number IS NULL OR NOT (
        instr(' ' || a.receipts || ' ', ' ' || r.receipt || ' ') OR EXISTS (
            SELECT 1 FROM journal j WHERE j.payment_id = r.payment_id AND j.attempt = r.attempt
            AND j.kind IN ('received', 'decided') AND json_extract(j.facts, '$.receipt') = r.receipt))"""
_UNCLAIMED = """
    SELECT payment_id, number, receipt FROM attempts WHERE state = 'paid' AND receipt IS NOT NULL
    AND receipt NOT IN (SELECT receipt FROM receipts)"""
_STRAY_OUTBOX = """
    SELECT o.event_id, o.payment_id FROM outbox o LEFT JOIN payments p USING (payment_id)
    WHERE p.payment_id IS NULL AND NOT EXISTS (
        SELECT 1 FROM journal j WHERE j.payment_id = o.payment_id AND j.kind = 'payment_created')"""
_STRAY_CALLBACKS = """
    SELECT c.callback_id, c.payment_id FROM callbacks c WHERE c.channel = 'stk' AND NOT EXISTS (
        SELECT 1 FROM journal j WHERE j.payment_id = c.payment_id AND j.attempt = c.attempt)"""


def link_flaws(ledger: Reads) -> Iterator[Flaw]:
    """Receipts, callbacks and outbox rows that belong to nothing, or are not what they were."""
    for receipt, payment_id, attempt in ledger.stream(_STRAY_RECEIPTS):
        yield Flaw(0, f"receipt {receipt} is booked for {payment_id} attempt {attempt}, which no evidence says")
    for payment_id, attempt, receipt in ledger.stream(_UNCLAIMED):
        yield Flaw(0, f"receipt {receipt} pays {payment_id} attempt {attempt} and could pay another: it is not booked")
    for event_id, payment_id in ledger.stream(_STRAY_OUTBOX):
        yield Flaw(0, f"{event_id} is to be sent about {payment_id}, which was never recorded")
    for callback_id, payment_id in ledger.stream(_STRAY_CALLBACKS):
        yield Flaw(0, f"callback {callback_id} is about {payment_id}, which has no such attempt")
    for callback_id, sha256, body in ledger.stream("SELECT callback_id, sha256, body FROM callbacks"):
        if not isinstance(body, bytes) or hashlib.sha256(body).hexdigest() != sha256:
            yield Flaw(0, f"the body of callback {callback_id} was changed")
