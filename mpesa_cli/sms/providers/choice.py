"""The sender that a profile's SMS settings ask for."""

from collections.abc import Callable
from pathlib import Path

from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.secret import Secret
from mpesa_cli.floor.web_address import is_on_this_machine
from mpesa_cli.floor.world import World
from mpesa_cli.sms.providers.africas_talking import SANDBOX_USERNAME, AfricasTalking
from mpesa_cli.sms.providers.partner_id import PartnerId
from mpesa_cli.sms.providers.sender import SmsSender
from mpesa_cli.sms.providers.to_file import ToFile


@dataclass(frozen=True, slots=True)
class Account:
    """The settings of one profile, as the configuration names them (``[profile.NAME.sms]``)."""

    profile: str
    environment: str
    provider: str
    username: str | None
    sender_id: str | None
    base_url: str | None
    partner_id: str | None
    file: Path


def sender_of(account: Account, api_key: Callable[[], Secret], world: World) -> SmsSender:
    """The sender. Raises SettingsError for a value that is missing or can't be used, and what ``api_key`` raises."""
    if account.provider == "none":
        raise _missing(account, 'provider = "file"', "sms.provider is none")
    if account.provider == "file" or _would_reach_strangers(account):
        return ToFile(account.file, account.sender_id, world)
    if account.provider == "africas_talking":
        if account.username is None:
            raise _missing(account, 'username = "…"', "sms.username is missing")
        return AfricasTalking(account.username, api_key(), account.sender_id, account.base_url)
    if account.partner_id is None or account.sender_id is None or account.base_url is None:
        lacking = [n for n in ("partner_id", "sender_id", "base_url") if getattr(account, n) is None]
        raise _missing(account, f'{lacking[0]} = "…"', f"sms.{' and sms.'.join(lacking)} is missing")
    return PartnerId(account.partner_id, api_key(), account.sender_id, account.base_url)


def _would_reach_strangers(account: Account) -> bool:
    """Whether messages of the simulator, whose customers' numbers may be somebody's, would go out for real."""
    if account.environment != "simulator":
        return False
    trying = account.provider == "africas_talking" and account.username == SANDBOX_USERNAME
    return not (is_on_this_machine(account.base_url) if account.base_url else trying)


def _missing(account: Account, line: str, what: str) -> SettingsError:
    return SettingsError(
        f"Profile {account.profile} can't send text messages: {what}.",
        hint=f"No SMS was sent; payments are not touched. Add to [profile.{account.profile}.sms]:  {line}  "
        "then:  mpesa config check",
        code="sms-not-configured",
    )
