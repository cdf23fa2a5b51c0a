"""Warnings about settings that are allowed and yet likely to hurt: for ``config check``, never in a payment's way."""

from urllib.parse import urlsplit

from mpesa_cli.floor.web_address import is_on_this_machine
from mpesa_cli.settings import rules
from mpesa_cli.settings.profile import SANDBOX_SHORTCODE, PayoutSettings, Profile, RefundSettings
from mpesa_cli.settings.secret_names import DARAJA_SECRETS, variable_of

# Official: URL testers and tunnels "are usually blocked" in production (daraja.md 5.4).
_TUNNEL_HOSTS = ("ngrok", "trycloudflare.", "loca.lt", "localtunnel", "serveo.", "mockbin", "requestbin")


def profile_gaps(profile: Profile) -> list[str]:
    """The values that a push needs and no source gives."""
    if profile.callback_base_url is not None or profile.only_asks:
        return []
    example = 'callback_base_url = "https://pay.example.co.ke"'
    missing = f"callback_base_url is missing: Daraja takes no push without one. Where `mpesa listen` is:  {example}"
    return [f'{missing}  A shop without a public address:  answers = "query"']


def profile_warnings(profile: Profile) -> list[str]:
    """Sentences about one profile, most serious first."""
    return [
        *_money_warnings(profile), *_by_hand_warnings(profile), *_callback_warnings(profile),
        *_sms_warnings(profile), *_initiator_warnings(profile), *_out_warnings(profile),
    ]


def secret_warnings(listed: list[tuple[str, str]]) -> list[str]:
    """Sentences about where secrets are kept. ``listed`` is SecretStore.listed()'s."""
    found: list[str] = []
    for name, source in listed:
        if source == variable_of(name):
            found.append(
                f"{name} comes from {source}: other programs of this user can read the environment. "
                f"Better:  {source}_FILE, or  mpesa secrets set {name}"
            )
        elif source.startswith("file ") and not source.endswith(")"):
            found.append(f"{name} is kept unencrypted, readable by you alone, in {source.removeprefix('file ')}.")
    return found


def missing_secrets(listed: list[tuple[str, str]]) -> list[str]:
    """The secrets that requests to Daraja need and no place has."""
    return [name for name, source in listed if source == "missing" and name in DARAJA_SECRETS]


def unmet_secrets(profile: Profile, listed: list[tuple[str, str]]) -> list[str]:
    """Sentences about secrets, beside Daraja's, that the profile's own settings call for and no place has."""
    wanted = {
        "sms-api-key": ("no SMS goes out", profile.sms.provider in {"africas_talking", "partner_id"}),
        "initiator-password": ("`mpesa verify` can't ask M-PESA", profile.initiator.name is not None),
    }
    missing = {name for name, source in listed if source == "missing"}
    return [
        f"There is no {name}, so {then}. Store it:  mpesa secrets set {name} --profile {profile.name}"
        for name, (then, asked_for) in wanted.items()
        if asked_for and name in missing
    ]


def _money_warnings(profile: Profile) -> list[str]:
    found: list[str] = []
    if profile.environment == "production" and is_on_this_machine(profile.base_url):
        found.append(
            f"base_url is {profile.base_url}, on this machine, but the profile says production: "
            "what is recorded there counts as real money."
        )
    if profile.kind == "till" and profile.till == profile.shortcode:
        found.append(
            "shortcode and till are the same number. A till's shortcode is its store (head-office) number; "
            "with the till number there, Daraja answers that the merchant does not exist."
        )
    if profile.base_url == rules.SANDBOX_BASE_URL and profile.shortcode != SANDBOX_SHORTCODE:
        found.append(f"Safaricom's sandbox takes pushes for {SANDBOX_SHORTCODE}, not for {profile.shortcode}.")
    if "{order}" not in profile.account_reference:
        found.append(
            f"account_reference is always {profile.account_reference!r}: should every answer to a push be lost, "
            'a statement can\'t tell which order was paid. With  account_reference = "{order}"  it can.'
        )
    return found


def _by_hand_warnings(profile: Profile) -> list[str]:
    if profile.kind != "till" or profile.c2b_validation not in {"known_order", "amount_equal"}:
        return []
    words = f"c2b_validation is {profile.c2b_validation}, and nobody can type an order at a till"
    return [f'{words}: Buy Goods payments are let through unchecked. For a till: c2b_validation = "range" or "accept".']


def _callback_warnings(profile: Profile) -> list[str]:
    url = profile.callback_base_url
    if url is None or profile.embedded:
        return []
    found: list[str] = []
    if profile.only_asks:
        found.append('answers is "query", and there is a callback_base_url: what callbacks tell is taken all the same.')
    host = urlsplit(url).hostname or ""
    words = rules.banned_words(url)
    if words:
        found.append(
            f"callback_base_url holds {', '.join(words)}: Daraja refuses such addresses for C2B and once did "
            "for pushes too. Choose another name for the host or path."
        )
    if profile.environment == "production" and any(tunnel in host for tunnel in _TUNNEL_HOSTS):
        found.append(f"callback_base_url is a public tunnel ({host}); Safaricom usually blocks those.")
    if profile.environment != "simulator" and is_on_this_machine(url):
        found.append(f"callback_base_url is {url}: Safaricom can't reach this machine under that name.")
    return found


def _sms_warnings(profile: Profile) -> list[str]:
    sms = profile.sms
    needed = {"africas_talking": ("username",), "partner_id": ("partner_id", "sender_id", "base_url")}
    lacking = [key for key in needed.get(sms.provider, ()) if getattr(sms, key) is None]
    found = [f"sms.provider is {sms.provider}, but {', '.join(lacking)} is missing."] if lacking else []
    if profile.environment == "production" and sms.provider == "africas_talking" and sms.username == "sandbox":
        found.append("sms.username is 'sandbox': Africa's Talking then sends nothing to real phones.")
    if sms.send_receipts and sms.provider == "none":
        found.append("sms.send_receipts is on, but sms.provider is none: no receipt will go out.")
    return found


def _initiator_warnings(profile: Profile) -> list[str]:
    initiator = profile.initiator
    if profile.environment == "simulator" or (initiator.name is None) == (initiator.certificate is None):
        return []
    lacking = "name" if initiator.name is None else "certificate"
    return [f"initiator.{lacking} is missing, so `mpesa verify` can't ask M-PESA (docs/operate/initiator.md)."]


def _out_warnings(profile: Profile) -> list[str]:
    found: list[str] = []
    for section, words in (("refunds", "give back"), ("payouts", "pay out")):
        settings: RefundSettings | PayoutSettings = getattr(profile, section)
        if profile.environment != "production" or not settings.enabled:
            continue
        if settings.approve_above is None:
            found.append(
                f"{section}.approve_above is not set: one person alone may {words} up to {section}.max "
                f"(docs/shop/{section}.md)."
            )
        if profile.initiator.name is None:
            nothing = "nothing can be given back" if section == "refunds" else "nothing can be paid out"
            found.append(f"{section} are enabled, but initiator.name is missing: {nothing}.")
    return found
