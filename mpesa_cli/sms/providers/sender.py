"""The protocol of a provider of text messages, and the three outcomes of one send."""

from typing import Protocol, TypeAlias

from mpesa_cli.floor.records import dataclass


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that the provider took. ``cost`` is in its own words (``KES 0.8000``), empty where it names none."""

    message_id: str
    cost: str
    parts: int


@dataclass(frozen=True, slots=True)
class Failed:
    """Proof that nothing was sent. ``code`` is the provider's own, or the wire's (``connect-refused``).

    ``again`` says that the same message may succeed later; then the reason lies in the connection or the
    account, so that no other message needs to be tried now. Without it the reason lies in this message.
    """

    code: str
    words: str
    again: bool


@dataclass(frozen=True, slots=True)
class InDoubt:
    """The request left and no readable answer came back: it may have been sent. Never repeated by itself."""

    code: str
    words: str


Outcome: TypeAlias = Sent | Failed | InDoubt


class SmsSender(Protocol):
    """A sender of one text to one phone, at most once per call."""

    name: str

    def send(self, msisdn: str, text: str, reference: str) -> Outcome:
        """Send ``text`` to ``msisdn`` (12 digits). ``reference`` names the message in our own records.

        Never raises for what the network or the provider does.
        """
