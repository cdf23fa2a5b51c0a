"""A profile: one till or paybill in one environment, with every value resolved and its source known."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.money_out.limits import OutLimits
from mpesa_cli.rules.values.amount import Limits
from mpesa_cli.rules.values.database import Database

Environment = Literal["simulator", "sandbox", "production"]

# The embedded simulator has no address: these take the place of one, and are never connected to.
EMBEDDED_BASE_URL = "http://127.0.0.1/embedded"
EMBEDDED_CALLBACK_BASE = "http://127.0.0.1/embedded"
# A served simulator calls a listener on the same machine: the port is `mpesa listen`'s default.
LISTENER_BASE = "http://127.0.0.1:8310"
SANDBOX_SHORTCODE = "174379"
SIMULATOR_INITIATOR = "testapi"


@dataclass(frozen=True, slots=True)
class SmsSettings:
    """The settings of text messages. The key itself is the secret ``sms-api-key``."""

    provider: Literal["africas_talking", "partner_id", "file", "none"]
    username: str | None
    sender_id: str | None
    base_url: str | None
    partner_id: str | None
    send_receipts: bool
    file: Path


@dataclass(frozen=True, slots=True)
class InitiatorSettings:
    """The sender for the asynchronous APIs. The password is the secret ``initiator-password``."""

    name: str | None
    certificate: Path | None


@dataclass(frozen=True, slots=True)
class RefundSettings:
    """The settings of money given back. Amounts in shillings; None where there is no limit."""

    enabled: bool
    max: int | None
    daily_max: int | None
    approve_above: int | None
    identifier_type: str

    @property
    def limits(self) -> OutLimits:
        """The limits, in cents."""
        return out_limits("refunds", self.enabled, self.max, self.daily_max, self.approve_above)


@dataclass(frozen=True, slots=True)
class PayoutSettings:
    """The settings of money sent to phones. Amounts in shillings; None where there is no limit."""

    enabled: bool
    max: int | None
    daily_max: int | None
    approve_above: int | None
    version: Literal["v3", "v1"]

    @property
    def limits(self) -> OutLimits:
        """The limits, in cents."""
        return out_limits("payouts", self.enabled, self.max, self.daily_max, self.approve_above)


def out_limits(
    section: str, enabled: bool, most: int | None, daily_max: int | None, approve_above: int | None
) -> OutLimits:
    """The limits of a section, from shillings."""
    most_cents, daily_cents, above_cents = (None if n is None else n * 100 for n in (most, daily_max, approve_above))
    return OutLimits(section, enabled, most_cents, daily_cents, above_cents)


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """The HTTP API's settings: who may call it. The secret that signs our own tokens is ``api-secret``.

    ``origins`` are the web pages' (``https://shop.example.co.ke``) that may call it from a browser. At most one of
    ``public_key`` and ``jwks`` is set. The rates are requests a minute.
    """

    issuer: str
    audience: str
    public_key: Path | None
    jwks: Path | None
    origins: tuple[str, ...]
    rate_per_token: int
    rate_per_phone: int


@dataclass(frozen=True, slots=True)
class Profile:
    """A shop's settings, all that a command needs, checked.

    ``till`` is None for a paybill; ``callback_base_url`` is None where nobody gave one; ``ledger`` is an
    absolute path: the file, or where ``database`` holds the ledger, the name of what this machine keeps beside it.
    ``sources`` says for each key (``shortcode``, ``sms.provider``, also ``name``) where its
    value came from: ``flag``, a variable's name, ``<file> [profile.x]`` or ``default``.
    """

    name: str
    environment: Environment
    kind: Literal["paybill", "till"]
    shortcode: str
    till: str | None
    account_reference: str
    account_reference_max: int
    description: str
    description_max: int
    account_number: str | None
    shop_name: str
    store_name: str | None
    callback_base_url: str | None
    answers: Literal["callback", "query"]
    base_url: str
    ledger: Path
    timeout_s: int
    callback_ips: Literal["off", "warn", "enforce"]
    c2b_validation: Literal["accept", "known_order", "amount_equal", "range"]
    listener: Literal["here", "none"]
    compare_within_days: int | Literal["off"]
    unpaid_after_minutes: int | None
    tunnel: Literal["none", "cloudflare", "nginx"]
    language: Literal["en", "sw"]
    rate_per_s: float
    limits: Limits
    sms: SmsSettings
    initiator: InitiatorSettings
    refunds: RefundSettings
    payouts: PayoutSettings
    api: ApiSettings
    sources: Mapping[str, str]
    ledger_schema: str | None = None
    durability: Literal["standby", "provider"] = "standby"
    database: Database | None = None

    @property
    def party_b(self) -> str:
        """The number that is paid: the till for a till, the shortcode for a paybill (daraja.md 2.1)."""
        return self.till or self.shortcode

    @property
    def only_asks(self) -> bool:
        """Whether no callback can come, since nothing public leads to this shop: how a prompt ended is asked for."""
        return self.answers == "query" and not self.embedded

    @property
    def ledger_place(self) -> str:
        """The ledger's file or database, for people."""
        return str(self.database or self.ledger)

    @property
    def compare_within_us(self) -> int | None:
        """The longest time since the last moment of which M-PESA's record was compared; None where that is off."""
        return None if self.compare_within_days == "off" else int(self.compare_within_days) * 86_400_000_000

    @property
    def takes_money_on(self) -> tuple[str, ...]:
        """The shortcodes that this profile's money may be recorded under, the one that signs pushes first.

        Whether a till's money is in its store's statement too, nobody could try (docs/reference/assumptions.md A90).
        """
        return tuple(dict.fromkeys((self.shortcode, self.party_b)))

    @property
    def embedded(self) -> bool:
        """Whether Daraja is the simulator inside this process: no network, no account."""
        return self.environment == "simulator" and self.base_url == EMBEDDED_BASE_URL

    @property
    def sends_receipts(self) -> bool:
        """Whether a receipt goes out by SMS when a payment is paid."""
        return self.sms.send_receipts and self.sms.provider != "none"

    def value_of(self, key: str) -> object:
        """The value of a key, by its name in the table of keys: ``value_of("sms.provider")``."""
        if key == "ledger" and self.database is not None:
            return self.database.url
        section, _, name = key.rpartition(".")
        value = getattr(getattr(self, section) if section else self, name)
        return (" ".join(value) or None) if isinstance(value, tuple) else value
