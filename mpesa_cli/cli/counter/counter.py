"""``mpesa counter``: a full-screen terminal for the clerk who takes the money."""

from typing import TYPE_CHECKING, Annotated

import typer

from mpesa_cli.cli.options import ProfileOption, runtime_of
from mpesa_cli.floor.errors import Conflict

if TYPE_CHECKING:
    from mpesa_cli.runtime import Runtime
    from mpesa_cli.settings.profile import Profile


def counter(
    ctx: typer.Context,
    by: Annotated[
        str | None, typer.Option("--by", help="Who stands at the counter [default: you].", metavar="NAME")
    ] = None,
    printer: Annotated[
        str | None,
        typer.Option("--printer", help="F2 prints here: tcp://HOST:9100, or a device as /dev/usb/lp0.",
                     metavar="TARGET"),
    ] = None,
    profile: ProfileOption = None,
) -> None:
    """Take payments on one screen: ask, see who has paid, claim what came by hand, check an SMS.

    \b
    Examples:
      mpesa counter
      mpesa counter --by Amina --printer tcp://192.168.1.50:9100

    Type the number, Enter, the amount, Enter. In production one more Enter confirms the whole number. Every prompt
    is the same as `mpesa push` sends; where no listener answers, one is started here. ? lists the keys, F10 ends;
    what waits then goes on, and `mpesa status` shows it. Needs a terminal of 80 by 24.
    """
    runtime = runtime_of(ctx)
    settings = runtime.profile(profile)
    if not (runtime.streams.may_prompt() and runtime.streams.is_terminal(runtime.streams.stdout)):
        raise Conflict(
            "The counter needs a terminal with a person at it.",
            hint="Nothing was sent. In a script: mpesa push PHONE AMOUNT --order ID --json", code="needs-terminal",
        )
    _run(runtime, settings, by, printer)


def _run(runtime: "Runtime", profile: "Profile", by: str | None, printer: str | None) -> None:
    from mpesa_cli.cli.consent.reasons import who
    from mpesa_cli.cli.counter.listening import Listening
    from mpesa_cli.cli.counter.ports import counter_ports, quiet_runtime
    from mpesa_cli.counter.desk import Desk
    from mpesa_cli.counter.words import speaker
    from mpesa_cli.floor import collection
    from mpesa_cli.listener.forwarding.courier import courier
    from mpesa_cli.sms.ports import send_waiting_sms
    from mpesa_cli.terminal.payment_words import environment_label

    streams = runtime.streams
    receipts = courier(lambda: send_waiting_sms(runtime, profile), lambda _: None)
    listening = Listening(runtime, profile, speaker(profile.language), receipts.nudge)
    desk = Desk(counter_ports(runtime, profile, who(runtime, by), printer, receipts.nudge, listening.look))
    plain = not streams.shows_utf8(streams.stdout)
    title = "  ".join(each for each in (profile.shop_name, environment_label(profile.environment)) if each)
    from mpesa_cli.counter.screen import CounterScreen

    collection.as_usual()  # a counter is open all day
    quiet_runtime(runtime)
    receipts.start()
    try:
        CounterScreen(desk, title, plain=plain).run()
    finally:
        desk.close()
        listening.stop()
        receipts.stop()
        runtime.streams = streams
    if open_now := len(runtime.ledger(profile).unfinished()):
        streams.say(f"{open_now} still open: mpesa status")
