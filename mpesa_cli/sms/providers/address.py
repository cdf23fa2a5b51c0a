"""The base URL of a provider, checked before a key may travel to it."""

from dataclasses import replace

from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.floor.web_address import NoWebAddressError, WebAddress, base_address


def address(base_url: str, path: str) -> WebAddress:
    """The address: ``base_url`` with ``path`` behind it, unless it ends so already. Raises SettingsError.

    The key and the customers' numbers travel to it, so plain http is taken only for this machine itself.
    """
    try:
        base = base_address(base_url, "send the key and the customers' numbers unprotected")
    except NoWebAddressError as why:
        # The URL is not repeated: somebody may have written a password into it.
        raise SettingsError(
            f"The SMS provider's address (sms.base_url) can't be used. {why}",
            hint="No SMS was sent; payments are not touched. See where the address comes from: mpesa config show",
            code="invalid-sms-base-url",
        ) from None
    ends_so = base.url.endswith(path.rstrip("/"))
    return replace(base, url=base.url + ("/" if path.endswith("/") else "") if ends_so else base.url + path)
