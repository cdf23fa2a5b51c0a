"""The keyring: absent, hanging, in plain text, forgetful; and not asked where it can be avoided."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_keyrings import ForgetfulKeyring, GoodKeyring, HangingKeyring, PlaintextKeyring, TalkativeKeyring
from keyring.backend import KeyringBackend
from keyring.backends.chainer import ChainerBackend
from keyring.backends.fail import Keyring as FailKeyring
from keyring.backends.null import Keyring as NullKeyring

from mpesa_cli.floor.errors import SecretMissing, SettingsError
from mpesa_cli.floor.secret import Secret
from mpesa_cli.settings.paths import find_paths
from mpesa_cli.settings.secrets import SecretStore

UseKeyring = Callable[[KeyringBackend], KeyringBackend]


def store_of(home: Path, profile: str = "shop", limit_s: float = 5.0, **variables: str) -> SecretStore:
    environ = {"MPESA_HOME": str(home), **variables}
    return SecretStore(profile, environ, find_paths(environ), limit_s)


def test_what_is_stored_in_the_keyring_is_found_and_deleted_again(home: Path, use_keyring: UseKeyring) -> None:
    use_keyring(GoodKeyring())
    assert store_of(home).set("passkey", Secret("value")) == "keyring"
    found = store_of(home).get("passkey")
    assert found is not None
    assert (found.secret.reveal(), found.source) == ("value", "keyring")
    assert store_of(home).delete("passkey") == "keyring"
    assert store_of(home).get("passkey") is None


@pytest.mark.parametrize("backend", [PlaintextKeyring, NullKeyring, FailKeyring])
def test_back_ends_that_keep_nothing_or_plain_text_are_refused_with_two_ways_out(
    home: Path, use_keyring: UseKeyring, backend: type[KeyringBackend]
) -> None:
    use_keyring(backend())
    with pytest.raises(SettingsError) as caught:
        store_of(home).set("passkey", Secret("CANARY"))
    assert caught.value.code == "no-keyring"
    assert "MPESA_PASSKEY_FILE" in caught.value.hint
    assert "--store file" in caught.value.hint
    assert "CANARY" not in caught.value.message + caught.value.hint
    assert store_of(home).get("passkey") is None


def test_a_chain_is_used_through_its_first_member_that_can_be_trusted(home: Path, use_keyring: UseKeyring) -> None:
    class Chain(ChainerBackend):
        backends = [PlaintextKeyring(), GoodKeyring()]  # type: ignore[assignment]  # noqa: RUF012

    use_keyring(Chain())
    assert store_of(home).set("passkey", Secret("value")) == "keyring"

    class PlainChain(ChainerBackend):
        backends = [PlaintextKeyring()]  # type: ignore[assignment]  # noqa: RUF012

    use_keyring(PlainChain())
    with pytest.raises(SettingsError):
        store_of(home).set("passkey", Secret("value"))


def test_a_keyring_that_hangs_is_asked_once_and_then_never_again_in_this_process(
    home: Path, use_keyring: UseKeyring
) -> None:
    use_keyring(GoodKeyring())
    store_of(home).set("passkey", Secret("value"))
    store_of(home).set("consumer-key", Secret("value"))
    use_keyring(HangingKeyring())
    HangingKeyring.calls = 0
    for name in ("passkey", "consumer-key", "passkey"):
        with pytest.raises(SecretMissing, match=r"did not answer within 0\.05 s"):
            store_of(home, limit_s=0.05).require(name)
        assert HangingKeyring.calls == 1
    assert store_of(home, limit_s=0.05, MPESA_PASSKEY="value").require("passkey").reveal() == "value"
    assert all(thread.daemon for thread in threading.enumerate() if thread.name == "keyring")


def test_storing_in_a_keyring_that_hangs_stops_and_says_so(home: Path, use_keyring: UseKeyring) -> None:
    use_keyring(HangingKeyring())
    with pytest.raises(SettingsError, match="did not answer"):
        store_of(home, limit_s=0.05).set("passkey", Secret("value"))


def test_what_cannot_be_read_back_was_not_stored(home: Path, use_keyring: UseKeyring) -> None:
    use_keyring(ForgetfulKeyring())
    with pytest.raises(SettingsError, match="read back"):
        store_of(home).set("passkey", Secret("value"))
    assert not (home / "config" / "secret-stores.json").exists()


def test_a_back_ends_own_words_are_not_repeated(home: Path, use_keyring: UseKeyring) -> None:
    use_keyring(TalkativeKeyring())
    with pytest.raises(SettingsError, match="RuntimeError") as caught:
        store_of(home).set("passkey", Secret("CANARY"))
    error = caught.value
    assert "CANARY" not in f"{error.message} {error.hint} {error.__cause__!r}"
    assert error.__suppress_context__


def test_moving_a_secret_leaves_no_copy_behind(home: Path, use_keyring: UseKeyring, tmp_path: Path) -> None:
    use_keyring(GoodKeyring())
    store_of(home).set("passkey", Secret("old"), "file")
    store_of(home).set("passkey", Secret("new"), "keyring")
    assert not (home / "config" / "secrets" / "shop" / "passkey").exists()
    store_of(home).set("passkey", Secret("newer"), "file")
    assert "new" not in (tmp_path / "keyring.json").read_text()
    assert store_of(home).require("passkey").reveal() == "newer"


def test_a_folder_of_its_own_has_a_keyring_service_of_its_own(
    home: Path, use_keyring: UseKeyring, tmp_path: Path
) -> None:
    use_keyring(GoodKeyring())
    store_of(home).set("passkey", Secret("one"))
    store_of(tmp_path / "trial").set("passkey", Secret("two"))
    assert store_of(home).require("passkey").reveal() == "one"
    home.rename(tmp_path / "moved")
    assert store_of(tmp_path / "moved").require("passkey").reveal() == "one", "and it follows the folder"


def test_keyring_is_not_imported_unless_it_holds_something(home: Path, tmp_path: Path) -> None:
    secret = tmp_path / "passkey"
    secret.write_text("value")
    secret.chmod(0o600)
    program = (
        "import sys\n"
        "from mpesa_cli.settings.secrets import SecretStore\n"
        "from mpesa_cli.settings.sources import load_profile\n"
        "import os\n"
        "profile = load_profile(os.environ)\n"
        "SecretStore.of(profile, os.environ).listed()\n"
        "heavy = {'keyring', 'pydantic', 'platformdirs', 'httpx', 'typer', 'asyncio'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    for variables in ({}, {"MPESA_PASSKEY_FILE": str(secret), "MPESA_ENVIRONMENT": "sandbox"}):
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True,
            env={"MPESA_HOME": str(home), "PYTHONPATH": ":".join(sys.path), **variables},
        )
        assert done.stdout.strip() == "[]"


def test_a_process_ends_though_its_keyring_hangs(
    home: Path, use_keyring: UseKeyring, cli: Callable[..., object]
) -> None:
    use_keyring(GoodKeyring())
    (home / "config").mkdir(parents=True)
    (home / "config" / "config.toml").write_text('[profile.shop]\nenvironment = "sandbox"\n')
    store_of(home).set("passkey", Secret("value"))
    environ = {
        "PYTHON_KEYRING_BACKEND": "fake_keyrings.HangingKeyring", "PYTHONPATH": f"{Path(__file__).parent}:{Path.cwd()}",
    }
    result = cli("secrets", "list", env=environ)
    assert result.status == 0  # type: ignore[attr-defined]
    # Safaricom's public passkey must not stand in for the shop's own.
    assert "passkey\tcan't be read" in result.stdout  # type: ignore[attr-defined]
