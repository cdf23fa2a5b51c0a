"""The rule that stops a batch: one prompt after another fails in a way that the next will meet too."""

from mpesa_cli.floor.errors import CredentialsRefused, MpesaError, RequestRefused, Temporary
from mpesa_cli.rules.codes.lookup import explain_refusal, no_prompt_meaning
from mpesa_cli.rules.codes.rows import Actor
from mpesa_cli.rules.outcome import was_refused_for_credentials
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.state import AttemptState

ALIKE_IN_A_ROW = 3


class Series:
    """The prompts of one batch, as they end."""

    def __init__(self) -> None:
        """A series of which no prompt has ended yet."""
        self._kind, self._count = "", 0

    def after(self, payment: Payment) -> MpesaError | None:
        """The reason to stop after this payment, or None."""
        if was_refused_for_credentials(payment):
            return CredentialsRefused(
                f"Daraja refused the request: {payment.last.view.result_desc}",
                hint="No phone rang, and nothing more was sent. Check the secrets: mpesa config check",
            )
        kind = _kind(payment)
        self._count = self._count + 1 if kind and kind == self._kind else 1
        self._kind = kind
        if not kind or self._count < ALIKE_IN_A_ROW:
            return None
        said = payment.last.view.result_desc or kind
        if payment.last.state is AttemptState.NOT_SENT:
            return Temporary(
                f"M-PESA could not be reached {self._count} times in a row ({said}).",
                hint="Nothing more was sent. When the network is back, run the same command again.",
                code="not-delivered",
            )
        return RequestRefused(
            f"Daraja refused {self._count} prompts in a row: {said}",
            hint=f"No phone rang, and nothing more was sent. What it means: {explain_refusal(kind)}",
        )


def _kind(payment: Payment) -> str:
    """The kind of a failure for which the shop or the network is the cause, the same for like ones; else empty."""
    view = payment.last.view
    match payment.last.state:
        case AttemptState.NOT_SENT:
            return "not sent"
        case AttemptState.REJECTED:
            row = no_prompt_meaning(view.result_code or "", view.result_desc or "")
            return row.code if row.actor is Actor.OWNER else ""
        case _:
            return ""
