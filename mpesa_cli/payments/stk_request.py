"""The request for a profile's prompt: made in this one place, whether it is sent or only shown."""

from collections.abc import Callable

from mpesa_cli.daraja.stk_push import PushRequest
from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.floor.wire.addresses import Hook
from mpesa_cli.rules.payment import Intent, Payment
from mpesa_cli.rules.values.reference import wire_description
from mpesa_cli.settings.profile import Profile

NO_ADDRESS = "https://example.invalid"


def requests_of(profile: Profile, base: str) -> Callable[[Payment | Intent, str, str], PushRequest]:
    """A maker of requests from payment or intent, msisdn and callback token. ``base`` is the callbacks' address."""

    def request_for(asked: Payment | Intent, msisdn: str, token: str) -> PushRequest:
        return PushRequest(
            shortcode=asked.shortcode,
            party_b=profile.party_b,
            kind=profile.kind,
            amount=asked.amount_cents // 100,
            msisdn=msisdn,
            callback_url=Hook("stk", token).at(base),
            account_reference=asked.account_reference,
            description=wire_description(asked.description, profile.description_max),
        )

    return request_for


def callback_base(profile: Profile) -> str:
    """The public address that callbacks come to, without a slash at its end. Raises SettingsError.

    Daraja takes no prompt without one. Where nothing public leads to the shop it is a name that belongs to nobody
    (RFC 2606), never somebody else's: the callback tells who has paid what.
    """
    if profile.callback_base_url:
        return profile.callback_base_url.rstrip("/")
    if profile.only_asks:
        return NO_ADDRESS
    raise SettingsError(
        f"Profile {profile.name} has no callback_base_url, and Daraja takes no push without one.",
        hint="Nothing was sent. Give the public https address that leads to 'mpesa listen' (callback_base_url in the "
        'profile, or APP_URL), or write  answers = "query"  where the shop has none: mpesa config path',
        code="callback-url-missing",
    )
