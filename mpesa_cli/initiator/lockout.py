"""The API user's lock: M-PESA locks it after a few wrong passwords, and then nothing can be asked at all."""

from mpesa_cli.floor.errors import CredentialsRefused
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.initiator.store import Requests
from mpesa_cli.initiator.verdict import locks_initiator
from mpesa_cli.ledger.reads import Reads

LOCK_WINDOW_S, WRONG_TRIES_MAX = 900, 2


def would_lock(known: Reads, now_us: int) -> bool:
    """Whether a wrong password was tried so often just now, by whatever request, that one more may lock the API user.

    How many tries M-PESA allows is not documented (docs/develop/daraja.md 6.2).
    """
    made = Requests(known).made_since(now_us - LOCK_WINDOW_S * SECOND_US)
    return sum(each.result is not None and locks_initiator(each.result.code) for each in made) >= WRONG_TRIES_MAX


def check_lock(known: Reads, now_us: int, api: str) -> None:
    """Raise CredentialsRefused where one more request may lock the API user. ``api`` is whose codes explain it."""
    if would_lock(known, now_us):
        raise CredentialsRefused(
            "M-PESA refused the initiator twice within 15 minutes. One more try may lock it, so nothing was sent.",
            hint=f"Correct its password or certificate first: mpesa explain 2001 --api {api}", code="initiator-refused",
        )
