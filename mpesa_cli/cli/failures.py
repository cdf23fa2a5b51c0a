"""Foreign failures of a command line in our own words: usage, aborts, and bugs."""

import contextlib
from collections.abc import Iterator
from typing import Any

import typer

from mpesa_cli.floor.errors import Declined, ExitStatus, InvalidInput, MpesaError
from mpesa_cli.runtime import Runtime
from mpesa_cli.terminal.streams import StdoutClosed


class _Bug(MpesaError):
    exit_status = ExitStatus.BUG_OR_DECLINED
    code = "bug"
    money_moved = "unknown"


@contextlib.contextmanager
def in_our_words(runtime: Runtime) -> Iterator[None]:
    """Turn Typer's usage errors and aborts, and whatever nobody foresaw, into MpesaErrors."""
    try:
        yield
    except (MpesaError, StdoutClosed):
        raise
    except typer.Abort:
        hint = "Nothing was sent. Run the same command again when you are ready."
        raise Declined("You said no.", hint=hint) from None
    except typer.TyperException as usage:
        raise _usage(usage) from None
    except BrokenPipeError as closed:
        raise StdoutClosed from closed
    except SystemExit as left:  # what Typer makes of a pipe that closed while it printed help
        if isinstance(left.__context__, BrokenPipeError):
            raise StdoutClosed from left
        raise
    except Exception as bug:
        if runtime.environ.get("MPESA_DEBUG"):
            raise
        raise _Bug(
            f"mpesa met something it does not know: {type(bug).__name__}.",
            hint="If a prompt was on its way, the ledger has it: mpesa status <order>. For a bug report, run the same "
            "with MPESA_DEBUG=1 (secrets stay hidden, phone numbers may show).",
        ) from bug


def _usage(usage: typer.TyperException) -> InvalidInput:
    context = getattr(usage, "ctx", None)
    path = context.command_path if context else "mpesa"
    return InvalidInput(
        " ".join(_told(usage)),
        hint=f"Nothing was sent. See: {path} --help",
        code="usage",
    )


def _told(usage: Any) -> list[str]:
    """The words of an error; where something is missing, of all that is: Typer names one at a time."""
    lacking = [usage]
    if type(usage).__name__ == "MissingParameter" and usage.ctx is not None:  # what was typed is in its params by then
        wanted = [each for each in usage.ctx.command.get_params(usage.ctx) if each.required]
        missing = [each for each in wanted if each.name not in usage.ctx.params]
        lacking = [type(usage)(ctx=usage.ctx, param=each) for each in missing] or lacking
    return [each.format_message().rstrip() for each in lacking]
