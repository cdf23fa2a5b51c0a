"""The findings of a check-up: one line for each thing that was looked at, and the command that mends it."""

from collections.abc import Iterable
from typing import Literal

from mpesa_cli.floor.errors import ExitStatus
from mpesa_cli.floor.records import dataclass

Verdict = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: its stable name, how it went, one line of words, and the command that mends it (or nothing).

    ``configuration`` is whether the configuration, rather than the machine or the ledger, is what fails.
    """

    check: str
    verdict: Verdict
    words: str
    mend: str = ""
    configuration: bool = False


def exit_status(findings: Iterable[Finding]) -> ExitStatus:
    """0 where nothing fails, warnings or not; 10 where the configuration does, otherwise 7."""
    failed = [finding for finding in findings if finding.verdict == "fail"]
    if any(finding.configuration for finding in failed):
        return ExitStatus.CONFIGURATION
    return ExitStatus.DIFFERENCES if failed else ExitStatus.DONE
