"""Every kind of row that the journal may hold: no version of ours wrote any other."""

from mpesa_cli.rules.evidence import KINDS
from mpesa_cli.rules.money_out.payout_evidence import PAYOUT_KINDS

PAYMENT_KINDS = frozenset(
    {
        "payment_created", "attempt_created", "payment_merged", "receipt_attached", "rules_changed",
        "not_paid_since_backup", "acknowledged",
    }
)
"""About one payment, and no evidence."""
LEDGER_KINDS = frozenset(
    {
        "erased", "restored", "ledger_begun",  # the ledger as a whole
        "statement_read", "break_accepted", "day_closed", "books_begun",  # the books
        "receipt_named",  # by a person, as nobody's here
        "request_made", "request_settled", "receipt_shown",  # what was asked of Daraja, what a customer showed
        "message_held", "held_done", "held_applied", "held_reopened", "held_removed",  # what could not be applied
        "operator_set", "operator_removed", "operator_pin_wrong", "proposal_made", "proposal_approved",  # two people
        "order_added", "token_issued", "token_revoked",  # the HTTP API
        "viewer_expected", "viewer_paired", "viewer_revoked",  # the owner's page
    }
)
"""About no payment."""
ALL_KINDS = frozenset(KINDS) | PAYMENT_KINDS | LEDGER_KINDS | frozenset(PAYOUT_KINDS)

ERASED_KEY = "erased:"
"""What the key of erased personal data begins with; the id of the erasure follows (erasing.py)."""
