"""A person known by a PIN that is typed unseen at the terminal. No option and no variable carries one."""

from typing import TYPE_CHECKING

from mpesa_cli.floor.errors import Conflict
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.ledger.ledger import Ledger


def operator_here(runtime: Runtime, ledger: "Ledger", name: str) -> str:
    """The operator of this name, once the PIN was typed. Raises Conflict or Temporary; then nothing was sent."""
    from mpesa_cli.cli.consent.asking import ask_secret
    from mpesa_cli.floor.secret import Secret
    from mpesa_cli.initiator.people.operators import known_by_pin, no_operator, operator_names
    from mpesa_cli.rules.money_out.approval import same_person

    if not any(same_person(each, name) for each in operator_names(ledger)):
        raise no_operator(name)
    if not runtime.streams.may_prompt():
        raise Conflict(
            "This needs a second person, known by a PIN, and nobody is here.",
            hint="Nothing was sent. Run the same command at a terminal; --yes does not answer this.",
            code="needs-a-person",
        )
    return known_by_pin(ledger, runtime.world, name, Secret(ask_secret(runtime.streams, f"Operator PIN of {name}")))
