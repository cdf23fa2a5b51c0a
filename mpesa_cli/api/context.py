"""The context that the API's handlers work with, and the values that go in and out of a handler."""

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, Protocol

from mpesa_cli.api.tokens.bearer import Bearer
from mpesa_cli.api.tokens.limits import RateLimit
from mpesa_cli.floor.errors import SettingsError, Temporary
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.payments.sending import PushContext
from mpesa_cli.payments.wait import look
from mpesa_cli.receipts.receipt import Shop
from mpesa_cli.rules.money_out.refund_rules import RefundAsking
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.payment_document import payment_document
from mpesa_cli.rules.values.call_key import CallKey
from mpesa_cli.settings.profile import Profile

JSON = "application/json"
HTML = "text/html"
PDF = "application/pdf"
EVENT_STREAM = "text/event-stream"


class CheckToken(Protocol):
    """A function from a token's text to its bearer."""

    def __call__(self, text: str) -> Bearer:
        """The bearer of the token. Raises TokenRefused, LedgerBusy."""


class GiveBack(Protocol):
    """A function that asks M-PESA to give a receipt's money back."""

    def __call__(self, payment: Payment, receipt: str, asking: RefundAsking) -> object:
        """Send one reversal. Raises MpesaError; what was sent is in the ledger."""


def _no_initiator(payment: Payment, receipt: str, asking: RefundAsking) -> object:
    """Refuse: nothing here may give money back."""
    raise SettingsError(
        "This shop has no initiator, the API user that may give money back.",
        hint="Nothing was sent. Set it up first (docs/operate/initiator.md), then: mpesa config check",
        code="no-initiator",
    )


class TellBalance(Protocol):
    """A function that tells the shop's balance as a document; None where M-PESA never told one."""

    def __call__(self, anew: bool) -> Mapping[str, Any] | None:
        """The last one that was told; ``anew``, M-PESA is asked first. Raises MpesaError."""


def _unknown_balance(anew: bool) -> Mapping[str, Any] | None:
    """None: nothing here has ever asked."""
    return None


@dataclass(frozen=True, slots=True)
class ApiContext:
    """The parts that serve one profile over HTTP: its ledger, its limits, its clocks.

    ``ledger`` may be used from any thread. ``push_context`` makes that of a push, for the thread that calls it;
    ``give_back`` sends one reversal; ``balance`` tells the last balance, or asks for one;
    ``deliver`` brings in callbacks of a simulator inside this process. ``clock_s`` never goes back.
    """

    profile: Profile
    ledger: Ledger
    push_context: Callable[[], PushContext]
    deliver: Callable[[], object]
    check_token: CheckToken
    shop: Shop
    world: World
    clock_s: Callable[[], float]
    per_token: RateLimit
    per_phone: RateLimit
    give_back: "GiveBack" = _no_initiator
    balance: "TellBalance" = _unknown_balance

    def document(self, payment_id: str) -> dict[str, Any]:
        """The payment as it stands once all that came in is applied, as ``--json`` shows it."""
        return payment_document(look(self.ledger, payment_id, self.world.now_us()), self.world.now_us())

    def spare(self, limit: RateLimit, key: str, whose: str) -> None:
        """Raise Temporary ``rate-limited`` where ``key`` came too often; ``whose`` is the word for it."""
        wait_s = limit.wait_s(key, self.clock_s())
        if wait_s <= 0:
            return
        error = Temporary(
            f"Too many requests for one {whose}.",
            hint=f"Nothing was sent. Wait {int(wait_s) + 1} s, then send the same request again. The limits: "
            "mpesa config show",
            code="rate-limited",
        )
        error.retry_after_s = int(wait_s) + 1
        raise error


@dataclass(frozen=True, slots=True)
class Call:
    """One request, read and allowed. ``ref`` is the order in its address, ``accept`` the form that is wanted."""

    bearer: Bearer | None
    ref: str = ""
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    key: CallKey | None = None
    accept: str = JSON


@dataclass(frozen=True, slots=True)
class HttpReply:
    """The HTTP reply of a handler: its status, and a document for JSON or the bytes of another form."""

    status: int
    document: Any = None
    content: bytes = b""
    media_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
