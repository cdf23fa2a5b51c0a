"""Where secrets come from, in which order, and that they never show."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_keyrings import GoodKeyring

from mpesa_cli.floor.errors import InvalidInput, SecretMissing, SettingsError
from mpesa_cli.floor.secret import Secret
from mpesa_cli.settings.secret_names import SANDBOX_PASSKEY, SECRET_NAMES
from mpesa_cli.settings.secrets import SecretStore
from mpesa_cli.settings.sources import load_profile

from mpesa_cli.settings.paths import find_paths  # isort: skip


def store_of(home: Path, profile: str = "shop", **variables: str) -> SecretStore:
    environ = {"MPESA_HOME": str(home), **variables}
    return SecretStore(profile, environ, find_paths(environ), 0.5)


def private(path: Path, text: str, mode: int = 0o600) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def test_the_order_is_file_systemd_keyring_environment_own_file(
    home: Path, tmp_path: Path, use_keyring: Callable[..., object]
) -> None:
    use_keyring(GoodKeyring())
    credentials = tmp_path / "credentials"
    general = private(credentials / "mpesa-passkey", "from-systemd-general\n")
    own = private(credentials / "mpesa-shop-passkey", "from-systemd-own\n")
    named = private(tmp_path / "named", "from-named-file\n")
    store_of(home).set("passkey", Secret("from-keyring"), "keyring")
    store_of(home, "other").set("passkey", Secret("from-own-file"), "file")
    variables = {
        "MPESA_PASSKEY_FILE": named, "CREDENTIALS_DIRECTORY": str(credentials), "MPESA_PASSKEY": "from-environment",
    }

    def found(profile: str = "shop") -> tuple[str, str]:
        hit = store_of(home, profile, **variables).get("passkey")
        assert hit is not None
        return hit.secret.reveal(), hit.source

    assert found() == ("from-named-file", f"file {named} (MPESA_PASSKEY_FILE)")
    del variables["MPESA_PASSKEY_FILE"]
    assert found() == ("from-systemd-own", "systemd credential mpesa-shop-passkey")
    Path(own).unlink()
    assert found() == ("from-systemd-general", "systemd credential mpesa-passkey")
    Path(general).unlink()
    assert found() == ("from-keyring", "keyring")
    assert found("other") == ("from-environment", "MPESA_PASSKEY")
    del variables["MPESA_PASSKEY"]
    assert found("other") == ("from-own-file", f"file {home}/config/secrets/other/passkey")


def test_the_first_hit_is_remembered(home: Path, tmp_path: Path) -> None:
    named = private(tmp_path / "named", "value")
    store = store_of(home, MPESA_PASSKEY_FILE=named)
    first = store.get("passkey")
    Path(named).unlink()
    assert store.get("passkey") is first


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_secret_file_that_others_may_read_is_refused_with_the_command_that_helps(
    home: Path, tmp_path: Path, mode: int
) -> None:
    named = private(tmp_path / "named", "CANARY", mode)
    with pytest.raises(SettingsError) as caught:
        store_of(home, MPESA_PASSKEY_FILE=named).get("passkey")
    assert f"chmod 600 {named}" in caught.value.hint
    assert "CANARY" not in caught.value.message + caught.value.hint


def test_a_named_file_that_cannot_be_used_is_an_error_and_never_skipped(home: Path, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    import os

    os.mkfifo(fifo, 0o600)
    bad = [
        str(tmp_path / "absent"), str(tmp_path), str(fifo), "relative/path", private(tmp_path / "empty", "\n"),
        private(tmp_path / "two", "CANARY\nCANARY\n"), private(tmp_path / "huge", "C" * 70_000),
        private(tmp_path / "accent", "CANÄRY"),
    ]
    for named in bad:
        with pytest.raises(SettingsError) as caught:
            store_of(home, MPESA_PASSKEY_FILE=named, MPESA_PASSKEY="other").get("passkey")
        assert "CAN" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_the_line_break_at_the_end_is_not_part_of_the_secret(home: Path, tmp_path: Path, ending: str) -> None:
    named = private(tmp_path / "named", "value" + ending)
    assert store_of(home, MPESA_PASSKEY_FILE=named).require("passkey").reveal() == "value"


def test_a_link_to_a_private_file_is_followed(home: Path, tmp_path: Path) -> None:
    private(tmp_path / "real", "value")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert store_of(home, MPESA_PASSKEY_FILE=str(tmp_path / "link")).get("passkey") is not None


def test_systemds_own_modes_are_accepted(home: Path, tmp_path: Path) -> None:
    private(tmp_path / "mpesa-passkey", "value", 0o440)
    assert store_of(home, CREDENTIALS_DIRECTORY=str(tmp_path)).get("passkey") is not None


def test_a_missing_secret_names_the_ways_to_give_it(home: Path) -> None:
    with pytest.raises(SecretMissing) as caught:
        store_of(home).require("consumer-key")
    assert caught.value.exit_status == 4
    for way in ("MPESA_CONSUMER_KEY_FILE", "mpesa secrets set consumer-key --profile shop"):
        assert way in caught.value.hint


def test_a_name_that_is_no_secrets_is_refused_with_the_near_one(home: Path) -> None:
    with pytest.raises(InvalidInput, match="pass-key") as caught:
        store_of(home).get("pass-key")
    assert "'passkey'" in caught.value.hint


def test_the_file_store_is_private_and_read_back(home: Path) -> None:
    store_of(home).set("passkey", Secret("value"), "file")
    path = home / "config" / "secrets" / "shop" / "passkey"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in (path.parent, path.parent.parent, home / "config"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert store_of(home).require("passkey").reveal() == "value"


def test_the_file_that_says_where_secrets_are_holds_none(home: Path) -> None:
    store_of(home).set("passkey", Secret("CANARY"), "file")
    assert "CANARY" not in (home / "config" / "secret-stores.json").read_text()


def test_a_file_in_the_store_that_nobody_stored_is_not_read(home: Path) -> None:
    private(home / "config" / "secrets" / "shop" / "passkey", "stray")
    assert store_of(home).get("passkey") is None


def test_a_deleted_secret_is_gone(home: Path) -> None:
    store = store_of(home)
    store.set("passkey", Secret("value"), "file")
    assert store.get("passkey") is not None
    assert store.delete("passkey") == "file"
    assert store.get("passkey") is None
    assert not (home / "config" / "secrets" / "shop" / "passkey").exists()
    assert store.delete("passkey") is None


def test_profiles_do_not_see_each_others_secrets(home: Path) -> None:
    store_of(home).set("passkey", Secret("value"), "file")
    assert store_of(home, "other").get("passkey") is None


def test_a_damaged_list_of_stores_is_an_error_that_says_what_to_do(home: Path) -> None:
    (home / "config").mkdir(parents=True)
    for damage in ("", "[]", '{"profiles": 3, "keyring_service": "x"}', '{"profiles": {"shop": 1}}'):
        (home / "config" / "secret-stores.json").write_text(damage)
        with pytest.raises(SettingsError, match=r"secret-stores\.json"):
            store_of(home).get("passkey")


def test_listed_names_every_secret_with_its_source_and_no_value(home: Path) -> None:
    listed = store_of(home, MPESA_PASSKEY="CANARY").listed()
    assert [name for name, _ in listed] == list(SECRET_NAMES)
    assert dict(listed)["passkey"] == "MPESA_PASSKEY"
    assert dict(listed)["consumer-key"] == "missing"
    assert "CANARY" not in repr(listed)


def test_the_sandbox_has_its_public_passkey_and_production_none(home: Path) -> None:
    def passkey(environment: str) -> object:
        environ = {"MPESA_HOME": str(home), "MPESA_ENVIRONMENT": environment, "MPESA_SHORTCODE": "174379"}
        found = SecretStore.of(load_profile(environ), environ).get("passkey")
        return found and found.secret.reveal()

    assert passkey("sandbox") == SANDBOX_PASSKEY
    assert passkey("production") is None


def test_a_passkey_that_was_given_beats_the_public_one(home: Path) -> None:
    environ = {"MPESA_HOME": str(home), "MPESA_ENVIRONMENT": "sandbox", "MPESA_PASSKEY": "own"}
    assert SecretStore.of(load_profile(environ), environ).require("passkey").reveal() == "own"


def test_the_simulator_in_the_process_never_gets_a_real_secret(home: Path) -> None:
    environ = {
        "MPESA_HOME": str(home), "MPESA_CONSUMER_KEY": "CANARY", "MPESA_CONSUMER_SECRET": "CANARY",
        "MPESA_PASSKEY": "CANARY",
    }
    store = SecretStore.of(load_profile(environ, profile_flag="simulator"), environ)
    assert [store.require(name).reveal() for name in SECRET_NAMES[:2]] == ["simulator", "simulator"]
    assert store.require("passkey").reveal() == SANDBOX_PASSKEY


def test_what_a_person_just_typed_is_used_and_not_stored(home: Path) -> None:
    store = store_of(home)
    store.hand_over("passkey", Secret("typed"), "just typed")
    assert store.require("passkey").reveal() == "typed"
    assert not home.exists()
