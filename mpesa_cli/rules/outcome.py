"""The exit status for a payment's status: it tells a script what to do next. Pure."""

from typing import assert_never

from mpesa_cli.floor.errors import ExitStatus
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.state import AttemptState, PaymentStatus

_CREDENTIALS = ("wrong credentials", "apiproduct", "invalid access token")


def exit_status(payment: Payment) -> ExitStatus:
    """The exit status of `push`, `retry` and `status` for a payment (`mpesa help exit-status`)."""
    match payment.status:
        case PaymentStatus.PAID:
            return ExitStatus.DONE
        case PaymentStatus.OVERPAID | PaymentStatus.REFUNDED:
            return ExitStatus.DIFFERENCES
        case PaymentStatus.PENDING | PaymentStatus.PARTIAL:
            return ExitStatus.PENDING
        case PaymentStatus.UNKNOWN | PaymentStatus.REVIEW:
            return ExitStatus.UNKNOWN
        case PaymentStatus.FAILED:
            return _failed(payment)
        case _:
            assert_never(payment.status)


def was_refused_for_credentials(payment: Payment) -> bool:
    """Whether Daraja turned the last attempt away for the passkey, the token or the app's products."""
    text = (payment.last.view.result_desc or "").lower()
    return payment.last.state in {AttemptState.REJECTED, AttemptState.NOT_SENT} and any(c in text for c in _CREDENTIALS)


def _failed(payment: Payment) -> ExitStatus:
    if was_refused_for_credentials(payment):
        return ExitStatus.CREDENTIALS
    return ExitStatus.TEMPORARY if payment.last.state is AttemptState.NOT_SENT else ExitStatus.FINAL_NO
