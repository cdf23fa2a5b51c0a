"""Addresses of Daraja's APIs: their paths as data, and the rules for a base URL."""

from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.floor.web_address import NoWebAddressError, WebAddress, base_address

SANDBOX = "https://sandbox.safaricom.co.ke"
PRODUCTION = "https://api.safaricom.co.ke"

OAUTH = "/oauth/v1/generate?grant_type=client_credentials"
STK_PUSH = "/mpesa/stkpush/v1/processrequest"
STK_QUERY = "/mpesa/stkpushquery/v1/query"
C2B_REGISTER_V1 = "/mpesa/c2b/v1/registerurl"
C2B_REGISTER_V2 = "/mpesa/c2b/v2/registerurl"
C2B_SIMULATE_V1 = "/mpesa/c2b/v1/simulate"
C2B_SIMULATE_V2 = "/mpesa/c2b/v2/simulate"
TRANSACTION_STATUS = "/mpesa/transactionstatus/v1/query"
REVERSAL = "/mpesa/reversal/v1/request"
B2C_V1 = "/mpesa/b2c/v1/paymentrequest"
B2C_V3 = "/mpesa/b2c/v3/paymentrequest"
ACCOUNT_BALANCE = "/mpesa/accountbalance/v1/query"
DYNAMIC_QR = "/mpesa/qrcode/v1/generate"
ORGANISATION_INFO = "/sfcverify/v1/query/info"
PULL_REGISTER = "/pulltransactions/v1/register"
PULL_QUERY = "/pulltransactions/v1/query"


def checked_base_url(typed: str, *, embedded: bool = False) -> WebAddress:
    """Read a base URL such as ``https://sandbox.safaricom.co.ke``. Raises SettingsError.

    The consumer secret and every request travel to it, so plain ``http`` is taken only for this machine's
    own loopback (or where the transport is ``embedded`` and nothing travels).
    """
    try:
        return base_address(typed, "send the consumer secret unprotected", anywhere=embedded)
    except NoWebAddressError as why:
        # The URL itself is not repeated: where someone wrote user:password@host, it would be shown.
        raise SettingsError(
            f"The base URL of Daraja can't be used. {why}",
            hint=f"Nothing was sent. Right: base_url = \"{SANDBOX}\" or MPESA_BASE_URL={SANDBOX}. "
            "See where it comes from: mpesa config show",
            code="invalid-base-url",
        ) from None
