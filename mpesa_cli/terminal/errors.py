"""An error in words: what happened, whether money moved, what to do next. Or as one JSON document."""

from mpesa_cli.errors import MpesaError
from mpesa_cli.terminal.render import print_json
from mpesa_cli.terminal.streams import Streams

_MONEY = {
    "no": "Nothing was charged.",
    "yes": "The money has come in.",
    "unknown": "Money may have moved.",
}


def print_error(streams: Streams, error: MpesaError, *, as_json: bool) -> None:
    """Tell a person on stderr, or a program on stdout; a program's person hears it on stderr too."""
    if as_json:
        print_json(
            streams,
            {
                "error": {
                    "code": error.code,
                    "message": error.message,
                    "hint": error.hint,
                    "money_moved": error.money_moved,
                    "retry_safe": error.retry_safe,
                }
            },
        )
        return
    streams.complain(f"mpesa: {error.message}")
    said = f"{error.message} {error.hint}"
    if error.money_moved != "no" or ("sent" not in said and "Nothing was" not in said):
        streams.complain(f"  {_MONEY[error.money_moved]}")
    streams.complain(f"  {error.hint}")
