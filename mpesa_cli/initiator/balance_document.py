"""The balance as a document, for ``--json`` and the HTTP API."""

from mpesa_cli.daraja.questions.account_balance import Balance
from mpesa_cli.floor.moments import rfc3339
from mpesa_cli.rules.values.amount import cents_to_json


def balance_document(told: Balance, environment: str) -> dict[str, object]:
    """The accounts as M-PESA named them, amounts in shillings."""
    return {
        "environment": environment,
        "shortcode": told.shortcode,
        "at": rfc3339(told.at_us),
        "accounts": [
            {
                "name": each.name,
                "currency": each.currency,
                "current": cents_to_json(each.current_cents),
                "available": cents_to_json(each.available_cents),
                "reserved": cents_to_json(each.reserved_cents),
                "uncleared": cents_to_json(each.uncleared_cents),
            }
            for each in told.accounts
        ],
    }
