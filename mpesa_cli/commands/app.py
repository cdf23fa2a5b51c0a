"""The command tree, and the one place where errors become words and an exit status."""

import contextlib
import itertools
import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from mpesa_cli.commands import (
    audit,
    backup,
    c2b_register,
    c2b_simulate,
    config,
    doctor,
    erase,
    explain,
    help_topics,
    history,
    init,
    listen,
    log,
    order,
    pull_register,
    push,
    receipt,
    reconcile,
    resolve,
    restore,
    retry,
    secrets,
    simulator,
    simulator_certificate,
    simulator_statement,
    status,
    token,
    trigger,
    verify,
)
from mpesa_cli.commands.root_help import RootGroup
from mpesa_cli.errors import ExitStatus, MpesaError
from mpesa_cli.interrupts import Interrupted
from mpesa_cli.runtime import Runtime
from mpesa_cli.terminal.errors import print_error
from mpesa_cli.terminal.streams import StdoutClosed, StdoutFailed

TAKE, LOOK, TEST, SET_UP = "Take payments", "Look", "Listen and test", "Set up"

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


app.command("push", rich_help_panel=TAKE)(push.push)
app.command("retry", rich_help_panel=TAKE)(retry.retry)
app.command("receipt", rich_help_panel=TAKE)(receipt.receipt)
app.command("status", rich_help_panel=LOOK)(status.status)
app.command("history", rich_help_panel=LOOK)(history.history)
app.command("log", rich_help_panel=LOOK)(log.log)
app.command("explain", rich_help_panel=LOOK)(explain.explain)
app.command("verify", rich_help_panel=LOOK)(verify.verify)
app.command("resolve", rich_help_panel=LOOK)(resolve.resolve)
app.command("reconcile", rich_help_panel=LOOK)(reconcile.reconcile)
app.command("listen", rich_help_panel=TEST)(listen.listen)
app.command("c2b-register", rich_help_panel=TEST)(c2b_register.c2b_register)
app.command("pull-register", rich_help_panel=TEST)(pull_register.pull_register)
app.command("c2b-simulate", rich_help_panel=TEST)(c2b_simulate.c2b_simulate)
app.command("trigger", rich_help_panel=TEST)(trigger.trigger)
app.command("init", rich_help_panel=SET_UP)(init.init)
app.command("doctor", rich_help_panel=SET_UP)(doctor.doctor)
app.command("backup", rich_help_panel=SET_UP)(backup.backup)
app.command("restore", rich_help_panel=SET_UP)(restore.restore)
app.command("erase", rich_help_panel=SET_UP)(erase.erase)
app.command("help", rich_help_panel=SET_UP)(help_topics.help_)


def _group(name: str, panel: str, words: str, commands: dict[str, Any]) -> None:
    group = typer.Typer(help=words, rich_markup_mode=None, no_args_is_help=True)
    for command, function in commands.items():
        group.command(command)(function)
    app.add_typer(group, name=name, rich_help_panel=panel)


_group(
    "simulator",
    TEST,
    "A Daraja to develop against: no account, no money.",
    {
        "serve": simulator.serve,
        "scenarios": simulator.scenarios,
        "clock": simulator.clock,
        "statement": simulator_statement.statement,
        "reverse": simulator_statement.reverse,
        "certificate": simulator_certificate.certificate,
    },
)
_group(
    "order", TAKE, "Orders that are known before anybody is asked for them.", {"add": order.order_add}
)
_group(
    "audit",
    LOOK,
    "Prove the ledger, and print the head of its hash chain. Where it is not whole: change nothing, copy its folder "
    "aside, compare with the last backup; the first row that is named is where to begin.",
    {"verify": audit.audit_verify, "head": audit.audit_head},
)
_group(
    "config",
    SET_UP,
    "What is configured, where it came from, and whether it is right.",
    {"show": config.config_show, "check": config.config_check, "path": config.config_path},
)
_group(
    "secrets",
    SET_UP,
    "Consumer key and secret, passkey: kept in the system's keyring.",
    {"set": secrets.secrets_set, "list": secrets.secrets_list, "delete": secrets.secrets_delete},
)
_group(
    "token",
    SET_UP,
    "Bearer tokens for the HTTP API: made, listed, revoked.",
    {"issue": token.token_issue, "list": token.token_list, "revoke": token.token_revoke},
)


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
