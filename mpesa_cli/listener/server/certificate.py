"""The certificate that the listener serves https with: read before a port is opened, and again on SIGHUP."""

import ssl
from pathlib import Path

from mpesa_cli.floor.errors import InvalidInput, SettingsError


class Certificate:
    """A certificate chain and its private key, from their files."""

    def __init__(self, chain: Path, key: Path | None) -> None:
        """Reads both; ``key`` None where the chain's file holds it too. Raises SettingsError."""
        self._chain = chain
        self._key = key
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._load(self.context)

    def reload(self) -> None:
        """Serve new connections with the files' present content. Raises SettingsError, and keeps the old one."""
        self._load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))  # tried apart: half of a new pair must not be served
        self._load(self.context)

    def _load(self, context: ssl.SSLContext) -> None:
        for option, path in (("--tls-cert", self._chain), ("--tls-key", self._key)):
            if path is not None:
                self._check_readable(option, path)
        key = self._key or self._chain
        try:
            context.load_cert_chain(self._chain, self._key, password=_ask_nobody)
        except _HasPassword:
            raise self._unusable("--tls-key", key, "has a password, and nobody is there to type it") from None
        except ssl.SSLError as wrong:
            if wrong.reason == "KEY_VALUES_MISMATCH":
                raise self._unusable("--tls-key", key, f"is not the key of {self._chain}") from None
            if self._key is None and b"PRIVATE KEY-----" not in self._chain.read_bytes():
                why = "holds no private key: name its file with --tls-key"
                raise self._unusable("--tls-cert", self._chain, why) from None
            option, path = ("--tls-cert", self._chain) if not _is_chain(self._chain) else ("--tls-key", key)
            what = "certificate" if option == "--tls-cert" else "private key"
            raise self._unusable(option, path, f"holds no {what} in PEM form") from None

    def _check_readable(self, option: str, path: Path) -> None:
        try:
            with path.open("rb") as file:
                file.read(1)
        except OSError as error:
            raise self._unusable(option, path, f"can't be read: {error.strerror}") from None

    def _unusable(self, option: str, path: Path, why: str) -> SettingsError:
        return SettingsError(
            f"{option} names {path}, and it {why}.",
            hint="Nothing was started. Right: mpesa listen --tls-cert fullchain.pem --tls-key privkey.pem",
            code="certificate-unusable",
        )


def read_certificate(chain: Path | None, key: Path | None) -> Certificate | None:
    """The certificate of a listener, None where it serves plain http.

    Raises InvalidInput for a key without a certificate, SettingsError for files that can't be used.
    """
    if chain is not None:
        return Certificate(chain, key)
    if key is not None:
        raise InvalidInput(
            f"--tls-key names {key}, and no --tls-cert says which certificate it belongs to.",
            hint="Nothing was started. Right: mpesa listen --tls-cert fullchain.pem --tls-key privkey.pem",
            code="certificate-missing",
        )
    return None


class _HasPassword(Exception):
    """A key that is encrypted."""


def _ask_nobody() -> str:
    raise _HasPassword


def _is_chain(path: Path) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError:
        return False
    return True
