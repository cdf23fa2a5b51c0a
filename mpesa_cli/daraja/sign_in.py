"""Sign-in: an access token fetched patiently where none is at hand. OAuth only reads, so it may be repeated."""

import base64
from typing import TYPE_CHECKING

from mpesa_cli.daraja.access_token import TokenCache
from mpesa_cli.daraja.answers import Refused, Unanswered
from mpesa_cli.daraja.channel import Channel
from mpesa_cli.daraja.endpoints import OAUTH
from mpesa_cli.daraja.token_answer import Token, read_token_answer
from mpesa_cli.floor.errors import CredentialsRefused, NotDelivered, RequestRefused
from mpesa_cli.floor.secret import Secret
from mpesa_cli.floor.wire.exchange import HttpAnswer
from mpesa_cli.floor.world import World

if TYPE_CHECKING:
    from tenacity import RetryCallState

    from mpesa_cli.floor.gate import Deadline

TRIES = 5
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 8.0
TOTAL_S = 60.0


class NoTokenError(Exception):
    """A try that brought neither a token nor a refusal. Never leaves this package."""

    def __init__(self, error_code: str, words: str, retry_after_s: int | None) -> None:
        super().__init__(words)
        self.error_code = error_code
        self.words = words
        self.retry_after_s = retry_after_s

    def for_people(self) -> NotDelivered:
        """The error with which a command ends for this."""
        return NotDelivered(
            f"Daraja gave no access token: {self.words}.",
            hint="Nothing was sent to any phone. Check the internet connection, then run the same command "
            "again. If it stays so: mpesa config check --live",
        )


class SignIn:
    """The exchange of a consumer key and secret for an access token."""

    def __init__(
        self,
        *,
        consumer_key: Secret,
        consumer_secret: Secret,
        cache: TokenCache,
        channel: Channel,
        world: World,
    ) -> None:
        """Nothing is sent yet."""
        pair = f"{consumer_key.reveal()}:{consumer_secret.reveal()}"
        self._basic = Secret(base64.b64encode(pair.encode()).decode())
        self._own = (consumer_key, consumer_secret, self._basic)
        self._cache = cache
        self._channel = channel
        self._world = world

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """The secrets that must never be shown: the pair, and the form in which it travels."""
        return self._own

    def at_hand(self) -> Secret | None:
        """A token that needs no request, or None."""
        return self._cache.fresh()

    def drop(self, token: Secret) -> None:
        """Forget a token that Daraja refused."""
        self._cache.drop(token)

    def once(self, *, anew: bool = False, by: "Deadline | None" = None) -> Secret:
        """A token after at most one request. Raises NoTokenError, CredentialsRefused, RequestRefused."""
        within_s = None if by is None else by.left_s()
        return self._cache.obtain(lambda: self._fetch(by), anew=anew, within_s=within_s)

    def patiently(self, *, anew: bool = False, by: "Deadline | None" = None) -> Secret:
        """A token after at most five requests in 60 s, all over by ``by``.

        Raises NotDelivered, CredentialsRefused, RequestRefused.
        """
        from tenacity import Retrying, retry_if_exception_type

        trying = Retrying(
            sleep=self._world.sleep,
            stop=lambda state: _is_enough(state) or (by is not None and state.upcoming_sleep >= by.left_s()),
            wait=self._wait_s,
            retry=retry_if_exception_type(NoTokenError),
            before_sleep=self._tell,
            reraise=True,
        )
        try:
            return trying(self.once, anew=anew, by=by)
        except NoTokenError as last:
            raise last.for_people() from None

    def _tell(self, state: "RetryCallState") -> None:
        error = state.outcome.exception() if state.outcome is not None else None
        self._world.tell(
            f"Daraja gave no access token ({error}). Nothing was sent to any phone; trying again in "
            f"{max(1, round(state.upcoming_sleep))} s, {state.attempt_number + 1} of {TRIES}."
        )

    def _fetch(self, by: "Deadline | None") -> Token:
        outcome = self._channel.get(OAUTH, self._basic, self._own, by)
        if not isinstance(outcome, HttpAnswer):
            raise NoTokenError(outcome.error_code, outcome.words, None)
        answer = read_token_answer(outcome.status, outcome.body, self._own)
        match answer:
            case Token():
                return answer
            case Unanswered():
                raise NoTokenError(answer.error_code, answer.description, outcome.retry_after_s)
            case Refused():
                raise _refusal(answer)

    def _wait_s(self, state: "RetryCallState") -> float:
        """The seconds to wait: exponential with full jitter, but never sooner than Retry-After asks."""
        most = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0**state.attempt_number)
        wait_s = FIRST_WAIT_S + self._world.random() * (most - FIRST_WAIT_S)
        error = state.outcome.exception() if state.outcome is not None else None
        asked_s = error.retry_after_s if isinstance(error, NoTokenError) else None
        return max(wait_s, asked_s or 0)


def _is_enough(state: "RetryCallState") -> bool:
    # idle_for counts the sleeps on a virtual clock, seconds_since_start the network on the real one.
    spent_s = max(state.idle_for, state.seconds_since_start or 0)
    return state.attempt_number >= TRIES or spent_s + state.upcoming_sleep > TOTAL_S


def _refusal(refused: Refused) -> CredentialsRefused | RequestRefused:
    said = f"({refused.error_code}: {refused.description})"
    if refused.credentials:
        return CredentialsRefused(
            f"Daraja does not accept this consumer key and secret {said}.",
            hint="Nothing was sent to any phone. Sandbox keys do not work in production, nor the other way "
            "round. Set the pair again with  mpesa secrets set consumer-key  and  mpesa secrets set "
            "consumer-secret , then run: mpesa config check --live",
        )
    return RequestRefused(
        f"Daraja refused to give an access token {said}.",
        hint="Nothing was sent to any phone. Check the base URL of the profile: mpesa config show",
    )
