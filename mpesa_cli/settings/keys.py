"""Every configuration key, as data: its name, its possible values, and the effect of leaving it out.

The loader reads files and the environment by this table and the documentation is printed from it, so
the two can't disagree.
"""

from collections.abc import Callable
from typing import Any, Literal

from mpesa_cli.floor.records import dataclass
from mpesa_cli.settings import rules

Kind = Literal["text", "whole number", "whole number or off", "number", "true or false"]


@dataclass(frozen=True, slots=True)
class Key:
    """One key of ``[profile.NAME]``; ``sms.username`` is ``username`` in ``[profile.NAME.sms]``.

    ``default`` is the value where no source has one; None where it follows from other values or there
    is none, and then ``default_text`` says so.
    """

    name: str
    kind: Kind
    meaning: str
    default: str | int | float | bool | None = None
    default_text: str = ""
    choices: tuple[str, ...] = ()
    rule: Callable[[Any], object] | None = None
    alias: str | None = None

    @property
    def variable(self) -> str:
        """The environment variable that sets this key."""
        return "MPESA_" + self.name.replace(".", "_").upper()

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that set this key; the first one that is set counts."""
        return (self.variable,) if self.alias is None else (self.variable, self.alias)

    def shown_default(self) -> str:
        """The default as documentation shows it."""
        if self.default_text or self.default is None:
            return self.default_text or "none"
        return str(self.default).lower() if isinstance(self.default, bool) else str(self.default)


KEYS: tuple[Key, ...] = (
    Key("environment", "text", "Where the requests go: the simulator, Safaricom's sandbox, or real money",
        choices=("simulator", "sandbox", "production"), default_text="by the host of base_url"),
    Key("kind", "text", "What the shortcode is", "paybill", choices=("paybill", "till")),
    Key("shortcode", "text", "The paybill; for a till the store (head-office) number it went live with",
        default_text="174379 in the sandbox and the simulator; required in production", rule=rules.shortcode),
    Key("till", "text", "The till number that customers pay to, where kind is till",
        default_text="none; required for a till", rule=rules.shortcode),
    Key("account_reference", "text", "What the customer and the statement see; {order} becomes the order id",
        "{order}", rule=rules.reference_template),
    Key("account_reference_max", "whole number",
        "The longest reference sent. Safaricom documents 12; a longer one is refused, never shortened",
        12, rule=rules.between(1, 40)),
    Key("description", "text", "What the payment is for, on receipts and in the ledger", "Payment",
        rule=rules.description),
    Key("description_max", "whole number", "How many characters of the description are sent", 13,
        rule=rules.between(1, 100)),
    Key("account_number", "text", "The account a customer types when paying by hand", rule=rules.one_line),
    Key("shop_name", "text", "The shop's name on receipts", default_text="the profile's name",
        rule=rules.one_line),
    Key("store_name", "text", "The store's name in a head office's daily file of all its tills "
        "(docs/operate/several-tills.md)", rule=rules.one_line),
    Key("callback_base_url", "text", "The public https address where `mpesa listen` is reached",
        default_text="none", rule=rules.any_url, alias="APP_URL"),
    Key("answers", "text", "How the shop hears how a prompt ended: by M-PESA's callbacks, which need a public address, "
        "or by asking, for a shop that has none (docs/operate/no-address.md)", "callback",
        choices=("callback", "query")),
    Key("base_url", "text", "Another Daraja address, for example a simulator that is being served",
        default_text="by the environment", rule=rules.any_url),
    Key("ledger", "text", "The ledger's file; in the configuration file, relative to that file's folder. Or "
        "postgresql://USER@HOST/DATABASE, for several machines with one ledger",
        default_text="NAME-ENVIRONMENT.db in the data folder", rule=rules.ledger),
    Key("ledger_schema", "text", "The schema of a ledger in PostgreSQL",
        default_text="mpesa_ENVIRONMENT_SHORTCODE, for a till with _TILL", rule=rules.schema),
    Key("durability", "text", "How a ledger in PostgreSQL outlives its server: by a standby that has every payment "
        "before it counts, or by a provider who stands for that", "standby", choices=("standby", "provider")),
    Key("timeout_s", "whole number", "How many seconds a push waits for the customer", 120,
        rule=rules.between(1, 900)),
    Key("callback_ips", "text", "What to do with callbacks from addresses that are not Safaricom's", "warn",
        default_text="warn in production, off elsewhere",
        choices=("off", "warn", "enforce")),
    Key("c2b_validation", "text", "Which payments by hand are let through: all; of orders that are known and not paid; "
        "of those with exactly the amount that is missing; within the limits",
        "accept", choices=("accept", "known_order", "amount_equal", "range")),
    Key("listener", "text", "Whether a listener of this profile runs: with none, `mpesa reconcile` does not miss it",
        "here", choices=("here", "none")),
    Key("compare_within_days", "whole number or off", "In production `mpesa reconcile` is silent only where M-PESA's "
        "own record was compared up to so many days ago; off never asks for it", 3, rule=rules.days_or_off),
    Key("unpaid_after_minutes", "whole number", "So many minutes after an order's last prompt, where each has a sure "
        "no, `order.unpaid` goes to your own system (docs/reference/events.md)", default_text="none; it never goes out",
        rule=rules.between(3, 10_080)),
    Key("tunnel", "text", "What stands in front of `mpesa listen` and names the sender's address", "none",
        choices=("none", "cloudflare", "nginx")),
    Key("language", "text", "The language of receipts, messages to customers, and the clerk's screens", "en",
        choices=("en", "sw")),
    Key("rate_per_s", "number", "The most prompts a second that a batch may send", 1.0,
        rule=rules.between(0.01, 50)),
    Key("limits.amount_min", "whole number", "The least one prompt may ask for, in shillings", 1,
        rule=rules.between(1, 10_000_000)),
    Key("limits.amount_max", "whole number", "The most one prompt may ask for, in shillings", 250_000,
        rule=rules.between(1, 10_000_000)),
    Key("sms.provider", "text", "Who sends text messages; file appends them to a file", "file",
        choices=("africas_talking", "partner_id", "file", "none")),
    Key("sms.username", "text", "The account's name at the provider", rule=rules.one_line),
    Key("sms.sender_id", "text", "The sender that phones show", rule=rules.one_line),
    Key("sms.base_url", "text", "Another address of the provider", default_text="the provider's own",
        rule=rules.any_url),
    Key("sms.partner_id", "text", "The partner number, where provider is partner_id", rule=rules.one_line),
    Key("sms.send_receipts", "true or false", "Whether a receipt goes out by itself when a payment is paid",
        False),
    Key("sms.file", "text", "Where provider = file writes; relative to the configuration file's folder",
        default_text="NAME-ENVIRONMENT-sms.txt in the data folder", rule=rules.path),
    Key("initiator.name", "text", "The M-PESA portal's API user that asks about payments (docs/operate/initiator.md)",
        default_text="none; testapi in the simulator", rule=rules.one_line),
    Key("initiator.certificate", "text", "Safaricom's certificate that the API user's password is encrypted for; "
        "relative to the configuration file's folder",
        default_text="none; the simulator's own in the simulator", rule=rules.path),
    Key("refunds.enabled", "true or false", "Whether money may be given back from here (docs/shop/refunds.md)",
        default_text="false in production, true elsewhere"),
    Key("refunds.max", "whole number", "The most that is given back at once, in shillings",
        default_text="none; required in production where enabled", rule=rules.between(1, 10_000_000)),
    Key("refunds.daily_max", "whole number", "The most that is given back in a day, in shillings",
        default_text="none; required in production where enabled", rule=rules.between(1, 100_000_000)),
    Key("refunds.approve_above", "whole number", "Above so many shillings a second person must agree",
        default_text="none; nobody else is asked", rule=rules.between(0, 10_000_000)),
    Key("refunds.identifier_type", "text", "What a reversal says that the shortcode is (RecieverIdentifierType)",
        "11", choices=("11", "4")),
    Key("payouts.enabled", "true or false", "Whether money may be sent to phones from here (docs/shop/payouts.md)",
        False),
    Key("payouts.max", "whole number", "The most that is paid out at once, in shillings",
        default_text="none; required in production where enabled", rule=rules.between(1, 10_000_000)),
    Key("payouts.daily_max", "whole number", "The most that is paid out in a day, in shillings",
        default_text="none; required in production where enabled", rule=rules.between(1, 100_000_000)),
    Key("payouts.approve_above", "whole number", "Above so many shillings a second person must agree",
        default_text="none; nobody else is asked", rule=rules.between(0, 10_000_000)),
    Key("payouts.version", "text", "The version of B2C that the app may use; with v1 nothing is sent again in doubt",
        "v3", choices=("v3", "v1")),
    Key("api.issuer", "text", "Who makes the bearer tokens: what their claim iss must say (docs/develop/tokens.md)",
        default_text="mpesa-cli/NAME", rule=rules.one_line),
    Key("api.audience", "text", "Whom the bearer tokens are for: what their claim aud must say", "mpesa",
        default_text='"mpesa"', rule=rules.one_line),
    Key("api.public_key", "text", "A PEM file with the one public key of an outside issuer of tokens; relative to the "
        "configuration file's folder", default_text="none; tokens are signed with the secret api-secret",
        rule=rules.path),
    Key("api.jwks", "text", "A JWK Set file with an outside issuer's public keys, instead of api.public_key",
        default_text="none", rule=rules.path),
    Key("api.origins", "text", "The web pages that may call the HTTP API from a browser, with blanks between",
        default_text="none; no page may", rule=rules.origins),
    Key("api.rate_per_token", "whole number", "The most requests a minute with one token", 600,
        rule=rules.between(1, 1_000_000)),
    Key("api.rate_per_phone", "whole number", "The most requests a minute that would ask one phone", 6,
        rule=rules.between(1, 10_000)),
)

KEY_BY_NAME = {key.name: key for key in KEYS}
SECTIONS = ("limits", "sms", "initiator", "refunds", "payouts", "api")

# Variables that are not keys of a profile: name, meaning.
VARIABLES: tuple[tuple[str, str], ...] = (
    ("MPESA_HOME", "One folder for configuration, ledgers, locks and tokens, instead of the platform's own"),
    ("MPESA_CONFIG", "The configuration file, instead of config.toml in the configuration folder"),
    ("MPESA_PROFILE", "The profile to use, as --profile does"),
    ("MPESA_<SECRET>_FILE", "A file with the secret that only its owner may read: MPESA_CONSUMER_KEY_FILE and so on"),
    ("CREDENTIALS_DIRECTORY", "Set by systemd: mpesa-<profile>-<secret> or mpesa-<secret> in it is read"),
    ("MPESA_CONSUMER_KEY", "The Daraja app's consumer key"),
    ("MPESA_CONSUMER_SECRET", "The Daraja app's consumer secret"),
    ("MPESA_PASSKEY", "The shortcode's passkey for M-Pesa Express; the sandbox has a public one"),
    ("MPESA_SMS_API_KEY", "The SMS provider's key"),
    ("MPESA_WEBHOOK_SECRET", "Signs the events that are forwarded to your own app"),
    ("MPESA_CHECK_SECRET", "Signs the deliveries of `mpesa trigger --check`, which can mark no real order"),
    ("MPESA_C2B_SECRET", "The unguessable part of the C2B addresses"),
    ("MPESA_INITIATOR_PASSWORD", "The password of the API user that initiator.name names"),
    ("MPESA_API_SECRET", "Signs the HTTP API's bearer tokens: at least 32 random characters"),
)
