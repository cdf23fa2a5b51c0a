"""The words for the customer of a payment that is not paid."""

from mpesa_cli.rules.codes.lookup import doubtful_meaning, no_prompt_meaning, stk_result
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.state import AttemptState


def customer_words(payment: Payment, language: str) -> str:
    """A sentence in the language, ``en`` or ``sw``; empty where there is nothing to tell."""
    view = payment.last.view
    code, text = view.result_code or "", view.result_desc or ""
    match payment.last.state:
        case AttemptState.FAILED if view.source != "person":  # who decided has talked to the customer
            row = stk_result(code)
        case AttemptState.NOT_SENT | AttemptState.REJECTED if code:
            row = no_prompt_meaning(code, text)
        case AttemptState.UNKNOWN:
            row = doubtful_meaning(code, text)
        case _:
            return ""
    return row.customer_sw if language == "sw" else row.customer
