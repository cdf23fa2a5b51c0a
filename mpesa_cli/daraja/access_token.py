"""The access token, fetched once and shared by all processes on this machine, and by machines with one ledger.

Safaricom's FAQ says that a new token ends the old one (assumptions.md A2), so two tills that each fetched
their own would refuse each other. One 0600 file per consumer key, secret and host, one refresh at a time. The secret
counts so that a changed one is tried at once, not only when the token that the old one got has expired.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from mpesa_cli.daraja.token_answer import LONGEST_LIFETIME_S, Token, wire_token
from mpesa_cli.floor.files.shared_file import Notes, Shared, SharedFile
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.secret import Secret
from mpesa_cli.floor.wire.strict_json import Json
from mpesa_cli.floor.world import World

EARLY_S = 60
LOCK_WAIT_S = 40


@dataclass(frozen=True, slots=True)
class _Kept:
    token: Secret
    fetched_us: int
    lifetime_s: int

    def is_fresh(self, now_us: int) -> bool:
        """Whether the token may still be used. One from the future was fetched by a clock that was set back since."""
        early_s = min(EARLY_S, self.lifetime_s // 2)
        return self.fetched_us <= now_us < self.fetched_us + (self.lifetime_s - early_s) * SECOND_US


class TokenCache:
    """The cached token for one consumer key and secret at one host, whichever process fetched it."""

    def __init__(
        self,
        folder: Path,
        consumer_key: Secret,
        consumer_secret: Secret,
        host: str,
        world: World,
        notes: Notes | None = None,
    ) -> None:
        """Nothing is read yet. ``notes`` take the place of ``folder`` where several machines share them. If it can't
        be used, the token lives in this object only.
        """
        both = Secret(f"{consumer_key.reveal()}\n{consumer_secret.reveal()}")
        self._file: Shared = (
            notes("token", both, host) if notes else SharedFile(folder, "token", both, host, world)
        )
        self._world = world
        self._mine: _Kept | None = None

    def fresh(self) -> Secret | None:
        """A token that has not expired, or None. Takes no lock: the file is replaced whole."""
        for kept in (_from_file(self._file.read()), self._mine):
            if kept is not None and kept.is_fresh(self._world.now_us()):
                return kept.token
        return None

    def obtain(self, fetch: Callable[[], Token], *, anew: bool = False, within_s: float | None = None) -> Secret:
        """A fresh token, fetched unless another process has just done so. ``anew``: fetched in any case.

        Raises what ``fetch`` raises. After 40 s of waiting for another process, or ``within_s`` where that is less,
        it fetches all the same.
        """
        most_s = LOCK_WAIT_S if within_s is None else min(LOCK_WAIT_S, within_s)
        with self._file.locked(most_s, "Another mpesa is fetching the access token"):
            found = None if anew else self.fresh()
            if found is not None:
                return found
            token = fetch()
            kept = _Kept(token.access_token, self._world.now_us(), token.expires_in_s)
            self._mine = None if self._file.write(_to_file(kept)) else kept
            return token.access_token

    def drop(self, token: Secret) -> None:
        """Forget ``token``, and only that one: another process may have fetched the next one by now."""
        if self._mine is not None and self._mine.token == token:
            self._mine = None
        with self._file.locked(LOCK_WAIT_S):
            kept = _from_file(self._file.read())
            if kept is not None and kept.token == token:
                self._file.remove()


def _to_file(kept: _Kept) -> dict[str, object]:
    return {
        "access_token": kept.token.reveal(),
        "fetched_us": kept.fetched_us,
        "lifetime_s": kept.lifetime_s,
    }


def _from_file(found: Mapping[str, Json] | None) -> _Kept | None:
    match found:
        case {"access_token": token, "fetched_us": int(fetched_us), "lifetime_s": int(lifetime_s)}:
            secret = wire_token(token)
            if secret is not None and 0 < lifetime_s <= LONGEST_LIFETIME_S:
                return _Kept(secret, fetched_us, lifetime_s)
        case _:
            pass
    return None
