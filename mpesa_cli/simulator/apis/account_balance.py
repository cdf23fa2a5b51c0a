"""Account Balance: all accounts of a shortcode in one text (daraja.md 7). They follow from what moved."""

from mpesa_cli.simulator.accounts import account_line, balances, shop_account
from mpesa_cli.simulator.apis import asynchronous
from mpesa_cli.simulator.apis.asynchronous import Api, Outcome, item, named, one_of
from mpesa_cli.simulator.state import AsyncRequest, State

_TILL = "2"


def _balance(state: State, asked: AsyncRequest, now_us: int) -> Outcome:
    left = balances(state, asked.shortcode, now_us)
    till = asked.asked["IdentifierType"] == _TILL
    shop = "Merchant Account" if till else shop_account(state, asked.shortcode, now_us)
    accounts = (
        ("Working Account", left.working_cents),
        ("Float Account", 0),
        (shop, left.shop_cents),
        ("Charges Paid Account", left.charges_cents),
        ("Organization Settlement Account", 0),
    )
    text = "&".join(account_line(name, cents) for name, cents in accounts)
    return Outcome(items=(item("AccountBalance", text), item("BOCompletedTime", asynchronous.stamp(now_us))))


API = Api(
    name="balance",
    results="ab",
    bad_token="401.002.01",  # noqa: S106 - an error code
    checks=(
        named("Initiator", asynchronous.given),
        asynchronous.CREDENTIAL,
        named("CommandID", one_of("AccountBalance")),
        asynchronous.PARTY_A,
        named("IdentifierType", one_of("1", "2", "4")),
        asynchronous.REMARKS,
        *asynchronous.ADDRESSES,
    ),
    answers=_balance,
)
