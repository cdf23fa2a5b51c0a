"""Two people: who may agree that money goes out, to what, until when; and how guessing a PIN is slowed. Pure."""

from itertools import pairwise

from mpesa_cli.floor.errors import Conflict, InvalidInput
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.money_out.payout_rules import reference_key
from mpesa_cli.rules.money_out.refund_rules import RefundLeave
from mpesa_cli.rules.payment import Payment

PROPOSAL_LIVES_S = 24 * 3600
WRONG_BEFORE_WAIT, FIRST_WAIT_S, LONGEST_WAIT_S = 3, 60, 3600
PIN_MIN, PIN_MAX, DIFFERENT_DIGITS = 6, 12, 3


@dataclass(frozen=True, slots=True)
class Proposal:
    """A refund or a payout that waits for a second person. ``basis`` is how what it is about stood when it was made.

    ``payment_id``, ``receipt`` and ``again`` are a refund's, ``reference`` and ``msisdn`` a payout's. ``state`` is
    ``open``, ``approved`` or ``dead``.
    """

    request_id: str
    amount_cents: int
    by: str
    reason: str
    basis: str
    made_us: int
    payment_id: str = ""
    receipt: str = ""
    again: bool = False
    reference: str = ""
    msisdn: str = ""
    state: str = "open"
    approved_by: str = ""

    @property
    def is_payout(self) -> bool:
        """Whether money is to be sent to a phone, and not given back."""
        return bool(self.reference)

    @property
    def about(self) -> tuple[str, str]:
        """The receipt that goes back or the reference that is paid out: of one of them one proposal waits."""
        return self.receipt, reference_key(self.reference)

    @property
    def terms(self) -> tuple[tuple[str, str], int, str, str]:
        """Everything that whoever agrees agrees to."""
        return self.about, self.amount_cents, self.msisdn, self.basis


@dataclass(frozen=True, slots=True)
class Approval:
    """The agreement of a second person, who was known by a PIN."""

    request_id: str
    by: str


def basis_of(payment: Payment, leave: RefundLeave) -> str:
    """The standing of a payment, as far as whoever agrees goes by it."""
    refunds = [f"{r.request_id}:{r.state}" for a in payment.attempts for r in a.view.refunds]
    return " ".join([
        payment.status, str(payment.received_cents), str(payment.reversed_cents), leave.receipt,
        str(leave.amount_cents), *sorted(payment.receipts), *refunds,
    ])


def check_approval(proposal: Proposal, approval: Approval, now: Proposal, now_us: int) -> None:
    """Raise Conflict where this person may not agree to this proposal, or nobody may any more.

    ``now`` is the proposal that would be made of the same wish at this moment.
    """
    if proposal.state == "approved":
        raise _no(proposal, f"{proposal.approved_by} agreed to {proposal.request_id} already.", "approved-already")
    if is_over(proposal, now_us):
        raise _no(proposal, f"{proposal.request_id} is over: it was not agreed to within a day.", "proposal-over")
    if same_person(proposal.by, approval.by):
        raise _no(proposal, f"{approval.by} asked for {proposal.request_id}; another person must agree.", "same-person")
    if proposal.terms != now.terms:
        what = "payout" if proposal.is_payout else "payment"
        raise _no(proposal, f"The {what} changed since {proposal.request_id} was made.", "payment-changed")


def is_over(proposal: Proposal, now_us: int) -> bool:
    """Whether a proposal died: a day is over, or the clock says that it is not made yet."""
    age_us = now_us - proposal.made_us
    return proposal.state == "dead" or not 0 <= age_us <= PROPOSAL_LIVES_S * SECOND_US


def same_person(one: str, other: str) -> bool:
    """Whether two names are one person's, whatever their letters' case and blanks."""
    return operator_key(one) == operator_key(other)


def operator_key(name: str) -> str:
    """The form in which a name is compared."""
    return "".join(name.split()).casefold()


def check_pin(pin: str) -> str:
    """A PIN that may be set. Raises InvalidInput; the PIN itself is never repeated."""
    is_pin = pin.isascii() and pin.isdecimal() and PIN_MIN <= len(pin) <= PIN_MAX
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)} if is_pin else set()
    if not is_pin or len(set(pin)) < DIFFERENT_DIGITS or steps in ({1}, {9}):
        raise InvalidInput(
            f"An operator PIN has {PIN_MIN} to {PIN_MAX} digits, at least {DIFFERENT_DIGITS} different ones, "
            "and is no row like 123456.",
            hint="Nothing was changed. Choose another, and run the same command again.", code="weak-pin",
        )
    return pin


def wait_s(wrong: int, last_wrong_us: int, now_us: int) -> int:
    """Seconds until the next PIN may be tried, after so many wrong ones in a row. A clock set back frees nobody."""
    if wrong < WRONG_BEFORE_WAIT:
        return 0
    whole_s = min(LONGEST_WAIT_S, FIRST_WAIT_S << min(wrong - WRONG_BEFORE_WAIT, 16))
    passed_s = (now_us - last_wrong_us) // SECOND_US
    return whole_s if passed_s < 0 else max(0, whole_s - passed_s)


def _no(proposal: Proposal, message: str, code: str) -> Conflict:
    command = "pay PHONE AMOUNT --for REF" if proposal.is_payout else f"refund {proposal.receipt}"
    again = f"If it is still wanted, ask anew: mpesa {command} --reason WHY"
    return Conflict(message, hint=f"Nothing was sent. {again}", code=code)
