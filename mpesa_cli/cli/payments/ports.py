"""The outside of a prompt, made from a Runtime, which stands above the payments."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mpesa_cli.payments.sending import PushContext
    from mpesa_cli.runtime import Runtime
    from mpesa_cli.settings.profile import Profile


def push_context(runtime: "Runtime", profile: "Profile") -> "PushContext":
    """The outside of a push or a retry, for one profile. Raises SettingsError or SecretMissing."""
    from mpesa_cli.payments.sending import PushContext
    from mpesa_cli.payments.stk_request import callback_base, requests_of

    @contextlib.contextmanager
    def hold() -> Iterator[None]:
        runtime.prompt_may_be_out = True
        with runtime.interrupts.hold():
            yield

    return PushContext(
        ledger=runtime.ledger(profile), daraja=runtime.daraja(profile), world=runtime.world,
        request_for=requests_of(profile, callback_base(profile)), hold=hold, say=runtime.streams.say,
        takes_money_on=profile.takes_money_on,
    )
