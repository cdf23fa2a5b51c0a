"""Options that several commands share, declared once."""

from typing import Annotated, Literal, TypeAlias

import typer

from mpesa_cli.cli import completing
from mpesa_cli.runtime import Runtime

ProfileOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--profile",
        "-P",
        help="The profile (till or paybill) to use.",
        metavar="NAME",
        autocompletion=completing.profiles,
    ),
]
ProfilesOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--profile",
        "-P",
        help="The profile (till or paybill) to use; again for more.",
        metavar="NAME",
        autocompletion=completing.profiles,
    ),
]
# How a payment is named: the order in which they are looked up (ledger/reads.py).
REF = typer.Argument(
    help="Order id, payment id, CheckoutRequestID or M-PESA receipt.",
    metavar="REF",
    autocompletion=completing.orders,
)
REF_OR_PHONE = typer.Argument(
    help="Order id, payment id, CheckoutRequestID, M-PESA receipt, or a phone for its latest payments.",
    metavar="REF",
    autocompletion=completing.orders,
)
Format = Literal["table", "json", "ndjson", "csv"]  # of a list
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
QuietOption: TypeAlias = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but results and errors.")]
VerboseOption: TypeAlias = Annotated[
    int, typer.Option("--verbose", "-v", count=True, help="Say more; -vv shows the HTTP exchange, secrets hidden.")
]
NotPaidOption: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--not-paid-since-backup", help="After a restore: you know that it was not paid since. Needs --reason."
    ),
]
ReasonOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--reason", help="With --not-paid-since-backup: how you know; it is kept.", metavar="TEXT"),
]
WaitTurnOption: TypeAlias = Annotated[
    bool, typer.Option("--wait-turn", help="Wait until the phone may be asked, instead of giving up (status 5).")
]
RESULT_TIMEOUT_S = 60
ResultTimeoutOption: TypeAlias = Annotated[
    int, typer.Option("--timeout", help="Seconds to wait for M-PESA's result.", metavar="S", min=1, max=300)
]
TimeoutOption: TypeAlias = Annotated[
    int | None, typer.Option("--timeout", help="Seconds to wait [default: the profile's, 120].", metavar="S")
]
ShowRequestOption: TypeAlias = Annotated[
    bool, typer.Option("--dry-run", help="Only show the request that would be sent.")
]
YesOption: TypeAlias = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask, do it.")]


def runtime_of(ctx: typer.Context, *, quiet: bool = False, verbose: int = 0, as_json: bool = False) -> Runtime:
    """The runtime this command runs in, with its streams set to what the flags say."""
    runtime = ctx.find_root().obj
    assert isinstance(runtime, Runtime)  # main() puts it there
    runtime.streams.quiet = runtime.streams.quiet or quiet
    runtime.streams.as_json = runtime.streams.as_json or as_json
    runtime.streams.verbosity = max(runtime.streams.verbosity, verbose)
    return runtime
