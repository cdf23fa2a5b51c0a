"""The command tree, and the one place where errors become words and an exit status."""

import contextlib
import itertools
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from mpesa_cli.commands.root_help import RootGroup
from mpesa_cli.errors import ExitStatus, MpesaError
from mpesa_cli.interrupts import Interrupted
from mpesa_cli.runtime import Runtime
from mpesa_cli.terminal.errors import print_error
from mpesa_cli.terminal.streams import StdoutClosed, StdoutFailed

app = typer.Typer(
    name="mpesa",
    cls=RootGroup,
    help="Take M-PESA payments from a terminal: never twice, never lost, always told truthfully.",
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
    """Take M-PESA payments from a terminal: never twice, never lost, always told truthfully."""
    if isinstance(ctx.obj, Runtime) and config_file:
        ctx.obj.config_flag = config_file
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())



def main(argv: Sequence[str] | None = None, runtime: Runtime | None = None) -> int:
    """Run one command and return its exit status. The only place that turns errors into words."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    runtime = runtime or Runtime()
    as_json = "--json" in arguments or _asked_for_json(arguments)
    try:
        return _run(arguments, runtime)
    except StdoutClosed:
        _forget_stdout()
        return int(ExitStatus.DONE)
    except Interrupted as stop:
        return int(stop.status)
    except KeyboardInterrupt:
        return int(ExitStatus.INTERRUPTED)
    except MpesaError as error:
        _tell(runtime, error, as_json=as_json)
        return int(error.exit_status)
    finally:
        runtime.close()


def entry_point() -> None:
    """``mpesa`` as installed."""
    os.umask(0o077)
    runtime = Runtime()
    if not _is_completion(runtime):
        runtime.interrupts.install()
    sys.exit(main(None, runtime))


def _run(arguments: list[str], runtime: Runtime) -> int:
    from mpesa_cli.commands.failures import in_our_words

    with in_our_words(runtime):
        result = app(arguments, obj=runtime, standalone_mode=False, prog_name="mpesa")
    _flush(runtime)
    return result if isinstance(result, int) else int(ExitStatus.DONE)


def _tell(runtime: Runtime, error: MpesaError, *, as_json: bool) -> None:
    """Print an error; on stderr where stdout takes nothing."""
    try:
        print_error(runtime.streams, error, as_json=as_json and not isinstance(error, StdoutFailed))
    except StdoutClosed:
        return
    except StdoutFailed:
        print_error(runtime.streams, error, as_json=False)
        _forget_stdout()
    if isinstance(error, StdoutFailed):
        _forget_stdout()


def _asked_for_json(arguments: list[str]) -> bool:
    pairs = itertools.pairwise(arguments)
    return any(a == "--format" and b in {"json", "ndjson"} for a, b in pairs) or bool(
        {"--format=json", "--format=ndjson"} & set(arguments)
    )


def _is_completion(runtime: Runtime) -> bool:
    return "_MPESA_COMPLETE" in runtime.environ


def _flush(runtime: Runtime) -> None:
    try:
        runtime.streams.stdout.flush()
    except (BrokenPipeError, ValueError) as closed:
        raise StdoutClosed from closed


def _forget_stdout() -> None:
    """Keep the interpreter from flushing into the closed pipe, and complaining, when it ends."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
