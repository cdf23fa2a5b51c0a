"""Why a file is not read at all, in words that say what to download instead."""

from mpesa_cli.floor.errors import InvalidInput

DOWNLOAD = (
    "Nothing was read from it. Download the statement from the M-PESA organisation portal as CSV (or Excel), "
    "and give it as it is:  mpesa reconcile --statement FILE"
)


def unreadable(message: str, hint: str = DOWNLOAD) -> InvalidInput:
    """The file is of another kind, or damaged as a whole."""
    return InvalidInput(message, hint=hint, code="statement-unreadable")


def no_header(message: str) -> InvalidInput:
    """The table's own headings were not found, or not all that are needed."""
    return InvalidInput(message, hint=DOWNLOAD, code="statement-no-header")


def too_large(message: str) -> InvalidInput:
    """The file, or what it would unpack to, is beyond what a statement can be."""
    return InvalidInput(
        message,
        hint="Nothing was read from it. Download a shorter period, several files if need be, and give them one "
        "after the other:  mpesa reconcile --statement FILE",
        code="statement-too-large",
    )


def dates_ambiguous(first: int, second: int) -> InvalidInput:
    """Some dates are day first, others month first. ``first`` and ``second`` are lines that show it."""
    return InvalidInput(
        f"The dates are in two orders: line {first} can only be day first, line {second} only month first.",
        hint="Nothing was read from it. A spreadsheet may have turned some of them round. Download the file again "
        "and don't open it before:  mpesa reconcile --statement FILE",
        code="statement-dates-ambiguous",
    )


def changed() -> InvalidInput:
    """Somebody wrote to the file while it was being read."""
    return InvalidInput(
        "The file changed while it was being read.",
        hint="Wait until the download has ended, then again:  mpesa reconcile --statement FILE",
        code="statement-changed",
    )
