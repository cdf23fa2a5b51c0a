"""A courier: messages to customers at once after a payment changed, and the rest at intervals."""

from collections.abc import Callable

from mpesa_cli.floor.rounds import Rounds

LOOK_EVERY_S = 30.0


def courier(send: Callable[[], object], complain: Callable[[str], None], what: str = "Receipts") -> Rounds:
    """A thread that sends what is due. ``what`` names it in a complaint, where ``send`` failed."""

    def failed(error: Exception) -> None:
        complain(f"{what} could not be sent just now: {getattr(error, 'message', type(error).__name__)}")

    return Rounds(send, failed, every_s=LOOK_EVERY_S, name="mpesa-courier")
