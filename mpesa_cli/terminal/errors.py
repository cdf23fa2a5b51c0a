"""An error in words: what happened, whether money moved, what to do next. Or as one JSON document."""

from mpesa_cli.floor.errors import MoneyMoved, MpesaError
from mpesa_cli.terminal.render import print_json
from mpesa_cli.terminal.streams import Streams

_MONEY = {
    "no": "Nothing was charged.",
    "yes": "The money has come in.",
    "unknown": "Money may have moved.",
}


def print_error(
    streams: Streams, error: MpesaError, *, as_json: bool, money_moved: MoneyMoved | None = None
) -> None:
    """Tell a person on stderr, or a program on stdout.

    ``money_moved`` counts where the error itself does not say it. Where it is None too, a program is told
    ``unknown``, and a person nothing.
    """
    moved = error.money_moved or money_moved
    if as_json:
        print_json(
            streams,
            {
                "error": {
                    "code": error.code,
                    "message": error.message,
                    "hint": error.hint,
                    "money_moved": moved or "unknown",
                    "retry_safe": error.retry_safe,
                }
            },
        )
        return
    streams.complain(f"mpesa: {error.message}")
    said = f"{error.message} {error.hint}"
    told = {"no": ("sent", "Nothing was"), "yes": ("went back",), "unknown": ()}  # by the error's own words
    if moved is not None and not any(words in said for words in told[moved]):
        streams.complain(f"  {_MONEY[moved]}")
    streams.complain(f"  {error.hint}")
