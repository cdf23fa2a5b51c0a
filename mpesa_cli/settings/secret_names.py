"""Names of the secrets, as ``mpesa secrets`` lists them, and the variable for each in the environment."""

# The first three sign requests to Daraja; the rest belong to text messages, forwarding, C2B, the initiator APIs, the
# HTTP API's tokens, the check of a receiver of events and a ledger in a database.
SECRET_NAMES = (
    "consumer-key", "consumer-secret", "passkey", "sms-api-key", "webhook-secret", "c2b-secret", "initiator-password",
    "api-secret", "check-secret", "ledger-password",
)
DARAJA_SECRETS = SECRET_NAMES[:3]
# Never handed to the simulator inside the process, whatever is stored.
KEPT_FROM_SIMULATOR = (*DARAJA_SECRETS, "initiator-password")

# Public constants of Safaricom's sandbox (daraja.md 2.1), the same for every developer: no secret.
SANDBOX_PASSKEY = "bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919"
SIMULATOR_CREDENTIAL = "simulator"


def variable_of(name: str) -> str:
    """A secret's variable: ``consumer-key`` → ``MPESA_CONSUMER_KEY``."""
    return "MPESA_" + name.replace("-", "_").upper()


def default_secrets(environment: str) -> dict[str, tuple[str, str]]:
    """An environment's secrets that nobody has to store: name → (value, source)."""
    if environment == "production":
        return {}
    defaults = {"passkey": (SANDBOX_PASSKEY, "default (the sandbox's public passkey)")}
    if environment == "simulator":
        for name in ("consumer-key", "consumer-secret", "initiator-password"):
            defaults[name] = (SIMULATOR_CREDENTIAL, "default (the simulator's)")
    return defaults
