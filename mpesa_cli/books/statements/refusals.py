"""The reasons why a file is not read at all, in words that say what to download instead."""

from mpesa_cli.floor.errors import InvalidInput

DOWNLOAD = (
    "Nothing was read from it. Download the statement from the M-PESA organisation portal as CSV (or Excel), "
    "and give it as it is:  mpesa reconcile --statement FILE"
)


def unreadable(message: str, hint: str = DOWNLOAD) -> InvalidInput:
    """The refusal of a file of another kind, or one that is damaged as a whole."""
    return InvalidInput(message, hint=hint, code="statement-unreadable")


def no_header(message: str) -> InvalidInput:
    """The refusal of a file without the table's headings, or without all that are needed."""
    return InvalidInput(message, hint=DOWNLOAD, code="statement-no-header")


def too_large(message: str) -> InvalidInput:
    """The refusal of a file that is larger, or unpacks to more, than any statement."""
    return InvalidInput(
        message,
        hint="Nothing was read from it. Download a shorter period, several files if need be, and give them one "
        "after the other:  mpesa reconcile --statement FILE",
        code="statement-too-large",
    )


def dates_ambiguous(first: int, second: int) -> InvalidInput:
    """The refusal of dates of which some are day first, others month first, as lines ``first`` and ``second`` show."""
    return InvalidInput(
        f"The dates are in two orders: line {first} can only be day first, line {second} only month first.",
        hint="Nothing was read from it. A spreadsheet may have turned some of them round. Download the file again "
        "and don't open it before:  mpesa reconcile --statement FILE",
        code="statement-dates-ambiguous",
    )


def changed() -> InvalidInput:
    """The refusal of a file that somebody wrote to while it was being read."""
    return InvalidInput(
        "The file changed while it was being read.",
        hint="Wait until the download has ended, then again:  mpesa reconcile --statement FILE",
        code="statement-changed",
    )
