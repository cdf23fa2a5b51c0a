"""The verdict on a receipt that a customer shows to get goods for it. Pure.

The money is M-PESA's own account of the receipt, by whatever way it came; the claim is what the cashier sees.
"""

from collections.abc import Sequence
from enum import StrEnum

from mpesa_cli.floor.errors import ExitStatus
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.held import HeldMessage
from mpesa_cli.rules.order_matching import order_key
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.receipt_claim import Claim, Money
from mpesa_cli.rules.strangers import Report
from mpesa_cli.rules.values.receipt_number import Plausibility
from mpesa_cli.rules.values.shown_number import fits


class Verdict(StrEnum):
    """The verdict that a cashier acts on."""

    REAL = "REAL"
    USED_ALREADY = "USED ALREADY"
    DIFFERENT_AMOUNT = "DIFFERENT AMOUNT"
    DIFFERENT_PHONE = "DIFFERENT PHONE"
    NOT_PAID = "NOT PAID"  # M-PESA knows it, and the money is not with the shop
    NOT_FOUND = "NOT FOUND"  # M-PESA does not know it
    NOT_PROVEN = "NOT PROVEN"  # nobody here can tell


@dataclass(frozen=True, slots=True)
class Shown:
    """A receipt that a customer showed for an order; the order is empty where nobody said which."""

    order_id: str
    shown_us: int


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome of a check. ``meant`` are receipts that the customer may have meant; ``why`` is what prevented proof.

    ``payment`` is the one that the receipt pays, or that it was reported for; ``before`` when it was shown before;
    ``held`` are messages that show it and could not be applied, ``reported`` what came without our secret;
    ``may_be`` are other orders than the claim's that the money may be of, where it is known to be no order's.
    """

    claim: Claim
    verdict: Verdict
    plausible: Plausibility
    money: Money | None = None
    payment: Payment | None = None
    before: tuple[Shown, ...] = ()
    meant: tuple[str, ...] = ()
    why: str = ""
    held: tuple[HeldMessage, ...] = ()
    may_be: tuple[str, ...] = ()
    reported: tuple[Report, ...] = ()

    @property
    def text_was_changed(self) -> bool:
        """Whether the pasted message names another amount than M-PESA does."""
        return self.money is not None and _is_changed(self.claim, self.money)


def judge(claim: Claim, money: Money, shown_for: Sequence[str]) -> Verdict:
    """The verdict on money that came. ``shown_for``: the orders it was shown for before, ``""`` where none was named.

    Who names an order may show its receipt again for it. Who names none may have been given goods for it before.
    """
    if money.gone_back:
        return Verdict.NOT_PAID
    if claim.order_id is None:
        if money.order_id or shown_for:
            return Verdict.USED_ALREADY
    elif any(order_key(each) != order_key(claim.order_id) for each in (money.order_id, *shown_for) if each):
        return Verdict.USED_ALREADY
    if _is_changed(claim, money):
        return Verdict.DIFFERENT_AMOUNT
    if claim.amount_cents is not None and claim.amount_cents != money.amount_cents:
        return Verdict.DIFFERENT_AMOUNT
    if claim.msisdn is not None and not fits(claim.msisdn, money.payer or None):
        return Verdict.DIFFERENT_PHONE
    return Verdict.REAL


def _is_changed(claim: Claim, money: Money) -> bool:
    return claim.text_cents is not None and money.amount_cents is not None and claim.text_cents != money.amount_cents


def exit_status_of(verdict: Verdict) -> ExitStatus:
    """The exit status of `verify`."""
    match verdict:
        case Verdict.REAL:
            return ExitStatus.DONE
        case Verdict.USED_ALREADY | Verdict.DIFFERENT_AMOUNT | Verdict.DIFFERENT_PHONE:
            return ExitStatus.DIFFERENCES
        case Verdict.NOT_FOUND | Verdict.NOT_PAID:
            return ExitStatus.FINAL_NO
        case Verdict.NOT_PROVEN:
            return ExitStatus.UNKNOWN


# Final by Safaricom's page; whatever else is not one of them may still change (daraja.md 7.1).
COMPLETED = "completed"
_OVER_WITHOUT_MONEY = frozenset({"cancelled", "declined", "expired"})
# No list says with which code a receipt is answered that M-PESA does not know (docs/reference/assumptions.md A64).
_UNKNOWN_CODES = frozenset({"R000002"})
_UNKNOWN_WORDS = ("does not exist", "not found", "no record", "transactionid is invalid", "receipt number is invalid")
_INITIATOR_CODES = frozenset({"18", "20", "21", "22", "2001", "8006", "TP40153"})


def says_unknown(code: str, description: str) -> bool:
    """Whether a failing result says that there is no such transaction."""
    said = description.casefold()
    return code in _UNKNOWN_CODES or any(words in said for words in _UNKNOWN_WORDS)


def blames_initiator(code: str) -> bool:
    """Whether a failing result is about the initiator, and not about the transaction (daraja.md 6.5)."""
    return code in _INITIATOR_CODES


def locks_initiator(code: str) -> bool:
    """Whether a few more results like this one lock the API user: its name, password or certificate is wrong."""
    return code in {"18", "2001"}


def is_over_without_money(status: str) -> bool:
    """Whether M-PESA ended the transaction, and no money moved."""
    return status.casefold() in _OVER_WITHOUT_MONEY
