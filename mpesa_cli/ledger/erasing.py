"""Erasing a phone number: amounts, receipts and the chain stay; the number and what contains it go.

What is chained never held the number, only a keyed digest of it (journal.py). Here the key goes, and a random
pseudonym takes the number's place in the private facts, so that every payment is decided as before. What an
erasure left is chained in turn, by a SHA-256 over it: nobody can take personal data away and call it an erasure.
"""

import hashlib
import json
import shlex
from collections.abc import Sequence
from dataclasses import replace

from mpesa_cli.floor.errors import Conflict
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.ledger.engine.scrubbing import SCRUB_DUE
from mpesa_cli.ledger.journal import canonical
from mpesa_cli.ledger.journal_kinds import ERASED_KEY
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.ledger.schema.personal import SEARCHED
from mpesa_cli.ledger.writes import Write
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.payment import Attempt, Payment
from mpesa_cli.rules.state import AttemptView, PaymentStatus, Terms, attempt_view
from mpesa_cli.rules.values.pseudonym import PREFIX, Erased, Replacement

OPEN = frozenset({PaymentStatus.PENDING, PaymentStatus.UNKNOWN, PaymentStatus.REVIEW})
PAYOUT_OPEN_US = 30 * 86_400 * SECOND_US
# What requests and rows about these payments and payouts go by: receipts, payouts, M-PESA's ids of their requests.
_WHOSE = """(
    SELECT receipt FROM receipts WHERE payment_id IN (SELECT value FROM json_each(:payments))
    UNION SELECT receipt FROM payouts WHERE receipt <> '' AND payout_id IN (SELECT value FROM json_each(:payments))
    UNION SELECT value FROM json_each(:payments)
    UNION SELECT coalesce(nullif(originator_conversation_id, ''),
                          json_extract(nullif(fields, ''), '$.OriginatorConversationID')) FROM requests
        WHERE again <> 'free' AND (originator_conversation_id <> '' OR fields <> '')
        AND (payment_id IN (SELECT value FROM json_each(:payments))
             OR subject IN (SELECT value FROM json_each(:payments))))"""


class Erasing:
    """The part of a write transaction that erases."""

    def __init__(self, tx: Write) -> None:
        """``tx`` is an open write transaction."""
        self._reads = self._tx = tx

    def erase(self, msisdn: str, at_us: int) -> Erased | None:
        """Replace a number (``254…``) everywhere by a pseudonym that is kept nowhere else; None where it is not here.

        Raises Conflict ``payment-open`` where money may still move on it or evidence waits to be read.
        """
        number = Replacement(msisdn, PREFIX + self._tx.token_hex(6))
        payment_ids = self._payments_of(number)
        payments = [p for payment_id in payment_ids if (p := self._reads.payment(payment_id))]
        self._refuse_open(payments)
        self._refuse_open_payouts(number, at_us)
        self._refuse_unread(number)
        erasure = "ERS-" + self._tx.token_hex(6)
        bodies = self._erase_bodies(number, payment_ids)
        private_rows, sha256 = self._erase_private(number, payment_ids, erasure)
        other_rows = self._erase_elsewhere(number, payment_ids)
        for payment in payments:
            self._reproject(number, payment)
        if not (payments or bodies or private_rows or other_rows):
            return None
        facts = {
            "erasure": erasure, "payments": len(payments), "rows": private_rows, "sha256": sha256, "bodies": bodies,
        }
        self._tx.chain(ev.Record("erased", at_us, facts, {}), "", None)
        self._tx.execute("INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO NOTHING", (SCRUB_DUE, erasure))
        return Erased(len(payments), private_rows, bodies, other_rows, self._kept_in(number))

    def _payments_of(self, number: Replacement) -> list[str]:
        rows = self._tx.execute(
            "SELECT payment_id FROM payments WHERE msisdn IN (:msisdn, :hashed) "
            "UNION SELECT payment_id FROM attempts WHERE msisdn IN (:msisdn, :hashed) "
            "UNION SELECT j.payment_id FROM journal_private p JOIN journal j USING (seq) "
            "WHERE (instr(p.facts, :digits) OR instr(p.facts, :hashed)) AND j.payment_id <> ''",
            {"msisdn": number.msisdn, "digits": number.digits, "hashed": number.hashed},
        )
        return sorted(str(payment_id) for (payment_id,) in rows)

    def _refuse_open(self, payments: Sequence[Payment]) -> None:
        for payment in payments:
            unread = self._tx.execute(
                "SELECT 1 FROM callbacks WHERE payment_id = ? AND verdict = ''", (payment.payment_id,)
            )
            if payment.status in OPEN or unread.fetchone():
                raise Conflict(
                    f"Order {payment.order_id} of this number is {payment.status}: money may still move on it.",
                    hint=f"Nothing was erased. Settle it first: mpesa status {payment.order_id}",
                    code="payment-open",
                )

    def _refuse_open_payouts(self, number: Replacement, at_us: int) -> None:
        """Raise Conflict where money may still go to this number. After a month only a person could tell."""
        rows = self._tx.rows(
            "SELECT o.reference FROM payouts o WHERE o.msisdn = ? AND (o.state NOT IN ('paid', 'failed') OR EXISTS ("
            "SELECT 1 FROM callbacks c WHERE c.payment_id = o.request_id AND c.verdict = '')) AND o.asked_us > ?",
            (number.msisdn, at_us - PAYOUT_OPEN_US),
        )
        if rows:
            raise Conflict(
                f"A payout to this number, for {rows[0][0]}, is not settled: its money may still move.",
                hint=f"Nothing was erased. Settle it first: mpesa payouts {shlex.quote(str(rows[0][0]))}",
                code="payment-open",
            )

    def _refuse_unread(self, number: Replacement) -> None:
        """Raise Conflict where money by hand was told of with this number and nobody has read it: it would be lost."""
        unread = self._tx.execute(
            "SELECT 1 FROM callbacks WHERE verdict = '' AND channel = 'c2b-confirmation' AND ("
            "instr(body, CAST(:digits AS BLOB)) OR instr(lower(CAST(body AS TEXT)), :hashed)) LIMIT 1",
            {"digits": number.digits, "hashed": number.hashed},
        )
        if unread.fetchone():
            raise Conflict(
                "Money of this number was reported and is not in the books yet.",
                hint="Nothing was erased. Take it in first: mpesa reconcile",
                code="payment-open",
            )

    def _erase_private(self, number: Replacement, payment_ids: Sequence[str], erasure: str) -> tuple[int, str]:
        """Give private facts the pseudonym, and take their keys away. Returns how many, and the SHA-256 over them."""
        seen, count = hashlib.sha256(), 0
        rows = self._tx.execute(
            "SELECT p.seq, p.facts, r.request_id FROM journal_private p JOIN journal j USING (seq) "
            "LEFT JOIN requests r ON j.kind = 'request_settled' "
            f"AND r.request_id = json_extract(j.facts, '$.request_id') AND r.subject IN {_WHOSE} "
            "WHERE instr(p.facts, :digits) OR r.request_id IS NOT NULL "
            "OR j.payment_id IN (SELECT value FROM json_each(:payments)) ORDER BY p.seq",
            {"digits": number.digits, "payments": json.dumps(payment_ids)},
        ).fetchall()
        for seq, stored, request in rows:
            facts = json.loads(stored)
            replaced = {name: _fact(number, name, value, whole=bool(request)) for name, value in facts.items()}
            if replaced != facts:
                text = canonical(replaced)
                self._tx.execute(
                    "UPDATE journal_private SET key = ?, facts = ? WHERE seq = ?", (ERASED_KEY + erasure, text, seq)
                )
                seen.update(f"{seq} {text}\n".encode())
                count += 1
        return count, seen.hexdigest()

    def _erase_bodies(self, number: Replacement, payment_ids: Sequence[str]) -> int:
        """Replace raw bodies of these payments, and any that name the number: they hold names, too.

        Their SHA-256 goes as well. Everything else in a callback is known, so that a digest of it would give the
        number away to whoever tries all hundred million.
        """
        rows = self._tx.execute(
            "SELECT callback_id FROM callbacks WHERE payment_id IN (SELECT value FROM json_each(:payments)) "
            "OR instr(body, CAST(:digits AS BLOB)) OR instr(lower(CAST(body AS TEXT)), :hashed) "
            "OR callback_id IN (SELECT json_extract(facts, '$.callback_id') FROM journal "
            "  WHERE kind = 'received' AND payment_id IN (SELECT value FROM json_each(:payments))) "
            f"OR payment_id IN (SELECT request_id FROM requests WHERE subject IN {_WHOSE})",
            {"payments": json.dumps(payment_ids), "digits": number.digits, "hashed": number.hashed},
        ).fetchall()
        for (callback_id,) in rows:
            left = canonical({"erased": callback_id}).encode()
            self._tx.execute(
                "UPDATE callbacks SET body = ?, sha256 = ?, verdict = CASE verdict WHEN '' THEN 'erased' ELSE verdict "
                "END WHERE callback_id = ?",
                (left, hashlib.sha256(left).hexdigest(), callback_id),
            )
        return len(rows)

    def _erase_elsewhere(self, number: Replacement, payment_ids: Sequence[str]) -> int:
        """Everything that is neither journal nor projection: what was to be sent, statement rows, requests."""
        ids = json.dumps(payment_ids)
        changed = self._tx.execute(  # digits that a statement shows, and names in a result
            f"UPDATE statement_rows SET party = :pseudonym WHERE party <> '' AND receipt IN {_WHOSE}",
            {"pseudonym": number.pseudonym, "payments": ids},
        ).rowcount
        changed += self._tx.execute(
            f"UPDATE requests SET result = '' WHERE result <> '' AND subject IN {_WHOSE}",
            {"payments": ids},
        ).rowcount
        # A digest of a call's inputs would give the number away as well. The same key then no longer fits any call.
        changed += self._tx.execute(
            "UPDATE idempotency_keys SET inputs_sha256 = ? WHERE payment_id IN (SELECT value FROM json_each(?))",
            (number.pseudonym, ids),
        ).rowcount
        changed += self._tx.execute(
            "UPDATE payouts SET msisdn = ? WHERE msisdn = ?", (number.pseudonym, number.msisdn)
        ).rowcount
        for table, columns in SEARCHED.items():
            for column in columns:
                changed += self._tx.dialect.rewrite(
                    self._tx.connection, table, column, number.digits, lambda value: _replaced(number, value)
                )
        return changed

    def _reproject(self, number: Replacement, before: Payment) -> None:
        """Bring a payment's rows up to its new private facts. Where it stands must not have changed."""
        attempts = tuple(self._reprojected(number, attempt) for attempt in before.attempts)
        self._tx.execute(
            "UPDATE payments SET msisdn = ? WHERE payment_id = ?",
            (number.of_number(before.msisdn), before.payment_id),
        )
        after = replace(before, attempts=attempts)
        if after.status is not before.status or after.received_cents != before.received_cents:
            raise _would_change(before)
        self._tx.save_payment(after)

    def _reprojected(self, number: Replacement, attempt: Attempt) -> Attempt:
        msisdn = number.of_number(attempt.msisdn)
        terms = Terms(attempt.amount_cents, msisdn, prompted=attempt.channel == "stk")
        view = attempt_view(terms, self._reads.evidence(attempt.ref))
        if _without_ids(view) != _without_ids(attempt.view):
            raise _would_change(attempt.ref.payment_id)
        self._tx.save_view(attempt, view, withdrawn=attempt.withdrawn)
        self._tx.execute("UPDATE attempts SET msisdn = ? WHERE payment_id = ? AND number = ?", (msisdn, *attempt.ref))
        return replace(attempt, msisdn=msisdn, view=view)

    def _kept_in(self, number: Replacement) -> tuple[str, ...]:
        rows = self._tx.execute(
            "SELECT DISTINCT CASE payment_id WHEN '' THEN 'journal row ' || seq ELSE payment_id END FROM journal "
            "WHERE instr(facts, ?) ORDER BY 1", (number.digits,),
        )
        return tuple(str(name) for (name,) in rows)


def scrub_is_due(reads: Reads) -> bool:
    """Whether an erasure was recorded whose old bytes may still be in the file."""
    return bool(reads.rows("SELECT 1 FROM meta WHERE key = ?", (SCRUB_DUE,)))


def _without_ids(view: AttemptView) -> AttemptView:
    return replace(view, checkout_request_id=None)


def _fact(number: Replacement, name: str, value: object, *, whole: bool) -> object:
    """A private fact without the number. What Daraja told of the parties to a payment of it (``whole``) goes."""
    if not isinstance(value, str):
        return value
    if whole:
        return number.pseudonym
    return number.of_number(value) if name == "msisdn" else number.in_text(value)


def _replaced(number: Replacement, value: str | bytes) -> str | bytes:
    if isinstance(value, bytes):
        return number.in_text(value.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    return number.in_text(value)


def _would_change(payment: Payment | str) -> Conflict:
    name = payment if isinstance(payment, str) else payment.payment_id
    return Conflict(
        f"Without the number {name} would no longer stand where it stands, so nothing was erased.",
        hint=f"Look at its evidence: mpesa log {name}",
        code="erasure-changes-payment",
    )
