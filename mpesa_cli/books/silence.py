"""The trust in silence: it means that all is well where M-PESA's record was compared lately and a listener lives."""

from mpesa_cli.floor.moments import SECOND_US, day_and_time
from mpesa_cli.floor.records import dataclass

ANSWERED_LATELY_US = 600 * SECOND_US
"""A listener that lives says so twice a minute; one that starts again does in less than this."""


@dataclass(frozen=True, slots=True)
class Watch:
    """The facts that silence rests on. ``compared_until_us`` is the last moment of M-PESA's record that was compared,
    ``within_us`` how old that may be (None never asks); ``answered_us`` when the listener last could store a body,
    None where none ever did; ``needs_listener`` is False where the profile says that there is none."""

    compared_until_us: int | None
    within_us: int | None
    answered_us: int | None
    needs_listener: bool

    def missing(self, now_us: int) -> str:
        """One line on the missing fact and the remedy; empty where silence means that all is well."""
        gaps = [*self._record(now_us), *self._listener(now_us)]
        if not gaps:
            return ""
        what, then = (", and ".join(part) for part in zip(*gaps, strict=True))
        return f"NOT WATCHED: {what}. {then}"

    def _record(self, now_us: int) -> list[tuple[str, str]]:
        if self.within_us is None:
            return []
        if self.compared_until_us is None:
            what = "M-PESA's own record was never compared"
        elif self.compared_until_us < now_us - self.within_us:
            what = f"M-PESA's own record was compared up to {day_and_time(self.compared_until_us)} only"
        else:
            return []
        return [(what, "mpesa reconcile --statement FILE")]

    def _listener(self, now_us: int) -> list[tuple[str, str]]:
        if not self.needs_listener:
            return []
        if self.answered_us is None:
            what = "no listener of this profile has ever answered"
        elif self.answered_us < now_us - ANSWERED_LATELY_US:
            what = f"the listener last answered at {day_and_time(self.answered_us)}"
        else:
            return []
        return [(what, 'mpesa listen (without one: listener = "none" in the profile)')]
