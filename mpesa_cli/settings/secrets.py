"""Secrets from their places: a file, systemd, the keyring, the environment, a 0600 file, in that order.

The first hit wins and its source is remembered. No value is ever part of a message.
"""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from mpesa_cli.floor import machine
from mpesa_cli.floor.errors import MpesaError, SecretMissing, SettingsError
from mpesa_cli.floor.secret import Secret
from mpesa_cli.settings.keyring_store import KeyringUnusable, keyring_delete, keyring_get, keyring_set
from mpesa_cli.settings.paths import Paths, find_paths
from mpesa_cli.settings.private_files import write_private
from mpesa_cli.settings.profile import Profile
from mpesa_cli.settings.secret_names import KEPT_FROM_SIMULATOR, SECRET_NAMES, default_secrets
from mpesa_cli.settings.secret_places import Places, Store, read_places, record_place, secret_file
from mpesa_cli.settings.secret_sources import (
    Found,
    check_name,
    check_secret,
    from_credentials,
    from_environment,
    from_named_file,
    from_own_file,
    not_stored,
    secret_missing,
    secret_unreadable,
)

KEYRING_TIMEOUT_S = 3.0
MISSING, UNREADABLE = "missing", "can't be read"


class SecretStore:
    """The secrets of one profile."""

    def __init__(
        self,
        profile_name: str,
        environ: Mapping[str, str],
        paths: Paths,
        keyring_timeout_s: float = KEYRING_TIMEOUT_S,
        *,
        environment: str = "production",
        embedded: bool = False,
    ) -> None:
        """``environment`` decides which secrets need no storing, such as the sandbox's public passkey.

        ``embedded`` keeps real Daraja secrets away from the simulator inside the process.
        """
        machine.write_no_core()
        self.profile_name = profile_name
        self._environ = environ
        self._config_dir = paths.config_dir
        self._timeout_s = keyring_timeout_s
        self._defaults = default_secrets(environment)
        self._embedded = embedded
        self._own_home = bool(environ.get("MPESA_HOME", "").strip())
        self._remembered: dict[str, Found] = {}
        self._unreadable: dict[str, str] = {}  # name → why the keyring can't give it just now
        self._gone: set[str] = set()

    @classmethod
    def of(
        cls, profile: Profile, environ: Mapping[str, str], keyring_timeout_s: float = KEYRING_TIMEOUT_S
    ) -> "SecretStore":
        """The secrets of a loaded profile."""
        return cls(
            profile.name, environ, find_paths(environ), keyring_timeout_s,
            environment=profile.environment, embedded=profile.embedded,
        )

    def get(self, name: str) -> Found | None:
        """The secret, or None where no place has it.

        Raises SecretUnreadable where its store can't be read just now and no other place has it: it may be there.
        Raises SettingsError where a place that was named can't be used.
        """
        check_name(name)
        if name not in self._remembered:
            self._unreadable.pop(name, None)
            found = self._look_up(name)
            if found is None and name in self._unreadable:
                raise secret_unreadable(self.profile_name, name, self._unreadable[name])
            if found is None:
                return None
            self._remembered[name] = found
        return self._remembered[name]

    def require(self, name: str) -> Secret:
        """The secret itself. Raises SecretMissing with the ways to give it, and as ``get`` does."""
        found = self.get(name)
        if found is None:
            raise self.missing(name)
        return found.secret

    def missing(self, name: str) -> SecretMissing:
        """The error that says how to give this secret."""
        return secret_missing(self.profile_name, name, is_gone=name in self._gone)

    def hand_over(self, name: str, secret: Secret, source: str) -> None:
        """Use this value, just typed by a person, from now on without storing it."""
        self._remembered[check_name(name)] = Found(secret, source)

    def set(self, name: str, secret: Secret, store: Store = "keyring") -> str:
        """Store the secret, read it back, and return where it is. Raises SettingsError where the store refuses."""
        check_name(name)
        check_secret(secret.reveal(), name)
        service = self._places().keyring_service
        try:
            if store == "keyring":
                keyring_set(service, self._user(name), secret, self._timeout_s)
                kept = keyring_get(service, self._user(name), self._timeout_s)
            else:
                write_private(self._file(name), secret.reveal() + "\n", through_link=False)
                kept = from_own_file(self._file(name), name)
        except KeyringUnusable as why:
            raise not_stored(self.profile_name, name, str(why)) from None
        if kept != secret:
            raise not_stored(self.profile_name, name, "what was stored could not be read back")
        before = self._places().of(self.profile_name, name)
        self._record(name, store)
        if before is not None and before != store:
            self._forget_copy(name, before)
        self._remembered.pop(name, None)
        return "keyring" if store == "keyring" else f"file {self._file(name)}"

    def delete(self, name: str) -> str | None:
        """Delete a stored secret; returns the store it was in, None where none had it."""
        store = self._places().of(self.profile_name, check_name(name))
        if store is None:
            return None
        if store == "keyring":
            try:
                keyring_delete(self._places().keyring_service, self._user(name), self._timeout_s)
            except KeyringUnusable as why:
                raise SettingsError(
                    f"The {name} may still be in the keyring: {why}.",
                    hint=f"Unlock the keyring, then:  mpesa secrets delete {name}", code="keyring-unusable",
                ) from None
        self._file(name).unlink(missing_ok=True)
        self._record(name, None)
        self._remembered.pop(name, None)
        return store

    def listed(self) -> list[tuple[str, str]]:
        """Every secret's name and its source; ``missing`` where none has it, ``can't be read`` where one may."""
        return [(name, self._source(name)) for name in SECRET_NAMES]

    def unreadable(self, listed: list[tuple[str, str]]) -> list[MpesaError]:
        """The error for each secret that can't be read. ``listed`` is of this store."""
        return [trouble for name, source in listed if source == UNREADABLE and (trouble := self._trouble(name))]

    def _source(self, name: str) -> str:
        try:
            found = self.get(name)
        except MpesaError:
            return UNREADABLE
        return MISSING if found is None else found.source

    def _trouble(self, name: str) -> MpesaError | None:
        try:
            self.get(name)
        except MpesaError as trouble:
            return trouble
        return None

    def _look_up(self, name: str) -> Found | None:
        if self._embedded and name in KEPT_FROM_SIMULATOR:
            return self._default(name)
        return (
            from_named_file(self._environ, name)
            or from_credentials(self._environ, self.profile_name, name)
            or self._from_keyring(name)
            or from_environment(self._environ, name)
            or self._from_store(name)
            or self._default(name)
        )

    def _from_keyring(self, name: str) -> Found | None:
        places = self._places()
        if places.of(self.profile_name, name) != "keyring":
            return None
        try:
            secret = keyring_get(places.keyring_service, self._user(name), self._timeout_s)
        except KeyringUnusable as why:
            self._unreadable[name] = str(why)
            return None
        if secret is None:
            self._gone.add(name)
            return None
        return Found(secret, "keyring")

    def _from_store(self, name: str) -> Found | None:
        if self._places().of(self.profile_name, name) != "file":
            return None
        secret = from_own_file(self._file(name), name)
        return None if secret is None else Found(secret, f"file {self._file(name)}")

    def _forget_copy(self, name: str, store: Store) -> None:
        """Delete an older value from the other store. If that can't be reached, the value is never read."""
        if store == "file":
            self._file(name).unlink(missing_ok=True)
            return
        with suppress(KeyringUnusable):
            keyring_delete(self._places().keyring_service, self._user(name), self._timeout_s)

    def _default(self, name: str) -> Found | None:
        """The value that needs no storing. Never in the place of a stored one that just can't be reached."""
        value = self._defaults.get(name)
        stored = not self._embedded and self._places().of(self.profile_name, name)
        return None if value is None or stored else Found(Secret(value[0]), value[1])

    def _places(self) -> Places:
        return read_places(self._config_dir, own_home=self._own_home)

    def _record(self, name: str, store: Store | None) -> None:
        record_place(self._config_dir, self.profile_name, name, store, own_home=self._own_home)

    def _file(self, name: str) -> Path:
        return secret_file(self._config_dir, self.profile_name, name)

    def _user(self, name: str) -> str:
        return f"{self.profile_name}/{name}"
