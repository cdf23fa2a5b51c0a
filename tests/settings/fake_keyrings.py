"""Keyring back ends of every temper, for tests: in this process or through PYTHON_KEYRING_BACKEND."""

import json
import os
import threading
from pathlib import Path

from keyring.backend import KeyringBackend

release = threading.Event()  # set it to let hanging calls end


class GoodKeyring(KeyringBackend):
    """Keeps its entries in the file that FAKE_KEYRING names."""

    priority = 1  # type: ignore[assignment]

    def get_password(self, service: str, username: str) -> str | None:
        return self._entries().get(f"{service}|{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._write(self._entries() | {f"{service}|{username}": password})

    def delete_password(self, service: str, username: str) -> None:
        entries = self._entries()
        del entries[f"{service}|{username}"]
        self._write(entries)

    def _entries(self) -> dict[str, str]:
        path = Path(os.environ["FAKE_KEYRING"])
        return json.loads(path.read_text()) if path.exists() else {}

    def _write(self, entries: dict[str, str]) -> None:
        Path(os.environ["FAKE_KEYRING"]).write_text(json.dumps(entries))


class HangingKeyring(GoodKeyring):
    """As a locked Secret Service on a machine without a screen."""

    calls = 0

    def get_password(self, service: str, username: str) -> str | None:
        type(self).calls += 1
        release.wait()
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        type(self).calls += 1
        release.wait()


class PlaintextKeyring(GoodKeyring):
    """Named as the one of keyrings.alt."""


class ForgetfulKeyring(GoodKeyring):
    """Takes everything and keeps nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        return


class TalkativeKeyring(GoodKeyring):
    """Quotes the secret in its complaint."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError(f"could not store {password!r}")
