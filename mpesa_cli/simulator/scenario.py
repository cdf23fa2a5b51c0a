"""Scenarios: everything that happens after a push to one phone number.

Every duration is in seconds at speed 1.
"""

from enum import StrEnum
from typing import Literal

from mpesa_cli.floor.records import dataclass


class PushAnswer(StrEnum):
    """The answer to the POST of a push, or of a request to an initiator API."""

    OK = "ok"
    LOST = "lost"  # accepted, the answer never arrives
    TRUNCATED = "truncated"  # accepted, half of the answer arrives
    HTML_200 = "html-200"  # accepted, but what arrives is a page
    INTERNAL_ERROR = "internal-error"  # accepted, but what arrives says 500.003.1001
    DROPPED = "dropped"  # the connection is cut before anything was accepted
    HTML_503 = "html-503"
    HTML_403 = "html-403"
    EMPTY_400 = "empty-400"
    SPIKE_ARREST = "spike-arrest"
    APIGEE_429 = "apigee-429"
    TOKEN_EXPIRED = "token-expired"  # noqa: S105 - a name, not a secret
    LOCKED = "locked"
    BUSY = "busy"
    QUOTA = "quota"
    NO_MERCHANT = "no-merchant"
    # Of the initiator APIs alone.
    SYSTEM_ERROR = "system-error"  # accepted, but what arrives says 500.002.1001
    MAINTENANCE = "maintenance"
    NOT_ENTITLED = "not-entitled"

    @property
    def accepts(self) -> bool:
        """Whether it is done, whatever the caller gets to see."""
        return self in _ACCEPTING


_ACCEPTING = frozenset({
    PushAnswer.OK, PushAnswer.LOST, PushAnswer.TRUNCATED, PushAnswer.HTML_200, PushAnswer.INTERNAL_ERROR,
    PushAnswer.SYSTEM_ERROR,
})

# The answer of a query while the customer has not decided.
Pending = Literal["4999", "http-500"]
# The form of the Balance item in a success callback: with Safaricom it varies.
Balance = Literal["absent", "no-value", "text"]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row: a phone number and everything that happens after a push to it."""

    msisdn: str  # a number, or a pattern with x for any digit
    name: str
    story: str
    source: str
    code: str = "0"  # the final result code
    desc: str = "The service request is processed successfully."
    decided_s: float | None = 3.0  # from acceptance to the final state; None: never
    callbacks_s: tuple[float, ...] = (0.5,)  # each callback, counted from the final state; (): lost
    answer: PushAnswer = PushAnswer.OK
    answer_delay_s: float = 0.0
    answer_times: int | None = None  # the pushes in a row that are answered so before one is OK; None: all
    callback_first: bool = False
    pending: Pending = "4999"
    unknown_s: float = 0.0  # the time for which a query answers that the transaction does not exist
    query_code: str = ""  # the query's final code, where it contradicts the callback
    query_desc: str = ""
    amount_error: int = 0  # added to the amount in the callback, not to the charge
    balance: Balance = "absent"
    also_c2b: bool = False

    @property
    def pays(self) -> bool:
        """Whether the customer is charged in the end."""
        return self.answer_may_accept and self.code == "0" and self.decided_s is not None

    @property
    def answer_may_accept(self) -> bool:
        """Whether a prompt can ever reach this phone."""
        return self.answer.accepts or self.answer_times is not None
