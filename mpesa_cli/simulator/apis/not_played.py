"""The APIs of Daraja that this simulator does not play: a clear error instead of "Resource not found"."""

from mpesa_cli.simulator import wire
from mpesa_cli.simulator.identifiers import TokenHex, request_id
from mpesa_cli.simulator.wire import Reply

_NAMES = {
    "/mpesa/b2pochi/": "B2Pochi",
    "/standingorder/": "M-PESA Ratiba",
    "/v1/billmanager-invoice/": "Bill Manager",
    "/v1/ussdpush/": "B2B Express Checkout",
    "/imsi/": "IMSI and SIM swap",
    "/mpesa/b2c/hakikisha/": "Hakikisha",
}
_TOP_UP = "BusinessPayToBulk"


def not_played(path: str, token_hex: TokenHex) -> Reply | None:
    """The refusal of a request to such an API; None for a path that Daraja does not have either."""
    name = next((name for begin, name in _NAMES.items() if path.startswith(begin)), None)
    return None if name is None else _refusal(name, token_hex)


def top_up(body: dict[str, object], token_hex: TokenHex) -> Reply | None:
    """The refusal of a B2B request that tops up the utility account; None for any other."""
    return _refusal("the B2C account top-up", token_hex) if body.get("CommandID") == _TOP_UP else None


def _refusal(name: str, token_hex: TokenHex) -> Reply:
    return wire.error(request_id(token_hex), "501.001.01", f"This simulator does not play {name}. Nothing was done.")
