"""What a profile's prompts say on the wire: from a payment and its callback token to the request."""

from collections.abc import Callable

from mpesa_cli.daraja.stk_push import PushRequest
from mpesa_cli.domain.payment import Payment
from mpesa_cli.domain.reference import wire_description
from mpesa_cli.errors import SettingsError
from mpesa_cli.settings.profile import Profile


def requests_of(profile: Profile) -> Callable[[Payment, str, str], PushRequest]:
    """A function of payment, msisdn and callback token. Raises SettingsError without a public address."""
    base = callback_base(profile)

    def request_for(payment: Payment, msisdn: str, token: str) -> PushRequest:
        return PushRequest(
            shortcode=payment.shortcode,
            party_b=profile.party_b,
            kind=profile.kind,
            amount=payment.amount_cents // 100,
            msisdn=msisdn,
            callback_url=f"{base}/hooks/stk/{token}",
            account_reference=payment.account_reference,
            description=wire_description(payment.description, profile.description_max),
        )

    return request_for


def callback_base(profile: Profile) -> str:
    """The public address that callbacks come to, without a slash at its end. Raises SettingsError."""
    if profile.callback_base_url:
        return profile.callback_base_url.rstrip("/")
    raise SettingsError(
        f"Profile {profile.name} has no callback_base_url, and Daraja takes no push without one.",
        hint="Nothing was sent. Give the public https address that leads to 'mpesa listen': "
        "APP_URL=https://… mpesa push …, or callback_base_url in the profile: mpesa config path",
        code="callback-url-missing",
    )
