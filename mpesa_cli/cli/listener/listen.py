"""``mpesa listen``: receive callbacks, store them before answering, settle payments, pass events on."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mpesa_cli.cli.listener.screen import Screen, own_callback_base, read_until, say_ready, unhurried
from mpesa_cli.cli.options import JsonOption, ProfilesOption, QuietOption, VerboseOption, runtime_of
from mpesa_cli.floor.errors import InvalidInput, SettingsError
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.cli.listener.api import Api
    from mpesa_cli.cli.owner.page import OwnerPage
    from mpesa_cli.floor.rounds import Rounds
    from mpesa_cli.listener.forwarding.forward import Forwarder
    from mpesa_cli.listener.server.options import ListenerOptions
    from mpesa_cli.listener.server.server import Running
    from mpesa_cli.settings.profile import Profile

    Worker = Rounds | Forwarder | Api | OwnerPage


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
    profile: ProfilesOption = None,
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
      mpesa listen -P westlands -P outering --public-url https://pay.example.co.ke

    Several profiles share one address: each callback goes to the ledger whose secret its address has. Prints a line per
    event; with --json one object a line. Ctrl-C or SIGTERM finishes what is in hand and exits 0.
    """
    from dataclasses import replace

    from mpesa_cli.cli.listener.each_profile import (
        FILES_OF_A_LEDGER,
        check_one_port,
        parts_of,
        signing_secrets,
        workers_of,
    )
    from mpesa_cli.cli.together import check_together
    from mpesa_cli.listener.server.certificate import read_certificate
    from mpesa_cli.listener.server.options import ListenerOptions
    from mpesa_cli.listener.server.server import serve
    from mpesa_cli.owner.server import FILES as FILES_FOR_THE_PAGE
    from mpesa_cli.owner.server import PORT as PAGE_PORT
    from mpesa_cli.sms.reports_address import token_for_listener

    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    check_together("listen", {"--owner": owner, "--owner-host": owner_host, "--owner-port": owner_port})
    several = runtime.profiles(profile)
    settings, named = several[0], profile[0] if profile else None
    with unhurried(runtime, as_json=json_):
        sms_tokens = [token_for_listener(runtime, each) for each in several]
        screen = Screen(runtime, as_json=json_, until=read_until(until))
        options = ListenerOptions(
            host=host,
            port=port,
            behind_proxy=behind_proxy,
            certificate=read_certificate(tls_cert, tls_key),
            tunnel=settings.tunnel,
            callback_ips=settings.callback_ips,
        )
        at = _reached_at(runtime, named, public_url) if public_url and not settings.embedded else settings
        check_one_port(runtime, several, [name for name, wanted in (("--api", api), ("--owner", owner)) if wanted])
        served = _api(runtime, at) if api else None
        each_parts = [
            parts_of(runtime, each, screen, token, [other for other in several if other is not each])
            for each, token in zip(several, sms_tokens, strict=True)
        ]
        parts = replace(
            each_parts[0], api=served.app if served else None, beside=tuple(each_parts[1:]),
            further_files=(FILES_FOR_THE_PAGE if owner else 0) + FILES_OF_A_LEDGER * (len(several) - 1),
        )
        secrets = signing_secrets(runtime, several) if forward_to is not None else [None] * len(several)
        workers: list[Worker] = [served] if served else []
        by_the_clock: list[Worker] = []
        for each, own_parts, secret in zip(several, each_parts, secrets, strict=True):
            nudged, unpaid = workers_of(runtime, each, own_parts, forward_to, secret)
            workers += nudged
            by_the_clock += [unpaid] if unpaid is not None else []
        if owner:
            place = (owner_host or host, PAGE_PORT if owner_port is None else owner_port)
            page_urls = (public_url, at.callback_base_url)
            workers.append(_page(runtime, settings, options, place, page_urls, named))
        screen.after_settling = [worker.nudge for worker in workers]
        workers += by_the_clock

        def ready(running: "Running") -> None:
            screen.running = running
            say_ready(runtime, several, running, public_url, forward_to, sms_reports=any(sms_tokens))
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
