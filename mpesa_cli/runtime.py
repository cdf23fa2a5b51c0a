"""The one place that holds clock, ids, randomness, sleep, network, environment and streams.

It is also the composition root: it alone names the concrete ledger, Daraja client and secret store, and
builds each on first use, so that a command pays only for what it needs. Tests hand in their own.
"""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mpesa_cli.domain.secret import Secret
from mpesa_cli.interrupts import Interrupts
from mpesa_cli.terminal.streams import Streams

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from mpesa_cli.daraja.client import DarajaClient
    from mpesa_cli.ledger.sqlite import SqliteLedger
    from mpesa_cli.settings.paths import Paths
    from mpesa_cli.settings.profile import Profile
    from mpesa_cli.settings.secrets import SecretStore
    from mpesa_cli.simulator.embedded import EmbeddedDaraja

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# Safaricom publishes this passkey for its test shortcode 174379; it protects nothing.
SANDBOX_PASSKEY = "bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919"


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
    interrupts: Interrupts = field(init=False)
    _closers: list[Callable[[], None]] = field(init=False, default_factory=list)
    _embedded: "dict[Path, EmbeddedDaraja]" = field(init=False, default_factory=dict)
    _ledgers: "dict[Path, SqliteLedger]" = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Signals are told to whoever listens on stderr."""
        self.interrupts = Interrupts(self.streams.complain)

    def new_id(self, prefix: str, length: int = 8) -> str:
        """A fresh id of ``prefix`` and Crockford base-32 characters: easy to read out, hard to guess."""
        bits = int(self.token_hex(8), 16)
        return prefix + "".join(_CROCKFORD[(bits >> (5 * i)) & 31] for i in range(length))

    def paths(self) -> "Paths":
        """The folders of this user, or the one MPESA_HOME names."""
        from mpesa_cli.settings.paths import find_paths

        return find_paths(self.environ)

    def profile(self, name: str | None = None) -> "Profile":
        """The profile to work with. Raises SettingsError."""
        from mpesa_cli.settings.sources import load_profile

        return load_profile(self.environ, profile_flag=name, config_flag=self.config_flag)

    def secret_store(self, profile: "Profile") -> "SecretStore":
        """Where this profile's secrets are looked up."""
        from mpesa_cli.settings.secrets import SecretStore

        return SecretStore.of(profile, self.environ)

    def ledger(self, profile: "Profile") -> "SqliteLedger":
        """The profile's ledger, opened once. Raises LedgerUnusable or LedgerBusy."""
        from mpesa_cli.ledger.sqlite import SqliteLedger

        if profile.ledger not in self._ledgers:
            opened = SqliteLedger(profile.ledger, environment=profile.environment, token_hex=self.token_hex)
            self._ledgers[profile.ledger] = opened
            self._closers.append(opened.close)
        return self._ledgers[profile.ledger]

    def daraja(self, profile: "Profile") -> "DarajaClient":
        """The client for the profile's Daraja. Raises SecretMissing or SettingsError; sends nothing yet."""
        return self._client(profile, self.secret_store(profile))

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
        from mpesa_cli.listener.intake import Intake

        intake = Intake(self.ledger(profile), self.now_us, lambda _: None)
        embedded = self.simulator(profile)

        def receive(url: str, body: bytes) -> int:
            return intake.receive_stk(url.rsplit("/", 1)[-1], body, "simulator").status

        embedded.receive = receive  # for the number whose callback comes before the push's own answer
        return lambda: embedded.deliver_due(receive)

    def close(self) -> None:
        """Close what was opened. Safe to call twice."""
        while self._closers:
            self._closers.pop()()
        self._ledgers.clear()

    def _client(self, profile: "Profile", store: "SecretStore") -> "DarajaClient":
        from mpesa_cli.daraja.client import DarajaClient
        from mpesa_cli.settings.paths import ensure_private_dir

        made_up = Secret("simulator") if profile.environment == "simulator" else None
        passkey = Secret(SANDBOX_PASSKEY) if profile.environment != "production" else None
        return DarajaClient(
            base_url=profile.base_url,
            consumer_key=_secret(store, "consumer-key", made_up),
            consumer_secret=_secret(store, "consumer-secret", made_up),
            passkey=_secret(store, "passkey", passkey),
            cache_dir=ensure_private_dir(self.paths().cache_dir),
            now_us=self.now_us,
            sleep=self.sleep,
            random=self.random,
            transport=self.simulator(profile).transport if profile.embedded else self.transport,
            trace=self.streams.say if self.streams.verbosity >= 2 else None,
        )


def _secret(store: "SecretStore", name: str, otherwise: Secret | None) -> Secret:
    if otherwise is not None:
        found = store.get(name)
        return otherwise if found is None else found.secret
    return store.require(name)
