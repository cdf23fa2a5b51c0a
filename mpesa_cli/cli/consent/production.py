"""The guard before real money: one question, default No, and never an assumption where nobody is there."""

from typing import TYPE_CHECKING

from mpesa_cli.cli.consent.asking import ask, ask_yes
from mpesa_cli.floor.errors import Conflict, Declined
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.settings.profile import Profile


def confirm_in_production(
    runtime: Runtime, profile: "Profile", question: str, *, unattended: str, yes: bool
) -> None:
    """Ask ``question`` in production, unless ``--yes`` or MPESA_YES=1 has answered it.

    Raises Declined where a person says no, and Conflict ``needs-yes``, with ``unattended`` as its message,
    where nobody can be asked.
    """
    if profile.environment != "production" or yes or runtime.environ.get("MPESA_YES") == "1":
        return
    if not runtime.streams.may_prompt():
        raise Conflict(
            unattended,
            hint="Nothing was sent. Add --yes (or MPESA_YES=1) to the same command.",
            code="needs-yes",
        )
    if not ask_yes(runtime.streams, question):
        raise Declined("You said no.", hint="Nothing was sent. To do it after all, run the same command again.")


def confirm_by_typing(runtime: Runtime, profile: "Profile", order_id: str, *, unattended: str, yes: bool) -> None:
    """In production have the order id typed, unless ``--yes`` or MPESA_YES=1 has answered. Raises as above."""
    if profile.environment != "production" or yes or runtime.environ.get("MPESA_YES") == "1":
        return
    if not runtime.streams.may_prompt():
        raise Conflict(
            unattended, hint="Nothing was changed. Add --yes (or MPESA_YES=1) to the same command.", code="needs-yes"
        )
    if ask(runtime.streams, "Type the order id to confirm", None, str.strip) != order_id:
        raise Declined(
            "That is not the order id.", hint="Nothing was changed. To do it after all, run the same command again."
        )
