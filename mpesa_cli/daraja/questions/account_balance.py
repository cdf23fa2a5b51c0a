"""Account Balance: the accounts of a shortcode and what is on them (daraja.md 7.2). Moves no money."""

import re

from mpesa_cli.daraja.endpoints import ACCOUNT_BALANCE
from mpesa_cli.daraja.initiator import Again, Command
from mpesa_cli.daraja.results import Result
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.wire.wire_text import plain_text, stamp_us

COMMAND_ID = "AccountBalance"
SHORTCODE_IDENTIFIER = "4"
_ACCOUNTS_MAX = 30
_AMOUNT = re.compile(r"(-?)(\d{1,13})(?:\.(\d{1,2}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Account:
    """One account, in cents of ``currency``; charges paid are below zero.

    Safaricom does not tell the order of the amounts: ``current`` first is the common reading (assumptions.md A66).
    """

    name: str
    currency: str
    current_cents: int
    available_cents: int
    reserved_cents: int
    uncleared_cents: int

    def line(self) -> str:
        """The account as it came: ``Working Account|KES|700000.00|700000.00|0.00|0.00``."""
        amounts = (self.current_cents, self.available_cents, self.reserved_cents, self.uncleared_cents)
        return "|".join((self.name, self.currency, *map(_shillings, amounts)))


@dataclass(frozen=True, slots=True)
class Balances:
    """The accounts at one moment. ``at_us`` None: the result did not say when."""

    accounts: tuple[Account, ...]
    at_us: int | None


SHOP_ACCOUNTS = ("Utility Account", "Merchant Account")
"""The accounts that customers' money comes to: a paybill has the first, a till the second."""


@dataclass(frozen=True, slots=True)
class Balance:
    """The accounts of a shortcode at one moment, as M-PESA told them. ``is_timed``: M-PESA named the moment; else it
    is when the result came."""

    shortcode: str
    accounts: tuple[Account, ...]
    at_us: int
    is_timed: bool = True

    @property
    def customers(self) -> Account | None:
        """The account that customers' money comes to; None where M-PESA named none that is known."""
        return next((each for each in self.accounts if each.name in SHOP_ACCOUNTS), None)


def balance_command(shortcode: str) -> Command:
    """The command that asks for the accounts of ``shortcode``."""
    return Command(
        ACCOUNT_BALANCE, COMMAND_ID, shortcode,
        {"PartyA": shortcode, "IdentifierType": SHORTCODE_IDENTIFIER, "Remarks": "balance"}, Again.FREE,
    )


def read_balances(result: Result) -> Balances | None:
    """The accounts in a successful result; None where one of them can't be read. Never raises."""
    text = result.first("AccountBalance")
    accounts = read_accounts(text) if isinstance(text, str) else None
    return Balances(accounts, stamp_us(result.first("BOCompletedTime"))) if accounts else None


def read_accounts(text: str) -> tuple[Account, ...] | None:
    """Accounts joined by ``&``; None where there is none, or one that can't be read."""
    parts = text.split("&")
    found = [_account(part) for part in parts] if len(parts) <= _ACCOUNTS_MAX else [None]
    accounts = tuple(each for each in found if each is not None)
    return accounts if len(accounts) == len(found) else None


def _account(text: str) -> Account | None:
    fields = text.split("|")
    if len(fields) != 6:
        return None
    name, currency = plain_text(fields[0], 60).strip(), fields[1].strip()
    amounts = [_cents(each.strip()) for each in fields[2:]]
    if not name or not re.fullmatch(r"[A-Z]{3}", currency):
        return None
    known = [each for each in amounts if each is not None]
    return Account(name, currency, *known) if len(known) == 4 else None


def _cents(text: str) -> int | None:
    found = _AMOUNT.fullmatch(text)
    if found is None:
        return None
    cents = int(found[2]) * 100 + int(((found[3] or "") + "00")[:2])
    return -cents if found[1] else cents


def _shillings(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"
