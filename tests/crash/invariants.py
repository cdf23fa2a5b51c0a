"""What must hold between a ledger and what Daraja really did, whoever died when. Not a test.

The record is the simulator's own (``Engine.record()``): every prompt it accepted, what came of it, and which
callbacks were answered. The order is the account reference, the attempt is found by the callback URL's token.
"""

import hashlib
import itertools
import json
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from mpesa_cli.ledger.audit.ledger import flaws
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.payment import AttemptRef, Payment
from mpesa_cli.rules.state import PaymentStatus

OPEN = {PaymentStatus.PENDING, PaymentStatus.UNKNOWN}


@dataclass(frozen=True)
class Prompt:
    """One push that Daraja accepted."""

    ref: AttemptRef | None
    checkout_request_id: str
    order: str
    amount_cents: int
    accepted_us: int
    decided_us: int | None
    charged: bool
    receipt: str
    told: bool  # a callback about it was answered 200


def _attempt_of(ledger: Ledger, callback_url: str) -> AttemptRef | None:
    token_hash = hashlib.sha256(callback_url.rsplit("/", 1)[-1].encode()).hexdigest()
    return ledger.attempts_by_tokens([token_hash]).get(token_hash)


def prompts_of(ledger: Ledger, record: dict[str, Any]) -> list[Prompt]:
    """The record's prompts, each with the attempt that its token names."""
    return [
        Prompt(
            ref=_attempt_of(ledger, row["callback_url"]),
            checkout_request_id=row["checkout_request_id"],
            order=row["account_reference"],
            amount_cents=row["amount"] * 100,
            accepted_us=row["accepted_us"],
            decided_us=row["decided_us"],
            charged=row["charged"],
            receipt=row["receipt"],
            told=any(sent["status"] == 200 for sent in row["callbacks"]),
        )
        for row in record["prompts"]
    ]


def broken(ledger: Ledger, record: dict[str, Any]) -> list[str]:
    """Everything that is wrong, in words; empty where all invariants hold. They hold at every moment."""
    now_us = record["now_us"]
    prompts = prompts_of(ledger, record)
    by_order: dict[str, list[Prompt]] = defaultdict(list)
    for prompt in prompts:
        by_order[prompt.order].append(prompt)
    found = [f"chain or projection: {flaw.words} (row {flaw.seq})" for flaw in flaws(ledger)]
    found += [f"a prompt for {p.order} that the ledger does not know" for p in prompts if p.ref is None]
    found += _missing_callbacks(ledger, prompts)
    for order in sorted({*by_order, *_orders(ledger)}):
        payment = ledger.payment_by_order(order)
        found += [f"{order}: {words}" for words in _about_daraja(by_order[order])]
        if payment is not None:
            found += [f"{order}: {words}" for words in _about_money(payment, by_order[order], now_us)]
            found += [f"{order}: {words}" for words in _about_posts(ledger, payment)]
    return found


def in_doubt(ledger: Ledger, record: dict[str, Any]) -> list[str]:
    """Orders that are still open although something could have told: to be empty once all was settled.

    What nothing could tell: no callback was ever stored, and the CheckoutRequestID to ask with was lost too.
    """
    told = {p.ref for p in prompts_of(ledger, record) if p.told}
    return [
        f"{payment.order_id}: attempt {a.ref.number} is still {a.state}"
        for payment in ledger.unfinished()
        for a in payment.attempts
        if a.state in {"created", "sending"} or (a.state in {"pending", "unknown"} and _could_tell(a, told))
    ]


def _could_tell(attempt: Any, told: set[AttemptRef | None]) -> bool:
    return attempt.view.checkout_request_id is not None or attempt.ref in told


def _orders(ledger: Ledger) -> list[str]:
    return [str(row[0]) for row in ledger.rows("SELECT order_id FROM payments")]


def _about_daraja(prompts: list[Prompt]) -> list[str]:
    charged = [p for p in prompts if p.charged]
    found = []
    if len(charged) > 1:
        found.append(f"charged {len(charged)} times")
    refs = [p.ref for p in prompts]
    if len(set(refs)) < len(refs):
        found.append("two accepted prompts for one attempt")
    in_order = sorted(prompts, key=lambda p: p.accepted_us)
    for earlier, later in itertools.pairwise(in_order):
        if earlier.decided_us is None or earlier.decided_us > later.accepted_us or earlier.receipt:
            found.append("a second prompt although the first could still be paid, or was")
    return found


def _about_money(payment: Payment, prompts: list[Prompt], now_us: int) -> list[str]:
    charged = [p for p in prompts if p.charged]
    undecided = [p for p in prompts if p.decided_us is None or p.decided_us > now_us]
    if not charged:
        if payment.status in {PaymentStatus.PAID, PaymentStatus.OVERPAID, PaymentStatus.PARTIAL}:
            return [f"{payment.status}, and nobody was charged"]
        if undecided and payment.status is PaymentStatus.FAILED:
            return ["called failed while the prompt can still be paid"]
        return []
    if payment.status in OPEN:
        return []
    if payment.status is not PaymentStatus.PAID:
        return [f"charged, and the ledger says {payment.status}"]
    receipt = payment.telling.view.receipt
    if receipt != charged[0].receipt and (receipt is not None or charged[0].told):
        return [f"paid with receipt {receipt} instead of {charged[0].receipt}"]
    return []


def _about_posts(ledger: Ledger, payment: Payment) -> list[str]:
    """Law 2: before another POST of the same attempt leaves, the one before is proven undelivered."""
    found = []
    for attempt in payment.attempts:
        evidence = ledger.evidence(attempt.ref)
        proven = {e.post for e in evidence if isinstance(e, ev.Undelivered)}
        sent = sorted(e.post for e in evidence if isinstance(e, ev.Sending))
        if any(post not in proven for post in sent[:-1]):
            found.append(f"attempt {attempt.ref.number} was sent again in doubt")
    return found


def _missing_callbacks(ledger: Ledger, prompts: list[Prompt]) -> list[str]:
    stored = {
        json.loads(bytes(row[0]))["Body"]["stkCallback"]["CheckoutRequestID"]  # type: ignore[arg-type]
        for row in ledger.rows("SELECT body FROM callbacks WHERE channel='stk'")
    }
    return [
        f"{p.order}: a callback was answered 200 and is not in the ledger"
        for p in prompts
        if p.told and p.checkout_request_id not in stored
    ]
