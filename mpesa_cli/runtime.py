"""The one place that holds clock, ids, randomness, sleep, network, environment and streams.

It alone names the concrete ledger, Daraja client and secret store, and builds each on first use, so that a command
pays only for what it needs. It knows no feature: what one needs of it, the feature's ``ports`` makes. Tests hand in
their own.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING

from mpesa_cli.floor.interrupts import Interrupts
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.world import SharedClock, World
from mpesa_cli.terminal.streams import Streams

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mpesa_cli.daraja.client import DarajaClient
    from mpesa_cli.daraja.questions.organisation import Organisation
    from mpesa_cli.floor.secret import Secret
    from mpesa_cli.floor.wire.transport import Transport
    from mpesa_cli.ledger.engine.marker import Marker
    from mpesa_cli.ledger.ledger import Ledger
    from mpesa_cli.rules.payment import Payment
    from mpesa_cli.rules.staging import Staged
    from mpesa_cli.rules.state import PaymentStatus
    from mpesa_cli.settings.paths import Paths
    from mpesa_cli.settings.profile import Profile
    from mpesa_cli.settings.secrets import SecretStore
    from mpesa_cli.simulator.embedded import EmbeddedDaraja


@dataclass(slots=True)
class Runtime:
    """Everything from outside that a command can touch."""

    streams: Streams = field(default_factory=Streams.of_process)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    world: World = field(default_factory=World)
    transport: "Transport | None" = None
    config_flag: str | None = None
    command: str | None = None  # its first word: push, status, …
    prompt_may_be_out: bool = False  # this run's own, or one that it found; or money that it gives back
    interrupts: Interrupts = field(init=False)
    clock: SharedClock = field(init=False)
    _closers: list[Callable[[], None]] = field(init=False, default_factory=list)
    _embedded: "dict[Path, EmbeddedDaraja]" = field(init=False, default_factory=dict)
    _ledgers: "dict[Path, Ledger]" = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """A runtime that reports its signals, and what it waits for, on stderr. A ledger's server sets its clock right.
        """
        self.interrupts = Interrupts(self.streams.complain)
        self.clock = SharedClock(self.world.now_us)
        self.world = replace(self.world, tell=self._tell, now_us=self.clock.now_us, wall_us=self.clock.own_us)

    def paths(self) -> "Paths":
        """The folders of this user, or the one MPESA_HOME names."""
        from mpesa_cli.settings.paths import find_paths

        return find_paths(self.environ)

    def profile(self, name: str | None = None, *, callbacks_at: str | None = None) -> "Profile":
        """The profile to work with, with another address for callbacks where one is given. Raises SettingsError."""
        from mpesa_cli.settings.sources import load_profile

        over = {"MPESA_CALLBACK_BASE_URL": callbacks_at} if callbacks_at else {}
        return load_profile({**self.environ, **over}, profile_flag=name, config_flag=self.config_flag)

    def profiles(self, names: "Sequence[str] | None") -> "list[Profile]":
        """The profiles of these names, whose tills and ledgers differ; without names the one. Raises MpesaError."""
        found = [self.profile(name) for name in names or (None,)]
        if len(found) > 1:
            from mpesa_cli.settings.several import check_several

            check_several(found)
        return found

    def stores(self, profile: "Profile") -> "dict[str, str]":
        """The stores of the other profiles of its configuration file, and their names. Raises SettingsError."""
        from mpesa_cli.settings.stores import stores_beside

        return stores_beside(self.environ, self.config_flag, profile)

    def secret_store(self, profile: "Profile") -> "SecretStore":
        """The places in which this profile's secrets are looked up."""
        from mpesa_cli.settings.secrets import SecretStore

        return SecretStore.of(profile, self.environ)

    def ledger(self, profile: "Profile") -> "Ledger":
        """The profile's ledger, opened once. Raises LedgerUnusable or LedgerBusy."""
        if profile.ledger not in self._ledgers:
            opened = self.new_ledger(profile)
            self._ledgers[profile.ledger] = opened
            self._closers.append(opened.close)
        return self._ledgers[profile.ledger]

    def has_ledger(self, profile: "Profile") -> bool:
        """Whether the profile has a ledger, which may be empty. None is made. LedgerBusy where it can't be reached."""
        if profile.database is None:
            return profile.ledger.exists()
        from mpesa_cli.ledger.engine.postgres.opening import is_there

        return is_there(profile.database, self._ledger_password(profile), profile.ledger)

    def new_ledger(self, profile: "Profile") -> "Ledger":
        """The profile's ledger, opened once more, for a thread that closes it by itself; in production guarded."""
        if profile.environment != "production":
            return self.unguarded_ledger(profile)
        from mpesa_cli.ledger.guarding import open_guarded

        marker = self.marker(profile)
        return open_guarded(marker, lambda: self.unguarded_ledger(profile, marker), self.world.now_us(),
                            is_there=lambda: self.has_ledger(profile), place=profile.ledger_place)

    def marker(self, profile: "Profile") -> "Marker":
        """The note about the production ledger of the profile's till or paybill."""
        from mpesa_cli.ledger.engine.marker import Marker
        from mpesa_cli.settings.paths import ledger_note

        return Marker(ledger_note(profile.shortcode, profile.till))

    def unguarded_ledger(self, profile: "Profile", marker: "Marker | None" = None) -> "Ledger":
        """The profile's ledger, made where there is none, whatever is known of another."""
        from mpesa_cli.ledger.ledger import Ledger
        def stage(before: "PaymentStatus", payment: "Payment", now_us: int) -> "Sequence[Staged]":
            from mpesa_cli.rules.staging import stage as staged  # nothing of it is needed by who only looks

            return staged(before, payment, now_us, sms_receipt=profile.sends_receipts)

        engine = None
        if profile.database is not None:
            from mpesa_cli.ledger.engine.postgres.opening import open_engine

            password = self._ledger_password(profile)
            engine = open_engine(
                profile.database, password, profile.ledger, environment=profile.environment,
                clock=self.clock if self.world.is_set_right else None,
            )
        return Ledger(
            profile.ledger,
            environment=profile.environment,
            token_hex=self.world.token_hex,
            tell=self.world.tell,
            stage=stage,
            marker=marker,
            engine=engine,
        )

    def daraja(self, profile: "Profile") -> "DarajaClient":
        """The client for the profile's Daraja. Raises SecretMissing or SettingsError; sends nothing yet."""
        return self._client(profile, self.secret_store(profile))

    def check_credentials(self, profile: "Profile", store: "SecretStore") -> None:
        """Fetch a fresh token, and nothing else. Raises CredentialsRefused or NotDelivered."""
        self._client(profile, store).check_credentials()

    def organisation(self, profile: "Profile", store: "SecretStore") -> "Organisation | None":
        """The business behind the number that customers pay, None where M-PESA knows none. Raises MpesaError."""
        from mpesa_cli.daraja.questions.organisation import organisation

        return organisation(self._client(profile, store), profile.party_b, profile.kind)

    def simulator(self, profile: "Profile") -> "EmbeddedDaraja":
        """The simulator inside this process, for a profile that is ``embedded``."""
        from mpesa_cli.floor.files.private_folder import ensure_private_dir
        from mpesa_cli.simulator.embedded import EmbeddedDaraja

        state = ensure_private_dir(self.paths().state_dir) / "simulator.json"
        if state not in self._embedded:
            self._embedded[state] = EmbeddedDaraja(state, self.world)
        return self._embedded[state]

    def close(self) -> None:
        """Close what was opened. Safe to call twice."""
        while self._closers:
            self._closers.pop()()
        self._ledgers.clear()

    def _tell(self, words: str) -> None:
        if self.command != "listen":  # its threads wait for many at once, and nobody stands before it
            self.streams.say(words)

    def _ledger_password(self, profile: "Profile") -> "Secret | None":
        """The password of the profile's database; None where there is none: the server may know us without."""
        found = self.secret_store(profile).get("ledger-password")
        return None if found is None else found.secret

    def _client(self, profile: "Profile", store: "SecretStore") -> "DarajaClient":
        from mpesa_cli.daraja.client import DarajaClient
        from mpesa_cli.floor.files.private_folder import ensure_private_dir

        return DarajaClient(
            base_url=profile.base_url,
            consumer_key=store.require("consumer-key"),
            consumer_secret=store.require("consumer-secret"),
            passkey=store.require("passkey"),
            cache_dir=ensure_private_dir(self.paths().cache_dir),
            world=self.world,
            transport=self.simulator(profile).transport if profile.embedded else self.transport,
            trace=self.streams.say if self.streams.verbosity >= 2 else None,
            notes=None if profile.database is None else self.ledger(profile).engine.note,
        )
