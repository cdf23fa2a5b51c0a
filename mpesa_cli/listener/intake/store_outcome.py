"""The outcome of storing a delivery, and the work that follows once that is committed."""

from mpesa_cli.floor.records import dataclass
from mpesa_cli.listener.events import Event
from mpesa_cli.listener.intake.deliveries import Verdict
from mpesa_cli.rules.payment import Attempt, AttemptRef, Payment


@dataclass(frozen=True, slots=True)
class StoreOutcome:
    """The answer, the event and the follow-up of a stored delivery, for when it is committed.

    Without an event nothing was written, and whoever gives the answer counts it.
    """

    verdict: Verdict
    event: Event | None
    settle: AttemptRef | str | None = None
    ask: tuple[Payment, Attempt] | None = None
