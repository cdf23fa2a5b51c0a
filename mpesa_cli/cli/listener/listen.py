"""``mpesa listen``: receive callbacks, store them before answering, settle payments, pass events on."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mpesa_cli.cli.listener.screen import Screen, own_callback_base, read_until, say_ready, unhurried
from mpesa_cli.cli.options import JsonOption, ProfileOption, QuietOption, VerboseOption, runtime_of
from mpesa_cli.floor.errors import InvalidInput, SettingsError
from mpesa_cli.floor.secret import Secret
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.cli.listener.api import Api
    from mpesa_cli.cli.owner.page import OwnerPage
    from mpesa_cli.floor.rounds import Rounds
    from mpesa_cli.listener.forwarding.forward import Forwarder
    from mpesa_cli.listener.server.options import ListenerOptions
    from mpesa_cli.listener.server.server import Running
    from mpesa_cli.settings.profile import Profile

    Worker = Rounds | Api | OwnerPage


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
    api: Annotated[
        bool, typer.Option("--api", help="Serve the HTTP API too, for bearers of tokens (mpesa token issue).")
    ] = False,
    owner: Annotated[
        bool, typer.Option("--owner", help="Show the owner's page too, to browsers paired by `mpesa owner pair`.")
    ] = False,
    owner_host: Annotated[
        str | None,
        typer.Option("--owner-host", help="The page's address, to be seen from phones [default: --host].", metavar="H"),
    ] = None,
    owner_port: Annotated[
        int | None, typer.Option("--owner-port", help="The page's port [default: 8311].", metavar="P", min=0, max=65535)
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
      mpesa listen --api                (then open http://127.0.0.1:8310/docs)
      mpesa listen --owner --owner-host 192.168.1.20     (then: mpesa owner pair)

    Prints a line per event; with --json one object a line. Ctrl-C or SIGTERM finishes what is in hand and exits 0.
    """
    from mpesa_cli.cli.together import check_together
    from mpesa_cli.floor.wire.addresses import secret_hash
    from mpesa_cli.initiator.listener_alive import note_alive
    from mpesa_cli.listener.ports import c2b_context, daraja_query, spool_of
    from mpesa_cli.listener.server.certificate import read_certificate
    from mpesa_cli.listener.server.options import ListenerOptions, Parts
    from mpesa_cli.listener.server.server import serve
    from mpesa_cli.owner.server import FILES as FILES_FOR_THE_PAGE
    from mpesa_cli.owner.server import PORT as PAGE_PORT
    from mpesa_cli.sms.reports_address import token_for_listener

    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    check_together("listen", {"--owner": owner, "--owner-host": owner_host, "--owner-port": owner_port})
    settings = runtime.profile(profile)
    with unhurried(runtime, as_json=json_):
        sms_token = token_for_listener(runtime, settings)
        screen = Screen(runtime, as_json=json_, until=read_until(until))
        options = ListenerOptions(
            host=host,
            port=port,
            behind_proxy=behind_proxy,
            certificate=read_certificate(tls_cert, tls_key),
            tunnel=settings.tunnel,
            callback_ips=settings.callback_ips,
        )
        at = _reached_at(runtime, profile, public_url) if public_url and not settings.embedded else settings
        served = _api(runtime, at) if api else None
        parts = Parts(
            open_ledger=lambda: runtime.new_ledger(settings),
            world=runtime.world,
            on_event=screen.show,
            c2b=c2b_context(runtime, settings),
            ask=daraja_query(runtime, settings),
            sms_secret_hash=secret_hash(sms_token) if sms_token else "",
            api=served.app if served else None,
            further_files=FILES_FOR_THE_PAGE if owner else 0,
            note_alive=lambda: note_alive(settings.ledger, runtime.world.now_us()),
            on_tick=screen.tell,
            spool=spool_of(settings),
        )
        runtime.ledger(settings)  # what is wrong with it must be said before a port is opened
        workers: list[Worker] = [_courier(runtime, settings), *([served] if served else [])]
        if forward_to is not None:
            workers.append(_forwarder(runtime, settings, forward_to, screen))
        if owner:
            place = (owner_host or host, PAGE_PORT if owner_port is None else owner_port)
            page_urls = (public_url, at.callback_base_url)
            workers.append(_page(runtime, settings, options, place, page_urls, profile))
        screen.after_settling = [worker.nudge for worker in workers]
        if (unpaid := _unpaid(runtime, settings)) is not None:
            workers.append(unpaid)  # it is due by the clock alone

        def ready(running: "Running") -> None:
            screen.running = running
            say_ready(runtime, settings, running, public_url, forward_to, sms_reports=bool(sms_token))
            if served:
                if base := own_callback_base(at, running):
                    served.callbacks_come_to(base)
                runtime.streams.say(f"The API is at {running.url}, described at {running.url}/docs.")
            for worker in workers:
                worker.start()

        try:
            serve(options, parts, ready)
        finally:
            for worker in workers:
                worker.stop()
            screen.tell(all_of_it=True)


def _reached_at(runtime: Runtime, name: str | None, public_url: str) -> "Profile":
    """The profile with this address for callbacks. Raises InvalidInput where Daraja could not use it."""
    try:
        return runtime.profile(name, callbacks_at=public_url)
    except SettingsError as wrong:
        raise InvalidInput(
            f"--public-url {public_url!r} is no address for callbacks.",
            hint="Nothing was started. It is https, except on this machine: mpesa listen --public-url https://HOST",
            code="invalid-url",
        ) from wrong


def _api(runtime: Runtime, profile: "Profile") -> "Api":
    from mpesa_cli.cli.listener.api import Api

    return Api(runtime, profile)


def _page(
    runtime: Runtime, profile: "Profile", options: "ListenerOptions", place: tuple[str, int],
    public_urls: tuple[str | None, ...], named: str | None,
) -> "OwnerPage":
    from mpesa_cli.cli.owner.page import OwnerPage

    return OwnerPage(runtime, profile, *place, options.certificate, public_urls, named)


def _courier(runtime: Runtime, profile: "Profile") -> "Rounds":
    from mpesa_cli.listener.forwarding.courier import courier
    from mpesa_cli.sms.ports import send_waiting_sms

    return courier(lambda: send_waiting_sms(runtime, profile), runtime.streams.complain)


def _unpaid(runtime: Runtime, profile: "Profile") -> "Rounds | None":
    """What tells the shop's own system of orders that nobody paid, where it wants to know."""
    from mpesa_cli.listener.forwarding.courier import courier
    from mpesa_cli.payments.unpaid import tell_unpaid

    if profile.unpaid_after_minutes is None:
        return None
    return courier(
        lambda: tell_unpaid(runtime.ledger(profile), profile, runtime.world), runtime.streams.complain,
        what="Events of unpaid orders",
    )


def _forwarder(runtime: Runtime, profile: "Profile", url: str, screen: Screen) -> "Forwarder":
    from mpesa_cli.listener.forwarding.forward import Forwarder
    from mpesa_cli.listener.forwarding.outbox import LedgerOutbox
    from mpesa_cli.listener.forwarding.webhook import check_target, signing_key

    return Forwarder(
        LedgerOutbox(lambda: runtime.new_ledger(profile)),
        check_target(url),
        signing_key(_webhook_secret(runtime, profile)),
        world=runtime.world,
        on_event=screen.show,
    )


def _webhook_secret(runtime: Runtime, profile: "Profile") -> Secret:
    """The shop's signing secret; outside production one is made for this run where none is kept."""
    from mpesa_cli.listener.forwarding.webhook import new_secret

    store = runtime.secret_store(profile)
    if profile.environment == "production":
        return store.require("webhook-secret")
    found = store.get("webhook-secret")
    if found is not None:
        return found.secret
    made = new_secret(bytes.fromhex(runtime.world.token_hex(32)))
    runtime.streams.say(f"Signing secret of this run: {made.reveal()}")
    runtime.streams.say("Keep one of your own for good: mpesa secrets set webhook-secret")
    return made
