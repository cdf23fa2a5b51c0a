"""Errors: everything that can stop the tool from knowing or acting.

The split that matters for money is *before it left* / *after it left*: ``NotDelivered`` proves that
no phone rang, ``OutcomeUnknown`` proves nothing, and nobody may send again on it.

::

    MpesaError                 message, hint, code, exit_status, money_moved, retry_safe
    ├─ InvalidInput            2   a value breaks a rule; nothing was sent or stored
    ├─ CredentialsRefused      4   Daraja does not take the key, secret or passkey
    ├─ SecretMissing           4   a secret that the profile needs was not found
    ├─ SettingsError          10   configuration: unknown profile or key, missing setting
    │  └─ LedgerUnusable      10   newer than the program, another environment, corrupt, read-only
    ├─ RequestRefused          3   Daraja said no; no phone rang
    ├─ Temporary               5   nothing was charged; the same command may be tried later
    │  ├─ NotDelivered         5   the request provably never reached Daraja
    │  ├─ PhoneBusy            5   another prompt was on this phone too recently
    │  └─ LedgerBusy           5   another process holds the ledger, the disk is full
    │     └─ LedgerUnknown     5   a database went away: whether the last change was kept is not known
    ├─ OutcomeUnknown          6   money may have moved; never sent again
    ├─ Conflict                9   already paid, already pending, other amount, needs --yes
    ├─ NotFound                2   no payment by that reference
    │  └─ MessageHeld          7   no payment, and a message about it is held
    └─ Declined                1   a person said no
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import ClassVar, Literal

MoneyMoved = Literal["no", "yes", "unknown"]


class ExitStatus(IntEnum):
    """The exit statuses of every command, one source for code, help and docs."""

    DONE = 0
    BUG_OR_DECLINED = 1
    USAGE = 2
    FINAL_NO = 3
    CREDENTIALS = 4
    TEMPORARY = 5
    UNKNOWN = 6
    DIFFERENCES = 7
    PENDING = 8
    CONFLICT = 9
    CONFIGURATION = 10
    INTERRUPTED = 130
    TERMINATED = 143


class MpesaError(Exception):
    """An error for a person: what happened, whether money moved, what to do next."""

    exit_status: ClassVar[ExitStatus] = ExitStatus.BUG_OR_DECLINED
    code: str = "error"
    # None where only the command can say: "no" if it asks for money and nothing has left, else "unknown".
    money_moved: MoneyMoved | None = None
    retry_safe: bool = False

    def __init__(self, message: str, *, hint: str, code: str | None = None) -> None:
        """``message`` says what happened; ``hint`` ends in the command to run next."""
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code


class InvalidInput(MpesaError):
    """A value that breaks a rule. Nothing was sent or stored."""

    exit_status = ExitStatus.USAGE
    code = "invalid-input"


class NotFound(MpesaError):
    """A reference by which the ledger has no payment."""

    exit_status = ExitStatus.USAGE
    code = "not-found"


class MessageHeld(NotFound):
    """No payment by that receipt, though a message that shows it came in and could not be applied."""

    exit_status = ExitStatus.DIFFERENCES
    code = "message-held"
    money_moved = "unknown"


class SecretMissing(MpesaError):
    """A secret that the profile needs, found in none of the places it may be kept."""

    exit_status = ExitStatus.CREDENTIALS
    code = "secret-missing"


class SecretUnreadable(SecretMissing):
    """A stored secret whose store can't be read just now: locked, not answering, not there. It may be there."""

    code = "secret-unreadable"


class CredentialsRefused(MpesaError):
    """Daraja's refusal of the consumer key and secret, the passkey, or the app's products. No phone rang."""

    exit_status = ExitStatus.CREDENTIALS
    code = "credentials-refused"


class SettingsError(MpesaError):
    """A configuration that is wrong or incomplete."""

    exit_status = ExitStatus.CONFIGURATION
    code = "configuration"


class LedgerUnusable(SettingsError):
    """A ledger file that can't be used at all: another environment's, too new, corrupt, read-only."""

    code = "ledger-unusable"


class RequestRefused(MpesaError):
    """A request that Daraja understood and refused. No phone rang."""

    exit_status = ExitStatus.FINAL_NO
    code = "request-refused"


class Temporary(MpesaError):
    """A failure that charged nothing; the same command may be tried again later."""

    exit_status = ExitStatus.TEMPORARY
    code = "temporary"
    retry_safe = True
    retry_after_s: int = 0  # whole seconds before which it can't work; 0 where that is unknown


class NotDelivered(Temporary):
    """A request that provably never reached Daraja: no connection, or refused at the gateway."""

    code = "not-delivered"


class PhoneBusy(Temporary):
    """A phone that had a prompt too recently (law 7); Daraja would refuse or, worse, show two."""

    code = "phone-busy"


class LedgerBusy(Temporary):
    """A ledger that can't be written just now: locked by another process for long, or the disk is full."""

    code = "ledger-busy"


class LedgerUnknown(LedgerBusy):
    """A ledger in a database that went away for so long that nobody knows whether the last change was kept.

    Nothing is sent on it. Every change can be made again: what was kept is known by itself.
    """

    code = "ledger-unknown"


class OutcomeUnknown(MpesaError):
    """A request that may have been delivered. It is never sent again."""

    exit_status = ExitStatus.UNKNOWN
    code = "outcome-unknown"
    money_moved = "unknown"


class Conflict(MpesaError):
    """A command that the ledger forbids: paid or pending already, another amount or phone, or ``--yes`` is missing."""

    exit_status = ExitStatus.CONFLICT
    code = "conflict"


class Declined(MpesaError):
    """A person's no, when asked."""

    exit_status = ExitStatus.BUG_OR_DECLINED
    code = "declined-by-you"


@contextmanager
def earlier_prompt_in_doubt() -> Iterator[None]:
    """A look at an order that has a prompt. An error in it does not tell what became of that: it says ``unknown``."""
    try:
        yield
    except MpesaError as error:
        error.money_moved = error.money_moved or "unknown"
        raise
