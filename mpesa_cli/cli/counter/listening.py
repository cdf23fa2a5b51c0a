"""The counter's listener: one that answers already, else one inside this process, as ``listen`` would start it."""

import contextlib
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mpesa_cli.floor.errors import MpesaError
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.counter.words import Say
    from mpesa_cli.listener.events import Event
    from mpesa_cli.settings.profile import Profile


class Listening:
    """The place where callbacks come in. It is asked again and again, and stops what it started."""

    def __init__(self, runtime: Runtime, profile: "Profile", say: "Say", nudge: Callable[[], None]) -> None:
        """Nothing is started; ``nudge`` is called when a payment was settled."""
        self._runtime, self._profile, self._say, self._nudge = runtime, profile, say, nudge
        self._stack = contextlib.ExitStack()
        self._own = False
        self._lock = threading.Lock()

    def look(self) -> tuple[str, bool]:
        """The listener's place in words, and whether it answers. Starts one where none does."""
        from mpesa_cli.floor.web_address import is_on_this_machine
        from mpesa_cli.initiator.listener_alive import listener_answers
        from mpesa_cli.settings.profile import LISTENER_BASE

        if self._profile.embedded:
            return self._say("here"), True
        if self._profile.only_asks and not self._profile.callback_base_url:
            return self._say("not_needed"), True
        base = self._profile.callback_base_url or ""
        here = base if base.startswith("http://") and is_on_this_machine(base) else LISTENER_BASE
        with self._lock:
            if listener_answers(here):
                return self._say("here" if self._own else "answers"), True
            if not self._own:
                try:
                    self._start(urlsplit(here).port or 80)
                except MpesaError as refused:
                    return f"{refused.message} {refused.hint or ''}".strip(), False
            return self._say("here"), listener_answers(here)

    def stop(self) -> None:
        """Drain the listener that was started here, if any."""
        with self._lock:
            self._stack.close()

    def _start(self, port: int) -> None:
        from mpesa_cli.floor.wire.addresses import secret_hash
        from mpesa_cli.initiator.listener_alive import note_alive
        from mpesa_cli.listener.ports import c2b_context, daraja_query, spool_of
        from mpesa_cli.listener.server.options import ListenerOptions, Parts
        from mpesa_cli.listener.server.server import running
        from mpesa_cli.sms.reports_address import token_for_listener

        runtime, profile = self._runtime, self._profile
        token = token_for_listener(runtime, profile)
        options = ListenerOptions(port=port, tunnel=profile.tunnel, callback_ips=profile.callback_ips)
        parts = Parts(
            open_ledger=lambda: runtime.new_ledger(profile),
            world=runtime.world,
            on_event=self._heard,
            c2b=c2b_context(runtime, profile),
            ask=daraja_query(runtime, profile),
            sms_secret_hash=secret_hash(token) if token else "",
            note_alive=lambda: note_alive(profile.ledger, runtime.world.now_us()),
            spool=spool_of(profile),
        )
        self._stack.enter_context(running(options, parts))
        self._own = True

    def _heard(self, event: "Event") -> None:
        if event.kind == "settled" and event.payment is not None:
            self._nudge()
