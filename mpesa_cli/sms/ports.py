"""The sender of SMS receipts and its context, made from a Runtime."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mpesa_cli.runtime import Runtime
    from mpesa_cli.settings.profile import Profile
    from mpesa_cli.sms.notify import SmsContext
    from mpesa_cli.sms.providers.sender import SmsSender


def sms_sender(runtime: "Runtime", profile: "Profile") -> "SmsSender":
    """The sender of the profile's text messages. Raises SettingsError or SecretMissing; sends nothing yet."""
    from mpesa_cli.sms.providers.choice import Account, sender_of

    sms = profile.sms
    account = Account(
        profile.name, profile.environment, sms.provider, sms.username, sms.sender_id, sms.base_url,
        sms.partner_id, sms.file,
    )
    return sender_of(account, lambda: runtime.secret_store(profile).require("sms-api-key"), runtime.world)


def sms_context(runtime: "Runtime", profile: "Profile") -> "SmsContext":
    """The context in which one profile's receipts are sent."""
    from mpesa_cli.sms.notify import SmsContext, SmsShop

    shop = SmsShop(profile.name, profile.shop_name, profile.language)
    return SmsContext(runtime.ledger(profile), shop, lambda: sms_sender(runtime, profile), runtime.world)


def send_waiting_sms(runtime: "Runtime", profile: "Profile", first: str = "") -> None:
    """Send the SMS receipts that wait, that of the payment ``first`` before others. Faults are only reported.

    Does nothing, and costs nothing, where the profile sends no receipts. Any thread may call it.
    """
    if not profile.sends_receipts:
        return
    from mpesa_cli.sms.send_and_report import send_and_report

    context = sms_context(runtime, profile)
    send_and_report(context, first=first, say=runtime.streams.say, complain=runtime.streams.complain)
