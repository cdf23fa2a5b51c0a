"""The warning that no listener of this machine can take a result."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mpesa_cli.settings.profile import Profile


def unheard(profile: "Profile") -> str:
    """A sentence where no listener of this machine can take the result; another machine's can't be seen from here."""
    from mpesa_cli.floor.web_address import is_on_this_machine
    from mpesa_cli.initiator.listener_alive import listener_answers
    from mpesa_cli.settings.profile import LISTENER_BASE

    if profile.embedded:
        return ""
    base = profile.callback_base_url or ""
    here = base if is_on_this_machine(base) else LISTENER_BASE
    if listener_answers(here):
        return ""
    return f"No listener answers on {here}. Unless one runs elsewhere, no result can be received; start: mpesa listen"
