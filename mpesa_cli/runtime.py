"""The one place that holds clock, ids, randomness, sleep, network, environment and streams.

It is also the composition root: it alone names the concrete ledger, Daraja client and secret store, and
builds each on first use, so that a command pays only for what it needs. Tests hand in their own.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mpesa_cli.floor.interrupts import Interrupts
from mpesa_cli.terminal.streams import Streams

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from mpesa_cli.api.tokens.checker import TokenChecker, TokenRules
    from mpesa_cli.daraja.client import DarajaClient
    from mpesa_cli.daraja.pull_page import OddRow
    from mpesa_cli.floor.gate import Deadline
    from mpesa_cli.ledger.engine.marker import Marker
    from mpesa_cli.ledger.engine.sqlite import SqliteLedger
    from mpesa_cli.listener.intake.deliveries import C2bDesk
    from mpesa_cli.payments.sending import Hands as PushHands
    from mpesa_cli.rules.payment import Attempt, Payment
    from mpesa_cli.rules.statement_row import StatementRow
    from mpesa_cli.settings.paths import Paths
    from mpesa_cli.settings.profile import Profile
    from mpesa_cli.settings.secrets import SecretStore
    from mpesa_cli.simulator.embedded import EmbeddedDaraja
    from mpesa_cli.sms.notify import Hands as SmsHands
    from mpesa_cli.sms.providers.sender import SmsSender

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(slots=True)
class Runtime:
    """Everything from outside that a command can touch."""

    streams: Streams = field(default_factory=Streams.of_process)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    now_us: Callable[[], int] = lambda: time.time_ns() // 1000
    sleep: Callable[[float], None] = time.sleep
    token_hex: Callable[[int], str] = lambda count: os.urandom(count).hex()
    random: Callable[[], float] = lambda: int.from_bytes(os.urandom(6)) / 2.0**48
    transport: "httpx.BaseTransport | None" = None
    config_flag: str | None = None
    command: str | None = None  # its first word: push, status, …
    prompt_may_be_out: bool = False  # this run's own, or one that it found
    interrupts: Interrupts = field(init=False)
    _closers: list[Callable[[], None]] = field(init=False, default_factory=list)
    _embedded: "dict[Path, EmbeddedDaraja]" = field(init=False, default_factory=dict)
    _ledgers: "dict[Path, SqliteLedger]" = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Signals are told to whoever listens on stderr."""
        self.interrupts = Interrupts(self.streams.complain)

    def deadline(self, seconds: float) -> "Deadline":
        """A moment after which what was not sent is not sent any more."""
        from mpesa_cli.floor.gate import Deadline

        return Deadline(seconds, wall_s=lambda: self.now_us() / 1e6)

    def new_id(self, prefix: str, length: int = 10) -> str:
        """A fresh id of ``prefix`` and Crockford base-32 characters: easy to read out, hard to guess."""
        bits = int(self.token_hex(12), 16)
        return prefix + "".join(_CROCKFORD[(bits >> (5 * i)) & 31] for i in range(length))

    def paths(self) -> "Paths":
        """The folders of this user, or the one MPESA_HOME names."""
        from mpesa_cli.settings.paths import find_paths

        return find_paths(self.environ)

    def profile(self, name: str | None = None, *, callbacks_at: str | None = None) -> "Profile":
        """The profile to work with, with another address for callbacks where one is given. Raises SettingsError."""
        from mpesa_cli.settings.sources import load_profile

        over = {"MPESA_CALLBACK_BASE_URL": callbacks_at} if callbacks_at else {}
        return load_profile({**self.environ, **over}, profile_flag=name, config_flag=self.config_flag)

    def secret_store(self, profile: "Profile") -> "SecretStore":
        """Where this profile's secrets are looked up."""
        from mpesa_cli.settings.secrets import SecretStore

        return SecretStore.of(profile, self.environ)

    def ledger(self, profile: "Profile") -> "SqliteLedger":
        """The profile's ledger, opened once. Raises LedgerUnusable or LedgerBusy."""
        if profile.ledger not in self._ledgers:
            opened = self.new_ledger(profile)
            self._ledgers[profile.ledger] = opened
            self._closers.append(opened.close)
        return self._ledgers[profile.ledger]

    def new_ledger(self, profile: "Profile") -> "SqliteLedger":
        """The profile's ledger, opened once more, for a thread that closes it by itself; in production guarded."""
        if profile.environment != "production":
            return self.unguarded_ledger(profile)
        from mpesa_cli.ledger.guarding import open_guarded

        return open_guarded(profile, lambda marker: self.unguarded_ledger(profile, marker), self.now_us())

    def unguarded_ledger(self, profile: "Profile", marker: "Marker | None" = None) -> "SqliteLedger":
        """The profile's ledger, made where there is none, whatever is known of another."""
        from mpesa_cli.ledger.engine.sqlite import SqliteLedger
        from mpesa_cli.rules.staging import stage

        sms_receipt = profile.sms.send_receipts and profile.sms.provider != "none"
        return SqliteLedger(
            profile.ledger,
            environment=profile.environment,
            token_hex=self.token_hex,
            stage=lambda before, payment, now_us: stage(before, payment, now_us, sms_receipt=sms_receipt),
            marker=marker,
        )

    def c2b_desk(self, profile: "Profile") -> "C2bDesk":
        """What the listener needs to take payments that customers make by hand."""
        from mpesa_cli.listener.intake.deliveries import C2bDesk
        from mpesa_cli.payments.c2b import Shop

        words = (profile.account_number, profile.account_reference.replace("{order}", ""))
        shop = Shop(
            profile=profile.name,
            shortcodes=tuple({profile.shortcode, profile.party_b}),
            own_words=tuple(word for word in words if word),
            new_payment_id=lambda: self.new_id("PAY-"),
        )
        return C2bDesk(shop, profile.c2b_validation, profile.limits, takes_accounts=profile.kind == "paybill")

    def asker(self, profile: "Profile") -> "Callable[[Payment, Attempt], object]":
        """Asks Daraja about one attempt of ours, when somebody without a secret says that it changed."""
        from mpesa_cli.payments.ask import ask

        # The client is made when it is needed: a listener alone must start without the consumer secret.
        return lambda payment, attempt: ask(self.ledger(profile), self.daraja(profile), payment, attempt, self.now_us)

    def daraja(self, profile: "Profile") -> "DarajaClient":
        """The client for the profile's Daraja. Raises SecretMissing or SettingsError; sends nothing yet."""
        return self._client(profile, self.secret_store(profile))

    def pull_rows(
        self, profile: "Profile", from_us: int, until_us: int, note_odd: "Callable[[OddRow], object] | None" = None
    ) -> "Iterator[StatementRow]":
        """What M-PESA lists as paid to the shortcode in a span of at most 48 hours (daraja.md 7.8).

        Raises MpesaError, also while it is being read; code ``pull-not-registered`` until that was done once.
        """
        from mpesa_cli.daraja.pull import pull_rows

        return pull_rows(self.daraja(profile), profile.shortcode, from_us, until_us, self.sleep, note_odd)

    def push_hands(self, profile: "Profile") -> "PushHands":
        """What the push operation needs of the outside, for one profile. Raises SettingsError or SecretMissing."""
        from mpesa_cli.payments.sending import Hands
        from mpesa_cli.payments.stk_request import callback_base, requests_of

        return Hands(
            ledger=self.ledger(profile), daraja=self.daraja(profile), now_us=self.now_us, sleep=self.sleep,
            random=self.random, token_hex=self.token_hex, new_payment_id=lambda: self.new_id("PAY-"),
            request_for=requests_of(profile, callback_base(profile)), hold=self._holding, say=self.streams.say,
            deadline=self.deadline,
            takes_money_on=profile.takes_money_on,
        )  # fmt: skip

    @contextlib.contextmanager
    def _holding(self) -> Iterator[None]:
        self.prompt_may_be_out = True
        with self.interrupts.hold():
            yield

    def check_credentials(self, profile: "Profile", store: "SecretStore") -> None:
        """Fetch a fresh token, and nothing else. Raises CredentialsRefused or NotDelivered."""
        self._client(profile, store).check_credentials()

    def simulator(self, profile: "Profile") -> "EmbeddedDaraja":
        """The simulator inside this process, for a profile that is ``embedded``."""
        from mpesa_cli.settings.paths import ensure_private_dir
        from mpesa_cli.simulator.embedded import EmbeddedDaraja

        state = ensure_private_dir(self.paths().state_dir) / "simulator.json"
        if state not in self._embedded:
            self._embedded[state] = EmbeddedDaraja(
                state, now_us=self.now_us, sleep=self.sleep, token_hex=self.token_hex
            )
        return self._embedded[state]

    def deliver(self, profile: "Profile") -> Callable[[], object]:
        """A function that brings in the callbacks that are due: the embedded simulator's, otherwise none.

        Elsewhere callbacks come over the network to ``mpesa listen``.
        """
        if not profile.embedded:
            return lambda: 0
        from mpesa_cli.listener.intake.intake import Intake
        from mpesa_cli.listener.server.routes import address_of
        from mpesa_cli.settings.profile import EMBEDDED_CALLBACK_BASE

        intake = Intake(self.ledger(profile), self.now_us, lambda _: None, c2b=self.c2b_desk(profile))
        embedded = self.simulator(profile)

        def receive(url: str, body: bytes) -> tuple[int, bytes]:
            addressed = address_of(url.removeprefix(EMBEDDED_CALLBACK_BASE))
            if addressed is None:
                return 404, b""
            verdict = intake.receive([addressed(body, "simulator")])[0]
            intake.settling.settle()
            return verdict.status, verdict.body

        embedded.receive = receive  # for the number whose callback comes before the push's own answer
        return lambda: embedded.deliver_due(receive)

    def sms_sender(self, profile: "Profile") -> "SmsSender":
        """Who sends the profile's text messages. Raises SettingsError or SecretMissing; sends nothing yet."""
        from mpesa_cli.sms.providers.choice import Account, sender_of

        sms = profile.sms
        account = Account(
            profile.name, profile.environment, sms.provider, sms.username, sms.sender_id, sms.base_url,
            sms.partner_id, sms.file,
        )  # fmt: skip
        return sender_of(account, lambda: self.secret_store(profile).require("sms-api-key"), self.now_us)

    def sms_hands(self, profile: "Profile") -> "SmsHands":
        """What sending receipts needs of the outside, for one profile."""
        from mpesa_cli.sms.notify import Hands, SmsShop

        shop = SmsShop(profile.name, profile.shop_name, profile.language)
        return Hands(self.ledger(profile), shop, lambda: self.sms_sender(profile), self.now_us, self.random)

    def token_rules(self, profile: "Profile") -> "TokenRules":
        """What the profile's bearer tokens must be. Raises SecretMissing or SettingsError."""
        from mpesa_cli.api.tokens.setup import rules_of
        from mpesa_cli.floor.wire.strict_json import parse_json

        api, found = profile.api, self.secret_store(profile).get("api-secret")
        return rules_of(
            profile=profile.name, issuer=api.issuer, audience=api.audience, secret=found.secret if found else None,
            public_key=api.public_key, jwks=api.jwks, read_json=parse_json, complain=self.streams.complain,
        )

    def token_checker(self, profile: "Profile") -> "TokenChecker":
        """A function that says who carries a token's text, or raises TokenRefused. Raises as token_rules does."""
        from mpesa_cli.api.tokens.checker import TokenChecker
        from mpesa_cli.floor.wire.strict_json import parse_json

        rules, ledger = self.token_rules(profile), self.ledger(profile)
        return TokenChecker(rules, read_json=parse_json, known=ledger.api_token, now_us=self.now_us)

    def send_waiting_sms(self, profile: "Profile", first: str = "") -> None:
        """Send the SMS receipts that wait, that of the payment ``first`` before others. Only says what went wrong.

        Does nothing, and costs nothing, where the profile sends no receipts. Any thread may call it.
        """
        if not profile.sms.send_receipts or profile.sms.provider == "none":
            return
        from mpesa_cli.sms.telling import send_and_tell

        hands = self.sms_hands(profile)
        send_and_tell(hands, first=first, say=self.streams.say, complain=self.streams.complain)

    def close(self) -> None:
        """Close what was opened. Safe to call twice."""
        while self._closers:
            self._closers.pop()()
        self._ledgers.clear()

    def _client(self, profile: "Profile", store: "SecretStore") -> "DarajaClient":
        from mpesa_cli.daraja.client import DarajaClient
        from mpesa_cli.settings.paths import ensure_private_dir

        return DarajaClient(
            base_url=profile.base_url,
            consumer_key=store.require("consumer-key"),
            consumer_secret=store.require("consumer-secret"),
            passkey=store.require("passkey"),
            cache_dir=ensure_private_dir(self.paths().cache_dir),
            now_us=self.now_us,
            sleep=self.sleep,
            random=self.random,
            transport=self.simulator(profile).transport if profile.embedded else self.transport,
            trace=self.streams.say if self.streams.verbosity >= 2 else None,
        )
