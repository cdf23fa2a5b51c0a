"""The context for asking Daraja with an initiator, made from a Runtime."""

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from pathlib import Path

    from mpesa_cli.initiator.ask import InitiatorContext
    from mpesa_cli.ledger.ledger import Ledger
    from mpesa_cli.settings.profile import Profile

T = TypeVar("T")


def has_initiator(profile: "Profile") -> bool:
    """Whether the profile names an initiator, the API user that may ask about transactions."""
    return profile.initiator.name is not None


def initiator_context(runtime: Runtime, profile: "Profile", deliver: Callable[[], object]) -> "InitiatorContext":
    """The context of one question, for a profile that has an initiator. ``deliver`` brings in the callbacks due.

    Raises SettingsError or SecretMissing; nothing is sent.
    """
    from mpesa_cli.daraja.initiator import Initiator
    from mpesa_cli.daraja.security_credential import has_doubtful_characters, security_credential
    from mpesa_cli.initiator.ask import InitiatorContext

    if not profile.callback_base_url:
        raise SettingsError(
            f"Profile {profile.name} has no callback_base_url, so Daraja could not send its result.",
            hint="Nothing was sent. Set callback_base_url (or APP_URL) to the address that leads to mpesa listen",
            code="callback-url-missing",
        )
    certificate = _certificate(runtime, profile)
    password = runtime.secret_store(profile).require("initiator-password")
    if has_doubtful_characters(password):
        runtime.streams.say(
            "The initiator's password holds characters other than letters, digits and # & % $. M-PESA is known to "
            "refuse some of them; a few wrong passwords lock the API user."
        )

    @contextlib.contextmanager
    def hold() -> Iterator[None]:
        runtime.prompt_may_be_out = True
        with runtime.interrupts.hold():
            yield

    initiator = Initiator(
        name=profile.initiator.name or "",
        shortcode=profile.shortcode,
        shortcodes=tuple({profile.shortcode, profile.party_b}),
        callback_base=profile.callback_base_url,
        credential=lambda: security_credential(password, certificate),
    )
    return InitiatorContext(
        ledger=runtime.ledger(profile),
        daraja=runtime.daraja(profile),
        initiator=initiator,
        world=runtime.world,
        deliver=deliver,
        hold=hold,
    )


def settles(
    runtime: Runtime, profile: "Profile", deliver: Callable[[], object],
    settle: "Callable[[Ledger, int, Callable[[], InitiatorContext] | None], list[T]]",
) -> "Callable[[], list[T]]":
    """A function that settles what is in doubt, with M-PESA's help where the profile has an initiator, and returns
    what is left. What came in for any request is read first."""
    context_of = (lambda: initiator_context(runtime, profile, deliver)) if has_initiator(profile) else None

    def settled() -> "list[T]":
        deliver()
        return settle(runtime.ledger(profile), runtime.world.now_us(), context_of)

    return settled


def _certificate(runtime: Runtime, profile: "Profile") -> "Path":
    if profile.initiator.certificate is not None:
        return profile.initiator.certificate
    if profile.environment != "simulator":
        raise SettingsError(
            f"Profile {profile.name} names an initiator, and no certificate to encrypt its password for.",
            hint="Nothing was sent. Download it from the Daraja portal (docs/operate/initiator.md) and set "
            "initiator.certificate, then: mpesa config check",
            code="initiator-certificate",
        )
    from mpesa_cli.floor.files.private_folder import ensure_private_dir
    from mpesa_cli.simulator.initiator_key import FILE_NAME, InitiatorKey

    path = ensure_private_dir(runtime.paths().state_dir) / FILE_NAME
    InitiatorKey(path).certificate()  # made where there is none; the file holds it beside the key
    return path
