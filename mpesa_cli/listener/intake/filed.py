"""What was written for a delivery, and what is to be done about it once that is committed."""

from dataclasses import dataclass

from mpesa_cli.listener.events import Event
from mpesa_cli.listener.intake.deliveries import Verdict
from mpesa_cli.rules.payment import Attempt, AttemptRef, Payment


@dataclass(frozen=True, slots=True)
class Filed:
    """What was written, to be acted on once it is committed: the answer, the news, and what to do next.

    Without news nothing was written, and whoever gives the answer counts it.
    """

    verdict: Verdict
    event: Event | None
    settle: AttemptRef | str | None = None
    ask: tuple[Payment, Attempt] | None = None
