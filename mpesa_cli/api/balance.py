"""The balance of the shop's accounts over HTTP: the last one that M-PESA told, or asked for anew."""

from mpesa_cli.api.context import ApiContext, Call, HttpReply
from mpesa_cli.floor.errors import MpesaError, NotFound


def balance(context: ApiContext, call: Call) -> HttpReply:
    """The last balance; with ``refresh`` M-PESA is asked, and its result waited for. Moves no money."""
    try:
        context.deliver()
        found = context.balance(call.query.get("refresh") == "true")
    except MpesaError as error:
        error.money_moved = "no"
        raise
    if found is None:
        never = NotFound(
            f"M-PESA has not told the balance of {context.profile.shortcode} yet.",
            hint="No money moved. Ask M-PESA: GET /balance?refresh=true", code="balance-not-told",
        )
        never.money_moved = "no"
        raise never
    return HttpReply(200, found)
