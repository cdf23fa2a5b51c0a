"""``reconcile`` for several profiles, one after the other: what happens to one keeps no other from its run."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from mpesa_cli.cli.result import Result
from mpesa_cli.floor.errors import ExitStatus, InvalidInput, MpesaError
from mpesa_cli.terminal.errors import print_error

if TYPE_CHECKING:
    from mpesa_cli.runtime import Runtime
    from mpesa_cli.settings.profile import Profile


def check_one(profiles: Sequence["Profile"], given: Sequence[str]) -> None:
    """Raise InvalidInput where options that are of one profile's books were ``given`` with several."""
    if len(profiles) > 1 and given:
        raise InvalidInput(
            f"{' and '.join(given)} {'is' if len(given) == 1 else 'are'} of one profile, and several are given.",
            hint=f"Nothing was done. Name one: mpesa reconcile -P {profiles[0].name} {given[0]} …",
            code="usage",
        )


def run_each(
    runtime: "Runtime", profiles: Sequence["Profile"], run: Callable[["Profile", bool], ExitStatus]
) -> Result:
    """Run each; the lines of each stand below its name. ``run`` is told too whether one before has read the files.

    An error ends the run of its profile, and is printed at the end, once for all that have it. The exit status is that
    of the first error that trying later does not mend; else 7 where one has differences, else 5 where one has it.
    """
    failed: dict[str, tuple[MpesaError, list[str]]] = {}
    statuses: list[ExitStatus] = []
    for profile in profiles:
        runtime.streams.heading = f"{profile.name}:"
        try:
            statuses.append(run(profile, bool(statuses)))
        except MpesaError as error:
            failed.setdefault(error.message, (error, []))[1].append(profile.name)
        finally:
            runtime.streams.heading = ""
    for why, names in failed.values():
        runtime.streams.complain(f"{', '.join(names)}:")
        print_error(runtime.streams, why, as_json=False)
        statuses.append(why.exit_status)
    lasting = [why.exit_status for why, _ in failed.values() if why.exit_status != ExitStatus.TEMPORARY]
    mild = [each for each in (ExitStatus.DIFFERENCES, ExitStatus.TEMPORARY) if each in statuses]
    return Result(status=[*lasting, *mild, ExitStatus.DONE][0])
