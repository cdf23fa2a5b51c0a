"""The columns of a code table. The rows are in the files beside this one."""

from enum import StrEnum

from mpesa_cli.floor.records import dataclass


class Api(StrEnum):
    """The table a code belongs to."""

    STK = "stk"  # result codes of STK callbacks and queries
    RESPONSE = "response"  # ResponseCode of a synchronous answer
    ERROR = "error"  # errorCode of an HTTP error body, or our own name where there was no such body
    INITIATOR = "initiator"  # result codes of questions asked with an initiator (Transaction Status)
    REVERSAL = "reversal"  # result codes of a reversal: a payment given back
    B2C = "b2c"  # result codes of a payout: money sent to a phone
    VALIDATION = "validation"  # ResultCode of our answer to a validation request: a payment by hand, refused
    RATIBA = "ratiba"  # result codes of standing orders
    BONGA = "bonga"  # result codes of payments in loyalty points
    SMS = "sms"  # codes of SMS providers
    HTTP = "http"  # the bare HTTP status of an answer


class Outcome(StrEnum):
    """The outcome that a code proves for one attempt."""

    PAID = "paid"
    FAILED = "failed"  # a final no
    NOT_FINAL = "not_final"  # still being processed
    UNSURE = "unsure"  # proves nothing by itself


class Actor(StrEnum):
    """The party that must act before a new attempt makes sense."""

    NOBODY = "nobody"
    CUSTOMER = "customer"
    STAFF = "staff"
    OWNER = "owner"  # whoever keeps the shop's M-Pesa account and this configuration
    SYSTEM = "system"  # only time helps


class NewAttempt(StrEnum):
    """Whether and when a new attempt is safe."""

    NEVER = "never"
    NOW = "now"
    AFTER_WAIT = "after_wait"
    AFTER_FIX = "after_fix"  # once the actor has done what the row says
    AFTER_CHECK = "after_check"  # once a second look has confirmed that this attempt took no money


@dataclass(frozen=True, slots=True)
class Code:
    """One row: a code's meaning, in words for staff and for the customer, with its source.

    ``wait_s`` is the least time from the end of the attempt to a new one, 0 where none is known. It comes
    on top of the spacing between prompts (rules/retry_advice.py).
    """

    api: Api
    code: str
    title: str
    outcome: Outcome
    actor: Actor
    new_attempt: NewAttempt
    wait_s: int
    staff: str
    customer: str
    customer_sw: str
    source: str
    text: str = ""  # error codes are overloaded: the substring of the message that this row is about
    listed: bool = True
    automatic: bool = False  # whether `--max-attempts` may act on it without a person
