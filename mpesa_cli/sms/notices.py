"""The outcome of one SMS receipt, as a value and as a sentence for the people of the shop. Pure."""

from typing import Literal, TypeAlias, assert_never

from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.values.msisdn import mask_msisdn

State: TypeAlias = Literal["done", "again", "given_up", "ambiguous"]


@dataclass(frozen=True, slots=True)
class Notice:
    """One receipt: sent (``done``), to be tried again, given up, or in doubt. ``words`` say why.

    ``order_id`` and ``msisdn`` are empty where the ledger has no such payment any more. ``cost`` is the
    provider's wording, empty where it says none.
    """

    event_id: str
    order_id: str
    msisdn: str
    state: State
    parts: int = 0
    cost: str = ""
    message_id: str = ""
    code: str = ""
    words: str = ""

    def sentence(self) -> str:
        """The sentence for the people of the shop, which ends with what to do where something is to be done."""
        what = f"SMS receipt for order {self.order_id}" if self.order_id else "An SMS receipt"
        match self.state:
            case "done":
                return f"{what} sent to {mask_msisdn(self.msisdn)} ({size_and_cost(self.parts, self.cost)})."
            case "again":
                return f"{what} is not sent yet. {self.words} It is tried again later; the payment stands."
            case "given_up":
                again = f" To send it: mpesa receipt {self.order_id} --sms" if self.order_id else ""
                return f"{what} was not sent. {self.words} The payment stands.{again}"
            case "ambiguous":
                return (
                    f"{what} is in doubt. {self.words} It is not repeated by itself; the payment stands. "
                    f"Ask the customer, then: mpesa receipt {self.order_id} --sms --copy"
                )
            case _:
                assert_never(self.state)


def size_and_cost(parts: int, cost: str) -> str:
    """``1 part, KES 0.8000``."""
    size = f"{parts} part" if parts == 1 else f"{parts} parts"
    return f"{size}, {cost}" if cost else size


def lost_sentence(count: int) -> str:
    """The sentence about receipts whose sender died."""
    what = "An SMS receipt was" if count == 1 else f"{count} SMS receipts were"
    return (
        f"{what} being sent when a program died: sent or not, nobody knows, so nothing is repeated. "
        "See: mpesa receipt --failed"
    )
