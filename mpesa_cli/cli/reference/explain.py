"""``mpesa explain``: what a result, response or error code means."""

from typing import Annotated

import typer

from mpesa_cli.cli import completing
from mpesa_cli.cli.options import JsonOption, QuietOption, VerboseOption, runtime_of
from mpesa_cli.cli.result import Note, Result
from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.rules.codes.rows import Api


def explain(
    ctx: typer.Context,
    code: Annotated[str, typer.Argument(
        help="A result, response or error code.", metavar="CODE", autocompletion=completing.codes)],
    api: Annotated[
        Api | None, typer.Option("--api", help="Only what it means there: response is a request refused at once.")
    ] = None,
    json_: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result:
    """Say what a code means, who must act, whether to try again, and what to tell the customer.

    \b
    Examples:
      mpesa explain 1032
      mpesa explain 500.001.1001
      mpesa explain sfc_ic0003 --json
      mpesa explain 1 --api response

    One code can mean different things: every meaning is listed, with the words of Daraja's message that
    tell them apart. A code that is in no table is said to be so, and exits 0 too. Reads nothing, sends
    nothing.
    """
    from mpesa_cli.rules.codes import lookup
    from mpesa_cli.terminal.code_words import code_document, code_lines

    runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    meanings = lookup.explain(code, api)
    if not meanings:
        raise InvalidInput(
            f"{code[:80]!r} can't be a code.",
            hint="Give one code as Daraja sent it, for example: mpesa explain 1032",
            code="invalid-code",
        )
    first, several = meanings[0], any(row.text for row in meanings)
    unlisted = [] if first.listed else [Note("It is in none of the tables of this program: mpesa help result-codes")]
    return Result(
        {"code": first.code, "listed": first.listed, "meanings": [code_document(row) for row in meanings]},
        ["\n\n".join("\n".join(code_lines(row, otherwise=several)) for row in meanings)],
        unlisted,
    )
