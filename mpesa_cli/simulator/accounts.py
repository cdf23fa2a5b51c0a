"""The accounts of a simulated shortcode: every movement of its money, and the balances that follow from them."""

from collections.abc import Iterator
from dataclasses import replace

from mpesa_cli.simulator.identifiers import TokenHex, receipt
from mpesa_cli.simulator.movement import Balances, Movement
from mpesa_cli.simulator.state import State

# What each shortcode begins with, on the account of customers' money and on the working account.
OPENING_CENTS = 4_175_000
WORKING_OPENING_CENTS = 9_150_000


def movements(state: State, shortcode: str, now_us: int) -> list[Movement]:
    """Every movement of a shortcode up to ``now_us``, oldest first. A push that C2B reports too is one."""
    return sorted(_of(state, shortcode, now_us), key=lambda row: row.at_us)


def every_movement(state: State, now_us: int) -> list[Movement]:
    """Every movement of every shortcode up to ``now_us``, oldest first."""
    codes = {row.shortcode for row in state.booked} | {row.shortcode for row in state.prompts.values()}
    codes |= {row.shortcode for row in state.c2b.values()}
    found = [row for code in sorted(codes) for row in _of(state, code, now_us)]
    return sorted(found, key=lambda row: row.at_us)


def balances(state: State, shortcode: str, now_us: int) -> Balances:
    """The balances of a shortcode at ``now_us``."""
    found = state.carried.get(shortcode, Balances())
    for row in _of(state, shortcode, now_us):
        found = found.after(row)
    return replace(
        found, shop_cents=found.shop_cents + OPENING_CENTS, working_cents=found.working_cents + WORKING_OPENING_CENTS
    )


def shop_account(state: State, shortcode: str, now_us: int) -> str:
    """The name of the account that customers' money is on: a till has another than a paybill."""
    goods = any(row.buy_goods for row in _of(state, shortcode, now_us))
    return "Merchant Account" if goods else "Utility Account"


def account_line(name: str, cents: int) -> str:
    """An account as results tell it: name, currency, current, available, reserved and uncleared."""
    amount = f"{cents / 100:.2f}"
    return f"{name}|KES|{amount}|{amount}|0.00|0.00"


def book(state: State, movement: Movement, token_hex: TokenHex) -> Movement:
    """Book what leaves the shop, under a fresh receipt."""
    state.serial += 1
    taken = {row.receipt for row in every_movement(state, movement.at_us)} | state.receipts
    made = replace(movement, receipt=receipt(movement.at_us, state.serial, taken, token_hex))
    state.booked.append(made)
    return made


def give_back(state: State, paid: Movement, now_us: int, token_hex: TokenHex, *, conversation: str = "",
              note: str = "") -> Movement:
    """Give a customer's payment back, whole; the caller knows that it was not given back before."""
    back = Movement("", "reversal", paid.amount_cents, now_us, paid.shortcode, paid.msisdn, "", paid.buy_goods,
                    linked=paid.receipt, conversation=conversation, note=note)
    return book(state, back, token_hex)


def _of(state: State, shortcode: str, now_us: int) -> Iterator[Movement]:
    yield from (row for row in state.booked if row.shortcode == shortcode)
    yield from (p.movement() for p in state.prompts.values() if p.shortcode == shortcode and p.charged(now_us))
    for row in state.c2b.values():
        done = row.completed_us is not None and row.completed_us <= now_us
        if row.shortcode == shortcode and row.completed_us is not None and done and not row.from_push:
            yield row.movement(row.completed_us)
