"""The command tree, and the one place where errors become words and an exit status."""

import contextlib
import itertools
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from mpesa_cli.cli.root_help import RootGroup, first_screen
from mpesa_cli.floor import machine
from mpesa_cli.floor.errors import ExitStatus, MoneyMoved, MpesaError
from mpesa_cli.floor.interrupts import Interrupted
from mpesa_cli.runtime import Runtime
from mpesa_cli.terminal.errors import print_error
from mpesa_cli.terminal.streams import StdoutClosed, StdoutFailed

_ASKING = frozenset({"push", "retry", "refund", "pay", "approve"})
"""Commands that ask for money or send it: an error before a request has left proves that none moved."""
_ONLY_LOOKING = frozenset({"balance", "qr"})
"""Commands whose requests move no money, whatever becomes of them."""

app = typer.Typer(
    name="mpesa",
    cls=RootGroup,
    help="Take M-PESA payments: nobody is charged twice, no payment is lost.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from mpesa_cli import __version__

        typer.echo(f"mpesa {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def root(
    ctx: typer.Context,
    config_file: Annotated[
        str | None, typer.Option("--config", help="The configuration file to use.", metavar="FILE")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Take M-PESA payments: nobody is charged twice, no payment is lost."""
    if isinstance(ctx.obj, Runtime):
        ctx.obj.config_flag = config_file or ctx.obj.config_flag
        ctx.obj.command = ctx.invoked_subcommand
    if ctx.invoked_subcommand is None:
        typer.echo(first_screen())



def main(argv: Sequence[str] | None = None, runtime: Runtime | None = None) -> int:
    """Run one command and return its exit status. The only place that turns errors into words."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    runtime = runtime or Runtime()
    as_json = "--json" in arguments or _asked_for_json(arguments)
    try:
        status = _run(arguments, runtime)
    except StdoutClosed:
        status = ExitStatus.DONE
    except Interrupted as stop:
        status = stop.status
    except KeyboardInterrupt:
        status = ExitStatus.INTERRUPTED
    except MpesaError as error:
        _tell(runtime, error, as_json=as_json)
        status = error.exit_status
    finally:
        runtime.close()
    return int(_written(runtime, status))


def entry_point() -> None:
    """``mpesa`` as installed."""
    machine.new_files_are_private()
    runtime = Runtime()
    if not _is_completion(runtime):
        runtime.interrupts.install()
    sys.exit(main(None, runtime))


def _run(arguments: list[str], runtime: Runtime) -> int:
    """The exit status that the command ended with. Raises what it raised, in our words."""
    from mpesa_cli.cli.failures import in_our_words

    with in_our_words(runtime):
        result = app(arguments, obj=runtime, standalone_mode=False, prog_name="mpesa")
        if result is None or isinstance(result, int):
            return result or ExitStatus.DONE
        from mpesa_cli.cli.result import render

        return render(runtime.streams, result)


def _tell(runtime: Runtime, error: MpesaError, *, as_json: bool) -> None:
    """Print an error; on stderr too where stdout does not take it. That stdout itself failed is told at the end."""
    streams, money_moved, command = runtime.streams, _money(runtime), runtime.command or ""
    if isinstance(error, StdoutFailed):
        return
    streams.ends_with_reader = False
    if as_json:
        print_error(streams, error, as_json=True, money_moved=money_moved, command=command)
    if not as_json or streams.failed is not None:
        print_error(streams, error, as_json=False, money_moved=money_moved, command=command)


def _money(runtime: Runtime) -> MoneyMoved | None:
    """Whether this run moved money, where its command tells; None where it does not."""
    if runtime.command in _ONLY_LOOKING:
        return "no"
    if runtime.command not in _ASKING:
        return None
    return "unknown" if runtime.prompt_may_be_out else "no"


def _written(runtime: Runtime, status: int) -> int:
    """The exit status, once stdout has taken the result or can't. A payment's verdict stands even then."""
    try:
        runtime.streams.stdout.flush()
    except (OSError, ValueError) as failed:
        if isinstance(failed, ValueError) or machine.reader_has_gone(failed):
            _forget_stdout()
            return status
        runtime.streams.failed = runtime.streams.failed or StdoutFailed(failed)
    if runtime.streams.failed is None:
        return status
    _forget_stdout()
    print_error(runtime.streams, runtime.streams.failed, as_json=False, money_moved=_money(runtime),
                command=runtime.command or "")
    return status or StdoutFailed.exit_status


def _asked_for_json(arguments: list[str]) -> bool:
    pairs = itertools.pairwise(arguments)
    return any(a == "--format" and b in {"json", "ndjson"} for a, b in pairs) or bool(
        {"--format=json", "--format=ndjson"} & set(arguments)
    )


def _is_completion(runtime: Runtime) -> bool:
    return "_MPESA_COMPLETE" in runtime.environ


def _forget_stdout() -> None:
    """Keep the interpreter from flushing into the closed pipe, and complaining, when it ends."""
    with contextlib.suppress(OSError, ValueError, AttributeError), open(os.devnull, "wb") as sink:  # noqa: PTH123
        os.dup2(sink.fileno(), sys.stdout.fileno())
