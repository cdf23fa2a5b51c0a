"""An error in words: what happened, whether money moved, what to do next. Or as one JSON document."""

from mpesa_cli.floor.errors import MoneyMoved, MpesaError
from mpesa_cli.terminal.render import print_json
from mpesa_cli.terminal.streams import Streams

_MONEY = {
    "no": "Nothing was charged.",
    "yes": "The money has come in.",
    "unknown": "Money may have moved.",
}
_MONEY_BACK = {"no": "No money was sent back.", "unknown": "Money may have gone back."}
_MONEY_OUT = {"no": "No money was sent.", "unknown": "Money may have gone out."}
_NOT_MOVING = {"no": "No money moved."}
_BY_COMMAND = {
    "refund": _MONEY_BACK, "pay": _MONEY_OUT, "approve": _MONEY_OUT, "balance": _NOT_MOVING, "qr": _NOT_MOVING,
}
"""The words of commands that charge nobody; what is not in them is said as for all."""


def print_error(
    streams: Streams, error: MpesaError, *, as_json: bool, money_moved: MoneyMoved | None = None, command: str = ""
) -> None:
    """Tell a person on stderr, or a program on stdout.

    ``money_moved`` is what is known of this run of ``command``. A no is proven, whatever the error says of the payment
    that it is about; else the error's own word counts first. Where nothing is known, a program is told ``unknown``,
    and a person nothing.
    """
    moved = money_moved if money_moved == "no" and command in _BY_COMMAND else error.money_moved or money_moved
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
    told = {"no": ("sent", "Nothing was", "No money"), "yes": ("went back",), "unknown": ()}  # by the error's own words
    if moved is not None and not any(words in said for words in told[moved]):
        streams.complain(f"  {_BY_COMMAND.get(command, {}).get(moved, _MONEY[moved])}")
    streams.complain(f"  {error.hint}")
