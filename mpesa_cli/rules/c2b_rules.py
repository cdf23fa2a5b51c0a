"""C2B rules: the URLs that Daraja takes for registration, and the payments that a shop lets through. Pure.

The word list is Safaricom's (Customer To Business page, FAQ 8); rejection of "mpesa" was seen live by eight
independent reports. Matching by substring over host and path is our careful reading of it
(docs/reference/assumptions.md A29).
"""

from typing import Literal

from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.floor.web_address import NoWebAddressError, web_address
from mpesa_cli.rules.payment import Payment, ShopOrder
from mpesa_cli.rules.state import PaymentStatus
from mpesa_cli.rules.values.amount import Limits

BANNED_WORDS = ("m-pesa", "mpesa", "safaricom", "exec", "exe", "cmd", "sql", "query")

ValidationRule = Literal["accept", "known_order", "amount_equal", "range"]
Reject = Literal["C2B00012", "C2B00013", "C2B00015", "C2B00016"]


def banned_word(url: str) -> str | None:
    """The first word in a URL, host included, that Daraja's registration refuses; None where there is none."""
    lower = url.lower()
    return next((word for word in BANNED_WORDS if word in lower), None)


def check_registered_url(url: str, name: str, *, production: bool) -> str:
    """A URL that can be registered. Raises InvalidInput, naming the word or the rule, before anything is sent."""
    try:
        found = web_address(url)
    except NoWebAddressError:
        found = None
    if found is None or "#" in url:
        raise InvalidInput(
            f"The {name} URL {url!r} is not an absolute URL.",
            hint="Nothing was sent. Right: https://pay.example.co.ke/…",
            code="invalid-url",
        )
    if production and not found.is_https:
        raise InvalidInput(
            f"The {name} URL {url!r} is not https, and production takes nothing else.",
            hint="Nothing was sent. Right: https://pay.example.co.ke/…",
            code="invalid-url",
        )
    if word := banned_word(url):
        where = "host" if word in found.host else "path"
        raise InvalidInput(
            f"The {name} URL has the word {word!r} in its {where}, and Daraja refuses to register it.",
            hint=f"Nothing was sent. Words it refuses: {', '.join(BANNED_WORDS)}. Use another {where}.",
            code="banned-word",
        )
    return url


def reject_code(
    rule: ValidationRule, *, amount_cents: int, order: Payment | ShopOrder | None, limits: Limits, own_shortcode: bool,
    nameless: bool = False,
) -> Reject | None:
    """The code to refuse a payment with that a customer is about to make by hand; None to let it through.

    ``order`` is the one the account number names, if any. ``nameless``: no account number can be typed, as at a till,
    so that a rule about orders can't be applied and lets the payment through.
    """
    if not own_shortcode:
        return "C2B00015"
    match rule:
        case "accept":
            return None
        case "range":
            return None if limits.amount_min * 100 <= amount_cents <= limits.amount_max * 100 else "C2B00013"
        case "known_order" | "amount_equal" if nameless:
            return None
        case "known_order":
            return None if _is_awaited(order) else "C2B00012"
        case "amount_equal":
            if order is None or not _is_awaited(order):
                return "C2B00012"
            came_cents = order.received_cents if isinstance(order, Payment) else 0
            return None if amount_cents == order.amount_cents - came_cents else "C2B00013"


def _is_awaited(order: Payment | ShopOrder | None) -> bool:
    """Whether the order is known and not paid yet: a paid one must not be paid again by hand."""
    over = {PaymentStatus.PAID, PaymentStatus.OVERPAID, PaymentStatus.REFUNDED}
    return order.status not in over if isinstance(order, Payment) else order is not None
