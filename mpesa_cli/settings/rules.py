"""Rules for values, the same for every source: a rule takes a value and returns it, tidied.

A broken rule raises RuleError, whose text completes the sentence "shortcode is '12': it …".
"""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.floor.web_address import NoWebAddressError, WebAddress, is_on_this_machine, web_address
from mpesa_cli.rules.values.database import AddressError, database, is_database
from mpesa_cli.rules.values.reference import account_reference, check_description

SANDBOX_BASE_URL = "https://sandbox.safaricom.co.ke"
PRODUCTION_BASE_URL = "https://api.safaricom.co.ke"
# Words that Daraja refuses in the URLs it is given, in any letter case (daraja.md 5.3).
BANNED_WORDS = ("m-pesa", "mpesa", "safaricom", "exec", "exe", "cmd", "sql", "query")

_SHORTCODE = re.compile(r"\d{5,7}", re.ASCII)
_SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,62}", re.ASCII)
_PROFILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", re.ASCII)
_ENVIRONMENT_OF_HOST = {"api.safaricom.co.ke": "production", "sandbox.safaricom.co.ke": "sandbox"}


class RuleError(ValueError):
    """A value that breaks its rule. ``showable`` is False where the value may hold a password."""

    def __init__(self, needs: str, *, showable: bool = True) -> None:
        """``needs`` says what the value must be, with a right example."""
        super().__init__(needs)
        self.needs = needs
        self.showable = showable


def profile_name(text: str) -> str:
    """A name that can be part of a file's name."""
    if not _PROFILE_NAME.fullmatch(text):
        raise RuleError("must be 1 to 40 letters, digits and . _ -, for example shop-ngong")
    return text


def shortcode(text: str) -> str:
    """A paybill, store or till number."""
    if not _SHORTCODE.fullmatch(text):
        raise RuleError("must be 5 to 7 digits, for example 247247")
    return text


def one_line(text: str) -> str:
    """A short text for people: 1 to 100 printable characters."""
    if not 1 <= len(text.strip()) <= 100 or not text.isprintable():
        raise RuleError("must be one line of 1 to 100 characters")
    return text.strip()


def path(text: str) -> str:
    """A file's path; the source decides which folder a relative one starts from."""
    from mpesa_cli.floor.machine import commands

    if not text.strip() or not text.isprintable() or text.endswith("/"):
        raise RuleError(f"must be the path of a file, for example {commands.A_LEDGER}")
    return text.strip()


def ledger(text: str) -> str:
    """A ledger: a file's path, or an address in PostgreSQL, which never holds a password."""
    if not is_database(text):
        return path(text)
    try:
        database(text)
    except AddressError as wrong:
        raise RuleError(str(wrong), showable=False) from None
    return text.strip()


def schema(text: str) -> str:
    """The name of a schema in PostgreSQL."""
    if not _SCHEMA.fullmatch(text):
        raise RuleError("must be 1 to 63 small letters, digits and _, for example mpesa_shop")
    return text


def reference_template(text: str) -> str:
    """An account reference, which may hold ``{order}``. Its length is checked with the whole profile."""
    try:
        account_reference(text, "1", 200)
    except InvalidInput:
        raise RuleError("may hold letters, digits, space, . _ / - and {order}, for example {order}") from None
    return text.strip()


def description(text: str) -> str:
    """The description of the purchase, as the ledger and receipts have it."""
    try:
        return check_description(text)
    except InvalidInput:
        raise RuleError("must be one line of 1 to 100 characters, for example 'Order payment'") from None


def between(low: float, high: float) -> Callable[[float], float]:
    """A rule for numbers from ``low`` to ``high``, both included."""

    def rule(number: float) -> float:
        if not low <= number <= high:
            raise RuleError(f"must be from {low:g} to {high:g}")
        return number

    return rule


def days_or_off(value: int | str) -> int | str:
    """A number of days from 1 to 60, or ``off``."""
    text = str(value).strip().lower()
    if text == "off":
        return text
    if not re.fullmatch(r"\d{1,2}", text, re.ASCII) or not 1 <= int(text) <= 60:
        raise RuleError('must be a number of days from 1 to 60, or "off"')
    return int(text)


def any_url(text: str) -> str:
    """An http or https URL without a query, a fragment or a password; plain http only on this machine."""
    cleaned = text.strip().rstrip("/")
    found = _address(cleaned)
    if found.has_user:
        raise RuleError("must not hold a user name or password", showable=False)
    if "?" in cleaned or "#" in cleaned:
        raise RuleError("must not hold a query (?) or a fragment (#), for example https://pay.example.co.ke")
    if not (found.is_https or found.is_loopback):
        raise RuleError("must begin with https://; plain http is for this machine only (http://127.0.0.1:8000)")
    return cleaned


def origins(text: str) -> str:
    """Origins of web pages with blanks between, as browsers send them: no path, small letters, no ``*``."""
    whole = [any_url(part).lower() for part in text.split()]
    tidied = [each.removesuffix(":443" if each.startswith("https:") else ":80") for each in whole]
    if not tidied or any(urlsplit(each).path or "*" in each for each in tidied):
        raise RuleError("must be whole origins without a path, for example https://shop.example.co.ke")
    return " ".join(dict.fromkeys(tidied))


def environment_of(base_url: str) -> str | None:
    """The environment that a Daraja base URL belongs to by its host, or None where the host does not tell."""
    if is_on_this_machine(base_url):
        return "simulator"
    return _ENVIRONMENT_OF_HOST.get((urlsplit(base_url).hostname or "").rstrip("."))


def banned_words(url: str) -> list[str]:
    """The words in ``url`` that Daraja refuses in C2B URLs, and once did in all (daraja.md 5.3)."""
    return [word for word in BANNED_WORDS if word in url.lower()]


def _address(text: str) -> WebAddress:
    needs = "must be a whole URL in plain characters, for example https://pay.example.co.ke"
    try:
        found = web_address(text)
    except NoWebAddressError:
        raise RuleError(needs, showable="@" not in text) from None
    if not found.is_plain:
        raise RuleError(needs, showable="@" not in text)
    return found
