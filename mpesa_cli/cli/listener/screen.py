"""The screen of ``listen``: the ready lines, and a line or an object per event."""

import contextlib
import threading
from typing import TYPE_CHECKING

from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.runtime import Runtime
from mpesa_cli.terminal.render import json_line, print_json_line
from mpesa_cli.terminal.streams import StdoutClosed, StdoutFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mpesa_cli.listener.events import Event, Kind
    from mpesa_cli.listener.server.server import Running
    from mpesa_cli.settings.profile import Profile


_IN_FLOODS: "frozenset[Kind]" = frozenset({"repeat", "unreadable", "untrusted", "unstored", "unsettled"})


class Screen:
    """Prints events as they come, from whichever thread, and ends the listener when enough has happened."""

    def __init__(self, runtime: Runtime, *, as_json: bool, until: int | None) -> None:
        """``until`` as :func:`read_until` gives it."""
        from mpesa_cli.listener.seldom import Seldom

        self._runtime = runtime
        self._as_json = as_json
        self._left = until
        self._lock = threading.Lock()
        self._print_seldom = Seldom(self._print, runtime.world.steady_s, _IN_FLOODS)
        self.running: Running | None = None
        self.after_settling: list[Callable[[], None]] = []

    def show(self, event: "Event") -> None:
        """Print one event; called from the listener's threads."""
        with self._lock:
            self._print_seldom(event)
            if event.kind == "settled" and event.payment is not None:
                for nudge in self.after_settling:
                    nudge()
                self._count(event.payment.status)

    def tell(self, *, all_of_it: bool = False) -> None:
        """Print what was counted in place of being printed, once its minute is over; at the end, all of it."""
        with self._lock:
            self._print_seldom.tell(all_of_it=all_of_it)

    def _print(self, event: "Event") -> None:
        from mpesa_cli.listener.screen import document, line

        # A screen that is closed, or a log on a full disk, costs these lines, and stops no listener.
        with contextlib.suppress(StdoutClosed, StdoutFailed):
            if self._as_json:
                print_json_line(self._runtime.streams, document(event))
            elif text := line(event):
                self._runtime.streams.out(text)

    def _count(self, status: str) -> None:
        if self._left is None:
            return
        if self._left == 0:
            if status in {"paid", "overpaid"}:
                self._stop()
            return
        self._left -= 1
        if self._left == 0:
            self._left = None
            self._stop()

    def _stop(self) -> None:
        if self.running is not None:
            self.running.stop()


@contextlib.contextmanager
def unhurried(runtime: Runtime, *, as_json: bool) -> "Iterator[None]":
    """Let nothing in the block wait for a screen: a line that can't be shown must not cost a callback."""
    from mpesa_cli.terminal.patient_stream import patient

    def object_of(count: int) -> str:
        from mpesa_cli.listener.events import Event
        from mpesa_cli.listener.screen import document

        return json_line(document(Event("unshown", runtime.world.now_us(), count=count)))

    streams = runtime.streams
    with patient(streams, object_of if as_json else _words_of_unshown, _words_of_unshown) as unhurried_streams:
        runtime.streams = unhurried_streams
        try:
            yield
        finally:
            runtime.streams = streams


def _words_of_unshown(count: int) -> str:
    return f"… {count} lines were not shown: nobody read this screen. The ledger has everything: mpesa history"


def read_until(typed: str | None) -> int | None:
    """``paid`` → 0 (the first paid payment), a number → so many settled ones, None → never. Raises InvalidInput."""
    if typed is None:
        return None
    if typed.strip().lower() == "paid":
        return 0
    if typed.isascii() and typed.isdecimal() and 1 <= int(typed) <= 1_000_000:
        return int(typed)
    raise InvalidInput(
        f"--until {typed!r} is neither 'paid' nor a number of payments.",
        hint="Nothing was started. Right: mpesa listen --until paid",
    )


def say_ready(
    runtime: Runtime,
    profiles: "Sequence[Profile]",
    running: "Running",
    public_url: str | None,
    forward_to: str | None,
    *,
    sms_reports: bool,
) -> None:
    """The lines that tell a person where to register and what happens to events."""
    profile, say = profiles[0], runtime.streams.say
    chosen = own_callback_base(profile, running) or profile.callback_base_url
    base = (public_url or chosen or running.url).rstrip("/")
    names = ", ".join(each.name for each in profiles)
    whose = f"profile {names}" if len(profiles) == 1 else f"profiles {names}"
    say(f"Listening on {running.url} for {whose} ({profile.environment}). ^C to stop.")
    elsewhere = [each.name for each in profiles if base != (each.callback_base_url or "").rstrip("/")]
    if not elsewhere:
        say(f"Callbacks come to {base}/hooks/… : push uses it by itself.")
    else:
        of_these = "" if len(elsewhere) == len(profiles) else f" of {', '.join(elsewhere)}"
        say(f"Callbacks come to {base}/hooks/… : run pushes{of_these} with  APP_URL={base}  or set callback_base_url "
            "to it.")
    if sms_reports:
        from mpesa_cli.sms.reports_address import SHOWN_BY

        say(f"Delivery reports of SMS come to {base}/hooks/sms/… , whole for Africa's Talking:  {SHOWN_BY}")
    if forward_to:
        say(f"Events go on to {forward_to}, signed (webhook-signature).")


def own_callback_base(profile: "Profile", running: "Running") -> str | None:
    """This listener's own address, where prompts would name the default one, at which it does not listen; else None."""
    from mpesa_cli.settings.profile import LISTENER_BASE

    moved = profile.callback_base_url == LISTENER_BASE and not LISTENER_BASE.endswith(f":{running.port}")
    return running.url if moved else None
