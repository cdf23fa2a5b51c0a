"""The exit statuses in words: one table for `mpesa help exit-status`, the documentation and the README."""

from typing import NamedTuple

from mpesa_cli.floor.errors import ExitStatus


class StatusWords(NamedTuple):
    """A status's short name, its meaning, and what cron or a script should do about it."""

    name: str
    meaning: str
    then: str


EXIT_WORDS: dict[ExitStatus, StatusWords] = {
    ExitStatus.DONE: StatusWords("done", "Paid, or the work was done.", "Go on."),
    ExitStatus.BUG_OR_DECLINED: StatusWords(
        "bug or declined", "A fault of this program, or a person answered no.",
        "Report it where nobody said no."),
    ExitStatus.USAGE: StatusWords(
        "usage", "Wrong usage or invalid input; nothing was sent.", "Correct the command."),
    ExitStatus.FINAL_NO: StatusWords(
        "final no", "Declined, cancelled or rejected; nothing was charged.",
        "Tell the customer. A new attempt is a new decision: mpesa retry."),
    ExitStatus.CREDENTIALS: StatusWords(
        "credentials", "A key, secret or passkey is missing or refused; nothing was charged.",
        "Correct the secrets: mpesa config check. Don't loop."),
    ExitStatus.TEMPORARY: StatusWords(
        "temporary", "Not reachable, too busy, or locked; nothing was charged.", "Run the same again later."),
    ExitStatus.UNKNOWN: StatusWords(
        "unknown", "The outcome is not known: money may have moved.",
        "Never send again. Look: mpesa status."),
    ExitStatus.DIFFERENCES: StatusWords(
        "differences",
        "Differences wait for somebody, an order is overpaid or refunded, or part of a batch was not paid.",
        "Have a person look."),
    ExitStatus.PENDING: StatusWords(
        "pending", "Still waiting for the customer; money may yet move.",
        "Look later: mpesa status. Don't send again."),
    ExitStatus.CONFLICT: StatusWords(
        "conflict", "Already paid, already pending, other terms, or --yes is missing; nothing was sent.",
        "Decide, then name it in the command."),
    ExitStatus.CONFIGURATION: StatusWords(
        "configuration", "An unknown profile, a missing setting, or an unusable ledger.",
        "Correct the configuration: mpesa config check."),
    ExitStatus.INTERRUPTED: StatusWords(
        "interrupted", "Ctrl-C. What was said last tells where the money stands.", "Look: mpesa status."),
    ExitStatus.TERMINATED: StatusWords(
        "terminated", "SIGTERM, or its terminal hung up. The ledger has everything up to that moment.",
        "Look: mpesa status."),
}
