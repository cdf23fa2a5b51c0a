"""docs/develop/simulator.md: what generate.py writes about the simulator's APIs and scenarios."""

from collections.abc import Callable

from mpesa_cli.simulator.asynchronous_scenarios import TABLE

APIS = [
    ["access tokens", "`GET /oauth/v1/generate`", "every key and secret but `wrong`"],
    ["STK push and query", "`/mpesa/stkpush/v1/processrequest`, `/mpesa/stkpushquery/v1/query`",
     "by the number: `mpesa simulator scenarios`"],
    ["C2B", "`/mpesa/c2b/v1` and `v2`: `/registerurl`, `/simulate`", "validation and confirmation"],
    ["Pull Transactions", "`/pulltransactions/v1/register`, `/query`", ""],
    ["Transaction Status", "`/mpesa/transactionstatus/v1/query`",
     "by receipt, or by the OriginatorConversationID of a request"],
    ["Account Balance", "`/mpesa/accountbalance/v1/query`", ""],
    ["reversal", "`/mpesa/reversal/v1/request`",
     "whole payments of the shop, once each; RecieverIdentifierType 11 or 4"],
    ["B2C", "`/mpesa/b2c/v1/paymentrequest`, `/mpesa/b2c/v3/paymentrequest`",
     "KES 10 to 250,000, half a million a day to one phone; v3 knows its OriginatorConversationID again"],
    ["B2B", "`/mpesa/b2b/v1/paymentrequest`", "`BusinessPayBill` and `BusinessBuyGoods`"],
    ["tax", "`/mpesa/b2b/v1/remittax`", "to 572572 alone"],
    ["QR code", "`/mpesa/qrcode/v1/generate`", "the merchant's name `unavailable` gets the sandbox's page"],
    ["organisation", "`/sfcverify/v1/query/info`", "a number that ends in 404 is nobody's"],
]
BEGINNING = """\
`mpesa simulator serve` is Daraja on this machine, for any client in any language; profiles of environment `simulator`
have it inside the command. No account, no money. What it plays:"""
ABSENT = """\
Asked for the B2C top-up, B2Pochi, Ratiba, Bill Manager, B2B Express, IMSI and SIM swap or Hakikisha it answers HTTP
501 and says that it does not play that."""
ACCOUNTS = """\
Every shortcode begins with KES 41,750 on the account that customers' money comes to (Utility, or Merchant where it
sold goods) and KES 91,500 on the Working account. Payments, reversals and payouts move the first, B2B and tax the
second, charges the Charges Paid account; `mpesa balance` and `mpesa simulator statement` tell the same. What is not
there can't leave (result 1). The charges are invented."""
RECORD = """\
`GET /simulator/prompts` is the record of what really happened: `charges`, `prompts`, `c2b`, `reversals` (each with
the receipt that it undid), `payouts` and `b2b` (each with the OriginatorConversationID that it was asked with), and
`requests`, every one that was taken, with what each of its results was answered. Whatever a client believes is held
against it."""
CHOICE = """\
A request is done 2 s after it was taken, unless its scenario says otherwise. Pushes to these numbers are paid as any;
a **reversal** follows the number that had paid, a **payout** the number that is paid. The **initiator's name**
chooses it for every API and goes before the number. `code-21` as a name ends in result code 21, and a payout to
`2547000` and a code in five digits in that code."""
PASSWORDS = """\
Any password is right but `wrong`, and it must be encrypted for `mpesa simulator certificate`. Three wrong ones in a
row lock the initiator (8006) for half an hour of the simulator's clock; with Safaricom an administrator has to open
it."""


def parts(table: Callable[[list[str], list[list[str]]], str]) -> tuple[str, ...]:
    """The page below its title; ``table`` makes a Markdown table."""
    rows = [[f"`{row.name}`", row.msisdn or "–", row.story, row.source] for row in TABLE]
    return (
        BEGINNING, table(["API", "path", "what it takes"], APIS), ABSENT,
        "## Accounts", ACCOUNTS, "## The record", RECORD,
        "## What goes wrong with requests of an initiator", CHOICE, PASSWORDS,
        table(["initiator's name", "number", "what happens", "source"], rows),
    )
