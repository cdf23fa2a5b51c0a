"""``mpesa listen``: receive callbacks, store them before answering, settle payments, pass events on."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mpesa_cli.commands.options import JsonOption, ProfileOption, QuietOption, VerboseOption, runtime_of
from mpesa_cli.domain.secret import Secret
from mpesa_cli.errors import InvalidInput
from mpesa_cli.runtime import Runtime
from mpesa_cli.settings.profile import Profile
from mpesa_cli.terminal.render import print_json_line
from mpesa_cli.terminal.streams import StdoutClosed

if TYPE_CHECKING:
    from mpesa_cli.listener.events import Event
    from mpesa_cli.listener.forward import Forwarder
    from mpesa_cli.listener.server import Running


def listen(
    ctx: typer.Context,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.", metavar="H")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", help="The port; 0 takes a free one.", metavar="P", min=0, max=65535)
    ] = 8310,
    public_url: Annotated[
        str | None, typer.Option("--public-url", help="The https address that your tunnel gives.", metavar="U")
    ] = None,
    forward_to: Annotated[
        str | None, typer.Option("--forward-to", help="Post events on to your own app, signed.", metavar="URL")
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", help="Stop after the first paid payment, or after N settled ones.", metavar="paid|N"),
    ] = None,
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help="A reverse proxy on another machine is in front.")
    ] = False,
    tls_cert: Annotated[
        Path | None, typer.Option("--tls-cert", help="Serve https with this certificate chain.", metavar="FILE")
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option("--tls-key", help="The certificate's private key.", metavar="FILE")
    ] = None,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> None:
    """Receive Daraja's callbacks, store each before it is answered, and settle payments.

    \b
    Examples:
      mpesa listen --public-url https://pay.example.co.ke
      mpesa listen --forward-to http://localhost:3000/hook
      mpesa listen --until paid --json

    Prints a line per event; with --json one object a line. Ctrl-C or SIGTERM finishes what is in hand and exits 0.
    """
    from mpesa_cli.listener.options import ListenerOptions, Parts
    from mpesa_cli.listener.server import serve

    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose)
    settings = runtime.profile(profile)
    screen = _Screen(runtime, as_json=json_, until=_until(until))
    options = ListenerOptions(
        host=host,
        port=port,
        behind_proxy=behind_proxy,
        certificate=tls_cert,
        certificate_key=tls_key,
        tunnel=settings.tunnel,
        callback_ips=settings.callback_ips,
    )
    parts = Parts(
        open_ledger=lambda: runtime.new_ledger(settings),
        now_us=runtime.now_us,
        on_event=screen.show,
        c2b=runtime.c2b_desk(settings),
        ask=runtime.asker(settings),
    )
    runtime.ledger(settings)  # what is wrong with it must be said before a port is opened
    forwarder = _forwarder(runtime, settings, forward_to, screen)

    def ready(running: "Running") -> None:
        screen.running = running
        _say_ready(runtime, settings, running, public_url, forward_to)
        if forwarder:
            forwarder.start()

    try:
        serve(options, parts, ready)
    finally:
        if forwarder:
            forwarder.stop()
    if screen.closed:
        raise StdoutClosed


class _Screen:
    """Prints events as they come, from whichever thread, and ends the listener when enough has happened."""

    def __init__(self, runtime: Runtime, *, as_json: bool, until: int | None) -> None:
        self._runtime = runtime
        self._as_json = as_json
        self._left = until  # 0: the first paid payment; N: so many settled ones; None: never
        self._lock = threading.Lock()
        self.running: Running | None = None
        self.forwarder: Forwarder | None = None
        self.closed = False

    def show(self, event: "Event") -> None:
        """Print one event; called from the listener's threads."""
        from mpesa_cli.listener.screen import document, line

        with self._lock:
            try:
                if self._as_json:
                    print_json_line(self._runtime.streams, document(event))
                elif text := line(event):
                    self._runtime.streams.out(text)
            except StdoutClosed:
                self.closed = True
                self._stop()
            if event.kind == "settled" and event.payment is not None:
                if self.forwarder:
                    self.forwarder.nudge()
                self._count(event.payment.status)

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


def _until(typed: str | None) -> int | None:
    if typed is None:
        return None
    if typed.strip().lower() == "paid":
        return 0
    if typed.isdecimal() and 1 <= int(typed) <= 1_000_000:
        return int(typed)
    raise InvalidInput(
        f"--until {typed!r} is neither 'paid' nor a number of payments.",
        hint="Nothing was started. Right: mpesa listen --until paid",
    )


def _say_ready(
    runtime: Runtime, profile: Profile, running: "Running", public_url: str | None, forward_to: str | None
) -> None:
    base = (public_url or profile.callback_base_url or running.url).rstrip("/")
    say = runtime.streams.say
    say(f"Listening on {running.url} for profile {profile.name} ({profile.environment}). ^C to stop.")
    if profile.callback_base_url and base == profile.callback_base_url.rstrip("/"):
        say(f"Callbacks come to {base}/hooks/… : push uses it by itself.")
    else:
        say(f"Callbacks come to {base}/hooks/… : run pushes with  APP_URL={base}  or set callback_base_url to it.")
    if forward_to:
        say(f"Events go on to {forward_to}, signed (webhook-signature).")


def _forwarder(runtime: Runtime, profile: Profile, url: str | None, screen: _Screen) -> "Forwarder | None":
    if url is None:
        return None
    from mpesa_cli.listener.forward import Forwarder
    from mpesa_cli.listener.outbox import LedgerOutbox
    from mpesa_cli.listener.webhook import check_target, signing_key

    forwarder = Forwarder(
        LedgerOutbox(lambda: runtime.new_ledger(profile)),
        check_target(url),
        signing_key(_webhook_secret(runtime, profile)),
        now_us=runtime.now_us,
        random=runtime.random,
        on_event=screen.show,
    )
    screen.forwarder = forwarder
    return forwarder


def _webhook_secret(runtime: Runtime, profile: Profile) -> Secret:
    """The shop's signing secret; outside production one is made for this run where none is kept."""
    from mpesa_cli.listener.webhook import new_secret

    store = runtime.secret_store(profile)
    if profile.environment == "production":
        return store.require("webhook-secret")
    found = store.get("webhook-secret")
    if found is not None:
        return found.secret
    made = new_secret(bytes.fromhex(runtime.token_hex(32)))
    runtime.streams.say(f"Signing secret of this run: {made.reveal()}")
    runtime.streams.say("Keep one of your own for good: mpesa secrets set webhook-secret")
    return made
