"""``mpesa simulator serve|scenarios|clock``: the Daraja double by itself."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from mpesa_cli.cli.options import JsonOption, QuietOption, runtime_of
from mpesa_cli.cli.result import Note, Result
from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.floor.machine import commands
from mpesa_cli.terminal.table import Table

if TYPE_CHECKING:
    from mpesa_cli.simulator.scenario import Scenario

LONGEST_ADVANCE_S = 366 * 24 * 3600
NOT_PROVEN = (
    "What the simulator does not prove: that Safaricom has set up your shortcode and passkey, that your callback",
    "address can be reached from outside, how fast real customers answer, and whatever Safaricom changes without",
    "saying so. Times are shorter than in life. Try the sandbox, then one real shilling, before you go live.",
)


def serve(
    ctx: typer.Context,
    port: Annotated[int, typer.Option("--port", "-p", help="Where to listen on 127.0.0.1.")] = 8700,
    speed: Annotated[
        float, typer.Option("--speed", help="Customers and callbacks are so many times faster.", metavar="FACTOR")
    ] = 1.0,
    quiet: QuietOption = False,
) -> None:
    """Serve the Daraja double over HTTP, for any client in any language, until Ctrl-C.

    \b
    Examples:
      mpesa simulator serve
      mpesa simulator serve --port 8701 --speed 10

    It listens on this machine only, takes any consumer key and secret but "wrong", sends real callbacks,
    and forgets everything when it stops. No money moves, ever.

    \b
    While it runs:
      GET  /simulator/prompts     what was charged, given back and paid out; what each callback was answered
      GET  /simulator/scenarios   which number does what; ?of=initiator: refunds, payouts and the like
      POST /simulator/clock       {"advance_s": 180} moves its clock forward
      GET  /simulator/statement   ?shortcode=174379&since=today: the statement, as CSV
      POST /simulator/reverse     {"receipt": "…"} gives a payment back to its customer
    """
    runtime = runtime_of(ctx, quiet=quiet)
    if not 0 < speed <= 1000:
        raise InvalidInput(
            f"A speed of {speed:g} makes no sense.",
            hint="Give a factor above 0 and up to 1000:  mpesa simulator serve --speed 10",
            code="invalid-speed",
        )
    from mpesa_cli.floor.files.private_folder import ensure_private_dir
    from mpesa_cli.simulator.initiator_key import FILE_NAME, InitiatorKey
    from mpesa_cli.simulator.server import server
    from mpesa_cli.simulator.state import Rules

    def ready(base_url: str) -> None:
        runtime.streams.say(f"Simulator ready on {base_url} — no money moves here. In another terminal:\n")
        for name, value in server.client_environment(base_url).items():
            runtime.streams.say(f"  {commands.set_variable(name, value)}")
        runtime.streams.say("  mpesa push 254708374149 100 --order demo-1\n")
        runtime.streams.say("Numbers with other endings:  mpesa simulator scenarios.  Ctrl-C stops.")

    key = InitiatorKey(ensure_private_dir(runtime.paths().state_dir) / FILE_NAME)
    setup = server.Setup(Rules(speed=speed, initiator_key=key), say=runtime.streams.say)
    server.serve(port, ready=ready, setup=setup)


def scenarios(
    ctx: typer.Context,
    initiator: Annotated[
        bool, typer.Option("--initiator", help="Those of refunds, payouts, balance and the like instead.")
    ] = False,
    json_: JsonOption = False,
) -> Result:
    """List the phone numbers that make the simulator do something: pay, refuse, or lose an answer.

    \b
    Examples:
      mpesa simulator scenarios
      mpesa simulator scenarios --initiator
      mpesa simulator scenarios --json

    Any valid number that is not listed pays after 3 seconds. Requests of an initiator follow the number that had paid
    or is paid out, or the initiator's own name. Changes nothing.
    """
    runtime_of(ctx, as_json=json_)
    if initiator:
        return _of_initiator()
    from mpesa_cli.simulator.scenarios import all_scenarios

    rows = all_scenarios()
    headings = ["Number", "What happens", "Decided", "Callbacks", "Code", "Source"]
    others = "Any other number pays. 2547000 and a result code in five digits ends in that code.\n"
    return Result(
        [asdict(row) for row in rows],
        Table(headings, [_cells(row) for row in rows]),
        [Note(others), *map(Note, NOT_PROVEN)],
    )


def _of_initiator() -> Result:
    from mpesa_cli.simulator.asynchronous_scenarios import TABLE

    rows = [[row.name, row.msisdn or "-", row.story, row.source] for row in TABLE]
    return Result(
        [asdict(row) for row in TABLE],
        Table(["Initiator's name", "Number", "What happens", "Source"], rows),
        [Note("A name as code-21 ends in that result code. With a profile: MPESA_INITIATOR_NAME=no-result mpesa …")],
    )


def clock(
    ctx: typer.Context,
    advance: Annotated[int, typer.Option("--advance", help="Seconds to move it forward.", metavar="SECONDS")],
    json_: JsonOption = False,
) -> Result:
    """Move the embedded simulator's test clock forward, so that slow things happen now.

    \b
    Examples:
      mpesa push 254722200005 100 --order late-1 --no-wait
      mpesa simulator clock --advance 180
      mpesa status late-1

    Only the simulator's own time moves, and its state file says so; it can't go back. A simulator that
    runs as a server has its own clock (see mpesa simulator serve --help).
    """
    runtime = runtime_of(ctx, as_json=json_)
    if not 0 < advance <= LONGEST_ADVANCE_S:
        raise InvalidInput(
            f"The clock can't be moved by {advance} s.",
            hint="It only goes forward, by a year at most:  mpesa simulator clock --advance 180",
            code="invalid-advance",
        )
    from mpesa_cli.floor.files.private_folder import ensure_private_dir
    from mpesa_cli.settings.paths import find_paths
    from mpesa_cli.simulator.engine import Engine
    from mpesa_cli.simulator.store import FileStore

    state_file = ensure_private_dir(find_paths(runtime.environ).state_dir) / "simulator.json"
    ahead_s = int(Engine(FileStore(state_file), runtime.world).advance(advance))
    return Result(
        {"environment": "simulator", "clock_ahead_s": ahead_s},
        [f"The simulator's clock is {ahead_s} s ahead of the real one."],
    )


def _cells(row: "Scenario") -> list[str]:
    prompt = row.answer_may_accept
    decided = "never" if row.decided_s is None else f"{row.decided_s:g} s"
    callbacks = ", ".join(f"+{after:g} s" for after in row.callbacks_s) or "none"
    return [
        row.msisdn,
        row.story,
        decided if prompt else "-",
        callbacks if prompt and row.decided_s is not None else "none",
        row.code if prompt and row.decided_s is not None else "-",
        row.source,
    ]
