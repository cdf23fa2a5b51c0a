"""The outside of a prompt, made from a Runtime, which stands above the payments."""

import contextlib
import dataclasses
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mpesa_cli.payments.sending import PushContext
    from mpesa_cli.runtime import Runtime
    from mpesa_cli.settings.profile import Profile


def push_context(runtime: "Runtime", profile: "Profile") -> "PushContext":
    """The outside of a push or a retry, for one profile. Raises SettingsError or SecretMissing."""
    from mpesa_cli.payments.sending import PushContext
    from mpesa_cli.payments.stk_request import callback_base, requests_of
    from mpesa_cli.payments.told import shop_of

    @contextlib.contextmanager
    def hold() -> Iterator[None]:
        runtime.prompt_may_be_out = True
        with runtime.interrupts.hold():
            yield

    return PushContext(
        ledger=runtime.ledger(profile), daraja=runtime.daraja(profile), world=runtime.world,
        request_for=requests_of(profile, callback_base(profile)), hold=hold, say=runtime.streams.say,
        takes_money_on=profile.takes_money_on, shop=shop_of(profile, runtime.world),
    )


def context_of_each_thread(make: "Callable[[], PushContext]") -> "Callable[[], PushContext]":
    """A context for each thread, as a Daraja client is for one; signals are the program's business, not one push's."""
    own = threading.local()

    def context() -> "PushContext":
        if getattr(own, "context", None) is None:
            own.context = dataclasses.replace(make(), hold=contextlib.nullcontext, say=lambda _: None)
        found: PushContext = own.context
        return found

    return context
