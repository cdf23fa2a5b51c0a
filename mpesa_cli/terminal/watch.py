"""The live line of a waiting push, on stderr: plain words and the seconds left.

On a terminal one line is redrawn; elsewhere one plain line is written per change, with its time.
"""

from types import TracebackType
from typing import assert_never

from mpesa_cli.floor.moments import clock_time
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.state import AttemptState
from mpesa_cli.rules.values.msisdn import mask_msisdn
from mpesa_cli.terminal.redrawn import RedrawnLine
from mpesa_cli.terminal.streams import Streams


class LiveLine:
    """The line that shows each look at a payment. A context manager: each phase stays, without its seconds."""

    def __init__(self, streams: Streams, language: str = "en") -> None:
        """Nothing is shown yet."""
        self._streams, self._line, self._language = streams, RedrawnLine(streams), language
        self._shown = ""

    def __enter__(self) -> "LiveLine":
        """Turn the echo off."""
        self._line.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the last phase on the screen."""
        self._line.settle(self._shown)
        self._line.__exit__(kind, error, trace)

    def show(self, payment: Payment, seconds_left: float, now_us: int) -> None:
        """Show the payment's state now."""
        words = phase(payment, self._language)
        if self._line.is_animated:
            if words != self._shown:
                self._line.settle(self._shown)
            left = "  sek {:.0f} zimebaki" if self._language == "sw" else "  {:.0f} s left"
            self._line.show(words, left.format(seconds_left))
        elif words != self._shown:
            self._streams.say(f"{clock_time(now_us)} {words}")
        self._shown = words

    def news(self, words: str, now_us: int) -> None:
        """Write a line that stays, above the live one: a query's answer."""
        if self._streams.verbosity:
            self._line.settle(self._shown)
            self._streams.say(f"{clock_time(now_us)} {words}")


def phase(payment: Payment, language: str = "en") -> str:
    """The state of the newest attempt, from the customer's side."""
    if language == "sw":
        from mpesa_cli.terminal.payment_words_sw import phase_sw

        return phase_sw(payment.last)
    phone = mask_msisdn(payment.last.msisdn)
    match payment.last.state:
        case AttemptState.CREATED | AttemptState.SENDING:
            return f"Sending the prompt to {phone} …"
        case AttemptState.PENDING:
            return f"Prompt sent. Waiting for the customer's PIN on {phone} …"
        case AttemptState.UNKNOWN:
            return f"No clear answer from Daraja. Waiting for word about {phone} …"
        case AttemptState.PAID:
            return "The customer has paid."
        case AttemptState.FAILED:
            return "Answered: not paid."
        case AttemptState.REJECTED:
            return "Daraja refused the prompt."
        case AttemptState.NOT_SENT:
            return "Nothing was sent."
        case AttemptState.REVIEW:
            return "Something came in that a person must look at."
        case _:
            assert_never(payment.last.state)
