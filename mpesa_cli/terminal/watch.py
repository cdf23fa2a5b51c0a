"""The live line of a waiting push, on stderr: plain words and the seconds left.

On a terminal one line is redrawn; elsewhere one plain line is written per change, with its time.
"""

from typing import assert_never

from mpesa_cli.floor.moments import clock_time
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.state import AttemptState
from mpesa_cli.rules.values.msisdn import mask_msisdn
from mpesa_cli.terminal.streams import Streams

_CLEAR = "\r\x1b[K"


class LiveLine:
    """The line that shows each look at a payment. A context manager: the line is cleared on the way out."""

    def __init__(self, streams: Streams) -> None:
        """Animation needs a terminal on stderr; NO_COLOR and TERM=dumb leave it out."""
        self._streams = streams
        self._animated = streams.is_terminal(streams.stderr) and streams.environ.get("TERM") != "dumb"
        self._shown = ""

    def __enter__(self) -> "LiveLine":
        """Nothing to prepare."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the last phase on the screen, without its seconds."""
        self._settle()

    def show(self, payment: Payment, seconds_left: float, now_us: int) -> None:
        """Show the payment's state now."""
        words = phase(payment)
        if self._animated:
            if words != self._shown:
                self._settle()
            self._write(f"{_CLEAR}{words}  {seconds_left:.0f} s left")
            self._shown = words
        elif words != self._shown:
            self._streams.say(f"{clock_time(now_us)} {words}")
            self._shown = words

    def news(self, words: str, now_us: int) -> None:
        """Write a line that stays, above the live one: a query's answer."""
        if self._streams.verbosity:
            self._settle()
            self._streams.say(f"{clock_time(now_us)} {words}")

    def _settle(self) -> None:
        if self._animated and self._shown:
            self._write(f"{_CLEAR}{self._shown}\n")
            self._shown = ""

    def _write(self, text: str) -> None:
        if not self._streams.quiet:
            self._streams.complain_raw(text)


def phase(payment: Payment) -> str:
    """The state of the newest attempt, from the customer's side."""
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
