"""Fixtures of the settings' tests: a keyring that is never the machine's own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import fake_keyrings
import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring

from mpesa_cli.settings import keyring_store


@pytest.fixture
def use_keyring(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[[KeyringBackend], KeyringBackend]]:
    """Make a back end the one of this process, for this test."""
    monkeypatch.setattr(keyring_store, "_gave_up", None)
    monkeypatch.setenv("FAKE_KEYRING", str(tmp_path / "keyring.json"))
    fake_keyrings.release.clear()
    before = keyring.get_keyring()

    def use(backend: KeyringBackend) -> KeyringBackend:
        keyring.set_keyring(backend)
        return backend

    use(NoKeyring())
    yield use
    fake_keyrings.release.set()
    keyring.set_keyring(before)
