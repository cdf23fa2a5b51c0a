"""Daraja for the rest of the program: values in, typed answers out.

A request that may have charged someone is never repeated in here. ``push`` makes one POST and returns what it
proves; its caller writes each POST into the journal first, and so owns the loop.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mpesa_cli.daraja.access_token import TokenCache
from mpesa_cli.daraja.answers import (
    Ambiguous,
    Limited,
    PushAnswer,
    QueryAnswer,
    Refused,
    Unanswered,
    Undelivered,
    read_push_answer,
    read_query_answer,
)
from mpesa_cli.daraja.channel import Channel
from mpesa_cli.daraja.endpoints import STK_PUSH, STK_QUERY, checked_base_url
from mpesa_cli.daraja.error_body import lacks_product, read_error, refuses_token
from mpesa_cli.daraja.query_ration import QueryRation
from mpesa_cli.daraja.refusals import refused_again, second_refusal, to_error
from mpesa_cli.daraja.sign_in import NoTokenError, SignIn
from mpesa_cli.daraja.stk_push import PRIVATE_FIELDS, PushRequest, push_body, query_body, url_secrets
from mpesa_cli.floor.errors import CredentialsRefused, MpesaError
from mpesa_cli.floor.files.shared_file import Notes
from mpesa_cli.floor.secret import Secret
from mpesa_cli.floor.wire.exchange import HttpAnswer, Limits, NeverSent
from mpesa_cli.floor.wire.plain_words import scrubbed_bytes
from mpesa_cli.floor.world import World

if TYPE_CHECKING:
    from mpesa_cli.floor.gate import Deadline
    from mpesa_cli.floor.wire.transport import Transport


class DarajaClient:
    """A client for one consumer key at one Daraja host. Not for several threads at once."""

    def __init__(  # noqa: PLR0913 - everything from outside, each by name
        self,
        *,
        base_url: str,
        consumer_key: Secret,
        consumer_secret: Secret,
        passkey: Secret,
        cache_dir: Path,
        world: World,
        transport: "Transport | None" = None,
        trace: Callable[[str], None] | None = None,
        limits: Limits | None = None,
        notes: Notes | None = None,
    ) -> None:
        """``transport`` answers inside the process; ``trace`` gets a line per request and answer; ``notes`` take the
        place of the folder ``cache_dir`` where several machines share token and ration.

        Nothing is sent or opened yet. Raises SettingsError for a base URL that can't be used.
        """
        base = checked_base_url(base_url, embedded=transport is not None)
        self._passkey = passkey
        self._world = world
        self._channel = Channel(base, limits or Limits(), transport, trace)
        self._ration = QueryRation(cache_dir, consumer_key, base.url, world, notes)
        self._sign_in = SignIn(
            consumer_key=consumer_key,
            consumer_secret=consumer_secret,
            cache=TokenCache(cache_dir, consumer_key, consumer_secret, base.url, world, notes),
            channel=self._channel,
            world=world,
        )
        self._tokens_refused = 0  # in a row: 0 or 1

    def ready(self, by: "Deadline | None" = None) -> None:
        """Make sure that ``push`` can send at once: connection settings checked, and before ``by`` a token at hand.

        Raises CredentialsRefused, NotDelivered, RequestRefused, SettingsError; in each case nothing was sent
        to any phone.
        """
        self._token(by)

    def check_credentials(self) -> None:
        """Ask Daraja, now, whether it takes the consumer key and secret. Raises as ``ready`` does."""
        self._channel.open()
        self._sign_in.patiently(anew=True)

    def push(self, request: PushRequest, by: "Deadline | None" = None) -> PushAnswer:
        """Ask for one prompt: exactly one POST before ``by``, or none. Never raises for answers.

        ``Undelivered(retry="token")`` means that the refused token is already forgotten; the same request
        may be sent once more, after its next POST is in the journal. Refused again, it is not offered twice.
        """
        try:
            token = self._token(by)
        except CredentialsRefused as error:
            return Refused(error.code, error.message, credentials=True)
        except MpesaError as error:
            return Undelivered(error.code, error.message, "no")
        body = push_body(request, self._passkey, self._world.now_us())
        secrets = self._secrets(token, body)
        match outcome := self._channel.post(STK_PUSH, body, token, secrets, by):
            case HttpAnswer():
                return self._counting(read_push_answer(outcome.status, outcome.body, secrets), token)
            case NeverSent():
                return Undelivered(outcome.error_code, outcome.words, "connect" if outcome.again else "no")
            case _:
                return Ambiguous(outcome.error_code, outcome.words)

    def query(self, checkout_request_id: str, shortcode: str) -> QueryAnswer:
        """Ask how one prompt ended. Never raises for answers; never returns Undelivered.

        Takes from the ration first, so ``Limited`` may mean that nothing was sent. A refused token is
        fetched once more.
        """
        answer = self._ask(checkout_request_id, shortcode)
        if isinstance(answer, Undelivered):
            answer = self._ask(checkout_request_id, shortcode)
        if isinstance(answer, Undelivered):
            final = second_refusal(answer)
            return final if isinstance(final, Refused) else Unanswered(final.error_code, final.description)
        return answer

    def post(self, path: str, body: Mapping[str, str], by: "Deadline | None" = None) -> tuple[int, bytes]:
        """One POST, which leaves before ``by`` or never; its status and body. A refused token is fetched once more.

        Secrets of ours that the body echoes are replaced by dots, since its words may be shown.
        Raises CredentialsRefused, NotDelivered, Temporary, and what ``ready`` raises. An app that lacks the
        API product (401.003.01) is an answer like any other, since another version of the API may do.
        """
        refused = 0
        while True:
            token = self._token(by)
            secrets = self._secrets(token, body)
            outcome = self._channel.post(path, body, token, secrets, by)
            if not isinstance(outcome, HttpAnswer):
                raise to_error(outcome)
            said = read_error(outcome.body)
            if said is None or not refuses_token(outcome.status, said):
                return outcome.status, scrubbed_bytes(outcome.body, secrets)
            self._sign_in.drop(token)
            refused += 1
            if refused == 2 and lacks_product(said):
                return outcome.status, scrubbed_bytes(outcome.body, secrets)
            if refused == 2:
                raise refused_again()

    def close(self) -> None:
        """Close the connections. The client can still be used."""
        self._channel.close()

    def _token(self, by: "Deadline | None" = None) -> Secret:
        self._channel.open()
        return self._sign_in.at_hand() or self._sign_in.patiently(by=by)

    def _counting(self, answer: PushAnswer, token: Secret) -> PushAnswer:
        if not (isinstance(answer, Undelivered) and answer.retry == "token"):
            self._tokens_refused = 0
            return answer
        self._sign_in.drop(token)
        self._tokens_refused = 1 - self._tokens_refused
        return answer if self._tokens_refused else second_refusal(answer)

    def _ask(self, checkout_request_id: str, shortcode: str) -> QueryAnswer:
        """One query. It doesn't wait for a token: a caller that watches a payment asks again soon anyway."""
        try:
            self._channel.open()
            token = self._sign_in.at_hand() or self._sign_in.once()
        except NoTokenError as error:
            return Unanswered(error.error_code, error.words)
        except CredentialsRefused as error:
            return Refused(error.code, error.message, credentials=True)
        except MpesaError as error:
            return Unanswered(error.code, error.message)
        wait_s = self._ration.take(self._world.now_us())
        if wait_s > 0:
            return Limited(int(wait_s) + 1, "Daraja may be asked only so often; this question waits its turn")
        body = query_body(checkout_request_id, shortcode, self._passkey, self._world.now_us())
        secrets = self._secrets(token, body)
        outcome = self._channel.post(STK_QUERY, body, token, secrets)
        if not isinstance(outcome, HttpAnswer):
            return Unanswered(outcome.error_code, outcome.words)
        answer = read_query_answer(
            outcome.status,
            outcome.body,
            (*secrets, Secret(checkout_request_id)),
            checkout_request_id=checkout_request_id,
            retry_after_s=outcome.retry_after_s,
        )
        if isinstance(answer, Limited):
            self._ration.back_off(self._world.now_us(), answer.retry_after_s)
        elif isinstance(answer, Undelivered):
            self._sign_in.drop(token)
        return answer

    def _secrets(self, token: Secret, body: Mapping[str, str]) -> tuple[Secret, ...]:
        """The secrets that an answer to this request might echo and nobody may be shown."""
        private = [body.get(name, "") for name in PRIVATE_FIELDS]
        found = (Secret(each) for each in (*private, *url_secrets(body)) if each)
        return (*self._sign_in.secrets, self._passkey, token, *found)
