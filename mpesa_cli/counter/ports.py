"""What the counter gets from the rest of the program: operations and one shop's settings, made by its command."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.payments.sending import PushContext
from mpesa_cli.settings.profile import Profile


class Verdict(NamedTuple):
    """The verdict on a receipt: its name, the word for a screen, and all lines about it."""

    name: str
    word: str
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Ports:
    """The outside of one counter. Every function may be called from any thread, and raises MpesaError.

    ``push_context`` gives that of a push, for the thread that calls; ``deliver`` brings in callbacks of a simulator
    inside this process; ``check`` judges what a customer shows, for an order or none; ``print_receipt`` and
    ``sms_receipt`` take an order and return words; ``after_paid`` is called when a payment was paid; ``listener`` says
    where callbacks come in, and starts a listener where none answers: words, and whether it answers.
    """

    profile: Profile
    ledger: Ledger
    world: World
    by: str
    push_context: Callable[[], PushContext]
    deliver: Callable[[], object]
    check: Callable[[str, str | None], Verdict]
    print_receipt: Callable[[str], str]
    sms_receipt: Callable[[str], str]
    after_paid: Callable[[], None]
    listener: Callable[[], tuple[str, bool]]
